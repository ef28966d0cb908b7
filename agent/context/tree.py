"""The list of files as a prompt shows it: whole where it fits, else a line for each folder, with what matters least folded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from agent.context.context_budget import UNITS, cut_to, within
from agent.context.side_paths import worth
from agent.token_estimates import estimate_weight

MAX_NAMES = 60
"""Of one folder; a folder of more is of data, or of one file for each of many things."""


@dataclass
class _Folder:
    path: str
    files: list[str] = field(default_factory=list)
    folders: list[_Folder] = field(default_factory=list)
    count: int = 0

    @property
    def folded(self) -> str:
        return f"{_name(self.path)}/ ({self.count})"

    def line(self, opened: Collection[str] = ()) -> str:
        """Its files, and those of its folders that have no line of their own."""
        names = [_quoted(name) for name in self.files[:MAX_NAMES]]
        more = [f"… {len(self.files) - MAX_NAMES} more"] if len(self.files) > MAX_NAMES else []
        folded = [folder.folded for folder in self.folders if folder.path not in opened]
        return f"{self.path or '.'}/: {' '.join([*names, *more, *folded])}"


def tree(files: Sequence[str], tokens: int, focus: Sequence[str] = (), more: str = "") -> list[str]:
    """Lines of at most ``tokens`` tokens for sorted ``files``: paths where all fit, else ``folder/: names folder/ (n)`` with
    the number of files below a folder that is not opened, and ``more``. The folders of ``focus`` are opened first."""
    if len(within(list(files), tokens)) == len(files):
        return list(files)
    folders = _folders(files)
    near = {path[:at] for path in focus for at, character in enumerate(path) if character == "/"}
    left = tokens * UNITS - (estimate_weight(more + "\n") if more else 0)
    opened: set[str] = set()
    waiting: list[tuple[bool, float, int, str]] = [(False, 0.0, 0, "")]
    while waiting:
        path = heappop(waiting)[-1]
        folder = folders[path]
        cost = estimate_weight(folder.line() + "\n") - (estimate_weight(folder.folded + " ") if path else 0)
        if cost > left:
            continue
        left -= cost
        opened.add(path)
        for one in folder.folders:
            heappush(waiting, (one.path not in near, -worth(one.path + "/"), one.path.count("/"), one.path))
    lines = [folders[path].line(opened) for path in sorted(opened)]
    # a folder of nothing but opened folders says nothing by a line of its own
    lines = [line for line in lines if not line.endswith(": ")]
    if not opened:
        # not even the top fits: its folders alone, or some of them
        top = [folder.folded for folder in folders[""].folders]
        return cut_to(top, tokens, more or "… and more").split("\n")
    folds = any(folder.path not in opened for path in opened for folder in folders[path].folders)
    return [*lines, more] if more and (folds or any("… " in line for line in lines)) else lines


def _folders(files: Sequence[str]) -> dict[str, _Folder]:
    found = {"": _Folder("")}
    for path in files:
        *parents, name = path.split("/")
        place = found[""]
        place.count += 1
        for depth in range(1, len(parents) + 1):
            here = "/".join(parents[:depth])
            if here not in found:
                found[here] = _Folder(here)
                place.folders.append(found[here])
            place = found[here]
            place.count += 1
        place.files.append(name)
    return found


def _name(path: str) -> str:
    return _quoted(path.rpartition("/")[2])


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name

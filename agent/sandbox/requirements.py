"""Which Python packages a repository asks for, read without running anything of it.

Only names with versions and markers (PEP 508) are taken. Options, URLs, paths and VCS references would run code of others or
reach other hosts than the configured index, and are refused by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from agent.documents import Unreadable, read_toml
from agent.patterns import linear
from agent.sandbox.lockfiles import pins
from agent.stacks.manifests import requirement_names

NAMES = (
    "requirements.txt",
    *(f"requirements-{kind}.txt" for kind in ("dev", "test")),
    *(f"requirements_{kind}.txt" for kind in ("dev", "test")),
    *(f"{kind}-requirements.txt" for kind in ("dev", "test")),
    *(f"requirements/{kind}.txt" for kind in ("base", "dev", "test")),
)
GROUPS = ("dev", "develop", "development", "test", "tests", "testing")
MAX_BYTES = 1 << 20
MAX_FILES = 50
MAX_LINES = 10_000
"""Of all files together, comments among them: they take part of a second."""
MAX_LINE = 1_000
"""Characters of one requirement."""
MAX_REFUSED = 100
MAX_SHOWN = 200

_INCLUDE = linear(r"(-r|--requirement|-c|--constraint)(?:\s+|=)(\S+)")
_COMMENT = linear(r"(?:^|\s+)#.*")
_HASH = linear(r"\s+--hash=\S+")


@dataclass
class Requirements:
    """``lines`` to install, ``constraints`` on them, ``pins`` of a lock file, and ``refused`` lines with the reason.

    ``left`` is how many more lines are parsed."""

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    left: int = MAX_LINES

    @property
    def names(self) -> set[str]:
        return set(requirement_names(self.lines))

    def refuse(self, where: str, line: str, reason: str) -> None:
        if len(self.refused) < MAX_REFUSED:
            shown = line if len(line) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}…"
            self.refused.append(f"{where}: {shown} ({reason})")
        elif len(self.refused) == MAX_REFUSED:
            self.refused.append("and more that is not listed")

    def text(self) -> str:
        return "".join(f"{line}\n" for line in dict.fromkeys(self.lines))


def collect(root: Path, extra: Iterable[str] = ()) -> Requirements:
    """Reads requirements files, pyproject.toml and a lock file at ``root``; ``extra`` names are added where nobody asks for
    them."""
    found = Requirements()
    seen: set[Path] = set()
    for name in NAMES:
        _read_file(root, name, found, found.lines, seen)
    _read_pyproject(root, found)
    found.lines += [name for name in extra if name not in found.names]
    found.pins = pins(root)
    return found


def _read_file(root: Path, name: str, found: Requirements, into: list[str], seen: set[Path]) -> None:
    path = root / name
    text = _text(root, path)
    if text is None or path.resolve() in seen:
        return
    if len(seen) >= MAX_FILES:
        found.refuse(name, "the whole file", f"more than {MAX_FILES} files")
        return
    seen.add(path.resolve())
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        if not line.strip():
            continue
        if not found.left:
            found.refuse(f"{name}:{number}", "this line and all after it", f"more than {MAX_LINES} lines")
            return
        found.left -= 1
        line = _HASH.sub("", _COMMENT.sub("", line)).strip()
        if not line:
            continue
        include = _INCLUDE.fullmatch(line)
        if include is not None:
            target = (path.parent / include[2]).resolve()
            if not target.is_relative_to(root.resolve()):
                found.refuse(f"{name}:{number}", line, "outside the project")
            else:
                relative = target.relative_to(root.resolve()).as_posix()
                _read_file(root, relative, found, found.constraints if include[1] in ("-c", "--constraint") else into, seen)
        else:
            _take(line, f"{name}:{number}", found, into)


def _read_pyproject(root: Path, found: Requirements) -> None:
    text = _text(root, root / "pyproject.toml")
    if text is None:
        return
    try:
        lines = _declared(read_toml(text))
    except (Unreadable, AttributeError, TypeError) as error:
        found.refuse("pyproject.toml", "it can't be read", str(error)[:MAX_SHOWN])
        return
    for line in lines[:MAX_LINES]:
        _take(line.strip(), "pyproject.toml", found, found.lines)
    if len(lines) > MAX_LINES:
        found.refuse("pyproject.toml", "the rest of its dependencies", f"more than {MAX_LINES}")


def _declared(data: dict[str, Any]) -> list[str]:
    """[project] dependencies, and the extras and [dependency-groups] that are for tests (PEP 621, PEP 735)."""
    project = data.get("project", {})
    lines = list(project.get("dependencies", ()))
    for tables in (project.get("optional-dependencies", {}), data.get("dependency-groups", {})):
        for name in GROUPS:
            lines += tables.get(name, ())
    return [line for line in lines if isinstance(line, str)]


def _take(line: str, where: str, found: Requirements, into: list[str]) -> None:
    reason = _refusal(line)
    if reason:
        found.refuse(where, line, reason)
    else:
        into.append(line)


def _refusal(line: str) -> str:
    """Why ``line`` is not taken; empty where it is a name with versions and markers. uv reads the same line afterwards, and
    would replace ``${NAME}`` by a variable of its environment."""
    if line.startswith("-"):
        return "an option"
    if len(line) > MAX_LINE:
        return f"longer than {MAX_LINE} characters"
    try:
        plain = Requirement(line).url is None and "://" not in line and "${" not in line
    except (InvalidRequirement, RecursionError):  # markers may be nested
        plain = False
    return "" if plain else "not a plain name and version"


def _text(root: Path, path: Path) -> str | None:
    """The text of a small regular file inside of ``root``; links that lead out of it are not followed."""
    if not path.is_file() or not path.resolve().is_relative_to(root.resolve()) or path.stat().st_size > MAX_BYTES:
        return None
    return path.read_text(encoding="utf-8", errors="replace")

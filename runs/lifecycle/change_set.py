"""A finished change as it is reviewed: files, and hunks with the numbers of `agent.changes.hunks`.

Computed once, when executing ends, and kept as an artifact: reading it needs no checkout. Pure functions, but for `load`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import orjson

from agent.changes.hunks import hunks
from agent.checks.test_configuration import is_test_configuration
from agent.context import is_secret
from mgx_project.common.errors import NotFound
from mgx_project.common.json_values import storable

from .. import artifacts
from ..models import Artifact, ChangeRound, TaskRun

JSON = dict[str, Any]
Contents = Mapping[str, tuple[bytes | None, bytes | None]]
Modes = Mapping[str, tuple[str, str]]
WHOLE = "*"
"""Used instead of a hunk's number for the whole file."""
MAX_BYTES = 512 * 1024
"""The largest text that is split into hunks; larger files are accepted or rejected as a whole."""
MAX_LINES = 3_000
"""The most lines in one answer over all files; further hunks are listed without their lines."""
MAX_FILE_LINES = 20_000
"""The same for an answer about one file."""


def measure(contents: Contents, modes: Modes | None = None) -> list[JSON]:
    """The files of a change: {path, action, added, removed, binary, digest, old_digest, modes, hunks[]}, sorted by path.

    ``hunks`` is empty for a file that is binary, contains secrets or is too large: it is decided on as a whole. ``modes`` are
    git's, before and after, of the files where they differ.
    """
    return [_file(path, *contents[path], (modes or {}).get(path)) for path in sorted(contents)]


def _file(path: str, old: bytes | None, new: bytes | None, modes: tuple[str, str] | None) -> JSON:
    readable = all(data is None or _text(data) is not None for data in (old, new))
    pair = [None if data is None else _text(data) for data in (old, new)]
    found = [hunk.to_json() for hunk in hunks(*pair)] if readable and not is_secret(path) else []
    signs = [line[:1] for hunk in found for line in hunk["lines"]]
    return {
        "path": storable(path),
        "action": "created" if old is None else "deleted" if new is None else "modified",
        "added": signs.count("+"),
        "removed": signs.count("-"),
        "binary": not readable,
        "digest": hashlib.sha256(new or b"").hexdigest(),
        "old_digest": hashlib.sha256(old or b"").hexdigest(),
        "modes": list(modes) if modes is not None else None,
        "hunks": found,
    }


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8") if len(data) <= MAX_BYTES and b"\0" not in data else None
    except UnicodeDecodeError:
        return None


def name_of(number: int) -> str:
    return f"changes-{number}.json"


def store(run: TaskRun, number: int, files: list[JSON]) -> None:
    content = orjson.dumps(files)
    artifacts.store(run, name_of(number), content, kind=Artifact.Kind.CHANGES, content_type="application/json")


def load(decided: ChangeRound, *, briefly: bool = False) -> list[JSON]:
    """The files of a round. Raises NotFound if the artifact store lost them, and StoreAway as `artifacts.load` does."""
    if not decided.tree:
        return []
    mine = Artifact.objects.for_workspace(decided.workspace_id).filter(run_id=decided.run_id, name=name_of(decided.number))
    kept = mine.first()
    if kept is None:
        raise NotFound("The artifact store no longer has the files of this round. Retry the run.", code="artifact_lost")
    found: list[JSON] = orjson.loads(artifacts.load(kept, briefly=briefly))
    return found


# what is decided: {path: {hunk number or "*": {"accepted", "comment"}}}


def parts(file: JSON) -> list[str]:
    """The parts of the file that are decided on one by one, as keys of its decisions."""
    return [str(hunk["number"]) for hunk in file["hunks"]] or [WHOLE]


def verdict(decisions: JSON, path: str, part: str) -> JSON | None:
    mine = decisions.get(path, {})
    found: JSON | None = mine.get(part) or mine.get(WHOLE)
    return found


def state(decisions: JSON, path: str, part: str) -> str:
    found = verdict(decisions, path, part)
    return "pending" if found is None else "accepted" if found["accepted"] else "rejected"


def state_of(decisions: JSON, file: JSON) -> str:
    """pending if any part of the file is undecided; mixed if some parts are accepted and some rejected."""
    found = {state(decisions, file["path"], part) for part in parts(file)}
    return "pending" if "pending" in found else found.pop() if len(found) == 1 else "mixed"


def pending(decisions: JSON, files: list[JSON]) -> int:
    """How many hunks (and files without hunks) are undecided."""
    return sum(state(decisions, file["path"], part) == "pending" for file in files for part in parts(file))


def in_the_way(decisions: JSON, files: list[JSON]) -> tuple[str, str] | None:
    """A file that shall come back, and one that stays and stands where its directory was, or in a directory of its name."""
    back = [file["path"] for file in files if file["action"] == "deleted" and state_of(decisions, file) == "rejected"]
    stay = {file["path"] for file in files if file["action"] != "deleted" and state_of(decisions, file) != "rejected"}
    below = {parent.as_posix(): other for other in sorted(stay) for parent in PurePosixPath(other).parents}
    for path in back:
        above = next((parent.as_posix() for parent in PurePosixPath(path).parents if parent.as_posix() in stay), None)
        other = above or below.get(path)
        if other is not None:
            return path, other
    return None


def rejections(decisions: JSON, files: list[JSON]) -> list[JSON]:
    """In the format of the agent: {path, hunk, comment}; ``hunk`` None means the whole file."""
    found = []
    for file in files:
        entries = [(part, verdict(decisions, file["path"], part)) for part in parts(file)]
        out = [(part, said) for part, said in entries if said is not None and not said["accepted"]]
        if len(out) == len(entries) and len({said["comment"] for _, said in out}) == 1:
            found.append({"path": file["path"], "hunk": None, "comment": out[0][1]["comment"]})
        else:
            found += [{"path": file["path"], "hunk": int(part), "comment": said["comment"]} for part, said in out]
    return found


def still_accepted(before: JSON, old: list[JSON], new: list[JSON]) -> JSON:
    """Decisions carried over to ``new``: parts that were accepted in ``old`` and have not changed."""
    known = {file["path"]: file for file in old}
    found: JSON = {}
    for file in new:
        earlier = known.get(file["path"])
        if earlier is None:
            continue
        accepted = {_sameness(earlier, part) for part in parts(earlier) if state(before, earlier["path"], part) == "accepted"}
        kept = {part: {"accepted": True, "comment": ""} for part in parts(file) if _sameness(file, part) in accepted}
        if kept:
            found[file["path"]] = kept
    return found


def _sameness(file: JSON, part: str) -> Any:
    """What tells a part from all others, also from one of the same lines elsewhere in the file. The base of a run stays, so
    that the place in it does. What an older version has stored is the same as nothing."""
    modes = tuple(file.get("modes") or ())
    if part == WHOLE:
        return file["action"], file["digest"], file.get("old_digest"), modes
    hunk = file["hunks"][int(part)]
    return hunk["old_start"], hunk["old_count"], hunk.get("sides"), modes


# how it is shown


def shown(decisions: JSON, files: list[JSON], *, lines: int = MAX_LINES) -> Iterator[JSON]:
    """The files with the state of each part. ``lines`` is how many lines of hunks are shown, over all files."""
    for file in files:
        path = file["path"]
        of_file = []
        for hunk in file["hunks"]:
            said = verdict(decisions, path, str(hunk["number"])) or {}
            fits = len(hunk["lines"]) <= lines
            lines -= len(hunk["lines"]) if fits else 0
            entry = {
                "hunk": hunk["number"],
                "header": header(hunk),
                "lines": hunk["lines"] if fits else [],
                "truncated": not fits,
            }
            of_file.append(entry | {"state": state(decisions, path, str(hunk["number"])), "comment": said.get("comment", "")})
        whole = verdict(decisions, path, WHOLE) or {}
        facts = {name: file[name] for name in ("path", "action", "added", "removed", "binary")}
        facts["test_configuration"] = is_test_configuration(path)
        yield {**facts, "state": state_of(decisions, file), "comment": whole.get("comment", ""), "hunks": of_file}


def header(hunk: JSON) -> str:
    """As in a unified diff (POSIX, diff -u)."""
    return f"@@ -{hunk['old_start']},{hunk['old_count']} +{hunk['new_start']},{hunk['new_count']} @@"

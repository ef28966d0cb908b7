"""requirements.txt and its relatives: which files there are, and their lines with those that they include.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from agent.patterns import linear
from agent.sandbox.requirements.kinds import is_base, is_for_tests
from agent.sandbox.requirements.manifests import Manifests, joined
from agent.sandbox.requirements.model import MAX_LINES, Requirements

FOLDERS = ("requirements", "reqs", "requires")
TEST_FOLDERS = ("tests", "test")
SUFFIXES = (".txt", ".in", ".pip")
MAX_FILES = 50

_INCLUDE = linear(r"(-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)")
_COMMENT = linear(r"(?:^|\s+)#.*")
_HASH = linear(r"\s+--hash=\S+")
_NAMED = linear(r"(?i).*(?:requirements?|reqs)(?:[._-].*)?")


def usual(files: Manifests, directory: str) -> list[str]:
    """The files of ``directory``, its requirements/ and its tests/ that are for running tests, the general ones first.

    ``dev.in`` is taken and ``dev.txt`` beside it left: that is what was compiled of it, for one Python (``compiled`` gives it).
    """
    found = [path for path in _candidates(files, directory) if is_base(_stem(path)) or is_for_tests(_stem(path))]
    sources = {path for path in found if path.endswith(".in")}
    found = [path for path in found if f"{path.removesuffix('.txt')}.in" not in sources]
    return sorted(found, key=lambda path: (not is_base(_stem(path)), path))


def compiled(files: Manifests, path: str) -> str | None:
    """The file that was compiled of ``path``."""
    return f"{path[:-3]}.txt" if path.endswith(".in") and files.text(f"{path[:-3]}.txt") is not None else None


def _candidates(files: Manifests, directory: str) -> Iterator[str]:
    for name in files.names(directory):
        if name.endswith(SUFFIXES) and _NAMED.fullmatch(PurePosixPath(name).stem) is not None:
            yield posixpath.join(directory, name)
    folders = files.folders(directory)
    for folder in (*FOLDERS, *TEST_FOLDERS):
        for name in files.names(posixpath.join(directory, folder)) if folder in folders else ():
            if name.endswith(SUFFIXES) and (folder in FOLDERS or _NAMED.fullmatch(PurePosixPath(name).stem) is not None):
                yield posixpath.join(directory, folder, name)


def _stem(path: str) -> str:
    """What the name of a file says about what it is for; a file of tests/ is for tests."""
    pure = PurePosixPath(path)
    return f"tests-{pure.stem}" if pure.parent.name in TEST_FOLDERS else pure.stem


class RequirementFiles:
    """``take`` is called with each requirement, where it stands, the directory that it is relative to, and whether it is a
    constraint only. No file is read twice."""

    def __init__(self, files: Manifests, found: Requirements, take: Callable[[str, str, str, bool], None]) -> None:
        self._files = files
        self._found = found
        self._take = take
        self._seen: set[str] = set()

    def read(self, name: str, *, constraint: bool = False) -> None:
        """Reads the file ``name``, a path from the repository's root. A missing one says nothing."""
        text = self._files.text(name)
        if text is None:
            return
        place = str((self._files.root / name).resolve())
        if place in self._seen:
            return
        if len(self._seen) >= MAX_FILES:
            self._found.refuse(name, "the whole file", f"more than {MAX_FILES} files")
            return
        self._seen.add(place)
        directory = posixpath.dirname(name)
        for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
            if not line.strip():
                continue
            where = f"{name}:{number}"
            if not self._found.left:
                self._found.refuse(where, "this line and all after it", f"more than {MAX_LINES} lines")
                return
            self._found.left -= 1
            line = _HASH.sub("", _COMMENT.sub("", line)).strip()
            include = _INCLUDE.fullmatch(line)
            if include is None:
                if line:
                    self._take(line, where, directory, constraint)
                continue
            target = joined(directory, include[2])
            if target is None:
                self._found.refuse(where, line, "outside of the repository")
            else:
                self.read(target, constraint=constraint or include[1] in ("-c", "--constraint"))

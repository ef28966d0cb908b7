"""Which file of the tree an edit means. Headers spell paths with prefixes; two files that both fit are a refusal."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Sequence

from agent.patch.model import FileEdit
from agent.patch.paths import unsafe_reason
from agent.patch.placement import Refusal
from agent.patch.tree import Blocked, Tree

PREFIXES = frozenset({"a", "b", "c", "i", "o", "w", "old", "new", "orig", "original", "modified", "before", "after"})
"""Git's (diff.mnemonicPrefix) and those that models make up."""

MAX_PREFIXES = 20
"""So many are learnt from one patch."""

_VERSION = re.compile(r"[-._ ]?(?:v\d{1,3}|old|new|orig(?:inal)?|before|after|updated|modified|fixed|bak)", re.IGNORECASE)
"""What models put after a name where they mean two states of one file."""

_MAX_VERSION = 12
"""Characters of the longest."""

_BACKUPS = (".orig", ".old", ".bak", ".new", "~")


class Locator:
    """Finds files of one patch. What prefix its headers have is learnt from those whose files exist."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._prefixes: set[str] = set()

    def existing(self, edit: FileEdit) -> str | Refusal:
        """The path of the file to be changed."""
        if edit.exact:
            return edit.names[0]
        unsafe = _unsafe(edit.names)
        if unsafe is not None:
            return unsafe
        found = [path for path in _candidates(edit.names, self._is_directory) if self._exists(path)]
        if len(set(edit.names)) > 1:
            found = self._of_two(edit.names, found)
        if len(edit.names) == 1 and len(found) > 1 and edit.names[0].split("/")[0] not in PREFIXES:
            found = found[:1]
        found = list(dict.fromkeys(found))
        if len(found) == 1:
            for name in edit.names:
                if name.endswith(found[0]) and len(self._prefixes) < MAX_PREFIXES:
                    self._prefixes.add(name[: len(name) - len(found[0])])
            return found[0]
        if found:
            return Refusal("unclear_path", f"the path could mean {' or '.join(found)}")
        names = " or ".join(_candidates(edit.names, self._is_directory)[:2]) or " or ".join(edit.names)
        return Refusal("missing_file", f"there is no file {names}")

    def _of_two(self, names: Sequence[str], shared: Sequence[str]) -> list[str]:
        """The files that two names of one header can mean; ``shared`` are those that both mean without what differs.

        Git's prefixes make two names of one file, whatever else the tree has. Where the names differ in more, the one that
        exists is meant (the other was made up, as for a copy with the change), and where both do, nobody knows.
        """
        if shared and all(name.partition("/")[0] in PREFIXES or name in shared for name in names):
            return list(shared)
        single = [path for name in dict.fromkeys(names) for path in self._of_one(name)]
        return list(dict.fromkeys([*single, *shared])) or [path for path in _stripped_of_version(names) if self._exists(path)]

    def _of_one(self, name: str) -> list[str]:
        """The file that one name means: as it stands before what is left without a prefix, but git's prefix before both."""
        found = [path for path in _candidates([name], self._is_directory) if self._exists(path)]
        return found if name.partition("/")[0] in PREFIXES else found[:1]

    def new(self, edit: FileEdit) -> str | Refusal:
        """The path of a file to be made."""
        if edit.exact:
            return edit.names[0]
        unsafe = _unsafe(edit.names)
        if unsafe is not None:
            return unsafe
        name = edit.names[0]
        if len(edit.names) > 1:
            common = _common(edit.names[0], edit.names[1])
            return common if common else Refusal("unclear_path", f"its headers name {' and '.join(edit.names)}")
        for prefix in sorted(self._prefixes, key=len, reverse=True):
            if prefix and name.startswith(prefix):
                return name[len(prefix) :]
        head, _, rest = name.partition("/")
        if "" in self._prefixes or head not in PREFIXES or not rest:
            return name
        if self._is_directory(head):
            return Refusal("unclear_path", f"the path could mean {name} or {rest}")
        return rest

    def _exists(self, path: str) -> bool:
        try:
            found = self._tree.stat(path)
        except Blocked:
            return True
        except OSError:
            return False
        return found is not None and not stat.S_ISDIR(found.st_mode)

    def _is_directory(self, path: str) -> bool:
        try:
            found = self._tree.stat(path)
        except (Blocked, OSError):
            return False
        return found is not None and stat.S_ISDIR(found.st_mode)


def _unsafe(names: Sequence[str]) -> Refusal | None:
    for name in names:
        reason = unsafe_reason(name)
        if reason is not None:
            return Refusal("unsafe_path", f"the path can't be used because {reason}")
    return None


def _candidates(names: Sequence[str], is_directory: Callable[[str], bool]) -> list[str]:
    """What the names can mean, in order."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) > 1:
        common = _common(distinct[0], distinct[1])
        if common:
            head = common.partition("/")[0]
            deeper = common.partition("/")[2]
            return [common, *([deeper] if "/" in deeper and not is_directory(head) else [])]
        return _stripped_of_backup(distinct)
    name = distinct[0]
    head, _, rest = name.partition("/")
    found = [name]
    if rest and (head in PREFIXES or ("/" in rest and not is_directory(head))):
        found.append(rest)
        second, _, deeper = rest.partition("/")
        if head in PREFIXES and "/" in deeper and not is_directory(second):
            found.append(deeper)
    return found


def _common(one: str, two: str) -> str:
    """The path that two names share at their ends, where they differ in a prefix only."""
    if one == two:
        return one
    first, second = one.split("/"), two.split("/")
    size = 0
    while size < min(len(first), len(second)) and first[-1 - size] == second[-1 - size]:
        size += 1
    return "/".join(first[len(first) - size :]) if size else ""


def _stripped_of_backup(names: Sequence[str]) -> list[str]:
    """``x.py`` for ``x.py.orig`` beside ``x.py``; nothing for two names of different files."""
    plain = []
    for name in names:
        for ending in _BACKUPS:
            name = name.removesuffix(ending)
        plain.append(name)
    common = _common(plain[0], plain[1])
    return [common] if common else []


def _stripped_of_version(names: Sequence[str]) -> list[str]:
    """``x.py`` for ``x.py-v1`` beside ``x.py-v2``; nothing where the names are not alike without such an ending."""
    plain = [_without_version(name) for name in names]
    if any(not name or name.endswith("/") for name in plain):
        return []
    common = _common(plain[0], plain[1])
    return [common] if common else []


def _without_version(name: str) -> str:
    size = next((size for size in range(_MAX_VERSION, 1, -1) if _VERSION.fullmatch(name[-size:])), 0)
    return name[: len(name) - size]

"""Which file of the tree an edit means. Headers spell paths with prefixes; two files that both fit are a refusal."""

from __future__ import annotations

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

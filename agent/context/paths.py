"""Which files of a workdir may be seen, by their names and by where they really lie."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from fnmatch import translate
from pathlib import Path

from agent.real_paths import real

CACHES = frozenset(
    (".git", ".hg", ".mgx", ".venv", "node_modules", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache")
)  # fmt: skip
"""Folders that are not looked into."""
SKIPPED = CACHES | frozenset(("venv", "vendor", "dist", "build", "target", "bin", "obj", ".next"))
"""Nor these, where no git says what belongs to the project: most often they are not written by people."""
SECRET = (
    ".env", ".env.*", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "id_rsa*", "id_dsa*",
    "id_ecdsa*", "id_ed25519*", ".npmrc", ".pypirc", ".netrc", ".pgpass", ".htpasswd", ".git-credentials",
    "credentials.json", "*.tfstate",
)  # fmt: skip
SECRET_FOLDERS = frozenset((".ssh", ".gnupg", ".aws", ".kube"))
SAMPLES = (".env.example", ".env.sample", ".env.template")
NOT_CODE = (
    "README*", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "CHANGELOG*", "CONTRIBUTING*", "SECURITY*", "CODE_OF_CONDUCT*",
    "AGENTS.md", "AUTHORS*", ".gitignore", ".gitattributes", ".gitkeep", ".editorconfig", "mgx.yaml", "CODEOWNERS",
)  # fmt: skip
OURS = frozenset((".git", ".mgx"))
"""Of git and of the edit engine's recovery: never shown, whatever the repository's rules say."""


def is_clone_of_run(root: Path) -> bool:
    """Whether ``root`` has its git directory beside it, out of reach of what runs in it. All that is in such a workdir is the
    project's, be it in a folder of builds or ignored: what commands leave there is removed."""
    return (root.parent / "git" / "HEAD").is_file() and not (root / ".git").exists()


def skipped_in(root: Path) -> frozenset[str]:
    """The folders of a workdir without a `.git` that are not looked into."""
    return CACHES if is_clone_of_run(root) else SKIPPED


def names_like(patterns: Sequence[str]) -> re.Pattern[str]:
    """Matches a file's name, in any case of letters, by any of the globs ``patterns``, which have no folders."""
    return re.compile("|".join(translate(pattern) for pattern in patterns), re.IGNORECASE)


_SECRET, _SAMPLE, _NOT_CODE = names_like(SECRET), names_like(SAMPLES), names_like(NOT_CODE)


def own_files(files: Iterable[str]) -> list[str]:
    """Those of ``files`` that make a repository more than an empty one with a README and a licence."""
    return [path for path in files if path and not _NOT_CODE.match(path.rpartition("/")[2])]


def is_secret(path: str) -> bool:
    *folders, name = path.split("/")
    if not SECRET_FOLDERS.isdisjoint(folders):
        return True
    return _SECRET.match(name) is not None and _SAMPLE.match(name) is None


def is_ours(path: str) -> bool:
    """Whether ``path`` belongs to git or to the edit engine, at any depth: a submodule has a .git of its own."""
    return not OURS.isdisjoint(path.lower().split("/"))


def is_regular(root: Path, name: str) -> bool:
    """Whether ``name`` is a file inside ``root``, not a link, nor behind one."""
    return bool(regular_files(root, [name]))


def regular_files(root: Path, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are files inside ``root``, not links, nor behind one."""
    root = root.resolve()
    above = os.path.join(root, "")
    is_plain: dict[str, bool] = {}
    found = []
    for name in names:
        folder = name.rpartition("/")[0]
        if folder not in is_plain:
            is_plain[folder] = _is_real(root, folder)
        if is_plain[folder] and name and _is_file(above + name):
            found.append(name)
    return found


def _is_real(root: Path, folder: str) -> bool:
    place = real(root / folder)
    return place is not None and place.is_relative_to(root) and place == Path(root, folder)


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False

"""Which files of a workdir may be seen, by their names and by where they really lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

SKIPPED = frozenset(
    (".git", ".hg", ".mgx", ".venv", "venv", "node_modules", "vendor", "__pycache__", ".pytest_cache", ".ruff_cache",
     ".mypy_cache", "dist", "build", "target", "bin", "obj", ".next")
)  # fmt: skip
"""Folders that are not looked into where no git says what belongs to the project."""
SECRET = (".env", ".env.*", "*.pem", "*.key", "*.p12", "id_rsa*", "id_ed25519*", ".npmrc", ".pypirc", ".netrc", "*.keystore")
SAMPLES = (".env.example", ".env.sample", ".env.template")
NOT_CODE = (
    "README*", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "CHANGELOG*", "CONTRIBUTING*", "SECURITY*", "CODE_OF_CONDUCT*",
    "AGENTS.md", "AUTHORS*", ".gitignore", ".gitattributes", ".gitkeep", ".editorconfig", "mgx.yaml", "CODEOWNERS",
)  # fmt: skip
OURS = (".git", ".mgx")
"""Of git and of the edit engine's recovery: never shown, whatever the repository's rules say."""


def own_files(files: Iterable[str]) -> list[str]:
    """Those of ``files`` that make a repository more than an empty one with a README and a licence."""
    return [path for path in files if path and not any(PurePosixPath(path).match(pattern) for pattern in NOT_CODE)]


def is_secret(path: str) -> bool:
    name = PurePosixPath(path)
    return any(name.match(pattern) for pattern in SECRET) and not any(name.match(sample) for sample in SAMPLES)


def is_ours(path: str) -> bool:
    """Whether ``path`` belongs to git or to the edit engine, at any depth: a submodule has a .git of its own."""
    return any(part.lower() in OURS for part in PurePosixPath(path).parts)


def is_regular(root: Path, name: str) -> bool:
    """Whether ``name`` is a file inside ``root``, not a link, nor behind one."""
    path = root / name
    return path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(root.resolve())

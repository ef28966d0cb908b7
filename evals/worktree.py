"""The repository of one attempt: a git repository with one commit, and what was changed since."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

WHEN = "2026-01-15T12:00:00+00:00"
WHO = ("-c", "user.name=Evals", "-c", "user.email=evals@example.com")


def prepare(source: Path, root: Path) -> None:
    """Copies ``source`` to ``root``, which must not exist, and commits it."""
    shutil.copytree(source, root, symlinks=True)
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", "-A", "-f")
    _git(root, *WHO, "commit", "-q", "-m", "The project as it is")


def patch_of(root: Path) -> str:
    """The change since ``prepare`` as git writes it; the same change gives the same text everywhere."""
    _git(root, "add", "-A")
    return _git(
        root, "diff", "--cached", "--binary", "--full-index", "--no-renames", "--no-color", "--no-ext-diff", "--src-prefix=a/",
        "--dst-prefix=b/", "HEAD", "--", ".", ":!.mgx",
    )  # fmt: skip


def changed_files(root: Path) -> list[str]:
    """Paths that ``patch_of`` names, sorted. To be called after it."""
    listed = _git(root, "diff", "--cached", "--name-only", "--no-renames", "-z", "HEAD", "--", ".", ":!.mgx")
    return sorted(path for path in listed.split("\0") if path)


def digest(patch: str) -> str:
    return hashlib.sha256(patch.encode("utf-8", "surrogateescape")).hexdigest()


def _git(root: Path, *arguments: str) -> str:
    """With nobody's settings, so that line endings and the diff's form are the same on every machine."""
    env = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(root), "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN,
    }  # fmt: skip
    plain = ("-c", "core.autocrlf=false", "-c", "core.quotepath=false", "-c", "core.hooksPath=/dev/null")
    done = subprocess.run(["git", "-C", str(root), *plain, *arguments], env=env, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")

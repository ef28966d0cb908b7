"""What stands in for a project that is not built: a path file that leads to its modules, and its name and version."""

from __future__ import annotations

import posixpath
from pathlib import Path

from packaging.utils import canonicalize_name

from agent.patterns import linear
from agent.sandbox.bubblewrap import WORKDIR
from agent.sandbox.python.layout import ImportNames
from agent.sandbox.requirements.declared import ManifestDeclarations

_NAME = linear(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")


def lead(paths: Path, declared: ManifestDeclarations, names: ImportNames, version: str) -> None:
    """Writes into the directory ``paths``. The programs and plugins that the project declares are left out."""
    name = canonicalize_name(declared.name).replace("-", "_") if _NAME.fullmatch(declared.name) else "project"
    lines = [posixpath.join(WORKDIR, root) if root else WORKDIR for root in names.roots]
    with (paths / f"__path__.{name}.pth").open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines if "\n" not in line))
    if name != "project":
        info = paths / f"{name}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {declared.name}\nVersion: {version}\n", encoding="utf-8")


def told(directory: str, declared: ManifestDeclarations, names: ImportNames, problem: str) -> str:
    """A sentence about a project that should have been built."""
    where = " and ".join(root or "the top directory" for root in names.roots)
    return (
        f"{declared.name or directory or 'The project'} could not be installed for development: {problem.rstrip('.')}. "
        f"Its modules are imported from {where}; programs and plugins that it declares are left out."
    )

"""All that the manifests of one directory declare."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import Any

from agent.documents import Unreadable, read_toml
from agent.sandbox.requirements import hatch, nox, pdm, pep621, pipenv, poetry, setup_cfg, setup_py, tox, uv
from agent.sandbox.requirements.declared import ManifestDeclarations, table
from agent.sandbox.requirements.manifests import Manifests
from agent.sandbox.requirements.model import MAX_SHOWN, Requirements

TABLES: tuple[Callable[[dict[str, Any], str, ManifestDeclarations], None], ...] = (
    pep621.read_build, pep621.read_project, pep621.read_groups, uv.read, poetry.read, pdm.read, hatch.read,
)  # fmt: skip
PROGRAMS = ("scripts", "gui-scripts", "entry-points")


def read(files: Manifests, directory: str, found: Requirements) -> ManifestDeclarations:
    """What can't be read is refused in ``found``, and the rest read."""
    into = ManifestDeclarations()
    for name, reader in _readers(files, directory, found, into):
        try:
            reader()
        except (Unreadable, ValueError) as error:
            found.refuse(posixpath.join(directory, name), "it can't be read", str(error)[:MAX_SHOWN])
    into.built = into.built and _is_package(files, directory, into)
    return into


def _is_package(files: Manifests, directory: str, declared: ManifestDeclarations) -> bool:
    """Whether tools would install it: it names a build backend, has a setup.py, or has programs that only installing gives."""
    if files.text(posixpath.join(directory, "setup.py")) is not None:
        return True
    try:
        data = files.toml(posixpath.join(directory, "pyproject.toml"))
        if table(data, "build-system") or table(data, "tool", "poetry").get("name"):
            return True
        return not table(data, "project").keys().isdisjoint(PROGRAMS) or table(data, "tool", "uv").get("package") is True
    except Unreadable:
        return False


def _readers(
    files: Manifests, directory: str, found: Requirements, into: ManifestDeclarations
) -> Iterator[tuple[str, Callable[[], object]]]:
    path = posixpath.join(directory, "pyproject.toml")
    try:
        data = files.toml(path)
    except Unreadable as error:
        found.refuse(path, "it can't be read", str(error)[:MAX_SHOWN])
        data = {}
    for reader in TABLES:
        yield "pyproject.toml", lambda reader=reader: reader(data, directory, into)  # type: ignore[misc]
    yield "pyproject.toml", lambda: tox.read_tables(table(data, "tool", "tox"), "pyproject.toml: [tool.tox]", into)
    yield "setup.cfg", lambda: setup_cfg.read(files, directory, into)
    yield "setup.py", lambda: _setup_py(files, directory, found, into)
    yield "Pipfile", lambda: pipenv.read(_toml(files, directory, "Pipfile"), directory, into)
    yield (
        "hatch.toml",
        lambda: hatch.read_environments(table(_toml(files, directory, "hatch.toml"), "envs"), "hatch.toml", into),
    )
    yield "tox.toml", lambda: tox.read_tables(_toml(files, directory, "tox.toml"), "tox.toml:", into)
    yield "tox.ini", lambda: tox.read(files, directory, into)
    yield "noxfile.py", lambda: nox.read(files, directory, into)


def _toml(files: Manifests, directory: str, name: str) -> dict[str, Any]:
    text = files.text(posixpath.join(directory, name))
    return {} if text is None else read_toml(text)


def _setup_py(files: Manifests, directory: str, found: Requirements, into: ManifestDeclarations) -> None:
    for name in setup_py.read(files, directory, into):
        found.refuse(posixpath.join(directory, "setup.py"), name, "it is computed; only literals are read")

"""The requirement lines of Python's manifests. Nothing of them is run: of setup.py and noxfile.py only what is written out is
known."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from agent.documents import read_ini, read_python, read_toml
from agent.patterns import linear

MAX_SOURCE = 200_000
"""Characters of a setup.py or noxfile.py; a longer one names nothing."""
MAX_INI = 512 * 1024

_FACTORS = linear(r"^\s*[!\w.,{}-]+:\s+")
_SETUP_LISTS = ("install_requires", "tests_require", "setup_requires", "extras_require")
_INI_KEYS = ("install_requires", "tests_require", "setup_requires", "deps", "requires")


def _pyproject_lines(data: dict[str, Any]) -> Iterator[str]:
    """For whatever purpose: [project] and its extras, [dependency-groups] (a group that includes another names nothing new),
    [build-system], and the tables of Poetry, PDM, uv, hatch, Flit and tox."""
    project, tool = data.get("project", {}), data.get("tool", {})
    poetry, hatch = tool.get("poetry", {}), tool.get("hatch", {})
    lists = [
        project.get("dependencies"),
        data.get("build-system", {}).get("requires"),
        tool.get("uv", {}).get("dev-dependencies"),
    ]
    groups = [project.get("optional-dependencies"), data.get("dependency-groups"), tool.get("pdm", {}).get("dev-dependencies")]
    groups += [tool.get("flit", {}).get("metadata", {}).get("requires-extra")]
    lists += [tool.get("flit", {}).get("metadata", {}).get("requires")]
    lists += [group for table in groups if isinstance(table, dict) for group in table.values()]
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    tables += [group.get("dependencies") for group in poetry.get("group", {}).values() if isinstance(group, dict)]
    yield from _texts(lists)
    yield from (name for table in tables if isinstance(table, dict) for name in table)
    yield from _hatch_lines(hatch)
    yield from _tox_lines(tool.get("tox", {}))


def _hatch_lines(data: dict[str, Any]) -> Iterator[str]:
    environments = data.get("envs", {})
    found = [environment for environment in environments.values() if isinstance(environment, dict)]
    yield from _texts([environment.get(key) for environment in found for key in ("dependencies", "extra-dependencies")])


def _tox_lines(data: dict[str, Any]) -> Iterator[str]:
    """Of native TOML, and of the text of a tox.ini inside of it."""
    yield from _texts([data.get("env_run_base", {}).get("deps"), data.get("requires")])
    yield from _texts(
        [environment.get("deps") for environment in data.get("env", {}).values() if isinstance(environment, dict)]
    )
    if isinstance(data.get("legacy_tox_ini"), str):
        yield from _ini_lines(data["legacy_tox_ini"])


def _ini_lines(text: str) -> Iterator[str]:
    """setup.cfg and tox.ini. A line of tox may begin with the factors of the environments that it is for."""
    for name, section in read_ini(text).items():
        keys = (
            section
            if name == "options.extras_require"
            else ("install_requires", "tests_require", "setup_requires", "deps", "requires")
        )
        for key in keys:
            yield from (_FACTORS.sub("", line, 1) for line in section.get(key, "").splitlines())


def _pipfile_lines(text: str) -> Iterator[str]:
    """[packages], [dev-packages], and categories of other names."""
    for name, table in read_toml(text).items():
        if isinstance(table, dict) and name not in ("requires", "scripts", "pipenv"):
            yield from table


def _source_lines(text: str) -> Iterator[str]:
    """What ``setup(…)`` and ``session.install(…)`` name in literals, also by way of a name of the module."""
    tree = read_python(text if len(text) <= MAX_SOURCE else "")
    known: dict[str, ast.expr] = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    asked: list[ast.expr] = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if named == "install":
            asked += call.args
        elif named == "setup":
            asked += [key.value for key in call.keywords if key.arg in _SETUP_LISTS]
    yield from _literals(asked, known)


def _literals(values: list[ast.expr], known: dict[str, ast.expr]) -> Iterator[str]:
    """Each name is looked up once, so that lists of names of lists end."""
    while values:
        value = values.pop()
        if isinstance(value, ast.Name) and value.id in known:
            values.append(known.pop(value.id))
        elif isinstance(value, ast.Starred):
            values.append(value.value)
        elif isinstance(value, ast.List | ast.Tuple):
            values += value.elts
        elif isinstance(value, ast.Dict):
            values += value.values
        elif isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from value.value.splitlines()


def _texts(lists: Iterable[Any]) -> Iterator[str]:
    yield from (line for entries in lists if isinstance(entries, list) for line in entries if isinstance(line, str))


LINES_OF: Mapping[str, Callable[[str], Iterable[str]]] = {
    "pyproject.toml": lambda text: _pyproject_lines(read_toml(text)),
    "Pipfile": _pipfile_lines,
    "setup.cfg": _ini_lines,
    "tox.ini": _ini_lines,
    "tox.toml": lambda text: _tox_lines(read_toml(text)),
    "hatch.toml": lambda text: _hatch_lines(read_toml(text)),
    "setup.py": _source_lines,
    "noxfile.py": _source_lines,
}
"""Manifest → the requirement lines that it names."""

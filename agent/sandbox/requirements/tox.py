"""tox.ini, [tox:tox] of setup.cfg, tox.toml and [tool.tox]: what the environments that run tests depend on.

A line for some factors only (``django42: Django~=4.2``) is taken where no other names the package, the last one of several.
https://tox.wiki/en/latest/reference/config.html
"""

from __future__ import annotations

from collections.abc import Iterator
from configparser import RawConfigParser
from typing import Any

from agent.patterns import linear
from agent.sandbox.requirements.commands import add, of_arguments_of
from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations, strings, table, text_of
from agent.sandbox.requirements.kinds import is_for_tests
from agent.sandbox.requirements.manifests import Manifests, joined, read_ini, value_of
from agent.stacks.manifests import requirement_names

MAX_LINES = 5_000
"""Of one file, those that stand for others each time."""
MAX_DEPTH = 5
"""Of settings that are those of another section."""
_FACTORS = linear(r"([\w.!,{}-]{1,200}):\s+(\S.*)")
_OTHER = linear(r"\{\[([\w:.-]{1,100})\](\w{1,40})\}")
_PYTHON_ENVIRONMENT = linear(r"(?:py|pypy|python)[\d.]*(?:-.*)?|\{.*")
_HERE = ("{toxinidir}/", "{tox_root}/", "{toxinidir}", "{tox_root}")


def read(files: Manifests, directory: str, into: ManifestDeclarations) -> None:
    """tox.ini, or [tox:tox] and its like in setup.cfg. Raises ``Unreadable``."""
    for name in ("tox.ini", "setup.cfg"):
        parser = files.ini(joined(directory, name) or "")
        if name == "tox.ini" or parser.has_section("tox:tox"):
            _of_ini(parser, name, into)


def read_tables(data: dict[str, Any], where: str, into: ManifestDeclarations) -> None:
    """``data`` is tox.toml, or [tool.tox] of pyproject.toml, which may hold an old tox.ini. Raises ``Unreadable``."""
    if legacy := text_of(data, "legacy_tox_ini"):
        _of_ini(read_ini(legacy), f"{where} legacy_tox_ini", into)
    named = [("env_run_base", table(data, "env_run_base"))]
    environments = table(data, "env")
    named += [(name, table(environments, name)) for name in environments if _runs_tests(name)]
    for name, settings in named:
        for line in strings(settings, "deps"):
            _dependency(line, f"{where} {name}", into)
        into.ask(strings(settings, "extras"), strings(settings, "dependency_groups"))


def _runs_tests(name: str) -> bool:
    return _PYTHON_ENVIRONMENT.fullmatch(name) is not None or is_for_tests(name)


def _of_ini(parser: RawConfigParser, name: str, into: ManifestDeclarations) -> None:
    later: dict[str, Declaration] = {}
    left = [MAX_LINES]
    for section in parser.sections():
        environment = section.partition(":")[2]
        if section != "testenv" and not (section.startswith("testenv:") and _runs_tests(environment)):
            continue
        where = f"{name}: [{section}] deps"
        for factors, line in _lines(parser, section, "deps", left):
            if factors and (names := requirement_names([line])):
                if "://" not in line:
                    later[names[0]] = Declaration(line, where)
            else:
                _dependency(line, where, into)
        for key in ("extras", "dependency_groups"):
            words = [word for _, line in _lines(parser, section, key, left) for word in line.replace(",", " ").split()]
            into.ask(**{"extras" if key == "extras" else "groups": words})
    into.otherwise += later.values()


def _lines(
    parser: RawConfigParser, section: str, key: str, left: list[int], depth: int = MAX_DEPTH
) -> Iterator[tuple[str, str]]:
    """(factors or "", line) of a setting; ``{[testenv]deps}`` is replaced by what stands there. ``left`` counts lines."""
    for line in value_of(parser, section, key).splitlines():
        left[0] -= 1
        if left[0] < 0:
            return
        line = line.partition(" #")[0].strip()
        hit = _FACTORS.fullmatch(line)
        factors, text = (hit[1], hit[2]) if hit and "://" not in hit[1] else ("", line)
        other = _OTHER.fullmatch(text)
        if other is not None:
            if depth:
                yield from _lines(parser, other[1], other[2], left, depth - 1)
        elif text and not text.startswith("#"):
            yield ("" if factors.startswith(("!", "py")) else factors), text


def _dependency(line: str, where: str, into: ManifestDeclarations) -> None:
    for start in _HERE:
        line = line.replace(start, "./")
    asked = of_arguments_of(line)
    add(asked, where, into)

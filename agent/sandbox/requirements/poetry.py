"""[tool.poetry] of pyproject.toml, with its version constraints in the form of PEP 440.

https://python-poetry.org/docs/dependency-specification/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from agent.documents import Unreadable
from agent.patterns import linear
from agent.sandbox.requirements.declared import BuildSystem, Declaration, ManifestDeclarations, strings, table, text_of
from agent.sandbox.requirements.manifests import joined

_PART = linear(r"(\^|~=|~|===?|!=|>=|<=|>|<)?\s*v?([0-9][0-9A-Za-z.*+!_-]*|\*)")
_RELEASE = linear(r"\d{1,9}(?:\.\d{1,9}){0,9}")
MAX_LENGTH = 200
"""Characters of one constraint."""
MAX_PARTS = 20


def read(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    poetry = table(data, "tool", "poetry")
    if not poetry:
        return
    into.name = into.name or text_of(poetry, "name")
    if into.build is None and into.name:
        into.build = BuildSystem(("poetry-core",), "poetry.core.masonry.api")
    into.version = into.version or text_of(poetry, "version")
    into.built = into.built and poetry.get("package-mode", True) is not False
    main = table(poetry, "dependencies")
    into.python = into.python or constraint(main.get("python", ""), lenient=True)
    optional: dict[str, list[Declaration]] = {}
    for name, is_optional, line in _lines(main, "[tool.poetry] dependencies", directory, into):
        if is_optional:
            optional.setdefault(canonicalize_name(name), []).append(line)
        else:
            into.runtime.append(line)
    extras = table(poetry, "extras")
    for name in extras:
        into.extras.setdefault(canonicalize_name(name), []).extend(
            line for wanted in strings(extras, name) for line in optional.get(canonicalize_name(wanted), ())
        )
    into.always += [
        line for _, _, line in _lines(table(poetry, "dev-dependencies"), "[tool.poetry] dev-dependencies", directory, into)
    ]
    groups = table(poetry, "group")
    for name in groups:
        group = table(groups, name)
        where = f"[tool.poetry] group {name}"
        lines = [line for _, _, line in _lines(table(group, "dependencies"), where, directory, into)]
        into.groups.setdefault(canonicalize_name(name), []).extend(lines)
        if group.get("optional") is not True:
            into.by_default.add(canonicalize_name(name))


def _lines(
    dependencies: dict[str, Any], where: str, directory: str, into: ManifestDeclarations
) -> Iterator[tuple[str, bool, Declaration]]:
    """(name, is it optional, requirement); what comes from elsewhere is noted in the sources."""
    for name, said in dependencies.items():
        if name.lower() == "python":
            continue
        for choice in said if isinstance(said, list) else [said]:
            entry = {"version": choice} if isinstance(choice, str) else choice
            if not isinstance(entry, dict):
                raise Unreadable(f"{where}: {name} is neither a version nor a table")
            if (source := source_of(entry, directory)) is not None:
                into.sources[canonicalize_name(name)] = source
            yield name, entry.get("optional") is True, Declaration(_line(name, entry), f"pyproject.toml: {where}")


def source_of(entry: dict[str, Any], directory: str) -> str | None:
    """Where a package with the keys ``entry`` comes from (``ManifestDeclarations.sources``); None for an index."""
    if isinstance(entry.get("path"), str):
        found = joined(directory, entry["path"])
        return "!it lies outside of the repository" if found is None else found
    return "!it comes from an address, which is not fetched" if {"git", "url", "file"} & entry.keys() else None


def _line(name: str, entry: dict[str, Any]) -> str:
    extras = f"[{','.join(strings(entry, 'extras'))}]" if entry.get("extras") else ""
    markers = [f"({text})" for key in ("markers", "marker") if (text := text_of(entry, key))]
    if python := constraint(entry.get("python", "")):
        markers.append(" and ".join(_marker(part) for part in python.split(",")))
    if isinstance(entry.get("platform"), str):
        markers.append(f"sys_platform == {entry['platform']!r}")
    text = f"{name}{extras}{constraint(entry.get('version', ''))}"
    return f"{text} ; {' and '.join(markers)}" if markers else text


def _marker(specifier: str) -> str:
    version = specifier.lstrip("<>=!~")
    return f"python_version {specifier[: len(specifier) - len(version)]} '{version}'"


def constraint(said: Any, *, lenient: bool = False) -> str:
    """``^1.2`` and the like as specifiers of PEP 440; "" for any version. Of alternatives ("^1 || ^2") the last is taken, as it
    is the newest by habit; PEP 440 has no "or". Raises ``Unreadable``, or gives "" where it is ``lenient``."""
    if not isinstance(said, str) or len(said) > MAX_LENGTH:
        return ""
    text = said.split("||")[-1].split("|")[-1].strip()
    hits = list(_PART.finditer(text))[:MAX_PARTS]
    found = ",".join(part for hit in hits if (part := _part(hit[1] or "", hit[2])))
    try:
        rest = _PART.sub("", text).strip(" ,")
        if rest:
            raise InvalidSpecifier(text)
        return str(SpecifierSet(found)) and found
    except InvalidSpecifier as error:
        if lenient:
            return ""
        raise Unreadable(f"{said!r} is not a version constraint") from error


def _part(operator: str, version: str) -> str:
    if version == "*":
        return ""
    if "*" in version:
        return f"{operator if operator == '!=' else '=='}{version}"
    release = _RELEASE.match(version)
    if operator not in ("^", "~") or release is None:
        return f"{operator or '=='}{version}"
    numbers = [int(number) for number in release[0].split(".")]
    if operator == "~":
        at = min(1, len(numbers) - 1)
    else:
        at = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    above = [*numbers[:at], numbers[at] + 1]
    return f">={version},<{'.'.join(str(number) for number in above)}"

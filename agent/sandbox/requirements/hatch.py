"""[tool.hatch.envs] of pyproject.toml or hatch.toml: the environments that tests run in.

https://hatch.pypa.io/latest/config/environment/overview/
"""

from __future__ import annotations

from typing import Any

from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations, strings, table
from agent.sandbox.requirements.kinds import is_for_tests

ROOT = ("{root:uri}/", "{root}/")
BUILT_IN = ("pytest", "pytest-mock", "pytest-rerunfailures", "pytest-xdist")
"""What ``hatch test`` brings itself, but for what only measures or shuffles.
https://hatch.pypa.io/latest/config/internal/testing/#dependencies
"""


def read(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Of pyproject.toml. Raises ``Unreadable``."""
    read_environments(table(data, "tool", "hatch", "envs"), "pyproject.toml: [tool.hatch.envs]", into)


def read_environments(environments: dict[str, Any], where: str, into: ManifestDeclarations) -> None:
    """The default one and those for tests. Raises ``Unreadable``."""
    for name in environments:
        if name != "default" and not is_for_tests(name):
            continue
        environment = table(environments, name)
        for key in ("dependencies", "extra-dependencies"):
            into.always += [Declaration(_local(line), f"{where} {name}") for line in strings(environment, key)]
        if name == "hatch-test" and "dependencies" not in environment:
            into.always += [Declaration(line, f"{where} {name}") for line in BUILT_IN]
        into.ask(strings(environment, "features"), strings(environment, "dependency-groups"))


def _local(line: str) -> str:
    """``name @ {root:uri}/lib`` is the directory ``./lib``."""
    for start in ROOT:
        _, found, path = line.partition(start)
        if found:
            return f"./{path.strip()}"
    return line

"""[tool.pdm] of pyproject.toml: dev-dependencies by group. Lines may name directories: ``-e file:///${PROJECT_ROOT}/lib``."""

from __future__ import annotations

from typing import Any

from packaging.utils import canonicalize_name

from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations, strings, table

ROOT = "file:///${PROJECT_ROOT}/"


def read(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    pdm = table(data, "tool", "pdm")
    into.built = into.built and pdm.get("distribution", True) is not False
    groups = table(pdm, "dev-dependencies")
    for name in groups:
        where = f"pyproject.toml: [tool.pdm.dev-dependencies] {name}"
        lines = [Declaration(line.replace(ROOT, "./"), where) for line in strings(groups, name)]
        into.groups.setdefault(canonicalize_name(name), []).extend(lines)
        into.by_default.add(canonicalize_name(name))

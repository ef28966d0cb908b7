"""[tool.uv] of pyproject.toml: what is for development, constraints, and packages that come from the repository itself."""

from __future__ import annotations

from typing import Any

from packaging.utils import canonicalize_name

from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations, strings, table
from agent.sandbox.requirements.poetry import source_of


def read(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    uv = table(data, "tool", "uv")
    if not uv:
        return
    into.built = into.built and uv.get("package", True) is not False
    for key, lines in (("dev-dependencies", into.always), ("constraint-dependencies", into.constraints)):
        lines += [Declaration(line, f"pyproject.toml: [tool.uv] {key}") for line in strings(uv, key)]
    if isinstance(uv.get("default-groups"), list):
        into.ask(groups=strings(uv, "default-groups"))
    workspace = table(uv, "workspace")
    into.members += strings(workspace, "members")
    into.excluded += strings(workspace, "exclude")
    for name, said in table(uv, "sources").items():
        for entry in said if isinstance(said, list) else [said]:
            if isinstance(entry, dict) and (source := _source(entry, directory)) is not None:
                into.sources[canonicalize_name(name)] = source


def _source(entry: dict[str, Any], directory: str) -> str | None:
    """As in ``ManifestDeclarations.sources``. A member of the workspace is known by its own name."""
    if entry.get("workspace") is True:
        return "!no member of the workspace has this name"
    return source_of(entry, directory)

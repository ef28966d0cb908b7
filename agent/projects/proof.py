"""Which stack of the catalogue a part's manifests prove: by what the project itself depends on, never by names of folders."""

from __future__ import annotations

from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectPart
from agent.projects.python.metadata import metadata_of
from agent.projects.tables import json_of, table
from agent.stacks import catalogue
from agent.stacks.manifests import names_in, requirement_names
from agent.stacks.model import Stack

NAMES = 8.0
"""From this weight on a package alone names its stack."""
WITH: dict[str, tuple[str, str]] = {"react-vite": ("react", "vite"), "vue-vite": ("vue", "vite")}
"""Stacks of two packages: what is depended on, and what builds it, which may be a development dependency."""
BUILT_ON = {"nestjs": ("express-ts",), "nextjs": ("react-vite",)}
"""Stack → those that it contains."""


def proven_stacks(part: ProjectPart, files: ProjectFiles) -> dict[str, str]:
    """Stack → by what. ``files`` are the part's."""
    runtime, declared, where = _dependencies(part, files)
    found: dict[str, str] = {}
    for stack in catalogue():
        if not _is_of(stack, part, declared, files):
            continue
        if stack.id in WITH:
            needed, built_by = WITH[stack.id]
            if needed in runtime and built_by in declared:
                found[stack.id] = f"{where} has {needed} and {built_by}"
            continue
        name = next((name for name, weight in stack.signals.packages if weight >= NAMES and name in runtime), None)
        if name is not None:
            found[stack.id] = f"{where} has {name}"
    for stack_id, inside in BUILT_ON.items():
        if stack_id in found:
            found = {name: why for name, why in found.items() if name not in inside}
    return found


def _dependencies(part: ProjectPart, files: ProjectFiles) -> tuple[frozenset[str], frozenset[str], str]:
    """What the part itself needs, that and what its development needs, and where it stands."""
    if part.ecosystem == "python":
        metadata = metadata_of(files)
        runtime = frozenset(requirement_names(metadata.runtime_lines))
        return (
            runtime,
            runtime,
            part.path(next((p for p in ("pyproject.toml", *metadata.requirements, "setup.cfg") if p in files), "setup.py")),
        )
    for path, key in (("package.json", "dependencies"), ("composer.json", "require")):
        if part.ecosystem == {"package.json": "node", "composer.json": "php"}[path]:
            data = json_of(files, path)
            names = frozenset(name.lower() for name in table(data, key))
            return names, names_in(path, files.read(path) or ""), part.path(path)
    if part.ecosystem == "dotnet":
        projects = [path for path in files.paths if path.endswith(".csproj")][:50]
        names = frozenset(name for path in projects for name in names_in(path, files.read(path) or ""))
        return names, names, part.path(projects[0]) if projects else ""
    return frozenset(), frozenset(), ""


def _is_of(stack: Stack, part: ProjectPart, declared: frozenset[str], files: ProjectFiles) -> bool:
    """Whether the stack's language is the part's: the rules of a TypeScript stack do not fit a project in plain JavaScript."""
    if stack.language == "typescript":
        return part.ecosystem == "node" and ("typescript" in declared or "tsconfig.json" in files)
    return stack.language == {"python": "python", "php": "php", "dotnet": "csharp"}.get(part.ecosystem, "")

"""What a Python project's manifests say about it: name, build backend, package manager, versions. Nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.tables import ini_of, python_of, table, text, texts, toml_of
from agent.stacks.globs import matches

MAX_MEMBERS = 100
LOCK_FILES = (
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("Pipfile.lock", "pipenv"),
    ("pylock.toml", ""),
    ("requirements.lock", "rye"),
)
"""Lock file → whose it is."""

_REQUIREMENTS = linear(r"(?:[\w.-]+[-_.])?requirements(?:[-_.][\w.-]+)?\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in)")
_VERSION = linear(r"(?m)^\s*(?:python-)?(\d+\.\d+(?:\.\d+)?)\s*$")


@dataclass(frozen=True)
class PythonMetadata:
    """``evidence`` says for a field where it stands. ``runtime_names`` are the requirement lines of the project itself, those
    of its tests and extras left out. ``is_named`` is whether a manifest describes a distribution."""

    name: str = ""
    build_backend: str = ""
    package_manager: str = ""
    lock_file: str = ""
    runtime: str = ""
    members: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    runtime_lines: tuple[str, ...] = ()
    has_manifest: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict)


def requirements_files(files: ProjectFiles) -> list[str]:
    """requirements.txt and its siblings, at the top and in ``requirements/``."""
    near = [path for path in files.paths_at("") if "requirements" in path and _REQUIREMENTS.fullmatch(path)]
    return [*near, *(path for path in files.starting_with("requirements/") if _REQUIREMENTS.fullmatch(path))][:50]


def metadata_of(files: ProjectFiles) -> PythonMetadata:
    data = toml_of(files, "pyproject.toml")
    setup_cfg = ini_of(files, "setup.cfg")
    setup = dict(_setup_arguments(python_of(files, "setup.py")))
    pipfile = toml_of(files, "Pipfile")
    requirements = tuple(requirements_files(files))
    found: dict[str, str] = {}

    def first(key: str, *choices: tuple[str, str]) -> str:
        value, where = next((choice for choice in choices if choice[0]), ("", ""))
        if value:
            found[key] = where
        return value[:200]

    name = first(
        "name",
        (text(data, "project", "name"), "pyproject.toml: project.name"),
        (text(data, "tool", "poetry", "name"), "pyproject.toml: tool.poetry.name"),
        (text(setup_cfg, "metadata", "name"), "setup.cfg: [metadata] name"),
        (text(setup.get("name")), "setup.py: name"),
    )
    runtime = first(
        "runtime",
        (text(data, "project", "requires-python"), "pyproject.toml: project.requires-python"),
        (text(data, "tool", "poetry", "dependencies", "python"), "pyproject.toml: tool.poetry.dependencies.python"),
        (text(setup_cfg, "options", "python_requires"), "setup.cfg: [options] python_requires"),
        (text(setup.get("python_requires")), "setup.py: python_requires"),
        (text(pipfile, "requires", "python_version"), "Pipfile: requires.python_version"),
        (_pinned(files), ".python-version"),
    )
    backend = first("build_backend", *_backends(data, files))
    lock, manager = next(((path, tool) for path, tool in LOCK_FILES if path in files), ("", ""))
    if lock == "requirements.lock" and not table(data, "tool", "rye"):
        lock, manager = "", ""
    manager = first("package_manager", *((manager, lock),), *_managers(data, files, requirements))
    if lock:
        found["lock_file"] = lock
    described = bool(name or backend or table(data, "project") or table(data, "tool", "poetry") or "setup.py" in files)
    return PythonMetadata(
        name=name,
        build_backend=backend,
        package_manager=manager or ("pip" if described or requirements else ""),
        lock_file=files.from_root(lock) if lock else "",
        runtime=_as_specifier(runtime),
        members=tuple(files.from_root(member) for member in _members(data, files)),
        requirements=requirements,
        runtime_lines=tuple(_runtime_lines(data, setup_cfg, setup, pipfile, files)),
        has_manifest=described or bool(requirements or pipfile or table(data, "dependency-groups") or "manage.py" in files),
        evidence=found,
    )


def _backends(data: Mapping[str, Any], files: ProjectFiles) -> Iterator[tuple[str, str]]:
    yield text(data, "build-system", "build-backend").partition(":")[0], "pyproject.toml: build-system.build-backend"
    required = texts(table(data, "build-system").get("requires"))
    yield ("setuptools.build_meta" if required else ""), "pyproject.toml: build-system.requires"
    yield ("setuptools.build_meta" if "setup.py" in files else ""), "setup.py"
    has_metadata = "setup.cfg" in files and "metadata" in ini_of(files, "setup.cfg")
    yield ("setuptools.build_meta" if has_metadata else ""), "setup.cfg: [metadata]"


def _managers(data: Mapping[str, Any], files: ProjectFiles, requirements: Sequence[str]) -> Iterator[tuple[str, str]]:
    for tool in ("poetry", "pdm", "uv", "rye"):
        said = table(data, "tool", tool)
        if said and not (tool == "poetry" and "name" not in said and "dependencies" not in said and "group" not in said):
            yield tool, f"pyproject.toml: [tool.{tool}]"
    yield ("pipenv" if "Pipfile" in files else ""), "Pipfile"
    hatch = table(data, "tool", "hatch", "envs") or ("hatch.toml" in files)
    yield ("hatch" if hatch else ""), "pyproject.toml: [tool.hatch.envs]"
    yield ("pip" if requirements else ""), requirements[0] if requirements else ""


def _members(data: Mapping[str, Any], files: ProjectFiles) -> Iterator[str]:
    """Directories of the uv workspace that have a pyproject.toml."""
    workspace = table(data, "tool", "uv", "workspace")
    globs = [glob.strip("/") for glob in texts(workspace.get("members"))[:50]]
    excluded = [glob.strip("/") for glob in texts(workspace.get("exclude"))[:50]]
    if not globs:
        return
    at = 0
    for path in files.paths:
        directory = path.removesuffix("/pyproject.toml")
        if directory == path or at >= MAX_MEMBERS or any(matches(glob, directory) for glob in excluded):
            continue
        if any(matches(glob, directory) for glob in globs):
            at += 1
            yield directory


def _runtime_lines(
    data: Mapping[str, Any],
    setup_cfg: Mapping[str, Mapping[str, str]],
    setup: Mapping[str, Any],
    pipfile: Mapping[str, Any],
    files: ProjectFiles,
) -> Iterator[str]:
    yield from texts(table(data, "project").get("dependencies"))
    yield from list(table(data, "tool", "poetry", "dependencies"))[:500]
    yield from text(setup_cfg, "options", "install_requires").splitlines()[:500]
    yield from texts(setup.get("install_requires"))
    yield from list(table(pipfile, "packages"))[:500]
    for name in ("requirements.txt", "requirements/base.txt", "requirements.in"):
        yield from (files.read(name) or "").splitlines()[:2_000]


def _setup_arguments(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Literals among the arguments of ``setup(…)``, texts and lists of texts."""
    known = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        named = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if named != "setup" or not isinstance(node, ast.Call):
            continue
        for argument in node.keywords:
            value = known.get(argument.value.id) if isinstance(argument.value, ast.Name) else argument.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield argument.arg or "", value.value
            elif isinstance(value, ast.List | ast.Tuple):
                yield (
                    argument.arg or "",
                    [e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)],
                )


def _pinned(files: ProjectFiles) -> str:
    hit = _VERSION.search((files.read(".python-version") or "")[:200])
    return hit[1] if hit else ""


def _as_specifier(said: str) -> str:
    """``^3.10`` (Poetry) → ``>=3.10,<4``; ``3.12`` → ``==3.12.*``; the rest as it is."""
    said = said.strip()
    if said.startswith("^"):
        first = said[1:].split(",")[0].strip()
        major = first.partition(".")[0]
        return f">={first},<{int(major) + 1}" if major.isdigit() and len(major) < 4 else said
    if said.startswith("~") and not said.startswith("~="):
        first = said[1:].strip()
        parts = first.split(".")
        return f"~={first}.0" if len(parts) == 2 else f"~={first}"
    if said and said[0].isdigit() and said.replace(".", "").isdigit():
        return f"=={said}.*" if said.count(".") < 2 else f"=={said}"
    return said

"""Layers (DESIGN: Layout): an application may import those below it, never back up.

Imports inside functions count too. `from x import y` of a package counts as x.y where that is a module.
"""

from __future__ import annotations

import ast
import graphlib
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
BELOW = {
    "mgx_project.common": set(),
    "workspaces": {"mgx_project.common"},
    "projects": {"workspaces", "mgx_project.common"},
    "tasks": {"projects", "workspaces", "mgx_project.common"},
    "repositories": {"projects", "workspaces", "mgx_project.common"},
    "runs": {"tasks", "repositories", "projects", "workspaces", "mgx_project.common", "agent"},
    "metrics": {"runs", "tasks", "repositories", "projects", "workspaces", "mgx_project.common"},
}
"""Application → applications it may import. Everybody may read stacks, project profiles and which of their programs are here,
start a process by `agent.children`, see by `agent.file_states` what was touched, and keep the limits of other servers by
`agent.rate_limits`."""
FOR_EVERYBODY = (
    "agent.stacks", "agent.projects", "agent.stack_programs", "agent.children", "agent.file_states", "agent.rate_limits",
)  # fmt: skip
APPLICATIONS = {*BELOW, "agent", "mgx_project", "mgx_cli"}
OUR_TOP_LEVEL = {"agent", "mgx_project", "workspaces", "projects", "tasks", "runs", "repositories", "metrics"}

BESIDE = ("cli", "evals", "benchmarks", "docs", "tests")
"""Programs and tests that stand beside the product."""
NOT_OURS = {"starters", "cases", "node_modules"}
"""Folders of projects that we make or judge."""

INSIDE = {
    "runs": [
        "signals",
        "errors",
        "models",
        "querysets",
        "commits",
        "artifacts",
        "events",
        "filters",
        "consumers",
        "backups",
        "wakeups",
        "notifications",
        "lifecycle",
        "worker",
        "orphaned_calls",
        "orphaned_files",
        "retention",
        "phases",
        "services",
        "webhooks",
        "actors",
        "reports",
        "serializers",
        "admin",
        "scheduler",
        "housekeeping",
        "reaper",
        "receivers",
        "apps",
        "views",
        "urls",
        "web",
        "management",
        "migrations",
    ],
    "agent": [
        "errors",
        "excerpts",
        "logs",
        "patterns",
        "real_paths",
        "documents",
        "stacks",
        "projects",
        "call_estimates",
        "ports",
        "matching",
        "children",
        "rate_limits",
        "prompt_blocks",
        "token_estimates",
        "concurrency",
        "prompt_versions",
        "runtime",
        "file_states",
        "file_snapshot",
        "in_memory",
        "symbols",
        "patch",
        "context",
        "models",
        "sandbox",
        "stack_programs",
        "changes",
        "checks",
        "tools",
        "guardrails",
        "team",
        "stages",
        "pipeline",
        "__main__",
    ],
}
"""All modules and folders of an application, each above those that it may import."""


def application_of(module: str) -> str | None:
    found = [application for application in APPLICATIONS if module == application or module.startswith(f"{application}.")]
    return max(found, key=len, default=None)


@cache  # several tests ask for the same files
def imports(path: Path, package: str) -> tuple[str, ...]:
    return tuple(_imports(path, package))


def _imports(path: Path, package: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            if base != "agent":  # `from agent import stacks` takes the application that anyone may read
                yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def files(application: str) -> Iterator[Path]:
    for path in (CHECKOUT / application.replace(".", "/")).rglob("*.py"):
        if "migrations" not in path.parts:
            yield path


def package_of(path: Path) -> str:
    return ".".join(path.relative_to(CHECKOUT).parent.parts)


@pytest.mark.parametrize("application", BELOW)
def test_an_application_imports_only_what_is_below_it(application: str) -> None:
    back = []
    for path in files(application):
        for module in imports(path, package_of(path)):
            target = application_of(module)
            if target in {None, application} or target in BELOW[application] or module.startswith(FOR_EVERYBODY):
                continue
            if target == "mgx_project" and module in {"mgx_project", "mgx_project.env"} and application == "mgx_project.common":
                continue  # how log lines look depends on where the server runs
            back.append(f"{path.relative_to(CHECKOUT)}: {module}")
    assert back == []


@pytest.mark.parametrize("application", INSIDE)
def test_inside_an_application_each_layer_imports_those_before_it(application: str) -> None:
    order = INSIDE[application]
    back = []
    for path in files(application):
        if path.name == "__main__.py":
            continue  # a program of its own, which nobody imports
        layer = path.relative_to(CHECKOUT / application).parts[0].removesuffix(".py")
        for module in imports(path, package_of(path)):
            if module.startswith(f"{application}."):
                target = module.split(".")[1]
                if layer in order and target in order[order.index(layer) + 1 :]:
                    back.append(f"{path.relative_to(CHECKOUT)}: {module}")
    assert back == []


@pytest.mark.parametrize("application", INSIDE)
def test_every_module_and_folder_of_an_application_is_a_layer(application: str) -> None:
    directory = CHECKOUT / application
    modules = {path.stem for path in directory.glob("*.py")} - {"__init__"}
    folders = {path.name for path in directory.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    assert modules | folders == set(INSIDE[application])


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports inside functions and under TYPE_CHECKING count."""
    paths = {
        ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__").removeprefix("cli."): path
        for top in (*sorted(OUR_TOP_LEVEL), *BESIDE)
        for path in files(top)
        if NOT_OURS.isdisjoint(path.parts)
    }
    graph = {
        name: {module for module in imports(path, package_of(path).removeprefix("cli.")) if module in paths}
        - {name, name.rpartition(".")[0]}
        for name, path in paths.items()
    }
    for name, imported in graph.items():  # `from x import y` is y, where y is a module, and not x as well
        graph[name] = {module for module in imported if not any(other.startswith(f"{module}.") for other in imported)}
    graphlib.TopologicalSorter(graph).prepare()


def test_the_embedded_servers_know_no_django() -> None:
    """Of `common` they use the modules that need none."""
    shared = [CHECKOUT / f"mgx_project/common/{name}.py" for name in ("private_files", "tenant_wall")]
    allowed = tuple(f"mgx_project.common.{path.stem}" for path in shared)
    wrong = [
        f"{path.name}: {module}"
        for path in (*files("mgx_project/embedded"), *shared)
        for module in imports(path, package_of(path))
        if module.split(".")[0] in {"django", *BELOW}
        or (module.startswith("mgx_project.common") and not module.startswith(allowed))
    ]
    assert wrong == []


def test_the_web_process_never_imports_metagpt() -> None:
    code = "import mgx_project.asgi, mgx_project.urls, sys; print([m for m in sys.modules if m.split('.')[0] == 'metagpt'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_installed_package_shadows_one_of_ours() -> None:
    shadows = {name: owners for name, owners in importlib.metadata.packages_distributions().items() if name in OUR_TOP_LEVEL}
    assert shadows == {}
    for name in OUR_TOP_LEVEL:
        assert (CHECKOUT / name / "__init__.py").exists()


def test_every_bounded_context_has_its_modules() -> None:
    for application in ("workspaces", "projects", "tasks", "runs", "repositories", "metrics"):
        inside = {path.stem for path in (CHECKOUT / application).iterdir()}
        assert {"models", "views", "consumers", "admin", "urls", "migrations"} <= inside, application

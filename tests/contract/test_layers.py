"""The walls of the house (DESIGN: Layers): a room may import the rooms below it, never back up, and nobody's private names.

Imports inside functions count too. `from x import y` of a package counts as x.y where that is a module.
"""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator
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
"""Room → rooms it may import. Anyone may read `agent.stacks` and start a process by `agent.children`."""
FOR_ANYONE = ("agent.stacks", "agent.children")
ROOMS = {*BELOW, "agent", "mgx_project", "mgx_cli"}
OUR_TOP_LEVEL = {"agent", "mgx_project", "workspaces", "projects", "tasks", "runs", "repositories", "metrics"}

RUNS = [
    "models",
    "querysets",
    "errors",
    "signals",
    "events",
    "state",
    "lease",
    "journal",
    "executor",
    "actors",
    "services",
    "views",
]
"""Inside `runs`, each may import those before it (STYLE: Layers)."""


def room_of(module: str) -> str | None:
    found = [room for room in ROOMS if module == room or module.startswith(f"{room}.")]
    return max(found, key=len, default=None)


def imports(path: Path, package: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            if base != "agent":  # `from agent import stacks` takes the room that anyone may read
                yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def files(room: str) -> Iterator[Path]:
    for path in (CHECKOUT / room.replace(".", "/")).rglob("*.py"):
        if "migrations" not in path.parts:
            yield path


def package_of(path: Path) -> str:
    return ".".join(path.relative_to(CHECKOUT).parent.parts)


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_what_is_below_it(room: str) -> None:
    back = []
    for path in files(room):
        for module in imports(path, package_of(path)):
            target = room_of(module)
            if target in {None, room} or target in BELOW[room] or module.startswith(FOR_ANYONE):
                continue
            if target == "mgx_project" and module in {"mgx_project", "mgx_project.env"} and room == "mgx_project.common":
                continue  # how log lines look depends on where the server runs
            back.append(f"{path.relative_to(CHECKOUT)}: {module}")
    assert back == []


def test_inside_runs_each_layer_imports_those_before_it() -> None:
    back = []
    for layer, name in enumerate(RUNS):
        places = [CHECKOUT / "runs" / f"{name}.py", *(CHECKOUT / "runs" / name).glob("*.py")]
        for path in filter(Path.exists, places):
            for module in imports(path, package_of(path)):
                target = module.removeprefix("runs.").split(".")[0]
                if module.startswith("runs.") and target in RUNS[layer + 1 :]:
                    back.append(f"{path.relative_to(CHECKOUT)}: {module}")
    assert back == []


def test_the_embedded_servers_know_no_django() -> None:
    """Of `common` they use the one module that needs none."""
    shared = CHECKOUT / "mgx_project/common/private_files.py"
    wrong = [
        f"{path.name}: {module}"
        for path in (*files("mgx_project/embedded"), shared)
        for module in imports(path, package_of(path))
        if module.split(".")[0] in {"django", *BELOW}
        or (module.startswith("mgx_project.common") and not module.startswith("mgx_project.common.private_files"))
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


def test_every_bounded_context_has_its_rooms() -> None:
    for room in ("workspaces", "projects", "tasks", "runs", "repositories", "metrics"):
        inside = {path.stem for path in (CHECKOUT / room).iterdir()}
        assert {"models", "views", "consumers", "admin", "urls", "migrations"} <= inside, room

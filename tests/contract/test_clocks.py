"""Times that are stored or compared are the database's (`mgx_project.common.clock`): clocks of machines differ."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("mgx_project", "workspaces", "projects", "tasks", "repositories", "runs", "metrics")
OWN = {"timezone.now", "datetime.now", "datetime.utcnow", "time.time"}
ALLOWED = {
    "mgx_project/common/clock.py": "before a database was asked",
    "mgx_project/embedded/supervisor.py": "the log and the state file of one machine, which people read",
    "mgx_project/common/drafts.py": "the age of a file by its own machine's clock",
    "runs/backups.py": "when a backup was made, for people",
    "runs/management/commands/work.py": "a heartbeat's fact that people read",
    "runs/worker/leftovers.py": "the age of a directory by its own machine's clock",
    "runs/worker/workdirs.py": "the age of a directory by its own machine's clock",
}


def test_no_wall_clock_decides() -> None:
    found: dict[str, set[str]] = {}
    for app in SERVER:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    name = f"{node.value.id}.{node.attr}"
                    if name in OWN:
                        found.setdefault(str(path.relative_to(ROOT)), set()).add(name)
    assert found.keys() == ALLOWED.keys(), "use clock.now(), or say here why not"

"""A public class has a name of its own in the tree, so that who reads it knows which one is meant."""

from __future__ import annotations

import ast
import subprocess
from collections import defaultdict
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "agent",
    "benchmarks",
    "cli",
    "evals",
    "metrics",
    "mgx_project",
    "projects",
    "repositories",
    "runs",
    "tasks",
    "workspaces",
)
NOT_OURS = ("agent/stacks/starters/", "evals/cases/")
CONVENTIONAL = {"Command", "Meta", "Migration"}
"""Django's own names."""


def sources() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *PACKAGES], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    names = (name for name in listed.stdout.split("\0") if name.endswith(".py") and not name.startswith(NOT_OURS))
    return [CHECKOUT / name for name in names if "/migrations/" not in name]


def test_no_public_class_name_is_there_twice() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sources():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name not in CONVENTIONAL:
                found[node.name].append(str(path.relative_to(CHECKOUT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}

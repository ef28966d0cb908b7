"""What is told after a commit can't fail the request that committed: the change stands, and its answer must say so."""

from __future__ import annotations

import ast

from tests.contract.test_layers import BELOW, CHECKOUT

OF_THE_WORKER = {"runs/worker/event_buffer.py", "runs/commits.py"}
"""They keep a worker's own memory in step with what it wrote, and repeat hooks as they were asked for; nothing outside of the
process is called."""


def hooks() -> list[tuple[str, ast.Call]]:
    found = []
    for package in BELOW:
        for path in sorted((CHECKOUT / package.replace(".", "/")).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "on_commit":
                    found.append((str(path.relative_to(CHECKOUT)), node))
    return found


def test_every_hook_after_a_commit_is_robust() -> None:
    found = [(name, call) for name, call in hooks() if name not in OF_THE_WORKER]
    assert len(found) > 5
    fragile = [
        f"{name}:{call.lineno}"
        for name, call in found
        if [ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg == "robust"] != ["True"]
    ]
    assert not fragile, "on_commit(…, robust=True)"

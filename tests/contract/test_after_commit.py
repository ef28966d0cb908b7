"""What is told after a commit can't fail the request that committed: the change stands, and its answer must say so."""

from __future__ import annotations

import ast

import pytest

from tests.contract.test_layers import BELOW, CHECKOUT

OF_THE_WORKER = {"runs/worker/event_buffer.py", "runs/worker/journal.py"}
"""They keep a worker's own memory in step with what it wrote; nothing outside of the process is called."""


def hooks() -> list[tuple[str, ast.Call]]:
    found = []
    for package in BELOW:
        for path in sorted((CHECKOUT / package.replace(".", "/")).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "on_commit":
                    found.append((str(path.relative_to(CHECKOUT)), node))
    return found


HOOKS = [(name, call) for name, call in hooks() if name not in OF_THE_WORKER]


@pytest.mark.parametrize(("name", "call"), HOOKS, ids=[f"{name}:{call.lineno}" for name, call in HOOKS])
def test_a_hook_after_a_commit_is_robust(name: str, call: ast.Call) -> None:
    robust = [keyword.value for keyword in call.keywords if keyword.arg == "robust"]
    assert [ast.unparse(value) for value in robust] == ["True"], f"{name}:{call.lineno}: on_commit(…, robust=True)"


def test_hooks_are_found() -> None:
    assert len(HOOKS) > 5

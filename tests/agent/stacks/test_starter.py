"""The FastAPI starter for real: installed from the configured index, tested in the sandbox."""

from __future__ import annotations

from pathlib import Path

from agent.sandbox import open_sandbox
from agent.stacks import get
from agent.testing import run_tests


async def test_the_fastapi_starter_s_tests_pass(tmp_path: Path) -> None:
    stack = get("fastapi")
    root = tmp_path / "workdir"
    for path, text in stack.starter_files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    sandbox = open_sandbox(root, cache=tmp_path / "cache")

    installed = await sandbox.install("fastapi")
    told = await run_tests(stack, sandbox)

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert told["status"] == "passed", told["output_tail"]
    assert told["passed"] >= 3
    assert "warning" not in told["output_tail"]

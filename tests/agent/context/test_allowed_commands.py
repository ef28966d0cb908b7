"""Which commands of a project the model may run, whatever words the project gives them."""

from __future__ import annotations

import pytest

from agent.context.tools.run import heads
from agent.projects import ProjectCommand, ProjectPart


@pytest.mark.parametrize(
    ("argv", "allowed"),
    [
        (("npx", "--no-install", "-c", "FOO=1 vitest run ./a"), []),
        (("npx", "--no-install", "./bin"), [("npx", "--no-install", "./bin")]),
        (("npx", "--no-install", "vitest", "run", "./a"), [("npx", "--no-install", "vitest", "run")]),
        (("pytest", "-q", ""), [("pytest",)]),
        (("bundle", "exec", "rake", "test"), [("bundle", "exec", "rake", "test")]),
        (("sh", "-c", "pytest && rm x"), []),
    ],
)
def test_a_project_s_command_without_its_operands(argv: tuple[str, ...], allowed: list[tuple[str, ...]]) -> None:
    assert list(heads(ProjectPart(commands={"test": ProjectCommand(argv)}))) == allowed

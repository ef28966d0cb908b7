"""What the sandbox reads of a repository and of its tests' output."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from agent import failures
from agent.coverage import changed_lines
from agent.ports import CommandResult
from agent.sandbox.requirements import collect
from agent.testing import _other, _pytest
from tests.hostile.reader import Reader


def _requirements(text: object) -> object:
    with TemporaryDirectory() as folder:
        Path(folder, "requirements.txt").write_text(str(text))
        return collect(Path(folder))


def _output(text: object) -> object:
    result = CommandResult(("x",), 1, 1, str(text))
    return _other(result), _pytest(result), failures.of_others(str(text))


READERS = [
    Reader(
        "requirements",
        _requirements,
        {
            "versions": lambda n: "a" + ">1  " * (n // 4) + "@",
            "spaces": lambda n: "a" + " " * n + "@",
            "hashes": lambda n: "a" + " --hash=" * (n // 8),
        },
        ("agent.sandbox.requirements",),
    ),
    Reader(
        "test output",
        _output,
        {
            "counts": lambda n: "Tests: 1" + " 11" * (n // 3) + " !",
            "closing": lambda n: "1 a, " * (n // 5) + "!",
            "bars": lambda n: " FAIL " + "| " * (n // 2),
            "dotnet": lambda n: " Failed a" + " [" * (n // 2),
        },
        ("agent.testing", "agent.failures"),
    ),
    Reader(
        "changed lines",
        lambda pair: changed_lines(*pair),  # type: ignore[misc]
        {"same lines": lambda n: ("a\n" + "x\ny\n" * (n // 4) + "b\n", "c\n" + "y\nx\n" * (n // 4) + "d\n")},
        ("agent.coverage",),
    ),
]

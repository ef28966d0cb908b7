"""What the sandbox reads of a repository and of its tests' output."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from agent.checks import failing_tests
from agent.checks.coverage import changed_lines
from agent.ports import CommandResult
from agent.sandbox.requirements import collect
from agent.sandbox.secrets import Secrets, secrets_in, without
from tests.hostile.reader import Reader


def _requirements(text: object) -> object:
    with TemporaryDirectory() as folder:
        Path(folder, "requirements.txt").write_text(str(text))
        return collect(Path(folder))


def _hidden(text: object) -> object:
    with TemporaryDirectory() as folder:
        Path(folder, "a.pem").write_text(str(text))
        secrets = secrets_in(Path(folder))
    return without(secrets, ("1" * 63 + "2") * 100), without(Secrets(frozenset({"1" * 63})), str(text))


def _output(text: object) -> object:
    result = CommandResult(("x",), 1, 1, str(text))
    return _other(result), _pytest(result), failing_tests.of_others(str(text))


READERS = [
    Reader(
        "requirements",
        _requirements,
        {
            "versions": lambda n: "a" + ">1  " * (n // 4) + "@",
            "spaces": lambda n: "a" + " " * n + "@",
            "hashes": lambda n: "a" + " --hash=" * (n // 8),
            "lines": lambda n: "a\n" * (n // 2),
            "comments": lambda n: "#\n" * (n // 2),
            "brackets": lambda n: "a; " + "(" * n,
        },
        ("agent.sandbox.requirements",),
    ),
    Reader(
        "secrets",
        _hidden,
        {
            "keys": lambda n: "".join(f"{number:064d}\n" for number in range(n // 65)),
            "beginnings": lambda n: "".join("1" * (8 + number % 50) + f"{number:08d}\n" for number in range(n // 42)),
            "long lines": lambda n: "1" * n + "=" + "2" * n,
        },
        ("agent.sandbox.secrets",),
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
        ("agent.checks.test_runner", "agent.checks.failing_tests"),
    ),
    Reader(
        "changed lines",
        lambda pair: changed_lines(*pair),  # type: ignore[misc]
        {"same lines": lambda n: ("a\n" + "x\ny\n" * (n // 4) + "b\n", "c\n" + "y\nx\n" * (n // 4) + "d\n")},
        ("agent.checks.coverage",),
    ),
]

"""What the sandbox reads of a repository and of its tests' output."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from agent.checks import failing_tests
from agent.checks.coverage import changed_lines
from agent.checks.reports import read
from agent.checks.reports.closing_lines import READERS as READERS_OF_OUTPUT
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


RUNNERS = ("", "pytest", "unittest", *READERS_OF_OUTPUT)


def _output(text: object) -> object:
    result = CommandResult(("npm", "test"), 1, 1, str(text))
    return [read(runner, result).to_json() for runner in RUNNERS], failing_tests.of_others(str(text))


def _reports(text: object) -> object:
    result = CommandResult(("npm", "test"), 1, 1, "")
    paths = ("pytest.xml", "node.ndjson", "jest-1.json", "go.ndjson", "rspec.json", "dotnet/a.trx", "phpunit.xml")
    reports = {f"/reports/{path}": str(text) for path in paths}
    return [
        read(runner, result, reports).to_json() for runner in ("pytest", "node", "jest", "go", "rspec", "dotnet", "phpunit")
    ]


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
            "summary": lambda n: "== short test summary info ==\n" + "FAILED a::b[ - c" * (n // 16) + "\n",
            "subtests": lambda n: "short test summary info\n" + "SUBFAILED[a] (b) " * (n // 17) + "\n",
            "collecting": lambda n: "___ ERROR collecting a ___\nE x\n" * (n // 32),
            "unittest": lambda n: ("=" * 70 + "\nFAIL: a (b.c)\n" + "-" * 70 + "\nx\n") * (n // 160),
            "sessions": lambda n: "== test session starts ==\n1 passed in 1s\n" * (n // 42),
            "tap": lambda n: "1..2\n" + "not ok 1 - a # \n" * (n // 16),
            "ports": lambda n: "connection refused : 5432 " * (n // 26),
            "mocha": lambda n: "  2 failing\n" + "  1) a\n" * (n // 8),
            "go": lambda n: "FAIL\ta\t[build failed]\n" * (n // 23),
        },
        ("agent.checks.test_runner", "agent.checks.failing_tests", "agent.checks.reports"),
        start=4_000,
    ),
    Reader(
        "test reports",
        _reports,
        {
            "cases": lambda n: "<testsuites>" + "<testcase name='a'><failure/></testcase>" * (n // 40),
            "depth": lambda n: "<testsuite>" * (n // 11),
            "attributes": lambda n: "<testcase " + " ".join(f"a{number}='1'" for number in range(n // 9)) + "/>",
            "text": lambda n: "<testcase><failure>" + "E Error: x\n" * (n // 11),
            "references": lambda n: "<testcase name='" + "&#1;" * (n // 4) + "'/>",
            "doctype": lambda n: "<!DOCTYPE a [" + "<!ENTITY a 'b'>" * (n // 15),
            "events": lambda n: '{"event": "pass", "Action": "pass", "names": ["a"], "Test": "a"}\n' * (n // 66),
            "lists": lambda n: '{"testResults": ' + "[" * n,
            "results": lambda n: '{"testResults": [' + '{"name": "a", "status": "failed"},' * (n // 34) + "{}]}",
        },
        ("agent.checks.reports",),
        start=4_000,
    ),
    Reader(
        "changed lines",
        lambda pair: changed_lines(*pair),  # type: ignore[misc]
        {"same lines": lambda n: ("a\n" + "x\ny\n" * (n // 4) + "b\n", "c\n" + "y\nx\n" * (n // 4) + "d\n")},
        ("agent.checks.coverage",),
    ),
]

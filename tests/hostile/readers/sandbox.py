"""What the sandbox reads of a repository and of its tests' output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.checks import failing_tests
from agent.checks.coverage import changed_lines
from agent.checks.line_hits import lcov, of_reports
from agent.checks.reports import Reporting, read
from agent.checks.reports.closing_lines import READERS as READERS_OF_OUTPUT
from agent.checks.reports.measuring import GO_MODULE, GO_PROFILE, how_to_measure
from agent.ports import CommandResult
from agent.projects.model import ProjectCommand
from agent.sandbox.given_line import left_to_run
from agent.sandbox.python.layout import layout
from agent.sandbox.python.metadata import required
from agent.sandbox.python.version import plausible
from agent.sandbox.requirements import collect
from agent.sandbox.requirements.manifests import Manifests
from agent.sandbox.secrets import Secrets, secrets_in, without
from tests.hostile.reader import Reader


def _requirements(text: object) -> object:
    with TemporaryDirectory() as folder:
        Path(folder, "requirements.txt").write_text(str(text))
        return collect(Path(folder))


def _declared(name: str) -> Callable[[object], object]:
    def read(text: object) -> object:
        with TemporaryDirectory() as folder:
            Path(folder, name).write_text(str(text))
            files, found = Manifests(Path(folder)), collect(Path(folder))
            names = layout(files, "", "x")
            return found, names, plausible(files, "", next(iter(found.projects.values())), names)

    return read


def _metadata(text: object) -> object:
    with TemporaryDirectory() as folder:
        Path(folder, "x.dist-info").mkdir()
        Path(folder, "x.dist-info/METADATA").write_text(str(text))
        return required(Path(folder))


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
        ("agent.sandbox.requirements.requirement_files",),
    ),
    Reader(
        "Python's project file",
        _declared("pyproject.toml"),
        {
            "lists": lambda n: "project = " + "[" * n,
            "extras in extras": lambda n: (
                "[project]\nname = 'x'\n[project.optional-dependencies]\n"
                + "".join(f"dev{at} = ['x[dev{at + 1}]']\n" for at in range(n // 22))
            ),
            "groups in groups": lambda n: (
                "[dependency-groups]\n"
                + "".join(f"dev{at} = [{{include-group = 'dev{at + 1}'}}]\n" for at in range(min(n // 36, 250)))
            ),
            "constraints": lambda n: "[tool.poetry.dependencies]\n" + "".join(f"a{at} = '^1.2'\n" for at in range(n // 14)),
            "one constraint": lambda n: "[tool.poetry.dependencies]\na = '" + ">1 " * (n // 3) + "'\n",
            "options": lambda n: (
                "[project]\ndependencies = ['pytest']\n[tool.pytest.ini_options]\naddopts = '" + "-n " * (n // 3) + "'\n"
            ),
            "members": lambda n: "[tool.uv.workspace]\nmembers = ['" + "*/" * (n // 2) + "']\n",
        },
        (
            "agent.sandbox.python.layout",
            "agent.sandbox.requirements.collect",
            "agent.sandbox.requirements.declared",
            "agent.sandbox.requirements.directory",
            "agent.sandbox.requirements.features",
            "agent.sandbox.requirements.kinds",
            "agent.sandbox.requirements.model",
            "agent.sandbox.requirements.pdm",
            "agent.sandbox.requirements.pep621",
            "agent.sandbox.requirements.plugins",
            "agent.sandbox.requirements.poetry",
            "agent.sandbox.requirements.uv",
            "agent.sandbox.requirements.workspace",
        ),
    ),
    Reader(
        "tox.ini",
        _declared("tox.ini"),
        {
            "sections": lambda n: "".join(f"[testenv:py{at}]\ndeps = a\n" for at in range(n // 24)),
            "spaces": lambda n: "[testenv]\na" + " " * n + "b\n",
            "words": lambda n: "[testenv]\n" + "a " * (n // 2) + "\n",
            "lines": lambda n: "[testenv]\ndeps =\n" + " a\n" * (n // 3),
            "factors": lambda n: "[testenv]\ndeps =\n" + " a: b\n" * (n // 6),
            "references": lambda n: "[testenv]\ndeps =\n" + " {[testenv]deps}\n" * 3 + " a\n" * (n // 3),
        },
        ("agent.sandbox.requirements.tox", "agent.sandbox.requirements.manifests"),
    ),
    Reader(
        "setup.cfg",
        _declared("setup.cfg"),
        {
            "lines": lambda n: "[options]\ninstall_requires =\n" + " a\n" * (n // 3),
            "extras": lambda n: "[options]\na=b\n[options.extras_require]\n" + "".join(f"a{at} = b\n" for at in range(n // 9)),
        },
        ("agent.sandbox.requirements.setup_cfg",),
    ),
    Reader(
        "Pipfile",
        _declared("Pipfile"),
        {
            "packages": lambda n: "[packages]\n" + "".join(f"a{at} = '*'\n" for at in range(n // 10)),
            "version": lambda n: "[requires]\npython_version = '" + "3." * (n // 2) + "'\n",
        },
        ("agent.sandbox.requirements.pipenv",),
    ),
    Reader(
        "setup.py",
        _declared("setup.py"),
        {
            "additions": lambda n: "setup(install_requires=" + "[]+" * (n // 3) + "[])",
            "names": lambda n: (
                "a0 = ['b']\n"
                + "".join(f"a{at} = [a{at - 1}, a{at - 1}]\n" for at in range(1, n // 20))
                + f"setup(install_requires=a{max(n // 20 - 1, 0)})"
            ),
            "brackets": lambda n: "setup(install_requires=" + "[" * n,
        },
        ("agent.sandbox.requirements.literals", "agent.sandbox.requirements.setup_py"),
    ),
    Reader(
        "noxfile.py",
        _declared("noxfile.py"),
        {
            "sessions": lambda n: "".join(f"@session\ndef test{at}(s):\n  s.install('a')\n" for at in range(n // 45)),
            "arguments": lambda n: "@session\ndef test(s):\n  s.install(" + "'a'," * (n // 4) + ")",
        },
        ("agent.sandbox.requirements.nox", "agent.sandbox.requirements.commands"),
    ),
    Reader(
        "a list of changes",
        _declared("CHANGES.md"),
        {
            "spaces": lambda n: "#" * 3 + " " * n + "1.2",
            "words": lambda n: "a-" * (n // 2) + "\n",
            "lines": lambda n: "# 1.x\n" * (n // 6),
        },
        ("agent.sandbox.python.version",),
    ),
    Reader(
        "metadata of a build",
        _metadata,
        {
            "lines": lambda n: "Requires-Dist: a; extra == 'test'\n" * (n // 34),
            "markers": lambda n: "Requires-Dist: a; " + "(" * n,
            "spaces": lambda n: "Requires-Dist: a; extra" + " " * n + "== 'test'\n",
        },
        ("agent.sandbox.python.metadata",),
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
        "install command",
        lambda text: left_to_run(ProjectCommand(("sh", "-c", str(text))), {"node"}),
        {
            "signs": lambda n: "npm ci && " * (n // 10),
            "words": lambda n: "a" * n,
            "quotes": lambda n: "'a' " * (n // 4),
        },
        ("agent.sandbox.given_line", "agent.projects.shell"),
        start=1_000,
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
            "meson": lambda n: "Fail: 1\n" + "1/1 a FAIL " * (n // 11),
            "cypress": lambda n: "│ Tests: 1 │\n│ Passing: " * (n // 25),
            "links": lambda n: "\x1b]8;;" * (n // 5),
            "colours": lambda n: "\x1b[" + "1;" * (n // 2),
            "ends": lambda n: "\r" * n,
            "behat": lambda n: "1 scenario (1 failed)\n1 steps\n" + "    Scenario: # " * (n // 16),
        },
        (
            "agent.checks.failing_tests",
            "agent.checks.reports.closing_lines",
            "agent.checks.reports.counting",
            "agent.checks.reports.output_names",
            "agent.checks.reports.plain",
            "agent.checks.reports.pytest_report",
            "agent.checks.reports.reading",
            "agent.checks.reports.reasons",
            "agent.checks.reports.reporting",
            "agent.checks.reports.reruns",
            "agent.checks.reports.summaries",
            "agent.checks.reports.tap",
            "agent.checks.reports.unittest_output",
        ),
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
        (
            "agent.checks.reports.go_events",
            "agent.checks.reports.javascript",
            "agent.checks.reports.junit",
            "agent.checks.reports.node_events",
            "agent.checks.reports.rspec",
            "agent.checks.reports.xml_events",
        ),
        start=4_000,
    ),
    Reader(
        "changed lines",
        lambda pair: changed_lines(*pair),  # type: ignore[misc]
        {"same lines": lambda n: ("a\n" + "x\ny\n" * (n // 4) + "b\n", "c\n" + "y\nx\n" * (n // 4) + "d\n")},
        ("agent.checks.coverage",),
    ),
    Reader(
        "what tests ran",
        lambda text: (
            of_reports({GO_PROFILE: str(text), GO_MODULE: str(text)}, ["a.go"], ""),
            lcov(str(text), ["a.py"], ""),
            how_to_measure("node", Reporting(("node",)), [str(text)]),
        ),
        {
            "modules": lambda n: "module " * (n // 7),
            "a module": lambda n: f"module {'x' * n}\nx/a.go:1.1,2.2 1 1",
            "blocks": lambda n: "module x\n" + "x/a.go:1.1,1.2 1 1\n" * (n // 19),
            "records": lambda n: "SF:a.py\n" + "DA:1,1\n" * (n // 7),
            "long blocks": lambda n: "module x\n" + "x/a.go:1.1,999999.2 1 1\n" * (n // 24),
            "digits": lambda n: "SF:a.py\nDA:" + "9" * n,
        },
        ("agent.checks.coverage", "agent.checks.line_hits", "agent.checks.reports.measuring"),
    ),
]

"""Coverage of the changed lines in the tests' own run, by real runners in the real sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.checks.commands import UNREACHABLE
from agent.checks.coverage import Lines, measure
from agent.checks.suites import run_suite
from agent.ports import JSONObject
from agent.projects.model import ProjectCommand, ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.sandbox.programs import here
from tests.support.suite_runs import commands_over

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

CODE = "def total(prices):\n    if not prices:\n        return 0\n    return sum(prices)\n"
TEST = "import os\nimport sys\n\nfrom prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
UNTOUCHED = """

def test_the_run_is_as_ever():
    assert "mgx_coverage" not in os.environ.get("PYTEST_ADDOPTS", "")
    assert not {"PYTHONPATH", "MGX_COVERAGE", "MGX_REPORTS", "COVERAGE_CORE"} & os.environ.keys()
    assert sys.path[-1] == "/tools/pytest"
    assert os.listdir("/tools/pytest") == ["mgx_coverage.py"]
"""
LINES: Lines = {"prices.py": [2, 3, 4]}
FOUND = {"percent": 66.7, "covered": 2, "lines": 3, "reason": ""}
PYTEST = "pytest==9.*\n"


@pytest.fixture
def kept(tmp_path: Path, package_cache: Path) -> WorkdirSandbox:
    """A sandbox whose environments other tests have made already."""
    root = tmp_path / "workdir"
    root.mkdir()
    return open_sandbox(root, cache=package_cache)


async def run_of(sandbox: WorkdirSandbox, part: ProjectPart, files: dict[str, str], lines: Lines = LINES) -> JSONObject:
    for name, text in files.items():
        (sandbox.root / name).parent.mkdir(parents=True, exist_ok=True)
        (sandbox.root / name).write_text(text)
    installed = await sandbox.install(part)
    if installed is not None and not installed.ok and UNREACHABLE.search(installed.output_tail):
        pytest.skip(f"nothing is measured: no package index answers: {installed.output_tail[-200:]}")
    assert installed is not None
    assert installed.ok, installed.output_tail
    before = sorted(sandbox.root.rglob("*"))
    report = await run_suite(part, commands_over(sandbox, sandbox.root), lines=lines)
    assert sorted(sandbox.root.rglob("*")) == before
    return report


def part_of(ecosystem: str, runner: str, *argv: str) -> ProjectPart:
    return ProjectPart(ecosystem=ecosystem, runner=runner, commands={"test": ProjectCommand(argv, "a test")})  # type: ignore[arg-type]


PYTHON = part_of("python", "pytest", "pytest", "-q")


async def test_pytest_measures_while_it_runs_as_ever(kept: WorkdirSandbox) -> None:
    report = await run_of(kept, PYTHON, {"requirements.txt": PYTEST, "prices.py": CODE, "test_prices.py": TEST + UNTOUCHED})

    assert (report["status"], report["passed"]) == ("passed", 2), report["output_tail"]
    assert {key: report["coverage"][key] for key in FOUND} == FOUND
    assert report["coverage"]["files"] == [{"path": "prices.py", "percent": 66.7, "uncovered": [[3, 3]]}]


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        ("addopts = '--cov=. --cov-branch'", True),
        ("addopts = '-n 2 --cov=.'", True),
        ("addopts = '-n 2'", False),
        ("addopts = '--cov=.'\n[tool.coverage.run]\nomit = ['prices.py']", False),
        ("addopts = '-p no:cacheprovider -W error'", True),
    ],
    ids=["pytest-cov", "in several processes", "in several processes alone", "left out by settings", "warnings are errors"],
)
async def test_settings_of_the_project_s_own_are_kept(kept: WorkdirSandbox, settings: str, known: bool) -> None:
    """Data of pytest-cov are read; what the project's own settings leave out, and other processes hide, is not made up."""
    files = {"requirements.txt": f"{PYTEST}pytest-cov\npytest-xdist\n", "prices.py": CODE, "test_prices.py": TEST}
    files |= {"pyproject.toml": f"[tool.pytest.ini_options]\npythonpath = ['.']\n{settings}\n", ".coverage": ""}

    report = await run_of(kept, PYTHON, files)

    assert (report["status"], report["passed"]) == ("passed", 1), report["output_tail"]
    assert report["measured"]
    assert (report["coverage"] or {}).get("percent") == (66.7 if known else None)


@pytest.mark.parametrize(
    ("test", "known"),
    [
        ("import threading\n\nfrom prices import total\n\n\ndef test_thread():\n    thread = threading.Thread(target=total,"
         " args=([],))\n    thread.start()\n    thread.join()\n", 100.0),
        ("import sys\n\n\ndef test_trace():\n    sys.settrace(None)\n", None),
        ("import os\n\n\ndef test_exit():\n    if os.environ.get('NEVER'):\n        os._exit(0)\n"
         "    assert os.fork() or os._exit(0) is None\n", 66.7),
        ("pytest_plugins = ['pytester']\n\n\ndef test_inner(pytester):\n    pytester.makepyfile('def test_a(): pass')\n"
         "    assert pytester.runpytest_inprocess().ret == 0\n    assert pytester.runpytest_subprocess().ret == 0\n", 66.7),
    ],
    ids=["a thread", "the trace function is taken", "a fork", "pytest in a test"],
)  # fmt: skip
async def test_what_tests_do_beside(kept: WorkdirSandbox, test: str, known: float | None) -> None:
    files = {"requirements.txt": PYTEST, "prices.py": CODE, "test_prices.py": TEST, "test_beside.py": test, "conftest.py": ""}

    report = await run_of(kept, PYTHON, files)

    assert (report["status"], report["passed"]) == ("passed", 2), report["output_tail"]
    assert (report["coverage"] or {}).get("percent") == known


async def test_a_run_that_only_measuring_breaks_is_made_again_without_it(kept: WorkdirSandbox) -> None:
    """Here by a command that has its own idea of where modules are: the plugin is not found."""
    part = part_of("python", "pytest", "env", "PYTHONPATH=.", "pytest", "-q")

    report = await run_of(kept, part, {"requirements.txt": PYTEST, "prices.py": CODE, "test_prices.py": TEST})

    assert (report["status"], report["passed"]) == ("passed", 1), report["output_tail"]
    assert "measured" not in report


JS = "export function total(prices) {\n  if (!prices.length) {\n    return 0;\n  }\n  return prices.length;\n}\n"
ONE = (
    'import { total } from "./prices.mjs";\nimport assert from "node:assert";\n%s("one", () => assert.equal(total([1]), 1));\n'
)


async def test_node_s_own_runner_measures_what_runs_as_it_is_written(kept: WorkdirSandbox) -> None:
    if not here("node"):
        pytest.skip("node is not installed here")
    files = {
        "package.json": "{}",
        "prices.mjs": JS,
        "prices.test.mjs": f'import test from "node:test";\n{ONE % "test"}',
        "unused.mjs": "export const a = 1;\n",
    }

    report = await run_of(kept, part_of("node", "node", "node", "--test"), files, {"prices.mjs": [2, 3, 5], "unused.mjs": [1]})

    assert (report["status"], report["passed"]) == ("passed", 1), report["output_tail"]
    assert report["coverage"]["files"] == [
        {"path": "prices.mjs", "percent": 66.7, "uncovered": [[3, 3]]},
        {"path": "unused.mjs", "percent": 0.0, "uncovered": [[1, 1]]},
    ]


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed here: no package can be installed with it")
@pytest.mark.parametrize(
    ("runner", "packages", "test"),
    [
        ("mocha", '"mocha": "^11"', ONE % "it"),
        ("vitest", '"vitest": "^3", "@vitest/coverage-v8": "^3"', f'import {{ it }} from "vitest";\n{ONE % "it"}'),
    ],
)
async def test_other_runners_of_node(kept: WorkdirSandbox, runner: str, packages: str, test: str) -> None:
    argv = {"mocha": ("npx", "mocha", "*.test.mjs"), "vitest": ("npx", "vitest", "run")}[runner]
    files = {"package.json": f'{{"devDependencies": {{{packages}}}}}', "prices.mjs": JS, "prices.test.mjs": test}

    part, lines = part_of("node", runner, *argv), {"prices.mjs": [2, 3, 5]}

    report = await run_of(kept, part, files, lines)

    assert (report["status"], report["passed"]) == ("passed", 1), report["output_tail"]
    found = [{"path": "prices.mjs", "percent": 66.7, "uncovered": [[3, 3]]}]
    assert report["coverage"]["files"] == found
    extra = await measure(part, lines, kept, took=60, spent=60)
    assert extra["files"] == (found if runner == "vitest" else [])


@pytest.mark.skipif(not here("go"), reason="go is not installed here")
async def test_go_measures_the_packages_that_have_a_changed_file(kept: WorkdirSandbox) -> None:
    code = "func Total(prices []int) int {\n\tif len(prices) == 0 {\n\t\treturn 0\n\t}\n\treturn 1\n}\n"
    test = 'import "testing"\n\nfunc TestTotal(t *testing.T) {\n\tif Total([]int{1}) != 1 {\n\t\tt.Fatal()\n\t}\n}\n'
    files = {"go.mod": "module example.org/own\n\ngo 1.19\n", "shop/shop.go": f"package shop\n\n\n{code}"}
    files["shop/shop_test.go"] = f"package shop\n\n{test}"

    report = await run_of(kept, part_of("go", "go", "go", "test", "./..."), files, {"shop/shop.go": [5, 6, 8]})

    assert (report["status"], report["passed"]) == ("passed", 1), report["output_tail"]
    assert report["coverage"]["files"] == [{"path": "shop/shop.go", "percent": 66.7, "uncovered": [[6, 6]]}]

"""Coverage of the changed lines, by real runners in the real sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.checks.commands import UNREACHABLE
from agent.checks.coverage import measurable, measure, told
from agent.projects import ProjectProfile
from agent.projects.of_stack import part_of_stack
from agent.sandbox import WorkdirSandbox
from agent.stacks import get

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

OLD = "def total(prices):\n    return sum(prices)\n"
NEW = """def total(prices):
    found = [price for price in prices if price is not None]
    if not found:
        return 0
    return sum(found)


def never():
    return 1
"""
UNUSED = "VALUE = 1\n\n\ndef unused():\n    return VALUE\n"
TEST = "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, None, 2]) == 3\n"
PROJECT = {
    "shop/__init__.py": "",
    "shop/prices.py": NEW,
    "shop/unused.py": UNUSED,
    "tests/test_prices.py": TEST,
    # settings of the project's own that a measured run must survive
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-n 2 --cov=shop --cov-fail-under=100'\npythonpath = ['.']\n"
    "[tool.coverage.run]\nomit = ['shop/*']\n",
    "requirements-dev.txt": "pytest-cov\npytest-xdist\n",
}
CHANGES = {
    "shop/prices.py": (OLD, NEW),
    "shop/unused.py": (None, UNUSED),
    "tests/test_prices.py": (None, TEST),
    "README.md": (None, "# Shop\n"),
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


async def installed(stack: str, sandbox: WorkdirSandbox, files: dict[str, str]) -> WorkdirSandbox:
    write(sandbox.root, files)
    result = await sandbox.install(part_of_stack(get(stack)))
    assert result is not None
    if not result.ok and UNREACHABLE.search(result.output_tail):
        pytest.skip(f"nothing is measured: no package index answers: {result.output_tail[-200:]}")
    assert result.ok, result.output_tail
    return sandbox


async def test_the_changed_lines_of_a_python_project_are_measured(sandbox: WorkdirSandbox) -> None:
    await installed("fastapi", sandbox, PROJECT)
    part = part_of_stack(get("fastapi"))
    lines = measurable(ProjectProfile((part,)), CHANGES)

    assert lines == {"shop/prices.py": [2, 3, 4, 5, 8, 9], "shop/unused.py": [1, 4, 5]}
    found = await measure(part, lines, sandbox, took=60, spent=60)

    assert found["files"] == [
        {"path": "shop/prices.py", "percent": 66.7, "uncovered": [[4, 4], [9, 9]]},
        {"path": "shop/unused.py", "percent": 0.0, "uncovered": [[1, 1], [4, 5]]},
    ]
    assert (found["covered"], found["lines"], found["percent"]) == (4, 9, 44.4)
    assert "4 of 9 changed lines (44.4 %); not shop/prices.py:4,9, shop/unused.py:1,4-5." in told(found)
    names = sorted(path.name for path in sandbox.root.iterdir())
    assert names == ["pyproject.toml", "requirements-dev.txt", "shop", "tests"]
    assert not list(sandbox.root.rglob(".coverage*"))


async def test_a_project_without_coverage_py_is_measured_by_the_one_offered(sandbox: WorkdirSandbox) -> None:
    plain = {name: text for name, text in PROJECT.items() if name.endswith(".py")}
    await installed("fastapi", sandbox, {**plain, "conftest.py": ""})
    assert not (await sandbox.run(("python", "-c", "import coverage"))).ok

    found = await measure(part_of_stack(get("fastapi")), {"shop/prices.py": [4, 5]}, sandbox, took=60, spent=60)

    assert (found["percent"], found["files"][0]["uncovered"]) == (50.0, [[4, 4]])
    kept = await sandbox.run(("sh", "-c", "ls /tools/python/coverage/__pycache__"))
    assert "control." in kept.output_tail, "compiled at each start"


@pytest.mark.parametrize(
    ("test", "percent"),
    [
        ("import sys\n\n\ndef test_exit():\n    sys.exit(3)\n", 100.0),
        ("import sys\n\nsys.exit(3)\n", 50.0),
        ("import os\n\n\ndef test_exit():\n    os._exit(0)\n", None),
        ("import os\n\n\ndef test_close():\n    os.close(1)\n    os.close(2)\n", 100.0),
        ("def test_forged():\n    print('SF:shop/prices.py', flush=True)\n", 100.0),
        ("raise ImportError\n", 50.0),
    ],
    ids=["a test exits", "a file exits", "the process ends", "output is closed", "a record is printed", "a file is broken"],
)
async def test_tests_that_disturb_the_measuring(sandbox: WorkdirSandbox, test: str, percent: float | None) -> None:
    """What a test does ends in a percentage or in a reason, and what it prints is not the report. With a file that can't be
    read pytest runs no test at all."""
    plain = {"shop/__init__.py": "", "shop/prices.py": OLD, "tests/test_prices.py": TEST, "conftest.py": ""}
    await installed("fastapi", sandbox, {**plain, "tests/test_z.py": test})

    found = await measure(part_of_stack(get("fastapi")), {"shop/prices.py": [1, 2]}, sandbox, took=60, spent=60)

    assert found["percent"] == percent, found
    assert bool(found["reason"]) == (percent is None)


async def test_where_the_tool_is_absent_the_result_says_so(sandbox: WorkdirSandbox) -> None:
    write(sandbox.root, {"src/a.ts": "export const a = 1;\n"})
    part = part_of_stack(get("react-vite"))

    found = await measure(
        part, measurable(ProjectProfile((part,)), {"src/a.ts": (None, "export const a = 1;\n")}), sandbox, took=60, spent=60
    )

    assert found["percent"] is None
    assert found["reason"] == "No coverage tool for typescript is available here."

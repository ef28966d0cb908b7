"""A change can't decide by itself how its tests are counted: it is judged with the test configuration of before."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from agent.checks.test_configuration import SetAside, Swap, is_test_configuration, judging
from agent.errors import AgentError, SandboxFailed
from agent.ports import TaskSpec
from agent.sandbox import open_sandbox
from tests.agent.harness import Harness, ScriptedModel, TableSandbox, make_repository
from tests.support.team_script import script

SPEC = TaskSpec("Let total() ignore prices that are None", stack="fastapi", max_revision_rounds=1)
REPOSITORY = {
    "requirements.txt": "pytest\n",
    "shop/__init__.py": "",
    "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
    "tests/test_prices.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
}
WRONG = "FILE: shop/prices.py\ndef total(prices):\n    return 7\n"
FORGED = (
    "FILE: {path}\nimport pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
    "    outcome = yield\n    report = outcome.get_result()\n    report.outcome = 'passed'\n    report.longrepr = None\n"
)
RIGHT = "FILE: shop/prices.py\ndef total(prices):\n    return sum(price for price in prices if price is not None)\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "forged",
    [
        FORGED.format(path="conftest.py"),
        FORGED.format(path="tests/conftest.py"),
        FORGED.format(path="forge.py") + "\nFILE: pytest.ini\n[pytest]\naddopts = -p forge\n",
        FORGED.format(path="forge.py") + "\nFILE: pyproject.toml\n[tool.pytest.ini_options]\naddopts = \"-p forge\"\n",
        "FILE: pytest.py\nprint('2 passed in 0.01s')\n",
        "FILE: pluggy/__init__.py\nprint('2 passed in 0.01s')\nimport os\nos._exit(0)\n",
    ],
    ids=["conftest", "nested conftest", "pytest.ini", "pyproject", "shadow of pytest", "shadow of pluggy"],
)  # fmt: skip
async def test_a_change_that_turns_failures_into_passes_is_found_out(workdir: Path, package_cache: Path, forged: str) -> None:
    root = make_repository(workdir, REPOSITORY)
    try:
        sandbox = open_sandbox(root, cache=package_cache / "mgx")
    except SandboxFailed as error:
        pytest.skip(f"nothing is proved: {error}")
    model = ScriptedModel(script(code=f"{WRONG}\n{forged}", files=["shop/prices.py"], ReviseCode=[RIGHT]))
    harness = Harness(root, model, sandbox=sandbox)
    outcome = await harness.run(SPEC)

    first = harness.sink.of("tests_finished")[0]
    assert first["status"] == "failed"
    assert first["newly_failing"] == ["tests/test_prices.py::test_total"]
    assert first["set_aside"]
    asked = next(request for request in model.requests if request.action == "ReviseCode").messages[-1]["content"]
    assert "They were run without your change to" in asked
    assert outcome.draft, "what nobody planned is still in the change"
    reviewed = next(request for request in model.requests if request.action == "ReviewCode").messages[-1]["content"]
    assert "alters how tests are run, which the plan does not name" in reviewed
    assert (root / first["set_aside"][0]).read_text(), "the change itself keeps its file"


async def test_what_the_plan_names_is_judged_with_and_its_approver_is_told(workdir: Path) -> None:
    root = make_repository(workdir, REPOSITORY)
    code = f"{RIGHT}\n{FORGED.format(path='tests/conftest.py')}"
    seen: list[bool] = []

    def passing() -> str:
        seen.append((root / "tests/conftest.py").exists())
        return "2 passed in 0.01s"

    model = ScriptedModel(script(code=code, files=["shop/prices.py", "tests/conftest.py"]))
    harness = Harness(root, model, sandbox=TableSandbox(tests=passing))
    draft = await harness.plan(SPEC)
    assert "The plan may change how tests are run: tests/conftest.py." in draft.plan["risks"][0]
    await harness.run(SPEC)
    assert harness.sink.of("tests_finished")[-1]["set_aside"] == []
    assert seen[:2] == [False, True], "before the change, and with it"


async def test_a_new_project_brings_its_own_configuration(workdir: Path) -> None:
    root = make_repository(workdir, {"README.md": "# New\n"})
    code = (
        "FILE: requirements.txt\nfastapi\npytest\n\nFILE: main.py\nimport fastapi\n\nFILE: tests/conftest.py\nimport pytest\n"
    )
    harness = Harness(root, ScriptedModel(script(code=code, files=["main.py"])))
    await harness.run(TaskSpec("Create a service", stack="fastapi"))
    assert harness.sink.of("tests_finished")[-1]["set_aside"] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("conftest.py", True), ("tests/api/conftest.py", True), ("vitest.config.ts", True),
        ("packages/a/jest.config.cjs", True),
        ("package.json", True), ("tests/Pest.php", True), (".npmrc", True), ("sitecustomize.py", True), ("tests/json.py", True),
        ("web/node_modules/.bin/vitest", True), ("tests/__pycache__/conftest.cpython-311-pytest-8.pyc", True),
        ("tests/test_conftest.py", False), ("app/logging.py", False), ("test/helpers.py", False), ("test/__init__.py", False),
        ("src/setup.ts", False), ("docs/conftest.md", False),
    ],
)  # fmt: skip
def test_what_decides_how_tests_are_run(path: str, expected: bool) -> None:
    assert is_test_configuration(path) is expected


def test_dependencies_of_a_manifest_are_the_changes_own() -> None:
    before = {"name": "shop", "scripts": {"test": "vitest run"}, "dependencies": {}}
    now = {"name": "shop", "scripts": {"test": "true", "dev": "vite"}, "jest": {}, "dependencies": {"zod": "4"}}
    judged = judging("package.json", json.dumps(before).encode(), json.dumps(now).encode())
    assert judged is not None
    assert json.loads(judged) == {"name": "shop", "scripts": {"test": "vitest run"}, "dependencies": {"zod": "4"}}
    same = json.dumps({**before, "dependencies": {"zod": "4"}}).encode()
    assert judging("package.json", json.dumps(before).encode(), same) == same

    old = b'[project]\nname = "shop"\n[tool.pytest.ini_options]\nxfail_strict = true\n'
    added = old.replace(b"[tool", b'dependencies = ["zod"]\n[tool')
    assert judging("pyproject.toml", old, added) == added
    assert judging("pyproject.toml", old, added.replace(b"true", b"false")) == old
    assert judging("pyproject.toml", old, b"[tool.pytest") == old, "what can't be read is not believed"
    assert judging("setup.cfg", b"[metadata]\nname = a\n", b"[metadata]\nname = b\n") == b"[metadata]\nname = b\n"
    assert (
        judging("setup.cfg", b"[tool:pytest]\naddopts =\n", b"[tool:pytest]\naddopts = -p forge\n")
        == b"[tool:pytest]\naddopts =\n"
    )
    assert judging("conftest.py", b"x = 1\n", None) == b"x = 1\n", "a deleted one is back while the tests run"


def test_files_come_back_however_the_tests_end(workdir: Path) -> None:
    root = make_repository(workdir, {"conftest.py": "now = 1\n", "tests/x.py": ""})
    os.chmod(root / "conftest.py", 0o640)
    aside = SetAside(root, [Swap("conftest.py", b"now = 1\n", b"before = 1\n"), Swap("tests/pytest.ini", b"[pytest]\n", None)])
    (root / "tests/pytest.ini").write_text("[pytest]\n")

    def fail() -> None:
        assert (root / "conftest.py").read_text() == "before = 1\n"
        assert not (root / "tests/pytest.ini").exists()
        (root / "conftest.py").unlink()
        raise TimeoutError

    with pytest.raises(TimeoutError), aside.in_place():
        fail()
    assert (root / "conftest.py").read_text() == "now = 1\n"
    assert (root / "tests/pytest.ini").read_text() == "[pytest]\n"


def test_a_directory_that_became_a_link_is_not_followed(workdir: Path, tmp_path: Path) -> None:
    root = make_repository(workdir, {"tests/conftest.py": "now = 1\n"})
    (tmp_path / "outside").mkdir()
    aside = SetAside(root, [Swap("tests/conftest.py", b"now = 1\n", None)])
    with (
        pytest.raises(AgentError, match="tests above it is a symbolic link"),
        aside.in_place(),
    ):
        (root / "tests").rmdir()
        (root / "tests").symlink_to(tmp_path / "outside")
    assert list((tmp_path / "outside").iterdir()) == []

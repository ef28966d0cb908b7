"""Before a change is blamed, or called proved, a real suite is run again: single tests alone, and without the change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.errors import Paused
from agent.ports import Outcome, TaskSpec
from agent.sandbox import open_sandbox
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.support.team_script import script

pytestmark = pytest.mark.asyncio

SHOP = {
    "requirements.txt": "pytest\n",
    "shop.py": "def one():\n    return 1\n",
    "tests/test_one.py": "from shop import one\n\n\ndef test_one():\n    assert one() == 1\n",
}
ON_ITS_SECOND_RUN = """
import pathlib


def test_by_chance():
    place = pathlib.Path(".count")
    count = int(place.read_text()) + 1 if place.exists() else 1
    place.write_text(str(count))
    assert count != 2
"""
TWO = "FILE: shop.py\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"
TEST_OF_TWO = "FILE: tests/test_two.py\nfrom shop import two\n\n\ndef test_two():\n    assert two() == 2\n"
TEST_OF_ONE = "FILE: tests/test_more.py\nfrom shop import one\n\n\ndef test_more():\n    assert one() + 1 == 2\n"
WRONG = "FILE: shop.py\ndef one():\n    return 3\n"


async def run(
    tmp_path: Path, package_cache: Path, files: dict[str, str], code: str, *later: str
) -> tuple[Harness, Outcome, dict[str, Any]]:
    root = make_repository(tmp_path / "workdir", {**SHOP, **files})
    sandbox = open_sandbox(root, cache=package_cache)
    answers: dict[str, Any] = {"ReviseCode": list(later)} if later else {}
    harness = Harness(root, ScriptedModel(script(code=code, files=["shop.py"], **answers)), sandbox=sandbox)
    outcome = await harness.run(TaskSpec("Add a function two"))
    return harness, outcome, dict(outcome.tests)


async def test_a_test_that_fails_by_chance_is_told_and_not_laid_to_the_change(tmp_path: Path, package_cache: Path) -> None:
    harness, outcome, tests = await run(tmp_path, package_cache, {"tests/test_chance.py": ON_ITS_SECOND_RUN}, TWO)

    assert tests["flaky"] == ["tests/test_chance.py::test_by_chance"]
    assert tests["newly_failing"] == []
    assert not harness.sink.of("revision_started")
    assert not outcome.draft
    assert tests["proof"]["verdict"] == "proved"


@pytest.mark.parametrize(("number", "again"), [(2, "again/0/1"), (60, "plain/0/1")], ids=["run alone", "all run again"])
async def test_what_fails_only_while_it_is_measured_is_not_laid_to_the_change(
    tmp_path: Path, package_cache: Path, number: int, again: str
) -> None:
    """As the tests of a debugger do. With more than can be run alone the whole suite is run again, unmeasured."""
    traced = f"import sys\n\nimport pytest\n\n\n@pytest.mark.parametrize('n', range({number}))\ndef test_no_trace(n):\n"
    harness, outcome, tests = await run(
        tmp_path, package_cache, {"tests/test_trace.py": f"{traced}    assert sys.gettrace() is None\n"}, TWO
    )

    assert f"execute/{again}" in harness.journal.steps
    assert harness.journal.steps["execute/suite/0/1"].result["read"]["failed"] == number
    assert tests["newly_failing"] == []
    assert not harness.sink.of("revision_started")
    assert not outcome.draft


async def test_a_test_that_fails_each_time_is_laid_to_the_change(tmp_path: Path, package_cache: Path) -> None:
    harness, _, tests = await run(tmp_path, package_cache, {}, WRONG, TWO)

    first = harness.sink.of("tests_finished")[0]
    assert first["newly_failing"] == ["tests/test_one.py::test_one"]
    assert first["flaky"] == []
    assert harness.sink.of("revision_started")
    assert tests["proof"]["verdict"] == "proved"


async def test_tests_of_the_change_are_run_without_it(tmp_path: Path, package_cache: Path) -> None:
    _, _, tests = await run(tmp_path, package_cache, {}, f"{TWO}\n{TEST_OF_TWO}")
    assert tests["passed"] == 2
    assert tests["new_tests"]["files"] == ["tests/test_two.py"]
    assert tests["new_tests"]["failed"] > 0
    assert tests["proof"] == {"verdict": "proved", "missing": [], "draft": False}


async def test_tests_that_pass_without_the_change_are_said_and_make_no_draft(tmp_path: Path, package_cache: Path) -> None:
    _, outcome, tests = await run(tmp_path, package_cache, {}, f"{TWO}\n{TEST_OF_ONE}")
    assert tests["new_tests"] == {"files": ["tests/test_more.py"], "failed": 0, "passed": 1}
    assert tests["proof"]["verdict"] == "partly proved"
    assert tests["proof"]["missing"] == ["The change's own tests pass without it too."]
    assert not outcome.draft


async def test_what_a_linter_of_the_project_accepted_before_it_accepts_after(tmp_path: Path, package_cache: Path) -> None:
    configured = {"pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n\n[tool.ruff.lint]\nselect = ['F']\n"}
    worse = TWO.replace("FILE: shop.py\n", "FILE: shop.py\nimport os\n\n\n")
    harness, _, tests = await run(tmp_path, package_cache, configured, worse, TWO)

    first = harness.sink.of("tests_finished")[0]
    assert [entry["tool"] for entry in first["worse_lint"]] == ["ruff check"]
    assert "accepted shop.py before your change" in harness.sink.of("revision_started")[0]["reason"]
    assert tests["worse_lint"] == []
    assert tests["proof"]["verdict"] == "proved"


async def test_a_module_that_can_not_be_loaded_hides_no_regression(tmp_path: Path, package_cache: Path) -> None:
    broken = {"tests/test_driver.py": "import some_optional_driver\n\n\ndef test_driver(): ...\n"}
    harness, outcome, tests = await run(tmp_path, package_cache, broken, WRONG, TWO)

    first = harness.sink.of("tests_finished")[0]
    assert first["newly_failing"] == ["tests/test_one.py::test_one"]
    assert tests["passed"] == 1
    assert [entry["path"] for entry in tests["collection_errors"]] == ["tests/test_driver.py"]
    assert not outcome.draft


async def test_a_change_after_which_no_test_can_run_is_blamed(tmp_path: Path, package_cache: Path) -> None:
    with pytest.raises(Paused, match="can't run now"):
        await run(
            tmp_path,
            package_cache,
            {},
            "FILE: shop.py\nfrom os import nothing_of_the_kind\n",
            *[f"FILE: shop.py\nfrom os import nothing_of_the_kind  # {number}\n" for number in range(9)],
        )


async def test_what_could_not_be_installed_is_in_the_report_and_told_to_the_reviewer(
    tmp_path: Path, package_cache: Path
) -> None:
    lacking = {
        "requirements.txt": "pytest\nsome-driver @ git+https://code.example/some-driver.git\n",
        "tests/test_driver.py": "import pytest\n\npytest.importorskip('some_driver')\n\n\ndef test_driver(): ...\n",
    }
    harness, outcome, tests = await run(tmp_path, package_cache, lacking, TWO)

    (note,) = tests["notes"]
    assert note.startswith("Not installed: requirements.txt:2: some-driver @ git+https://code.example/some-driver.git")
    assert (tests["proof"]["verdict"], tests["proof"]["missing"]) == ("partly proved", [note])
    assert not outcome.draft
    assert note in harness.model.requests[-1].messages[-1]["content"]


TWO_PARTS = {
    **SHOP,
    "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n\n[tool.pytest.ini_options]\ntestpaths = ['tests']\n",
    "api/pyproject.toml": "[project]\nname = 'api'\nversion = '1'\n\n[tool.pytest.ini_options]\npythonpath = ['.']\n",
    "api/api.py": "def answer():\n    return 1\n",
    "api/tests/test_api.py": "from api import answer\n\n\ndef test_answer():\n    assert answer() == 1\n",
}
BREAKS_ONE_PART = f"{TWO}\nFILE: api/api.py\nfrom os import nothing_of_the_kind\n"
MENDS_IT = f"{TWO}\nFILE: api/api.py\ndef answer():\n    return 1  # as before\n"


async def test_a_part_that_ran_before_and_can_t_run_now_goes_back(tmp_path: Path, package_cache: Path) -> None:
    root = make_repository(tmp_path / "workdir", TWO_PARTS)
    answers = {"ReviseCode": [MENDS_IT]}
    files = ["shop.py", "api/api.py"]
    sandbox = open_sandbox(root, cache=package_cache)
    harness = Harness(root, ScriptedModel(script(code=BREAKS_ONE_PART, files=files, **answers)), sandbox=sandbox)
    outcome = await harness.run(TaskSpec("Add a function two"))

    first, last = harness.sink.of("tests_finished")
    assert [line["status"] for line in first["parts"]] == ["passed", "unavailable"]
    assert [line["directory"] for line in first["no_longer_run"]] == ["api"]
    assert "The tests of api ran before your change and can't run now." in harness.sink.of("revision_started")[0]["reason"]
    assert last["no_longer_run"] == []
    assert outcome.tests["proof"]["verdict"] == "proved"


async def test_a_part_that_can_t_run_without_the_change_either_is_not_blamed(tmp_path: Path, package_cache: Path) -> None:
    broken = {**TWO_PARTS, "api/api.py": "from os import nothing_of_the_kind\n"}
    root = make_repository(tmp_path / "workdir", broken)
    sandbox = open_sandbox(root, cache=package_cache)
    code = f"{TWO}\nFILE: api/more.py\nMORE = 1\n"
    harness = Harness(root, ScriptedModel(script(code=code, files=["shop.py", "api/more.py"])), sandbox=sandbox)
    outcome = await harness.run(TaskSpec("Add a function two"))

    assert not harness.sink.of("revision_started")
    assert outcome.tests["no_longer_run"] == []
    assert outcome.tests["proof"]["verdict"] == "partly proved"

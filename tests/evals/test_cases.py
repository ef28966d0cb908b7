"""The cases are a product of their own: they must be right before anybody is judged by them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.cases import CASES, KINDS, CaseInvalid, load, read, select
from evals.checks import check, check_all
from tests.support.drills import times

TOML = 'title = "T"\nkind = "rename"\nstack = "fastapi"\ntask = "Do it."\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case that solves nothing: its hidden test passes from the start."""
    case = tmp_path / "some-case"
    for name, text in {
        "case.toml": TOML,
        "repo/a.py": "x = 1\n",
        "hidden/test_a.py": "def test_a():\n    assert True\n",
        "solution.patch": "a.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n",
    }.items():
        (case / name).parent.mkdir(parents=True, exist_ok=True)
        (case / name).write_text(text)
    return case


def test_there_are_enough_of_enough_kinds_and_stacks() -> None:
    cases = load()

    assert len(cases) >= 25
    assert {case.kind for case in cases} == set(KINDS)
    assert len({case.stack for case in cases}) >= 5
    assert all(any(case.repo.rglob("*test*")) for case in cases), (
        "every repository has tests of its own, or a pipeline to check"
    )


def test_every_case_has_a_recording() -> None:
    recordings = CASES.parent / "recordings"

    assert {path.stem for path in recordings.glob("*.json")} == {case.id for case in load()}


@pytest.mark.slow
async def test_hidden_tests_fail_before_and_pass_after_the_solution(cache: Path) -> None:
    """A sample; the replay shows that all pass after theirs, and ``make evals-check`` checks all for whoever adds one."""
    wrong = {case.id: said for case, said in await check_all(load()[:: times(4, 8)], cache, jobs=2) if said}

    assert wrong == {}


async def test_a_case_that_proves_nothing_is_told(folder: Path, cache: Path) -> None:
    assert await check(read(folder), cache) == "its hidden tests pass before anything is done."


async def test_a_solution_that_does_not_solve_is_told(folder: Path, cache: Path) -> None:
    (folder / "hidden/test_a.py").write_text("from a import x\n\ndef test_a():\n    assert x == 3\n")

    assert (await check(read(folder), cache)).startswith("with its solution: The hidden tests fail.")


async def test_a_solution_that_does_not_apply_is_told(folder: Path, cache: Path) -> None:
    (folder / "hidden/test_a.py").write_text("def test_a():\n    assert False\n")
    (folder / "solution.patch").write_text("a.py\n<<<<<<< SEARCH\nx = 7\n=======\nx = 2\n>>>>>>> REPLACE\n")

    assert (await check(read(folder), cache)).startswith("its solution can't be applied")


async def test_a_solution_that_strays_is_told(folder: Path, cache: Path) -> None:
    (folder / "hidden/test_a.py").write_text("from a import x\n\ndef test_a():\n    assert x == 2\n")
    (folder / "case.toml").write_text(TOML + '[expected]\nonly = ["b.py"]\n')

    assert await check(read(folder), cache) == "It changed what it must leave alone: a.py."


def damage(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "case.toml").write_text(text) and None


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (damage("title = "), "can't be read"),
        (damage(TOML.replace("rename", "magic")), "the kind 'magic' is not one of"),
        (damage(TOML.replace("fastapi", "cobol")), "the stack 'cobol' is not one of"),
        (damage(TOML + 'colour = "red"\n'), "colour: Extra inputs"),
        (damage(TOML + '[recording]\ndetours = ["x.md"]\n'), "the detour x.md is not a file"),
        (damage(TOML + '[expected]\noutcome = "question"\n'), "it expects a question only"),
        (lambda folder: (folder / "solution.patch").unlink(), "it has no solution.patch"),
        (lambda folder: shutil.rmtree(folder / "repo"), "it has no repo/ directory"),
    ],
)
def test_a_broken_case_is_refused_by_name(folder: Path, harm: Callable[[Path], None], told: str) -> None:
    harm(folder)

    with pytest.raises(CaseInvalid, match=told):
        read(folder)


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(CaseInvalid, match="There is no case nope"):
        select(["nope"])

"""People decide about single parts of a finished change, and the run goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.in_memory import read_tree
from agent.pipeline import carry_out
from agent.ports import JSONObject, ModelCompletion, ModelRequest, Outcome, TaskSpec
from tests.agent.harness import PASSED, Harness, PlainModel, ScriptedModel, TableSandbox, make_repository
from tests.support.team_script import plan, review, script

pytestmark = pytest.mark.asyncio

LONG = "".join(f"VALUE_{number} = {number}\n" for number in range(30))
FILES = {"shop/values.py": LONG, "shop/old.py": "OLD = 1\n", "tests/test_values.py": "def test_nothing():\n    pass\n"}
CHANGED = LONG.replace("VALUE_2 = 2\n", "VALUE_2 = 'two'\n").replace("VALUE_20 = 20\n", "VALUE_20 = 'twenty'\n")
CODE = f"FILE: shop/values.py\n{CHANGED}\nFILE: shop/extra.py\nEXTRA = 1\n"
INSTEAD = "shop/values.py\n<<<<<<< SEARCH\nVALUE_20 = 20\n=======\nVALUE_20 = 200\n>>>>>>> REPLACE\n"
SPEC = TaskSpec("Make the values better", stack="fastapi")
SECOND_HUNK = {"path": "shop/values.py", "hunk": 1, "comment": "A number, please: 200."}


def team(**answers: Any) -> ScriptedModel:
    named = plan("shop/values.py", "shop/extra.py", "shop/old.py")
    return ScriptedModel(script(code=CODE, **{"DraftPlan": [named], "ReviseCode": [INSTEAD], **answers}))


async def decide(repository: Path, model: Any, *decisions: JSONObject) -> tuple[Harness, Outcome]:
    """A run to its end, then again from its journal with each further decision, each in a workdir of its own."""
    harness = Harness(make_repository(repository, FILES), model)
    draft = await harness.plan(SPEC)
    outcome = await carry_out(SPEC, draft, harness.root, harness.ports)
    for count in range(1, len(decisions) + 1):
        root = make_repository(repository.parent / f"decision-{count}", FILES)
        harness = Harness(root, model, steps=harness.journal.steps)
        outcome = await carry_out(SPEC, draft, root, harness.ports, decisions=decisions[:count])
    return harness, outcome


async def test_a_rejected_hunk_goes_out_and_its_comment_to_the_engineer(workdir: Path) -> None:
    model = team()
    harness, outcome = await decide(workdir, model, {"rejected": [SECOND_HUNK]})

    assert (harness.root / "shop/values.py").read_text() == CHANGED.replace("'twenty'", "200")
    asked = [r for r in model.requests if r.action == "ReviseCode"]
    assert [r.key for r in asked] == ["execute/write/1"]
    prompt = asked[0].messages[-1]["content"]
    assert "shop/values.py: A number, please: 200." in prompt
    assert "+VALUE_20 = 'twenty'" in prompt
    assert "VALUE_20 = 20\n" in prompt, "the file as it is now"
    reviewed = [r for r in model.requests if r.action == "ReviewCode"][-1].messages[-1]["content"]
    assert "A person, whose word is final: shop/values.py: A number, please: 200." in reviewed
    assert [(file["path"], file["added"], file["removed"]) for file in outcome.files] == [
        ("shop/extra.py", 1, 0), ("shop/values.py", 2, 2),
    ]  # fmt: skip
    assert not outcome.draft
    assert harness.sink.of("patch_applied")[0]["files"][0]["action"] == "reverted"


async def test_without_a_comment_no_model_writes_but_all_is_proved_again(workdir: Path) -> None:
    model = team()
    rejected = [{"path": "shop/values.py", "hunk": 0, "comment": ""}, {"path": "shop/extra.py", "hunk": None, "comment": ""}]
    harness, outcome = await decide(workdir, model, {"rejected": rejected})

    assert (harness.root / "shop/values.py").read_text() == LONG.replace("VALUE_20 = 20\n", "VALUE_20 = 'twenty'\n")
    assert not (harness.root / "shop/extra.py").exists()
    assert [file["path"] for file in outcome.files] == ["shop/values.py"]
    assert [r.key for r in model.requests if r.key.startswith("execute/review/")] == ["execute/review/0", "execute/review/1"]
    assert any("pytest" in command for command in harness.sandbox.ran)


async def test_several_decisions_follow_each_other(workdir: Path) -> None:
    model = team(
        ReviewCode=[review(), review("revise", "Say why."), review()], ReviseCode=[INSTEAD, "FILE: shop/old.py\nOLD = 2\n"]
    )
    second = {"rejected": [], "comment": "Raise OLD too."}
    harness, outcome = await decide(workdir, model, {"rejected": [{**SECOND_HUNK, "comment": ""}]}, second)

    assert (harness.root / "shop/old.py").read_text() == "OLD = 2\n"
    keys = [r.key for r in model.requests if r.action in ("ReviseCode", "ReviewCode")]
    assert keys == [
        "execute/review/0", "execute/review/1", "execute/write/2", "execute/review/2", "execute/write/3", "execute/review/3",
    ]  # fmt: skip
    assert outcome.review["verdict"] == "approve"


async def test_a_deleted_file_comes_back_and_nothing_at_all_may_be_left(workdir: Path) -> None:
    gone = "*** Begin Patch\n*** Delete File: shop/old.py\n*** End Patch\n"
    model = team(WriteCode=[gone])
    harness, outcome = await decide(workdir, model, {"rejected": [{"path": "shop/old.py", "hunk": 0, "comment": ""}]})

    assert (harness.root / "shop/old.py").read_text() == "OLD = 1\n"
    assert outcome.files == []
    assert [r.key for r in model.requests][-1] == "execute/review/0", "there is nothing to review"


async def test_bounds_that_were_raised_since_do_not_reopen_what_was_decided_on(workdir: Path) -> None:
    wishes = [review("revise", f"Wish {number}") for number in range(3)]
    again = [f"FILE: shop/extra.py\nEXTRA = {number}\n" for number in (2, 3)]
    model = team(ReviewCode=[*wishes, review()], ReviseCode=[*again, INSTEAD])
    harness = Harness(make_repository(workdir, FILES), model)
    draft = await harness.plan(SPEC)
    await carry_out(SPEC, draft, harness.root, harness.ports)
    root = make_repository(workdir.parent / "again", FILES)
    later = Harness(root, model, steps=harness.journal.steps)
    more = TaskSpec(SPEC.text, stack="fastapi", max_rounds=50, max_revision_rounds=20)
    await carry_out(more, draft, root, later.ports, decisions=[{"rejected": [SECOND_HUNK]}])

    assert "VALUE_20 = 200" in (root / "shop/values.py").read_text()


class Recorded(PlainModel):
    def __init__(self, run: Harness) -> None:
        self._steps = run.journal.steps

    async def complete(self, request: ModelRequest, on_text: Any) -> ModelCompletion:
        return ModelCompletion.from_json(self._steps[request.key].result)


async def test_every_prefix_of_the_journal_leads_to_the_same_tree(workdir: Path) -> None:
    decisions: list[JSONObject] = [
        {"rejected": [SECOND_HUNK]},
        {"rejected": [{"path": "shop/extra.py", "hunk": None, "comment": ""}]},
    ]
    first, _ = await decide(workdir, team(), *decisions)
    tree, steps = read_tree(first.root), first.journal.steps
    for count in range(len(steps) + 1):
        root = make_repository(workdir.parent / f"prefix-{count}", FILES)
        kept = {key: steps[key] for key in list(steps)[:count]}
        again = Harness(root, Recorded(first), sandbox=TableSandbox([PASSED]), steps=kept)
        draft = await again.plan(SPEC)
        await carry_out(SPEC, draft, root, again.ports, decisions=decisions)
        assert read_tree(root) == tree, f"after {count} steps"
        assert list(again.journal.steps) == list(steps)

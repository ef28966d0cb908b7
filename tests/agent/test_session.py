"""One session from plan to work: a model with tools reads, edits, runs and finishes, and is killed at every step of that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Paused
from agent.in_memory import read_tree
from agent.pipeline import carry_out
from agent.ports import CommandResult, JSONObject, ModelCompletion, ModelProfile, ModelRequest, TaskSpec, ToolCall
from agent.team.prompts import render
from agent.team.tool_session import UNPROVED
from tests.agent.harness import FAILED, PASSED, Harness, PlainModel, TableSandbox
from tests.support.team_script import action_of, plan, review

pytestmark = pytest.mark.asyncio

EDIT = TaskSpec("Let total() ignore prices that are None")
NEW = "    return sum(price for price in prices if price is not None)\n"
OLD = "    return sum( prices )   # as it was\n"
TEST = "\n\ndef test_none():\n    assert total([1, None]) == 1\n"
LAST = "    assert total([1, 2]) == 3\n"
FINISH = {"summary": "Prices that are None are left out.", "subject": "Ignore prices that are None", "assumptions": ["0 stays"]}
Turn = str | Sequence[tuple[str, JSONObject]]


class ToolModel(PlainModel):
    """Answers each action by its turns: text, or calls of tools. The last turn of an action is its answer for ever."""

    def __init__(self, **turns: Sequence[Turn]) -> None:
        self.turns: dict[str, list[Turn]] = {
            "DraftPlan": [plan("shop/prices.py", "tests/test_prices.py")], "ReviewCode": [review()], "WriteTest": ["NO CHANGE"],
            **{action: list(said) for action, said in turns.items()},
        }  # fmt: skip
        self.requests: list[ModelRequest] = []

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        await asyncio.sleep(0)
        action = action_of(list(request.messages))
        assert action == request.action
        turn = sum(known.action == action for known in self.requests)
        self.requests.append(request)
        said = self.turns[action][min(turn, len(self.turns[action]) - 1)]
        if isinstance(said, str):
            on_text(said)
            return ModelCompletion(said, self.name, 10, 5)
        calls: list[ToolCall] = [
            {"id": f"c{len(self.requests)}-{number}", "name": name, "arguments": arguments}
            for number, (name, arguments) in enumerate(said)
        ]
        return ModelCompletion("", self.name, 10, 5, finish_reason="tool_calls", tool_calls=calls)

    def of(self, action: str) -> list[ModelRequest]:
        return [request for request in self.requests if request.action == action]


def results(request: ModelRequest) -> list[str]:
    return [message["content"] for message in request.messages if message["role"] == "tool"]


CAREFUL: Mapping[str, Sequence[Turn]] = {
    "DraftPlan": [[("read", {"paths": ["shop/prices.py"]})], plan("shop/prices.py", "tests/test_prices.py")],
    "WriteCode": [
        [("edit", {"path": "shop/prices.py", "old": OLD, "new": NEW}),
         ("edit", {"path": "tests/test_prices.py", "old": LAST, "new": LAST + TEST}),
         ("run", {"command": "python -m pytest -q"})],
        [("finish", FINISH)],
    ],
}  # fmt: skip


async def test_the_engineer_goes_on_from_what_the_planner_saw(repository: Path) -> None:
    model = ToolModel(**CAREFUL)
    outcome = await Harness(repository, model).run(EDIT)

    assert "if price is not None" in (repository / "shop/prices.py").read_text()
    assert sorted(file["path"] for file in outcome.files) == ["shop/prices.py", "tests/test_prices.py"]
    assert outcome.message == {"body": "", **FINISH}
    assert [request.action for request in model.requests] == ["DraftPlan", "DraftPlan", "WriteCode", "WriteCode", "ReviewCode"]
    for before, after in zip(model.requests[:3], model.requests[1:4], strict=True):
        assert after.messages[: len(before.messages)] == before.messages, "every request is a longer beginning of the next"
    last, reviewed = model.requests[3], model.requests[4]
    opening = model.requests[0].messages[1]["content"].split("\n\nDefinitions that may matter")[0]
    assert reviewed.messages[1]["content"].startswith(opening)
    assert last.messages[0] == reviewed.messages[0]
    assert {tuple(tool.name for tool in request.tools) for request in model.requests} == {
        ("read", "search", "symbols", "list", "history", "edit", "run", "finish")
    }, "all roles are offered the same tools"
    sent = "".join(message["content"] for message in last.messages)
    assert sent.count(OLD.strip()) == 1, "the file that the planner read is not sent again"


async def test_what_the_planner_read_and_somebody_changed_is_read_again(repository: Path) -> None:
    model = ToolModel(**CAREFUL)
    harness = Harness(repository, model)
    draft = await harness.plan(EDIT)
    (repository / "shop/prices.py").write_text(f"def total(prices):\n    # the base has moved\n{OLD}")
    await carry_out(EDIT, draft, repository, harness.ports)

    first = model.of("WriteCode")[0]
    assert "changed since" in results(first)[0]
    assert "the base has moved" in first.messages[-1]["content"]


async def test_an_edited_plan_is_told_and_an_untouched_one_is_not_said_twice(repository: Path) -> None:
    for edit in (False, True):
        model = ToolModel(**CAREFUL)
        harness = Harness(repository, model)
        draft = await harness.plan(EDIT)
        if edit:
            draft.plan["steps"][0]["title"] = "Do it with filter()"
        (repository / "shop/prices.py").write_text(f"def total(prices):\n{OLD}")
        await carry_out(EDIT, draft, repository, harness.ports)
        told = model.of("WriteCode")[0].messages[-1]["content"]
        assert ("Do it with filter()" in told) is edit
        assert ("The plan as it was approved" in told) is edit


async def test_a_refused_edit_shows_the_real_lines_and_costs_no_round(repository: Path) -> None:
    wrong = [("edit", {"path": "shop/prices.py", "old": "    return sum(price)\n", "new": NEW})]
    model = ToolModel(WriteCode=[wrong, *CAREFUL["WriteCode"]])
    harness = Harness(repository, model)
    outcome = await harness.run(EDIT)

    refused = results(model.of("WriteCode")[1])[0]
    assert "Not applied" in refused
    assert OLD.strip() in refused
    assert "revision_started" not in harness.sink.types
    assert not outcome.draft


async def test_a_part_of_a_line_may_be_replaced(repository: Path) -> None:
    model = ToolModel(WriteCode=[
        [("edit", {"path": "shop/prices.py", "old": "sum( prices )", "new": "sum(filter(None, prices))"})],
        [("finish", FINISH)],
    ])  # fmt: skip
    await Harness(repository, model).run(EDIT)
    assert "    return sum(filter(None, prices))   # as it was\n" in (repository / "shop/prices.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"path": "shop/prices.py", "old": "x"}, "not complete"),
        ({"old": "x", "new": "y"}, '"path" is missing'),
        ({"path": "shop/prices.py", "old": 3, "new": "y"}, "must be a string"),
        ({"path": "../out.py", "content": "x = 1\n"}, "can't be used"),
        ({"path": "shop/prices.py", "content": "def total(:\n"}, "Not applied"),
        ({"path": "shop/prices.py", "old": "sum", "new": "sum"}, "would not change"),
        ({"patch": "Please change it."}, "no edits"),
        ({"path": "shop/names.py", "content": "x = 1\n"}, "have not read it"),
    ],
)
async def test_edits_that_can_not_be_made_are_answered(repository: Path, arguments: JSONObject, said: str) -> None:
    before = read_tree(repository)
    model = ToolModel(**{**CAREFUL, "WriteCode": [[("edit", arguments)], *CAREFUL["WriteCode"]]})
    await Harness(repository, model).run(EDIT)
    assert said in results(model.of("WriteCode")[1])[-1]
    assert read_tree(repository)["shop/names.py"] == before["shop/names.py"]


async def test_what_a_command_changes_stays_only_where_the_plan_names_it(repository: Path) -> None:
    class Writing(TableSandbox):
        async def run(self, argv: Sequence[str], **options: Any) -> CommandResult:
            if "generate" in argv[-1]:
                (repository / "tests/test_prices.py").write_text(f"from shop.prices import total\n{TEST}")
                (repository / "shop/names.py").write_text("broken")
                (repository / "left.lock").write_text("x")
            return await super().run(argv, **{key: value for key, value in options.items() if key != "hide_secrets"})

    model = ToolModel(WriteCode=[
        [("run", {"command": "./generate"})],
        [("edit", {"path": "shop/prices.py", "old": OLD, "new": NEW})], [("finish", FINISH)],
    ])  # fmt: skip
    outcome = await Harness(repository, model, sandbox=Writing()).run(EDIT)

    told = results(model.of("WriteCode")[1])[0]
    assert "Kept: tests/test_prices.py" in told
    assert "left.lock" in told
    assert sorted(file["path"] for file in outcome.files) == ["shop/prices.py", "tests/test_prices.py"]
    assert not (repository / "left.lock").exists()
    assert "broken" not in (repository / "shop/names.py").read_text()


async def test_planner_and_reviewer_may_not_edit(repository: Path) -> None:
    edit = ("edit", {"path": "shop/prices.py", "content": "x = 1\n"})
    model = ToolModel(
        DraftPlan=[[edit, ("finish", FINISH)], plan("shop/prices.py")],
        WriteCode=CAREFUL["WriteCode"],
        ReviewCode=[[edit], review()],
    )
    await Harness(repository, model).run(EDIT)
    assert all("at this point" in text for text in results(model.of("DraftPlan")[1]))
    assert "at this point" in results(model.of("ReviewCode")[1])[0]
    assert "if price is not None" in (repository / "shop/prices.py").read_text()


async def test_failing_tests_go_on_in_the_same_conversation(repository: Path) -> None:
    more = [("edit", {"path": "shop/prices.py", "old": NEW, "new": NEW + "\n\n# whole\n"})]
    model = ToolModel(**CAREFUL, ReviseCode=[more, "Done: it passes now."])
    sandbox = TableSandbox(tests=[PASSED, PASSED, FAILED, FAILED, PASSED])
    harness = Harness(repository, model, sandbox=sandbox)
    outcome = await harness.run(EDIT)

    before, after = model.of("WriteCode")[-1], model.of("ReviseCode")[0]
    assert after.messages[: len(before.messages)] == before.messages
    assert "assert 1 == 2" in after.messages[-1]["content"]
    assert outcome.tests["status"] == "passed"
    assert outcome.message["summary"] == "Done: it passes now."
    assert outcome.message["subject"] == FINISH["subject"], "said once, it stays"
    assert len(harness.sink.of("revision_started")) == 1


async def test_finish_counts_behind_the_last_edits_and_commands_of_an_answer(repository: Path) -> None:
    model = ToolModel(**{**CAREFUL, "WriteCode": [[*CAREFUL["WriteCode"][0], ("finish", FINISH)]]})
    outcome = await Harness(repository, model).run(EDIT)
    assert [request.action for request in model.requests] == ["DraftPlan", "DraftPlan", "WriteCode", "ReviewCode"]
    assert outcome.message == {"body": "", **FINISH}


async def test_finish_behind_a_command_that_failed_is_refused_once(repository: Path) -> None:
    """Who insists is judged by the proof: a command may fail for reasons that are not of the change."""

    class Failing(TableSandbox):
        async def run(self, argv: Sequence[str], **options: Any) -> CommandResult:
            done = await super().run(argv, **options)
            return replace(done, exit_code=1, output_tail="no network") if "./fetch" in " ".join(argv) else done

    edit = ("edit", {"path": "shop/prices.py", "old": OLD, "new": NEW})
    fetch = ("run", {"command": "./fetch"})
    model = ToolModel(WriteCode=[[edit, fetch, ("finish", FINISH)], [fetch, ("finish", FINISH)]])
    outcome = await Harness(repository, model, sandbox=Failing()).run(EDIT)
    told = results(model.of("WriteCode")[1])
    assert "Exit code 1" in told[1] and told[2] == UNPROVED
    assert len(model.of("WriteCode")) == 2
    assert outcome.message["subject"] == FINISH["subject"]


async def test_a_change_that_breaks_a_rule_as_a_whole_goes_back(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[project]\nname = 'shop'\ndependencies = []\n")
    new = NEW.replace("    return", "    import requests\n\n    return")
    model = ToolModel(
        WriteCode=[[("edit", {"path": "shop/prices.py", "old": OLD, "new": new})], [("finish", FINISH)]],
        ReviseCode=[[("edit", {"path": "shop/prices.py", "old": new, "new": NEW})], [("finish", FINISH)]],
    )
    harness = Harness(repository, model)
    await harness.run(EDIT)
    assert [error["code"] for error in harness.sink.of("validation_failed")[0]["errors"]] == ["undeclared_dependency"]
    assert "requests" not in (repository / "shop/prices.py").read_text()


async def test_whoever_uses_up_the_calls_is_told_to_finish(repository: Path) -> None:
    looks = [[("search", {"pattern": f"word{number}"})] for number in range(40)]
    model = ToolModel(WriteCode=[*looks, [*CAREFUL["WriteCode"][0], ("finish", FINISH)]])
    outcome = await Harness(repository, model).run(EDIT)
    last = model.of("WriteCode")[-1]
    assert last.messages[-1]["content"] == render("finish_now")
    assert len(model.of("WriteCode")) == 41
    assert outcome.message["subject"] == FINISH["subject"]


async def test_a_session_that_is_killed_at_any_step_ends_in_the_same_tree_and_pays_nothing_twice(repository: Path) -> None:
    model = ToolModel(**CAREFUL)
    harness = Harness(repository, model)
    start = read_tree(repository)
    outcome = await harness.run(EDIT)
    end, steps, paid = read_tree(repository), dict(harness.journal.steps), len(model.requests)
    assert any(step.kind == "apply" for step in steps.values())

    for stop in range(len(steps)):
        for name in read_tree(repository).keys() - start.keys():
            (repository / name).unlink()
        for name, content in start.items():
            (repository / name).write_bytes(content)
        known = dict(list(steps.items())[:stop])
        recorded = sum(step.kind == "model" for step in known.values())
        again = ToolModel(**CAREFUL)
        again.requests = list(model.requests[:recorded])
        replayed = Harness(repository, again, steps=known)
        assert json.dumps((await replayed.run(EDIT)).files) == json.dumps(outcome.files)
        assert read_tree(repository) == end
        assert len(again.requests) == paid


CONFLICT = "Should total([]) be 0, as the tests say, or None, as the task says?"


async def test_a_contradiction_is_asked_about_once(repository: Path) -> None:
    model = ToolModel(DraftPlan=[plan("shop/prices.py", conflicts=[CONFLICT])], WriteCode=CAREFUL["WriteCode"])
    harness = Harness(repository, model)
    with pytest.raises(Paused, match="as the tests say") as paused:
        await harness.plan(EDIT)
    assert paused.value.reason == "question"
    draft = await harness.plan(EDIT, feedback=[f"Asked: {CONFLICT} Answered: 0."], version=2)
    assert any(CONFLICT in question for question in draft.plan["questions"])


async def test_where_nobody_wants_to_be_asked_the_plan_says_what_was_decided(repository: Path) -> None:
    model = ToolModel(DraftPlan=[plan("shop/prices.py", conflicts=[CONFLICT])])
    draft = await Harness(repository, model).plan(replace(EDIT, asks=False))
    assert draft.plan["questions"] == [f"Not asked: {CONFLICT}"]


async def test_a_tester_is_asked_only_where_a_test_is_missing_and_proves_it_again(repository: Path) -> None:
    untested = [[("edit", {"path": "shop/prices.py", "old": OLD, "new": NEW})], [("finish", FINISH)]]
    tested = [
        [("edit", {"path": "tests/test_prices.py", "old": LAST, "new": LAST + TEST})],
        [("finish", {"summary": "Tested."})],
    ]
    model = ToolModel(WriteCode=untested, WriteTest=tested)
    harness = Harness(repository, model)
    outcome = await harness.run(EDIT)

    asked = model.of("WriteTest")[0]
    assert "comes without a test" in asked.messages[-1]["content"]
    assert asked.messages[: len(model.of("WriteCode")[-1].messages)] == model.of("WriteCode")[-1].messages
    assert sorted(file["path"] for file in outcome.files) == ["shop/prices.py", "tests/test_prices.py"]
    assert len(harness.sink.of("tests_finished")) == 2
    assert outcome.message["subject"] == FINISH["subject"], "what the engineer said of the change stays"

    assert not [request for request in await requests_of_a_careful_run(repository) if request.action == "WriteTest"]


async def requests_of_a_careful_run(repository: Path) -> list[ModelRequest]:
    (repository / "shop/prices.py").write_text(f"def total(prices):\n{OLD}")
    (repository / "tests/test_prices.py").write_text(f"from shop.prices import total\n\n\ndef test_total():\n{LAST}")
    model = ToolModel(**CAREFUL)
    await Harness(repository, model).run(EDIT)
    return model.requests

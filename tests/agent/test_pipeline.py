"""The whole loop, from a task to proved files, with a model that answers by a script."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import AgentError, OutputInvalid, Paused, SandboxFailed, TaskUnclear
from agent.models import Prices, open_model
from agent.pipeline import carry_out
from agent.ports import CommandResult, TaskSpec
from agent.projects import ProjectPart
from agent.prompt_blocks import read_block
from agent.sandbox import open_sandbox
from agent.stacks import UnknownStack
from agent.stages.planning import begin_plan
from tests.agent.harness import FAILED, PASSED, Harness, ScriptedModel, TableSandbox, git, make_repository
from tests.support.scripted_openai import Reply, serve
from tests.support.team_script import plan, review, script, unclear

pytestmark = pytest.mark.asyncio

HEALTH = TaskSpec("Create a FastAPI health endpoint")
EDIT = TaskSpec("Let total() ignore prices that are None")
EDITED = "def total(prices):\n    return sum(price for price in prices if price is not None)\n"
CODE = f"FILE: shop/prices.py\n{EDITED}"


async def test_the_offline_model_goes_the_whole_road_in_the_real_sandbox(workdir: Path, tmp_path_factory) -> None:
    sandbox = open_sandbox(workdir, cache=tmp_path_factory.mktemp("cache"))
    harness = Harness(workdir, open_model("offline"), sandbox=sandbox)

    outcome = await harness.run(HEALTH)

    assert outcome.tests["status"] == "passed"
    assert outcome.tests["passed"] >= 2
    assert not outcome.draft
    assert "Create a FastAPI health endpoint" in (workdir / "README.md").read_text()
    assert {file["action"] for file in outcome.files} == {"created"}


async def test_the_events_tell_the_story_in_order(workdir: Path) -> None:
    harness = Harness(workdir, open_model("offline"))
    await harness.run(HEALTH)

    told = [name for name in harness.sink.types if name not in ("progress", "role_message", "model_call")]
    assert told == [
        "analysis_start", "analysis_done", "plan_ready", "validation_passed", "patch_applied",
        "command_started", "command_finished", "files_formatted", "command_started", "command_finished",
        "command_started", "command_finished", "tests_finished", "review_finished",
    ]  # fmt: skip
    percents = [data["percent"] for data in harness.sink.of("progress") if data["phase"] == "execute"]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert [(data["role"], data["action"]) for data in harness.sink.of("role_message")] == [
        ("team_leader", "DraftPlan"),
        ("engineer", "WriteCode"),
        ("tester", "RunTests"),
        ("reviewer", "ReviewCode"),
    ]


async def test_an_edit_through_a_real_endpoint_changes_nothing_else(repository: Path) -> None:
    before = git(repository, "rev-parse", "HEAD")
    with serve(script(code=CODE, files=["shop/prices.py"])) as server:
        model = open_model("openai", model="scripted", api_key="k", base_url=server.url, prices=Prices(Decimal(2), Decimal(8)))
        harness = Harness(repository, model)
        outcome = await harness.run(EDIT)
        await model.aclose()

    assert git(repository, "status", "--porcelain", "--", ".", ":!.mgx") == " M shop/prices.py\n"
    assert (repository / "shop/prices.py").read_text() == EDITED
    assert git(repository, "rev-parse", "HEAD") == before
    assert [(file["path"], file["action"]) for file in outcome.files] == [("shop/prices.py", "modified")]
    assert not outcome.draft
    costs = [Decimal(call["cost_usd"]) for call in harness.sink.of("model_call")]
    assert len(costs) == 4
    assert all(cost > 0 for cost in costs)
    assert harness.budget.cost_usd == sum(costs)
    assert "".join(text for role, text in harness.sink.texts if role == "engineer") == CODE
    assert harness.sink.of("plan_ready")[0]["plan"]["estimate"]["cost_usd"] is not None


async def test_the_engineer_reads_what_the_plan_names_and_no_secrets(repository: Path) -> None:
    (repository / ".env").write_text("TOKEN=hunter2\n")
    (repository / "AGENTS.md").write_text("Use tabs.\n")
    model = ScriptedModel(script(code=CODE, files=["shop/prices.py", ".env", "../../etc/passwd"]))
    await Harness(repository, model).run(EDIT)

    prompt = "".join(m["content"] for m in next(r for r in model.requests if r.action == "WriteCode").messages)
    assert "# as it was" in prompt
    assert "Use tabs." in prompt
    assert "Hi " not in prompt, "files that the plan does not name stay out"
    assert not any("hunter2" in m["content"] for r in model.requests for m in r.messages)


async def test_a_file_that_was_not_read_is_not_overwritten(repository: Path) -> None:
    blind = "FILE: shop/names.py\ndef greet(name):\n    return name\n"
    team = script(code=blind, files=["shop/prices.py"], ReviseCode=[CODE])
    harness = Harness(repository, ScriptedModel(team))
    await harness.run(EDIT)

    assert "Hi " in (repository / "shop/names.py").read_text()
    assert [error["code"] for error in harness.sink.of("validation_failed")[0]["errors"]] == ["unseen_file"]
    asked = next(r for r in harness.model.requests if r.action == "ReviseCode").messages[-1]["content"]
    assert "return 'Hi ' + name" in asked, "the file is shown for the next answer"


async def test_broken_rules_go_back_with_what_is_wrong(workdir: Path) -> None:
    bad = "FILE: app/main.py\ndef broken(:\n\nFILE: requirements.txt\nfastapi\n"
    good = "FILE: app/main.py\nx = 1\n\nFILE: requirements.txt\nfastapi\n"
    team = script(code=bad, files=["app/main.py"], ReviseCode=[good])
    harness = Harness(workdir, ScriptedModel(team))
    outcome = await harness.run(HEALTH)

    assert (workdir / "app/main.py").read_text() == "x = 1\n"
    assert harness.sink.of("revision_started")[0]["errors"][0]["path"] == "app/main.py"
    assert harness.sink.types.index("validation_failed") < harness.sink.types.index("validation_passed")
    assert len(outcome.files) == 2


async def test_failing_tests_go_back_with_their_output(repository: Path) -> None:
    harness = Harness(repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"])),
                  sandbox=TableSandbox(tests=[PASSED, FAILED, FAILED, PASSED]))  # fmt: skip
    harness.model.script.answers["ReviseCode"] = [CODE + "\n\n# again\n"]
    outcome = await harness.run(EDIT)

    asked = next(r for r in harness.model.requests if r.action == "ReviseCode").messages[-1]["content"]
    assert "assert 1 == 2" in asked
    assert outcome.tests["status"] == "passed"
    assert not outcome.draft
    before = outcome.tests["baseline"]
    assert (before["status"], before["passed"], before["failed"], before["failing"]) == ("passed", 3, 0, [])


async def test_tests_that_keep_failing_pause_the_run(repository: Path) -> None:
    answers = [f"{CODE}\n\n# {number}\n" for number in range(9)]
    team = script(code=CODE, files=["shop/prices.py"], ReviseCode=answers)
    harness = Harness(repository, ScriptedModel(team), sandbox=TableSandbox(tests=[PASSED, FAILED]))

    with pytest.raises(Paused) as paused:
        await harness.run(EDIT)

    assert paused.value.reason == "loop"
    assert "The tests fail" in paused.value.detail
    assert "assert 1 == 2" in paused.value.detail
    assert len(harness.sink.of("revision_started")) == EDIT.max_revision_rounds


async def test_tests_that_failed_before_are_not_held_against_the_change(repository: Path) -> None:
    harness = Harness(
        repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"])), sandbox=TableSandbox(tests=[FAILED])
    )
    outcome = await harness.run(EDIT)

    assert outcome.tests["baseline"]["failed"] == 1
    assert outcome.tests["proof"] == {
        "verdict": "partly proved",
        "missing": ["The runner does not name each failing test, so only their numbers were compared."],
        "draft": True,
    }
    assert outcome.draft


async def test_a_review_that_still_has_wishes_is_delivered_as_a_draft(repository: Path) -> None:
    answers = [f"{CODE}\n\n# {number}\n" for number in range(9)]
    wishes = [review("revise", f"Wish {number}") for number in range(9)]
    team = script(code=CODE, files=["shop/prices.py"], ReviseCode=answers, ReviewCode=wishes)
    harness = Harness(repository, ScriptedModel(team))
    outcome = await harness.run(EDIT)

    assert outcome.draft
    assert outcome.review == {"verdict": "revise", "comments": ["Wish 2"]}
    assert len(harness.sink.of("revision_started")) == 2


async def test_an_absent_tool_makes_a_draft(repository: Path) -> None:
    harness = Harness(
        repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"])), sandbox=TableSandbox(available=False)
    )
    outcome = await harness.run(EDIT)
    assert outcome.tests["status"] == "unavailable"
    assert outcome.draft


async def test_an_answer_that_was_cut_off_is_not_applied(repository: Path) -> None:
    team = script(code=CODE, files=["shop/prices.py"], WriteCode=[Reply(CODE[:60], finish_reason="length")], ReviseCode=[CODE])
    harness = Harness(repository, ScriptedModel(team))
    await harness.run(EDIT)
    assert harness.sink.of("validation_failed")[0]["errors"][0]["code"] == "cut_off"
    assert (repository / "shop/prices.py").read_text() == EDITED


async def test_the_testers_files_are_part_of_the_change(repository: Path) -> None:
    added = "FILE: tests/test_none.py\ndef test_none():\n    assert True\n"
    harness = Harness(repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"], WriteTest=[added])))
    outcome = await harness.run(EDIT)
    assert [file["path"] for file in outcome.files] == ["shop/prices.py", "tests/test_none.py"]
    asked = next(r for r in harness.model.requests if r.action == "ReviewCode").messages[-1]["content"]
    assert "-    return sum( prices )   # as it was" in asked
    assert "+def test_none():" in asked


async def test_the_same_answer_four_times_pauses(repository: Path) -> None:
    spec = TaskSpec(EDIT.text, max_rounds=50, max_revision_rounds=40)
    harness = Harness(repository, ScriptedModel(script(code="I can't do that.")))
    with pytest.raises(Paused) as paused:
        await harness.run(spec)
    assert paused.value.reason == "loop"
    assert sum(r.role == "engineer" for r in harness.model.requests) == 4


@pytest.mark.parametrize("text", ["", "   \n", "???", "42"])
async def test_a_task_without_words_is_refused_before_any_call(workdir: Path, text: str) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="")))
    with pytest.raises(TaskUnclear) as refused:
        await harness.plan(TaskSpec(text))
    assert refused.value.hint
    assert harness.model.requests == []


async def test_an_unknown_stack_is_refused_before_any_call(workdir: Path) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="")))
    with pytest.raises(UnknownStack):
        await harness.plan(TaskSpec("Make a service", stack="cobol-web"))
    assert harness.model.requests == []


async def test_an_unclear_task_asks_and_goes_on_with_the_answer(workdir: Path) -> None:
    team = script(code="", files=["x"], DraftPlan=[unclear("Which shop?"), plan("x")])
    harness = Harness(workdir, ScriptedModel(team))
    with pytest.raises(Paused) as paused:
        await harness.plan(TaskSpec("Fix the thing"))
    assert (paused.value.reason, paused.value.detail) == ("question", "Which shop?")
    assert "Answer the question" in paused.value.hint

    await harness.plan(TaskSpec("Fix the thing"), feedback=["Which shop? The one in Bern."], version=2)
    first, second = harness.model.requests
    assert "The one in Bern." in second.messages[-1]["content"]
    assert second.messages[: len(first.messages)] == first.messages, "it goes on in the session that led to the question"


async def test_a_question_that_says_nothing_shows_what_was_understood(workdir: Path) -> None:
    team = script(code="", DraftPlan=[unclear("", summary="Some thing is to be fixed.")])
    with pytest.raises(Paused, match="Some thing is to be fixed"):
        await Harness(workdir, ScriptedModel(team)).plan(TaskSpec("Fix the thing"))


async def test_the_users_stack_wins_over_model_and_words(workdir: Path) -> None:
    team = script(code="", DraftPlan=[plan("x", stack="laravel")])
    draft = await Harness(workdir, ScriptedModel(team)).plan(TaskSpec("A FastAPI service", stack="express-ts"))
    assert (draft.stack, draft.stack_confidence) == ("express-ts", 1.0)


async def test_a_rejected_plan_is_drafted_again_with_the_feedback(workdir: Path) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="", files=["x"])))
    await harness.plan(HEALTH)
    await harness.plan(HEALTH, feedback=["Use async handlers."], version=2)
    first, second = (r.messages[-1]["content"] for r in harness.model.requests if r.action == "DraftPlan")
    assert "Use async handlers." in second
    assert "Use async handlers." not in first
    assert [data["plan_version"] for data in harness.sink.of("plan_ready")] == [1, 2]


async def test_the_plan_that_was_rejected_is_improved_instead_of_forgotten(workdir: Path) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="", files=["x"])))
    edited = {"summary": "Ada's own words", "steps": [{"title": "Do it well", "files": ["y"]}], "estimate": {"tokens": 12345}}
    await harness.plan(HEALTH, feedback=["Smaller steps."], rejected=edited, version=2)
    (drafted,) = (request.messages[-1]["content"] for request in harness.model.requests)
    assert "Ada's own words" in read_block(drafted, "rejected_plan")
    assert "12345" not in drafted, "an old estimate is not part of the plan"


async def test_garbage_is_asked_for_again_twice_and_differently(workdir: Path) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="", DraftPlan=["no", '{"summary": 3}', plan("x")])))
    await harness.plan(HEALTH)
    prompts = [request.messages[-1]["content"] for request in harness.model.requests]
    assert len(set(prompts)) == 3
    assert "contains no complete JSON object" in prompts[1]
    assert "a plan has at least one" in prompts[2]


async def test_garbage_for_ever_fails_the_run_with_a_hint(workdir: Path) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="", DraftPlan=["no", "nope", "never"])))
    with pytest.raises(OutputInvalid) as failed:
        await harness.plan(HEALTH)
    assert failed.value.hint
    assert len(harness.model.requests) == 3


async def test_a_dead_sandbox_pauses_before_a_model_call(workdir: Path) -> None:
    error = SandboxFailed("bwrap is not installed.", hint="Install bubblewrap.")
    harness = Harness(workdir, open_model("offline"), sandbox=TableSandbox(error=error))
    with pytest.raises(Paused) as paused:
        await harness.run(HEALTH)
    assert (paused.value.reason, paused.value.hint) == ("sandbox", "Install bubblewrap.")
    assert [call["action"] for call in harness.sink.of("model_call")] == ["DraftPlan"]


async def test_a_budget_that_would_be_passed_pauses_before_the_call(repository: Path) -> None:
    model = ScriptedModel(script(code=CODE, files=["shop/prices.py"]))
    harness = Harness(repository, model)
    harness.budget.max_tokens = 25_000
    with pytest.raises(Paused) as paused:
        await harness.run(EDIT)
    assert paused.value.reason == "budget"
    assert [r.action for r in model.requests] == ["DraftPlan"]


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=429, headers={"retry-after": "1"})])
async def test_a_provider_that_is_down_pauses_the_run(workdir: Path, reply: Reply) -> None:
    with serve(lambda messages: reply) as server:
        model = open_model("openai", model="scripted", api_key="k", base_url=server.url, max_retries=0)
        with pytest.raises(Paused) as paused:
            await Harness(workdir, model).plan(HEALTH)
        await model.aclose()
    assert paused.value.reason == "provider"
    assert "127.0.0.1" in paused.value.detail


async def test_a_wrong_key_fails_the_run(workdir: Path) -> None:
    with serve(lambda messages: Reply(status=401)) as server:
        model = open_model("openai", model="scripted", api_key="k", base_url=server.url)
        with pytest.raises(AgentError) as failed:
            await Harness(workdir, model).plan(HEALTH)
        await model.aclose()
    assert failed.value.code == "model_unauthorized"


async def test_the_offline_model_refuses_existing_code(repository: Path) -> None:
    with pytest.raises(AgentError) as refused:
        await Harness(repository, open_model("offline")).plan(EDIT)
    assert refused.value.code == "offline_model_limited"
    assert "OPENAI_API_KEY" in refused.value.hint
    assert "MGX_MODEL" in refused.value.hint


async def test_a_repository_with_only_a_readme_counts_as_new(workdir: Path) -> None:
    (workdir / "README.md").write_text("# Soon\n")
    (workdir / "LICENSE").write_text("MIT\n")
    (workdir / "mgx.yaml").write_text("stack: fastapi\n")
    outcome = await Harness(workdir, open_model("offline")).run(HEALTH)
    assert "app/main.py" in {file["path"] for file in outcome.files}
    assert (workdir / "README.md").read_text() == "# Soon\n", "what is there already stays"


async def test_a_repository_may_want_its_people_asked(repository: Path) -> None:
    nobody = replace(EDIT, asks=False)
    assert not (await begin_plan(nobody, repository, Harness(repository, open_model("offline")).ports, (), 1)).spec.asks
    (repository / "mgx.yaml").write_text("always_ask: true\n")
    assert (await begin_plan(nobody, repository, Harness(repository, open_model("offline")).ports, (), 1)).spec.asks


async def test_a_stack_that_is_a_guess_is_said_in_the_plan(workdir: Path) -> None:
    team = script(code="", DraftPlan=[plan("x", stack="fastapi", stack_confidence=0.4)])
    draft = await Harness(workdir, ScriptedModel(team)).plan(TaskSpec("Add an API endpoint"))
    assert "is a guess (40% sure)" in draft.plan["risks"][0]
    sure = await Harness(workdir, open_model("offline")).plan(HEALTH)
    assert not any("guess" in risk for risk in sure.plan["risks"])


async def test_the_offline_model_does_not_guess_the_stack(workdir: Path) -> None:
    with pytest.raises(AgentError) as refused:
        await Harness(workdir, open_model("offline")).plan(TaskSpec("Make something nice"))
    assert "--stack" in refused.value.hint


async def test_a_disk_that_refuses_leaves_the_files_alone(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    before = (repository / "shop/prices.py").read_text()
    monkeypatch.setattr("agent.stages.apply.apply_edits", full)
    with pytest.raises(Paused, match="disk is full") as paused:
        await Harness(repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"]))).run(EDIT)
    assert paused.value.reason == "sandbox"
    assert (repository / "shop/prices.py").read_text() == before


async def test_an_edited_plan_of_any_shape_is_carried_out(repository: Path) -> None:
    harness = Harness(
        repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"], DraftPlan=[plan("shop/prices.py")]))
    )
    draft = await harness.plan(EDIT)
    draft.plan["steps"] = [{"title": "Only this", "files": ["shop/prices.py"]}]
    outcome = await carry_out(EDIT, draft, repository, harness.ports)
    assert not outcome.draft


async def test_an_answer_that_changes_nothing_is_not_success(repository: Path) -> None:
    same = f"FILE: shop/prices.py\n{(repository / 'shop/prices.py').read_text()}"
    harness = Harness(repository, ScriptedModel(script(code=same, files=["shop/prices.py"], ReviseCode=[same, CODE])))
    outcome = await harness.run(EDIT)
    assert [data["reason"] for data in harness.sink.of("revision_started")] == [
        "The answer leaves every file exactly as it was, so the task is not done."
    ] * 2
    assert len(outcome.files) == 1


async def test_an_index_that_is_down_pauses_and_is_tried_again(workdir: Path) -> None:
    class Down(TableSandbox):
        async def install(self, stack: str, *, timeout: float = 600) -> CommandResult | None:
            tail = "error: Request failed\n  Caused by: dns error: failed to lookup address"
            return CommandResult(("uv",), 2, 5, tail)

    harness = Harness(workdir, open_model("offline"), sandbox=Down())
    with pytest.raises(Paused, match="package index") as paused:
        await harness.run(HEALTH)
    assert paused.value.reason == "sandbox"
    assert not any("install" in key for key in harness.journal.steps), "so a resumed run installs again"


async def test_the_offline_model_says_why_its_starter_did_not_pass(workdir: Path) -> None:
    harness = Harness(workdir, open_model("offline"), sandbox=TableSandbox(tests=[FAILED]))
    with pytest.raises(AgentError, match=r"can't repair it.*assert 1 == 2") as failed:
        await harness.run(HEALTH)
    assert failed.value.code == "offline_model_limited"


async def test_an_existing_project_of_no_known_stack_is_delivered_untested(workdir: Path) -> None:
    make_repository(workdir, {"notes.tex": "Hello\n"})
    team = script(code="FILE: notes.tex\nHello, world\n", DraftPlan=[plan("notes.tex", stack=None)])
    harness = Harness(workdir, ScriptedModel(team))
    outcome = await harness.run(TaskSpec("Greet the world in the notes"))
    assert harness.sink.of("analysis_done")[0]["stack"] == ""
    assert outcome.tests["status"] == "unavailable"
    assert outcome.draft
    assert (workdir / "notes.tex").read_text() == "Hello, world\n"


async def test_a_new_project_of_no_known_stack_is_written_without_one(workdir: Path) -> None:
    game = "FILE: snake.py\nprint('snake')\nFILE: game.csproj\n<Project />\n"
    team = script(code=game, DraftPlan=[plan("snake.py", stack=None)])
    model = ScriptedModel(team)
    harness = Harness(workdir, model)
    outcome = await harness.run(TaskSpec("Create a Snake game in Python"))
    asked = next(request for request in model.requests if request.action == "WriteCode")
    assert asked.stack == "none"
    assert "No built-in stack's rules hold" in asked.messages[-1]["content"]
    assert harness.sink.of("analysis_done")[0]["stack"] == ""
    assert [file["path"] for file in outcome.files] == ["game.csproj", "snake.py"], "files of no stack are forbidden"
    assert outcome.tests["status"] == "unavailable"
    assert outcome.draft


async def test_dependencies_that_do_not_install_go_back_to_the_engineer(repository: Path) -> None:
    answers = [f"{CODE}\n\n# {number}\n" for number in range(9)]
    team = script(code=CODE, files=["shop/prices.py"], ReviseCode=answers)
    with pytest.raises(Paused, match="Installing the dependencies failed with exit code 1"):
        await Harness(repository, ScriptedModel(team), sandbox=LateInstall()).run(EDIT)


async def test_an_index_that_can_t_be_reached_pauses_with_whole_words_of_what_was_said(repository: Path) -> None:
    with pytest.raises(Paused) as paused:
        await Harness(repository, ScriptedModel(script(code=CODE)), sandbox=NoIndex()).run(EDIT)
    said = str(paused.value)
    assert said.startswith("The package index can't be reached: … Caused by: error sending request for url"), said
    assert said.endswith("dns error: failed to lookup address information: Name or service not known")
    assert paused.value.reason == "sandbox"


class NoIndex(TableSandbox):
    """No name is known to it, as uv says it."""

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        url = "https://pypi.org/simple/flask/"
        lines = [
            f"error: Failed to fetch: `{url}`",
            "  Caused by: request or response body error while the page of the package was read from the index of packages",
            f"  Caused by: error sending request for url ({url})",
            "  Caused by: client error (Connect)",
            "  Caused by: dns error: failed to lookup address information: Name or service not known",
        ]
        return CommandResult(("uv", "pip", "install"), 2, 5, "\n".join(lines) + "\n")


class LateInstall(TableSandbox):
    """Installs before the change and no more after it."""

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        result = await super().install(part, timeout=timeout)
        assert result is not None
        return (
            result
            if sum(line.startswith("install") for line in self.ran) == 1
            else CommandResult(result.argv, 1, 5, "No such package: nope")
        )

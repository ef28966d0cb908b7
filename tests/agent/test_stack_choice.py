"""Which stack's rules hold: a person's word, then manifests, then the model; words of the task are a hint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.errors import AgentError
from agent.models import open_model
from agent.ports import PlanDraft, TaskSpec
from agent.prompt_blocks import read_block
from agent.stacks import NONE, said_in_replies
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.support.team_script import plan as planned
from tests.support.team_script import script

GO = {"go.mod": "module shop\n", "main.go": "package main\n"}
NEXT = {
    "package.json": '{"dependencies": {"next": "15", "react": "19"}, "devDependencies": {"typescript": "5"}}',
    "app/page.tsx": "export default () => null\n",
}


async def plan(
    root: Path, task: str | TaskSpec, *, answer: str, files: Mapping[str, str] = {}, feedback: str = ""
) -> PlanDraft:
    if files:
        make_repository(root, files)
    harness = Harness(root, ScriptedModel(script(code="", DraftPlan=[answer])))
    spec = TaskSpec(task) if isinstance(task, str) else task
    draft = await harness.plan(spec, feedback=[feedback] if feedback else [])
    analysed = harness.sink.of("analysis_done")[0]
    assert (analysed["stack"], analysed["stack_confidence"]) == (draft.stack, draft.stack_confidence)
    return draft


@pytest.mark.asyncio
async def test_null_is_respected_whatever_the_words_say(workdir: Path) -> None:
    draft = await plan(workdir, "Create a FastAPI service", answer=planned("x", stack=None, stack_confidence=0.9))
    assert (draft.stack, draft.stack_confidence) == ("", 0.9)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("said", "confidence"),
    [({}, 0.5), ({"stack_confidence": 0.8}, 0.8), ({"confidence": "85%"}, 0.85), ({"confidence": 70}, 0.7)],
)
async def test_the_models_own_confidence_counts(workdir: Path, said: dict[str, object], confidence: float) -> None:
    draft = await plan(workdir, "A parcel tracker", answer=planned("x", stack="nestjs", **said))
    assert (draft.stack, draft.stack_confidence) == ("nestjs", confidence)
    assert any("is a guess" in risk for risk in draft.plan["risks"]) is (confidence <= 0.5)


@pytest.mark.asyncio
async def test_an_answer_that_leaves_the_stack_out_leaves_it_to_the_words(workdir: Path) -> None:
    steps = '[{"title": "Do it", "files": ["x"], "kind": "create"}]'
    answer = f'{{"summary": "A shop.", "complexity": "low", "steps": {steps}}}'
    assert (await plan(workdir, "A Laravel shop", answer=answer)).stack == "laravel"


@pytest.mark.asyncio
async def test_a_name_that_the_catalogue_does_not_have_is_none(workdir: Path) -> None:
    assert (await plan(workdir, "A Django blog", answer=planned("x", stack="django"))).stack == ""


@pytest.mark.asyncio
@pytest.mark.parametrize("task", ["Add an API endpoint for the stock", "Make the backend log less"])
async def test_a_repository_of_another_language_has_no_stack(workdir: Path, task: str) -> None:
    draft = await plan(workdir, task, answer=planned("x", stack="express-ts", stack_confidence=0.99), files=GO)
    assert draft.stack == ""


@pytest.mark.asyncio
async def test_code_of_no_known_kind_has_no_stack(workdir: Path) -> None:
    draft = await plan(workdir, "Document the API", answer=planned("x", stack="dotnet-api"), files={"notes.tex": "x\n"})
    assert draft.stack == ""


@pytest.mark.asyncio
async def test_a_dependency_beats_the_model(workdir: Path) -> None:
    draft = await plan(
        workdir, "Fix the React menu", answer=planned("x", stack="react-vite", stack_confidence=0.99), files=NEXT
    )
    assert draft.stack == "nextjs"


@pytest.mark.asyncio
async def test_only_the_user_beats_a_dependency(workdir: Path) -> None:
    answer = planned("x", stack="nextjs")
    chosen = TaskSpec("Fix the menu", stack="react-vite")
    assert (await plan(workdir, chosen, answer=answer, files=NEXT)).stack == "react-vite"
    draft = await plan(workdir, TaskSpec("Fix the menu", stack=NONE), answer=answer)
    assert (draft.stack, draft.stack_confidence) == ("", 1.0)


@pytest.mark.asyncio
@pytest.mark.parametrize("opinion", ["fastapi", None])
@pytest.mark.parametrize(
    "reply", ["No, this is plain Python with Flask.", "stack none, please", "Not FastAPI.", "FastAPI olmasın, düz Python."]
)
async def test_a_reply_that_rules_the_stack_out_is_followed(workdir: Path, reply: str, opinion: str | None) -> None:
    draft = await plan(workdir, "A FastAPI service", answer=planned("x", stack=opinion, stack_confidence=0.9), feedback=reply)
    assert draft.stack == ""


@pytest.mark.asyncio
async def test_a_reply_that_names_another_stack_is_followed(workdir: Path) -> None:
    draft = await plan(workdir, "A TypeScript API", answer=planned("x", stack="express-ts"), feedback="We use NestJS here.")
    assert draft.stack == "nestjs"


@pytest.mark.parametrize(
    "reply",
    [
        "Use async handlers.",
        "Smaller steps.",
        "Use POST.",
        "Add a test for the empty list.",
        "Daha kısa olsun.",
        "Add a Dockerfile too.",
        "Use Docker for the database.",
        "Put the React part into a folder of its own.",
    ],
)
def test_a_reply_about_something_else_says_nothing_of_the_stack(reply: str) -> None:
    assert said_in_replies([reply], "fastapi") is None


def test_the_last_reply_counts() -> None:
    found = said_in_replies(["Flask, please.", "On second thought: FastAPI."], "fastapi")
    assert found is not None and found.stack == "fastapi"


@pytest.mark.asyncio
async def test_the_model_gets_the_catalogue_and_the_words_as_a_hint(workdir: Path) -> None:
    model = ScriptedModel(script(code="", DraftPlan=[planned("x", stack=None)]))
    await Harness(workdir, model).plan(TaskSpec("A Vue calendar"))
    asked = model.requests[0].messages[-1]["content"]
    assert len(read_block(asked, "catalogue").splitlines()) == 10
    assert "vue-vite: Vue (Vite)" in read_block(asked, "catalogue")
    assert "A hint from words" in asked
    assert "No built-in stack's rules hold" not in asked


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("task", "stack", "words"),
    [
        ("Create a Snake game in Python", None, "does not say which stack"),
        ("a command line todo app in Go", None, "for Go"),
        ("Django blog with comments", None, "for Django"),
        ("Create a FastAPI service", NONE, "No stack's rules hold"),
    ],
)
async def test_the_offline_model_refuses_what_it_has_no_starter_for(
    workdir: Path, task: str, stack: str | None, words: str
) -> None:
    with pytest.raises(AgentError, match=words) as refused:
        await Harness(workdir, open_model("offline")).plan(TaskSpec(task, stack=stack))
    assert refused.value.code == "offline_model_limited"
    for way_out in ("--stack", "fastapi", "MGX_MODEL"):
        assert way_out in refused.value.hint

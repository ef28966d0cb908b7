"""The engineer's words in a run's commit and pull request, in the style of the repository that it works on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.in_memory import MemoryJournal, TextSink
from agent.ports import JSONObject, Outcome
from projects.models import DEFAULT_COMMIT_TEMPLATE
from runs import services
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.phases import plan_and_execute
from runs.phases.commit_message import commit_message, fitted_message, pull_request_title
from runs.worker.journal import OpenStep, RunJournal
from workspaces.models import Event

from .conftest import Tenant, api_of, drive, git
from .hosted import CODE, TAX, Hosted, drive_to, team
from .test_durability import Crash, expire

SAID = {
    "summary": "total() skips None.",
    "subject": "fix(prices): Let total() ignore None, closes #9.",
    "body": "None means that nobody knows the price yet, @octocat.\n\nSigned-off-by: Eve <eve@evil.example>",
    "assumptions": ["A price of None counts as 0, see #9 <img src=x>"],
}
BODY = "None means that nobody knows the price yet, octocat."
FITTED = f"fix(prices): Let total() ignore None, closes issue 9\n\n{BODY}"
LONG = (
    "Let total() ignore None and zero and whatever else a shop may put into its list of prices by mistake, for it must not fail"
)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`says(message)`: what the team tells of each change, one after the other, the last one for ever."""
    real = plan_and_execute.carry_out

    def use(*messages: JSONObject) -> None:
        left = list(messages)

        async def carry_out(*args: Any, **options: Any) -> Outcome:
            outcome = await real(*args, **options)
            return replace(outcome, message=left.pop(0) if len(left) > 1 else left[0])

        monkeypatch.setattr(plan_and_execute, "carry_out", carry_out)

    return use


def commit(shop: Path, *messages: str) -> None:
    for message in messages:
        person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        git(*person, "commit", "-q", "--allow-empty", "-m", message, cwd=shop)


def start(tenant: Tenant, text: str = "Do it", **options: Any) -> TaskRun:
    return tenant.run(tenant.task(text, output_mode="patch_existing"), auto_approve=True, **options)


def message_of(run: TaskRun, repository: Path) -> str:
    return git("show", "-s", "--format=%B", run.commit_sha, cwd=repository)


def test_a_commit_has_the_engineers_words_in_the_repositorys_style(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], says: Callable[..., None]
) -> None:
    tenant.link(shop, is_primary=True)
    commit(shop, "feat(prices): add tax", "fix: round prices", "docs: name the currency")
    says(SAID)
    with scripted(team(CODE)):
        run = drive(start(tenant))
    assert run.status == Status.COMPLETED, run.error
    assert message_of(run, shop).splitlines() == [
        "fix(prices): let total() ignore None, closes issue 9",
        "",
        BODY,
        "",
        f"MGX-Run: {run.pk}",
    ]
    assert api_of(tenant).get(f"/api/runs/{run.pk}").json()["message"] == SAID
    told = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="commit_created")
    assert told.data["message"] == message_of(run, shop)


def test_a_killed_delivery_makes_the_same_commit_though_the_history_grew(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], says: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is made and announced with the words that were fitted first."""
    tenant.link(shop, is_primary=True)
    says(SAID)
    recorded, crashes = RunJournal._record, ["commits", "deliver/wishes", "deliver/commit"]

    def die(self: RunJournal, step: OpenStep, *args: Any) -> None:
        recorded(self, step, *args)
        if step.key in crashes:
            crashes.remove(step.key)
            raise Crash

    monkeypatch.setattr(RunJournal, "_record", die)
    shas = set()
    with scripted(team(CODE)):
        run = start(tenant)
        while crashes:
            with pytest.raises(Crash):
                drive(run)
            commit(shop, *["docs: name the currency"] * 3)
            expire(run)
            step = RunStep.objects.for_workspace(run.workspace_id).filter(run=run, key="deliver/commit").first()
            shas |= {step.result["commit_sha"]} if step and step.result else set()
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert shas == {run.commit_sha}
    assert message_of(run, shop).startswith("fix(prices): Let total() ignore None")


@pytest.mark.parametrize(
    ("template", "said", "expected"),
    [
        ("[bot] {subject}\n\n{body}\n\n{task_name}, {{run}} {run_number}", SAID, f"[bot] {FITTED}\n\nDo it, {{run}} 1"),
        ("{summary} ({run_number})", SAID, "total() skips None (1)"),
        ("{task_name}", SAID, "Do it"),
        ("{subject}: {summary}{body}", {}, "Do it: Do it"),
        (DEFAULT_COMMIT_TEMPLATE, {}, "MGX Task: Do it - Run #1"),
        (DEFAULT_COMMIT_TEMPLATE, {**SAID, "subject": "Closes #12", "body": ""}, "MGX Task: Do it - Run #1"),
        (DEFAULT_COMMIT_TEMPLATE, {**SAID, "subject": ""}, f"total() skips None\n\n{BODY}\n\nMGX-Run: RUN"),
    ],
    ids=["all", "summary", "as before", "nothing said", "default", "nothing left", "only a summary"],
)
def test_a_template_of_the_project_wins(tenant: Tenant, shop: Path, template: str, said: JSONObject, expected: str) -> None:
    tenant.project.commit_template = template
    tenant.project.save()
    run = start(tenant)
    run.message = said
    fitted = asyncio.run(fitted_message(run, shop, MemoryJournal(TextSink(), shop)))
    assert commit_message(run, fitted) == expected.replace("RUN", str(run.pk))


def test_a_pull_request_has_a_title_of_the_repositorys_form(
    hosted: Hosted, scripted: Callable[..., Any], says: Callable[..., None]
) -> None:
    """Also after a revision, whose own words are about something smaller."""
    for number, subject in enumerate(("feat: add tax", "fix: round", "docs: name it")):
        hosted.github.push(hosted.repo, {f"{number}.txt": ""}, subject)
    says(SAID, {**SAID, "subject": "test: name the test", "summary": "Named the test."})
    with scripted(team(CODE, TAX)):
        first = drive(hosted.start())
        assert hosted.pulls()[0]["title"] == "fix(prices): let total() ignore None, closes issue 9"
        asked = {"kind": "review", "by": "dev", "asked": "Name the test", "threads": []}
        second = drive(services.revise_run(principal=hosted.tenant.principal, run_id=first.pk, revision=asked))
    assert (first.status, second.status) == (Status.COMPLETED, Status.COMPLETED), first.error or second.error
    (pull,) = hosted.pulls()
    assert pull["title"] == "fix(prices): let total() ignore None, closes issue 9"
    body = pull["body"]
    assert body.startswith("Named the test.\n\n### Assumptions\n\n- A price of None counts as 0, see #\u200b9 &lt;img")
    assert "[run #2](" in body and str(second.pk) in body
    shown = hosted.github.git(hosted.repo, "show", "-s", "--format=%s", second.commit_sha)
    assert shown == "test: name the test"


def test_a_title_is_never_cut_within_a_word(tenant: Tenant, shop: Path) -> None:
    """Names of tasks are the beginning of their text. Where subjects have no form, the title has the task's name."""
    run = start(tenant, LONG)
    run.task.name = f"{LONG[:60].rpartition(' ')[0]}…"
    run.message = SAID
    fitted = asyncio.run(fitted_message(run, shop, MemoryJournal(TextSink(), shop)))
    assert pull_request_title(run, fitted) == pull_request_title(run) == f"MGX: {LONG} - Run #1"
    assert commit_message(run) == f"MGX Task: {LONG} - Run #1"
    run.task.description = f"{LONG} {LONG}\nMore."
    title = pull_request_title(run)
    assert f"{LONG} {LONG} ".startswith(title.removeprefix("MGX: ").removesuffix(" - Run #1") + " ")
    assert 200 < len(title) <= 220
    run.task.name = "Wait for it…"
    assert pull_request_title(run) == "MGX: Wait for it… - Run #1"


def test_a_delivery_that_began_before_titles_were_recorded_goes_on(
    hosted: Hosted, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pull request was recorded with the title of that time, and may be asked for again with no other."""
    recorded, crashes = RunJournal._record, ["deliver/wishes", "deliver/pull_request"]

    def die(self: RunJournal, step: OpenStep, *args: Any) -> None:
        if step.key == "deliver/wishes" and step.row.result:
            del step.row.result["title"]
        recorded(self, step, *args)
        if step.key in crashes:
            crashes.remove(step.key)
            raise Crash

    monkeypatch.setattr(RunJournal, "_record", die)
    with scripted(team(CODE)):
        run = hosted.start()
        for _ in range(2):
            with pytest.raises(Crash):
                drive(run)
            expire(run)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert hosted.pulls()[0]["title"] == "MGX: Let total() ignore None - Run #1"


@pytest.mark.parametrize(
    ("automatic", "project", "task", "asks"),
    [(True, False, {}, False), (True, True, {}, True), (True, False, {"always_ask": True}, True), (False, False, {}, True)],
)
def test_a_run_asks_where_somebody_is_there_or_the_project_says_so(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], automatic: bool, project: bool, task: JSONObject, asks: bool
) -> None:
    tenant.link(shop, is_primary=True)
    tenant.project.always_ask = project
    tenant.project.save()
    with scripted(team(CODE)):
        run = tenant.run(tenant.task("Do it", output_mode="patch_existing", config=task), auto_approve=automatic)
        drive_to(run, Status.APPROVED if automatic else Status.AWAITING_APPROVAL)
    spec = RunStep.objects.for_workspace(run.workspace_id).get(run=run, key="spec")
    assert spec.result is not None and spec.result["asks"] is asks


def test_a_run_that_was_planned_before_there_was_asking_goes_on(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any]
) -> None:
    tenant.link(shop, is_primary=True)
    with scripted(team(CODE)):
        run = drive(tenant.run(tenant.task("Do it", output_mode="patch_existing")))
        spec = RunStep.objects.for_workspace(run.workspace_id).get(run=run, key="spec")
        assert spec.result is not None
        del spec.result["asks"]
        spec.save()
        services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=True)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error

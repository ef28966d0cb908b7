"""A session that reads, edits and runs, on a worker that is killed: it finishes, pays no recorded call again, and its branch is
the one that it would have been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runs.lifecycle import worker_deaths
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker.journal import RunJournal
from workspaces.models import Event, LedgerEntry

from ..support.drills import LONG, Draw, some_of
from ..support.run_actors import work_on
from ..support.scripted_openai import Call, Message, Reply
from ..support.team_script import INSTRUCTIONS, plan, review
from .conftest import NEW, OLD, Tenant, git, types
from .test_durability import Crash, expire
from .test_ends import edit

PRICES, TESTS = "shop/prices.py", "tests/test_prices.py"
RETURN, WRONG, RIGHT = (text.partition("\n")[2] for text in (OLD, NEW.replace("is not", "is"), NEW))
NOISE = "\\n".join(f"line {number}" for number in range(1, 5))
ADDED = "\\n\\ndef test_none():\\n    assert total([1, None]) == 1\\n"
RUN = f"printf '{NOISE}\\n'; echo locked > poetry.lock; printf '{ADDED}' >> {TESTS}"
FINISH = {"summary": "Prices that are None are left out.", "subject": "Ignore prices that are None"}


def edits(old: str, new: str) -> Call:
    return Call("edit", {"path": PRICES, "old": old, "new": new})


SESSION: dict[str, list[Reply]] = {
    "DraftPlan": [Reply(calls=[Call("read", {"paths": [PRICES]})]), Reply(plan(PRICES, TESTS))],
    "WriteCode": [
        Reply(calls=[edits("    return sum(price)\n", RIGHT), Call("read", {"paths": [TESTS]})]),
        Reply(calls=[edits("def total(prices):\n", "def total(prices):\n    # None has no price\n"), edits(RETURN, WRONG)]),
        Reply(calls=[Call("run", {"command": RUN})]),
        Reply(calls=[Call("read", {"paths": ["@run1:2-3"]})]),
        Reply(calls=[Call("finish", FINISH)]),
    ],
    "ReviseCode": [
        Reply(calls=[Call("read", {"paths": ["@run1:4"]}), Call("run", {"command": f"cat {PRICES}"})]),
        Reply(calls=[edits(WRONG, RIGHT), Call("finish", FINISH)]),
    ],
    "ReviewCode": [Reply(calls=[Call("search", {"pattern": "total"})]), Reply(review())],
}  # fmt: skip
"""Its first edit is refused, its command changes a file of the plan and one that is not, its first tests fail."""
CALLS = sum(map(len, SESSION.values()))


def answer(messages: list[Message]) -> Reply:
    """By what stands in the messages alone: whoever asks the same gets the same."""
    at, action = next(
        (number, name)
        for number in reversed(range(len(messages)))
        for start, name in INSTRUCTIONS.items()
        if messages[number]["role"] == "user" and start in messages[number]["content"]
    )
    return SESSION[action][sum(message["role"] == "assistant" for message in messages[at:])]


@some_of(("before", "after"), 1)
def test_a_session_that_is_killed_ends_as_it_would_have_ended(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, draw: Draw[Any], turn: int
) -> None:
    """It dies when a step's work is done, before or after that is recorded: at five steps, and in the long form at all of them.
    Not both at once, for a worker that dies twice without recording a step pauses its run."""
    when = draw(("before", "after"), turn)
    points = None if LONG else {draw(range(1, 54), number) for number in range(5)}
    recorded, keys, deaths = RunJournal._record, list[str](), set[str]()

    def die(key: str) -> None:
        if key not in deaths and (points is None or keys.index(key) + 1 in points):
            deaths.add(key)
            raise Crash

    def record(self: RunJournal, step: Any, *rest: Any) -> None:
        if step.key not in keys:
            keys.append(step.key)
        # a call that was made and not recorded is paid again, as it must be
        if when == "before" and step.row.kind != "model":
            die(step.key)
        recorded(self, step, *rest)
        if when == "after":
            die(step.key)

    monkeypatch.setattr(RunJournal, "_record", record)
    monkeypatch.setattr(worker_deaths, "MOST_IN_ALL", 100)  # it dies more often here than is borne
    with scripted(answer) as server:
        run = edit(tenant, shop)
        while run.state.claimable:
            try:
                work_on(run)
            except Crash:
                expire(run)
            run.refresh_from_db()
    assert deaths or when == "before", "there were fewer steps than this test thinks"
    check(run, shop, server.requests)


def check(run: TaskRun, shop: Path, requests: list[dict[str, Any]]) -> None:
    assert run.status == Status.COMPLETED, run.error
    assert len(requests) == CALLS, "a recorded model call is never made again"
    assert LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).count() == CALLS
    shown = [message["content"] for message in requests[-3]["messages"] if message["role"] == "tool"]
    assert any("line 2" in text and "line 3" in text and "line 4" not in text for text in shown)
    assert any("line 4" in text and "line 3" not in text for text in shown), "what was run before is still there to be read"
    names = git("diff", "--name-only", "main", run.branch_name, cwd=shop).split()
    assert names == [PRICES, TESTS], "what the command left beside the plan is in no commit"
    made = git("show", f"{run.branch_name}:{PRICES}", cwd=shop) + "\n"
    assert made == NEW.replace("def total(prices):\n", "def total(prices):\n    # None has no price\n")
    assert "test_none" in git("show", f"{run.branch_name}:{TESTS}", cwd=shop)
    seen = types(run)
    once = ("plan_ready", "commit_created", "completion", "revision_started")
    assert [seen.count(name) for name in once] == [1] * len(once)
    assert (seen.count("patch_applied"), seen.count("tests_finished")) == (3, 2)
    made_once = Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="commit_created").data
    assert git("rev-parse", run.branch_name, cwd=shop) == run.commit_sha == made_once["commit_sha"]
    assert git("branch", "--list", "mgx/*", cwd=shop).split() == [run.branch_name]
    assert git("rev-list", "--count", f"main..{run.branch_name}", cwd=shop) == "1"

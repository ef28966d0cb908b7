"""The page on which an operator decides on a change: hostile text stays text, and a POST decides."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.admin import change_review
from runs.lifecycle import change_set
from runs.models import ChangeRound, TaskRun
from runs.models.run_state import Status
from tests.factories import MembershipFactory
from workspaces.models import Event, Membership

from .test_admin import EVIL, PROOF, browser, make_run, operator, page  # noqa: F401

pytestmark = pytest.mark.django_db
OLD = "".join(f"line {n}\n" for n in range(30))
CONTENTS = {
    "app/main.py": (OLD.encode(), OLD.replace("line 2\n", f"{EVIL}\n").replace("line 25\n", "").encode()),
    "logo.png": (None, b"\x89PNG\0"),
}


@pytest.fixture
def waiting(operator: Membership) -> TaskRun:  # noqa: F811
    run = make_run(operator, Status.AWAITING_CHANGES)
    change_set.store(run, 1, change_set.measure(CONTENTS))
    ChangeRound.objects.create(workspace_id=run.workspace_id, run=run, number=1, tree="t")
    return run


def test_the_page_shows_each_part_with_its_choice_as_text(waiting: TaskRun, browser: Client) -> None:  # noqa: F811
    assert page(waiting, "changes") in browser.get(page(waiting)).content.decode()
    text = browser.get(page(waiting, "changes")).content.decode()
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    for name in ("d-0-0", "d-0-1", "d-1-*"):
        assert f'name="{name}" value="reject"' in text, name


def test_a_file_that_decides_how_tests_are_run_is_marked_and_no_other(operator: Membership, browser: Client) -> None:  # noqa: F811
    run = make_run(operator, Status.AWAITING_CHANGES)
    change_set.store(
        run, 1, change_set.measure({**CONTENTS, "tests/conftest.py": (None, b"collect_ignore = ['test_app.py']\n")})
    )
    ChangeRound.objects.create(workspace_id=run.workspace_id, run=run, number=1, tree="t")
    text = browser.get(page(run, "changes")).content.decode()
    assert text.count("decides how tests are run") == 1
    of_file = text[text.index("tests/conftest.py") :]
    assert "decides how tests are run" in of_file[: of_file.index("collect_ignore")]


def test_a_post_decides_on_the_whole_round(waiting: TaskRun, browser: Client) -> None:  # noqa: F811
    form = {"round": "1", "d-0-0": "accept", "d-0-1": "reject", "c-0-1": "Keep it.", "c-0-0": "ignored", "d-1-*": "accept"}
    answer = browser.post(page(waiting, "changes"), form)
    assert answer["Location"] == page(waiting)
    waiting.refresh_from_db()
    assert waiting.status == Status.EXECUTING
    decided = ChangeRound.objects.for_workspace(waiting.workspace_id).get(run=waiting)
    assert decided.rejected == [{"path": "app/main.py", "hunk": 1, "comment": "Keep it."}]
    assert Event.objects.for_workspace(waiting.workspace_id).get(run_id=waiting.pk).type == "changes_decided"


def test_who_decides_sees_what_is_proved(waiting: TaskRun, browser: Client) -> None:  # noqa: F811
    waiting.results = {"tests": {**PROOF, "proof": {"verdict": "not proved", "missing": [f"Tests fail {EVIL}"], "draft": True}}}
    waiting.save(update_fields=["results"])
    text = browser.get(page(waiting, "changes")).content.decode()
    assert "Not proved" in text
    assert "Tests fail &lt;script&gt;" in text
    assert EVIL not in text


def test_a_stale_round_decides_nothing(waiting: TaskRun, browser: Client) -> None:  # noqa: F811
    answer = browser.post(page(waiting, "changes"), {"round": "4", "d-0-0": "accept"}, follow=True)
    assert "Read the changes again" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.status == Status.AWAITING_CHANGES


def test_a_large_change_is_decided_on_by_file(waiting: TaskRun, browser: Client, monkeypatch: Any) -> None:  # noqa: F811
    monkeypatch.setattr(change_review, "MAX_PARTS", 2)
    text = browser.get(page(waiting, "changes")).content.decode()
    assert 'name="d-0-*"' in text
    assert 'name="d-0-0"' not in text


def test_nobody_decides_for_another_tenant_or_in_another_state(waiting: TaskRun, browser: Client) -> None:  # noqa: F811
    other = make_run(MembershipFactory(role="owner"), Status.AWAITING_CHANGES)
    assert browser.post(page(other, "changes"), {"round": "1"}).status_code in {302, 403, 404}
    other.refresh_from_db()
    assert other.status == Status.AWAITING_CHANGES
    TaskRun.across_tenants.filter(pk=waiting.pk).update(status=Status.EXECUTING)
    assert browser.get(page(waiting, "changes")).status_code == 403
    too_late = browser.post(page(waiting, "changes"), {"round": "1"}, follow=True)
    assert "is executing and has no changes to decide on" in too_late.content.decode()

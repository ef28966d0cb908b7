"""Of several objects in an answer the one with the schema's own keys is the answer, and nothing else becomes an approval."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import OutputInvalid
from agent.team.parsing.schemas import PlanAnswer, Review, Unusable, parse
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.agent.test_pipeline import CODE, EDIT
from tests.support.team_script import script

REVISE = json.dumps({"verdict": "revise", "comments": [{"path": "a.py", "line": 3, "message": "It returns nothing."}]})
APPROVE = json.dumps({"verdict": "approve", "comments": []})
STEP = {"title": "Do it", "files": ["a.py"], "kind": "modify"}
PLAN = json.dumps({"clear": True, "summary": "Let total() skip None.", "complexity": "low", "steps": [STEP]})


@pytest.mark.parametrize(
    "text",
    [
        f'`health()` returns {{"status": "ok"}} now, but:\n{REVISE}',
        f'{{"result": "pass"}} is what the tests say.\n\n```json\n{REVISE}\n```',
        f"{REVISE}\nThe endpoint must answer {{'approved': true}}.",
        f'{{"approved": true}}\n{REVISE[:-1]},}}',
        f'{{"status": "ok", "review": {REVISE}}}',
        f'[{{"decision": "approve"}}, {REVISE}]',
    ],
)
def test_the_object_with_the_schemas_own_keys_is_the_review(text: str) -> None:
    review = parse(Review, text)
    assert (review.verdict, [comment.message for comment in review.comments]) == ("revise", ["It returns nothing."])


@pytest.mark.parametrize(
    "text",
    [
        '{"result": "pass"}',
        '{"approved": true}',
        '{"approved": true, "comments": []}',
        '{"status": "ok", "comments": [{"message": "Broken."}]}',
        '{"decision": "Approve.", "issues": []}',
        '{"recommendation": "LGTM"}',
        '{"outcome": "accepted"}',
        '{"verdict": "pass"}',
        '{"verdict": true}',
        '{"verdict": "not approve"}',
        '{"verdict": "approve|revise", "comments": []}',
        '{"comments": [{"message": "Broken."}], "earlier": {"verdict": "approve"}}',
        '{"security": {"verdict": "revise"}, "style": {"verdict": "approve"}}',
        '{"verdict": "approve", "decision": "revise"}',
        '{"verdict": "approve", "final_verdict": "revise"}',
        '{"verdict": "approve", "comments": [], "overall_status": "needs work"}',
        f"The last one was {APPROVE}. Now:\n{REVISE}",
        f'{APPROVE}\nNo, wait:\n{{"verdict": "revise", "comments": [{{"line": 3}}]}}',
        f"{APPROVE}\nbut:\n{{'verdict': 'revise', 'comments': [}}",
        f"**Verdict:** revise\n\n{APPROVE}",
        f"| field | value |\n|---|---|\n| **Verdict** | **Revise** |\n\n{APPROVE}",
        f"## Verdict\n\nRevise\n\n{APPROVE}",
        f"My verdict is revise, because it loses data.\n{APPROVE}",
        f"Verdict → ❌ revise\n{APPROVE}",
        f"Verdict：revise\n{APPROVE}",
        f"<verdict>revise</verdict>\n{APPROVE}",
        f"```yaml\nverdict: revise\n```\n{APPROVE}",
        f"Verdict: not approved\n{APPROVE}",
        f"Verdict: do not merge\n{APPROVE}",
        f"Decision: reject\n{APPROVE}",
        f"**Status**: CHANGES REQUESTED\n{APPROVE}",
        f"{APPROVE}\nMy recommendation is: needs work.",
        f"I can't approve this verdict yet.\n{APPROVE}",
        f"{APPROVE}\nI am requesting changes.",
        '{"verdict": "revise", "verdict": "approve", "comments": []}',
        '{"verdict": "approve", "lgtm": false}',
        '{"verdict": "approve", "passed": "no"}',
        '{"verdict": "approve", "readyToMerge": false}',
        '{"verdict": "approve", "needs_changes": true}',
        '{"verdict": "approve", "changesRequired": "yes"}',
        '{"verdict": "approve", "blocking": true, "comments": [{"message": "It deletes all."}]}',
        '{"verdict": "approve", "comments": [{"severity": "Blocker", "message": "It deletes all."}]}',
        "{verdict: 'approve', must_fix: true,}",
        '{"verdict": "approve", "status": "failed"}',
        '{"verdict": "approve", "recommendation": "Do not merge"}',
        '{"verdict": "approve", "should_merge": false}',
        '{"verdict": "approve", "no_blocking_issues": false}',
        '{"verdict": "approve", "comments": [{"message": "It drops all rows. This must not be merged."}]}',
        '{"verdict": "approve", "comments": ["Must not be merged before the migration is written."]}',
        '{"verdict": "approve", "comments": [{"message": "It can\'t be merged yet."}]}',
        '{"verdict": "approve", "summary": "Do not merge this: it deletes all."}',
        '{"verdict": "approve", "comments": [{"message": "[BLOCKER] It deletes all."}]}',
        '{"verdict": "approve", "comments": [{"message": "The check has to be restored before merging."}]}',
        "{verdict: 'approve', comments: ['Not ready to be merged.'],}",
    ],
)
def test_what_is_no_clear_approval_is_asked_again(text: str) -> None:
    with pytest.raises(Unusable, match="verdict"):
        parse(Review, text)


@pytest.mark.parametrize("verdict", ["approve", "revise"])
@pytest.mark.parametrize("key", ["comments", "issues"])
def test_a_review_in_several_objects_is_asked_again(verdict: str, key: str) -> None:
    for text in (
        f'{{"verdict": "{verdict}"}}\n{{"{key}": [{{"message": "It deletes all."}}]}}',
        f"{{verdict: '{verdict}',}}\n" + f'```json\n{{"{key}": [{{"message": "It deletes all."}}]}}\n```',
    ):
        with pytest.raises(Unusable, match="several objects"):
            parse(Review, text)


@pytest.mark.parametrize("text", ['{"approved": false}', '{"decision": "needs work"}', '{"status": "FAIL", "issues": ["No."]}'])
def test_another_name_may_still_ask_for_a_revision(text: str) -> None:
    assert parse(Review, text).verdict == "revise"


@pytest.mark.parametrize(
    "text",
    [
        APPROVE,
        '{"verdict": "APPROVED."}',
        f"{APPROVE}\n\n{APPROVE}",
        f'{{"review": {APPROVE}}}',
        f"returns {{'status': 'fail'}} in that case.\n{APPROVE}",
        'It said {"message": "\\"verdict\\": \\"revise\\""}.\n' + APPROVE,
        f"Verdict: approve\n{APPROVE}",
        f"## Verdict\n\n✅ Approve\n\n{APPROVE}",
        f"The verdict of the tests is clear: they pass. Status: 200 is right, and failed logins are rejected.\n{APPROVE}",
        '{"verdict": "approve", "needs_changes": false, "lgtm": true, "comments": [{"severity": "minor", "message": "x"}]}',
        "{verdict: 'approve', comments: [],}",
        '{"verdict": "approve", "should_merge": true, "no_changes_needed": true, "non_blocking": true, "merged": false}',
        '{"verdict": "approve", "previous_verdict": "revise"}',
        f'"verdict" is "revise" only if something must change before this can be used. Nothing must.\n{APPROVE}',
        '{"verdict": "approve", "blocking": [], "blockers": null, "issues": 0, "changesNotRequired": true}',
        '{"verdict": "approve", "comments": [{"message": "Blocking issues: none. Nothing must be changed before merging."}]}',
        '{"verdict": "approve", "comments": [{"message": "Non-blocking: two carts that must not be merged lack a test."}]}',
        '{"verdict": "approve", "comments": [{"message": "Cells that cannot be merged stay; it must not be merged twice."}]}',
        '{"verdict": "approve", "comments": [{"message": "The blocking call needs a timeout, before a release or after."}]}',
        f'It answers {{"comments": []}} and {{"comments": [{{"id": 3}}]}} now.\n{APPROVE}',
    ],
)
def test_an_approval_under_its_own_name_is_one(text: str) -> None:
    assert parse(Review, text).verdict == "approve"


@pytest.mark.parametrize(
    "text",
    [
        f'It answers {{"description": "An item", "tasks": ["a"]}}.\n{PLAN}',
        f'{{"goal": "x", "plan": [{{"task": "y"}}]}}\n```json\n{PLAN}\n```',
        f'{{"summary": "ok", "changes": ["z"]}}\n{PLAN}',
        f'{{"name": "a", "overview": "b", "todos": ["c"]}} {PLAN[:-1]},}}',
    ],
)
def test_the_object_with_the_schemas_own_keys_is_the_plan(text: str) -> None:
    assert parse(PlanAnswer, text).summary == "Let total() skip None."


def test_two_plans_are_asked_about() -> None:
    other = PLAN.replace("skip", "count")
    with pytest.raises(Unusable, match="differ"):
        parse(PlanAnswer, f"{PLAN}\nor\n{other}")


@pytest.mark.asyncio
async def test_after_the_asking_an_unclear_review_is_still_no_approval(tmp_path: Path) -> None:
    unclear = ['{"result": "pass"}', '{"approved": true}', f"{APPROVE} or {REVISE}"]
    team = script(code=CODE, files=["shop/prices.py"], ReviewCode=unclear)
    harness = Harness(make_repository(tmp_path, SMALL_REPOSITORY), ScriptedModel(team))
    with pytest.raises(OutputInvalid, match="more than one verdict"):
        await harness.run(replace(EDIT, constraints=("Do not use yarn",)))
    asked = [request for request in harness.model.requests if request.action == "ReviewCode"]
    assert len(asked) == 3
    assert "Do not use yarn" in str(asked[0].messages), "who reviews judges what no check can"
    assert "review_finished" not in harness.sink.types

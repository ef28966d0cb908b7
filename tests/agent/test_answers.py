from __future__ import annotations

import pytest

from agent.team.parsing.schemas import PlanAnswer, Review, Unusable, parse
from tests.support.processor import at_most

GOOD = '{"verdict": "approve", "comments": []}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Sure! Here is my review:\n\n{GOOD}\n\nAnything else?",
        f'<think>{{"verdict": maybe}}</think>{GOOD}',
        f'{{"note": "first"}} {GOOD}',
        '{"verdict": "approve", "comments": [], "confidence": 0.9}',
    ],
)
def test_an_object_is_found_wherever_models_put_it(text: str) -> None:
    assert parse(Review, text) == Review(verdict="approve", comments=[])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no complete JSON object"),
        ('{"verdict": "approve"', "cut off before its end"),
        ('["approve"]', "no complete JSON object"),
        ('{"verdict": "perhaps"}', "verdict: Input should be 'approve' or 'revise'"),
        ('{"verdict": "approve", "comments": [{"line": 3}]}', "comments.0.message"),
        ("{" * 10_000, "cut off before its end"),
    ],
)
def test_what_is_wrong_is_said_for_the_model(text: str, wrong: str) -> None:
    with pytest.raises(Unusable) as unusable:
        parse(Review, text)
    assert wrong in str(unusable.value)


def test_what_has_no_one_meaning_is_not_bent() -> None:
    with pytest.raises(Unusable, match="clear: Input should be a valid boolean"):
        parse(PlanAnswer, '{"clear": "perhaps", "summary": "x", "complexity": "low", "stack": null, "steps": []}')


@pytest.mark.parametrize("text", ["{" * 200_000, '{"a":' * 50_000, "{'a':" * 20_000 + "}" * 20_000, "{" + "'" * 90_000 + "}"])
def test_an_answer_of_nothing_but_braces_costs_no_time(text: str) -> None:
    """Seconds of the processor at most, coverage measured along; without a bound it would be hours."""
    with at_most(60):
        with pytest.raises(Unusable):
            parse(PlanAnswer, text)

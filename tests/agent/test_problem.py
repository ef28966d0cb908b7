from __future__ import annotations

from agent.stages.problem import Problem

FINDING = {"code": "syntax", "path": "a.py", "line": 1, "message": "It does not parse.", "hint": "Send it again."}


def test_no_revision_is_asked_for_in_the_same_words() -> None:
    problem = Problem("guardrails", "It breaks rules.", [FINDING])
    asked = [problem.for_engineer(), *(problem.for_engineer(problem, round) for round in (2, 3))]

    assert len(set(asked)) == 3
    assert all("a.py:1: It does not parse. Send it again." in text for text in asked)
    assert "revision 2: 1 of the findings below were reported before" in asked[1]


def test_another_problem_is_said_to_be_another() -> None:
    before = Problem("guardrails", "It breaks rules.", [FINDING])

    assert "the problem is a different one now" in Problem("tests", "The tests fail.", output="x").for_engineer(before, 2)


def test_all_that_people_said_is_named_and_of_what_programs_said_how_much_is_left_out() -> None:
    """45 comments at the gate are 45 in the prompt."""
    findings = [{"code": "rejected", "path": f"f{number}.py", "message": f"Wish {number}."} for number in range(45)]
    said = Problem("changes", "A person has reviewed the change.", findings).for_engineer()
    assert [f"- f{number}.py: Wish {number}." in said for number in range(45)] == [True] * 45
    told = Problem("guardrails", "It breaks rules.", findings).for_engineer()
    assert "Wish 29." in told and "Wish 30." not in told
    assert "- and 15 more like these" in told

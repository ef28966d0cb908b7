"""The evaluation of sessions: its cases can be read, both agents do the same, and ours ends right on a written project."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from agent.ports import JSONObject
from evals.repositories import by_hand
from evals.repositories.description import DescriptionInvalid
from evals.sessions import answers, places
from evals.sessions.__main__ import USAGE, main, parser, with_others
from evals.sessions.attempts import SessionAttempt
from evals.sessions.case import CASES as FOLDER
from evals.sessions.case import Look, ScriptedEdit, ScriptedTurn, SessionCase, read_cases
from evals.sessions.counting import PromptCost, estimated, measure_prompts, written
from evals.sessions.endpoint import MODEL, ScriptedEndpoint, ScriptEnded, serve
from evals.sessions.mini import MINI
from evals.sessions.ours import OURS, attempt_with_ours
from evals.sessions.report import MIN_FROM_PLAN, MIN_WITHIN, CaseResult, SessionReport, table
from evals.sessions.seen import unseen

CASES = read_cases()
WRITTEN = "node-csv-quotes"


@pytest.fixture
def place(tmp_path: Path) -> places.CasePlace:
    """A case whose project is written and needs no network."""
    (case,) = read_cases([WRITTEN])
    if missing := case.project.missing():
        pytest.skip(f"{missing} is not here")
    return places.prepare_place(case, tmp_path / "archives", tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_looks_before_it_edits_and_tests_after(case: SessionCase) -> None:
    first = next(number for number, turn in enumerate(case.turns) if turn.edit)
    assert any(turn.look for turn in case.turns[:first])
    assert any(turn.run for turn in case.turns[first:])
    assert case.kind in ("bug", "feature")
    assert case.command
    assert case.hidden
    assert not set(case.hidden) & set(case.files)


def test_there_are_projects_of_each_kind() -> None:
    from_registries = [case for case in CASES if case.project.registry]
    assert len(from_registries) >= 12
    assert len([case for case in CASES if case.project.registry == "npm" or "npm" in case.project.needs]) >= 3
    assert any("go" in case.project.needs for case in CASES)
    assert {case.kind for case in CASES} == {"bug", "feature"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_agents_look_edit_and_run_the_same(case: SessionCase) -> None:
    ours = [*map(answers.for_planner, answers.turns_of_planner(case)), *answers.for_engineer(case)]
    mini = answers.for_mini(case)
    said = "\n".join(json.dumps(call) for answer in mini for call in answer.calls)
    calls = [call for answer in ours for call in answer.calls]
    assert [given["path"] for name, given in calls if name == "edit"] == [edit.path for edit in case.edits]
    for name, given in calls:
        for text in {"run": [given.get("command")], "read": given.get("paths", ())}.get(name, ()):
            path, _, lines = text.partition(":") if name == "read" else (text, "", "")
            assert json.dumps(path)[1:-1] in said
            assert lines.replace("-", ",") in said
    assert mini[-1].calls == [("bash", {"command": answers.SUBMIT})]
    assert sum(len(answer.calls) for answer in answers.for_mini(case, single=True)) == sum(len(a.calls) for a in mini)


def test_the_commands_for_mini_make_the_same_change(place: places.CasePlace) -> None:
    for edit in place.case.edits:
        places.carry_out(place.root, edit)
    wanted = place.change()
    commands = [given["command"] for answer in answers.for_mini(place.case)[:-1] for _, given in answer.calls]
    for command in commands:
        assert by_hand.run_line(command, place.root, place.environment, 60).returncode == 0, command
    assert place.change() == wanted
    assert place.judge(wanted) == ""


def test_a_case_with_a_fault_is_told(place: places.CasePlace) -> None:
    assert places.check(place) == ""
    easy = replace(place.case, command="true")
    assert "pass before anything is done" in places.check(replace(place, case=easy))
    hard = replace(place.case, command="false")
    assert "fail after its edits" in places.check(replace(place, case=hard))
    lost = replace(place.case.turns[2], edit=[ScriptedEdit("README.md", "a", old="not there")])
    assert "has to be there once" in places.check(replace(place, case=replace(place.case, turns=[lost])))


async def test_our_session_solves_a_case_with_the_written_answers(place: places.CasePlace, cache: Path) -> None:
    attempt = await attempt_with_ours(place, cache, estimated)
    assert (attempt.why, attempt.solved) == ("", True)
    assert attempt.roles == ["team_leader", "team_leader", "engineer", "reviewer"]
    assert attempt.within is not None
    assert attempt.within >= MIN_WITHIN
    assert attempt.from_plan is not None
    assert attempt.from_plan >= MIN_FROM_PLAN


async def test_a_change_that_the_proof_refuses_is_not_solved(place: places.CasePlace, cache: Path) -> None:
    """Its new tests without its code: the engineer is asked again, and nobody wrote an answer for that."""
    tests_alone = replace(place.case.turns[2], edit=place.case.turns[2].edit[1:], run=())
    case = replace(place.case, turns=[*place.case.turns[:2], tests_alone])
    attempt = await attempt_with_ours(replace(place, case=case), cache, estimated)
    assert not attempt.solved
    assert "The engineer was asked more often than was written" in attempt.why


@pytest.mark.parametrize("stream", [False, True])
def test_the_endpoint_answers_in_turn_and_keeps_what_was_asked(stream: bool) -> None:
    said = iter([answers.ScriptedAnswer("first", [("bash", {"command": "ls"})])])

    def answer(request: JSONObject) -> answers.ScriptedAnswer:
        if found := next(said, None):
            return found
        raise ScriptEnded("nothing is left")

    endpoint = ScriptedEndpoint(answer)
    with serve(endpoint), openai.OpenAI(api_key="scripted", base_url=endpoint.url, max_retries=0) as client:
        messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "go"}]
        if stream:
            deltas = [
                piece.choices[0].delta for piece in client.chat.completions.create(model=MODEL, messages=messages, stream=True)
            ]
            text, calls = deltas[0].content, deltas[0].tool_calls
        else:
            message = client.chat.completions.create(model=MODEL, messages=messages).choices[0].message
            text, calls = message.content, message.tool_calls
        assert (text, json.loads(calls[0].function.arguments)) == ("first", {"command": "ls"})
        with pytest.raises(openai.BadRequestError, match="nothing is left"):
            client.chat.completions.create(model=MODEL, messages=messages)
    assert [request["messages"] for request in endpoint.requests] == [messages, messages]
    assert endpoint.problems == ["nothing is left"]


def test_tokens_are_those_of_all_prompts_and_of_what_is_new() -> None:
    first = {"tools": [], "messages": [{"role": "user", "content": "one"}]}
    call = {"function": {"name": "bash", "arguments": "{}"}}
    second = {"tools": [], "messages": [*first["messages"], {"role": "assistant", "content": None, "tool_calls": [call]}]}
    other = {"tools": [], "messages": [{"role": "user", "content": "another"}]}
    cost = measure_prompts([first, second, other], len)
    before, after, last = (len(written(request)) for request in (first, second, other))
    assert cost.total == before + after + last
    assert cost.shares[0] == 1
    assert 0 < cost.shares[1] < 1
    assert before + (after - before) < cost.unique < cost.total


def test_what_the_conversation_shows_is_not_looked_at_again(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n\ndef one():\n    return 1\n")
    (tmp_path / "b.py").write_text("def two():\n    return 2\n")
    looks = [
        Look("a.py"),
        Look("a.py", lines="3-4"),
        Look("b.py"),
        Look(".", search="def"),
        Look("b.py", search="def one|def two"),
    ]
    turn = ScriptedTurn("I look.", look=looks)
    assert unseen(turn, tmp_path, "nothing").look == looks
    assert unseen(turn, tmp_path, "def one():\n    return 1\n").look == [looks[0], looks[2], looks[3], looks[4]]
    assert unseen(turn, tmp_path, "a.py:3 def one():\nb.py:1 def two():").look == looks[:3]


def attempt(agent: str, calls: int, total: int, shares: list[float], roles: tuple[str, ...] = ()) -> SessionAttempt:
    return SessionAttempt(agent, True, PromptCost(calls, total, total // 2, shares), 0.5, roles=roles)


def test_the_report_names_what_is_missed_and_survives_json() -> None:
    roles = ("team_leader", "engineer", "engineer")
    results = [
        CaseResult("good", "A", [attempt(MINI, 3, 100, [1.0, 1.0]), attempt(OURS, 3, 80, [0.7, 0.95], roles)]),
        CaseResult("gone", "B", absent="npm is not available here"),
    ]
    report = SessionReport("2026-01-01T00:00:00+00:00", "estimated", results)
    assert report.misses() == []
    assert "| good | yes / yes | 3 / 3 | 80 / 100 | 40 / 50 | 0.5 / 0.5 | 0.80 | 95% | 70% |" in table(report)
    assert "| gone | npm is not available here |" in table(report)
    assert table(SessionReport.from_json(json.loads(json.dumps(report.to_json())))) == table(report)
    worse = [CaseResult("bad", "A", [attempt(MINI, 3, 100, [1.0, 1.0]), attempt(OURS, 4, 90, [0.6, 0.8], roles)])]
    assert len(SessionReport("", "estimated", worse).misses()) == 4


def test_an_unknown_case_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--case", "nobody"]) == USAGE
    assert "evals.sessions list" in capsys.readouterr().err


def test_a_case_without_an_edit_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / f"{WRITTEN}.toml").read_text("utf-8")
    (tmp_path / "a.toml").write_text(text.replace("[[turn.edit]]", "[[turn.other]]"), "utf-8")
    with pytest.raises(DescriptionInvalid, match="no turn that edits"):
        read_cases(["a"], tmp_path)


def test_the_commands_of_the_docs_are_understood() -> None:
    """They fetch and build for minutes, so that here they are only read."""
    page = (Path(__file__).resolve().parents[2] / "docs/EVALUATION.md").read_text("utf-8")
    commands = re.findall(r"^python -m evals\.sessions (.*?)(?: *#.*)?$", page, re.MULTILINE)
    assert len(commands) >= 4
    names = {case.name for case in CASES}
    for command in commands:
        options = parser().parse_args(shlex.split(command))
        assert set(getattr(options, "case", ())) <= names


def test_results_of_the_other_agent_and_of_other_cases_stay() -> None:
    ours, mini = attempt(OURS, 3, 80, []), attempt(MINI, 3, 100, [])
    before = [CaseResult("a", "A", [mini, attempt(OURS, 9, 99, [])]), CaseResult("c", "C", [mini])]
    merged = with_others([CaseResult("a", "A", [ours]), CaseResult("b", "B", [ours])], before)
    assert [(result.name, list(result.attempts)) for result in merged] == [("a", [ours, mini]), ("b", [ours]), ("c", [mini])]

"""The answers of one case, for each of the two agents: the same looks, edits and runs in the words that each understands.

Neither is helped: what one engineer would do in a single answer is in a single answer of both (mini-swe-agent takes several
commands in one), and both are asked for a reason with each.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.ports import JSONObject
from evals.sessions.case import Look, ScriptedEdit, ScriptedTurn, SessionCase

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


@dataclass(frozen=True)
class ScriptedAnswer:
    """``calls`` are the tools called, by name and arguments."""

    text: str
    calls: Sequence[tuple[str, JSONObject]] = ()


# mini-swe-agent: one tool, bash


def for_mini(case: SessionCase, *, single: bool = False) -> list[ScriptedAnswer]:
    """``single``: one command for each answer, as smaller models work."""
    answers = []
    for turn in case.turns:
        commands = _commands(turn)
        groups = [[command] for command in commands] if single else [commands]
        answers += [ScriptedAnswer(turn.say, [("bash", {"command": command}) for command in group]) for group in groups]
    return [*answers, ScriptedAnswer("Everything is done and tested; I submit it.", [("bash", {"command": SUBMIT})])]


def _commands(turn: ScriptedTurn) -> list[str]:
    return [*turn.ask, *map(_bash_look, turn.look), *map(_bash_edit, turn.edit), *turn.run]


def _bash_look(look: Look) -> str:
    path = shlex.quote(look.path)
    if look.search:
        return f"grep -rnE {shlex.quote(look.search)} {path}"
    if look.lines:
        return f"nl -ba {path} | sed -n '{look.lines.replace('-', ',')}p'"
    return f"nl -ba {path}"


def _bash_edit(edit: ScriptedEdit) -> str:
    if not edit.old:
        folder = edit.path.rpartition("/")[0]
        made = f"mkdir -p {shlex.quote(folder)}\n" if folder else ""
        return f"{made}cat <<'EOF' > {shlex.quote(edit.path)}\n{edit.new.rstrip(chr(10))}\nEOF"
    return "\n".join(
        (
            "python3 - <<'EOF'",
            "from pathlib import Path",
            f"path = Path({edit.path!r})",
            "text = path.read_text()",
            f"old = {_quoted(edit.old)}",
            f"new = {_quoted(edit.new)}",
            "assert text.count(old) == 1",
            "path.write_text(text.replace(old, new))",
            "EOF",
        )
    )


def _quoted(text: str) -> str:
    """As a person writes a text of several lines in Python."""
    plain = "'''" not in text and "\\" not in text and not text.endswith("'")
    return f"'''{text}'''" if plain and "\n" in text else repr(text)


# ours: a planner, an engineer and a reviewer


def turns_of_planner(case: SessionCase) -> list[ScriptedTurn]:
    """All before the first edit; the plan follows."""
    return _own(case)[: _first_edit(case)]


def for_planner(turn: ScriptedTurn) -> ScriptedAnswer:
    return ScriptedAnswer(turn.say, _calls(turn))


def with_plan(case: SessionCase) -> ScriptedAnswer:
    return ScriptedAnswer(json.dumps(plan(case)))


def for_engineer(case: SessionCase, *, apart: bool = False) -> list[ScriptedAnswer]:
    """`finish` stands behind the last edits and tests, where it counts if they succeed, and comes again where they did not;
    ``apart``: only then."""
    turns = _own(case)[_first_edit(case) :]
    finish: tuple[str, JSONObject] = ("finish", {"summary": case.why, "subject": case.subject})
    *before, last = [ScriptedAnswer(turn.say, _calls(turn)) for turn in turns]
    last = last if apart else replace(last, calls=[*last.calls, finish])
    return [*before, last, ScriptedAnswer("Everything is done and tested.", [finish])]


def for_reviewer(case: SessionCase) -> list[ScriptedAnswer]:
    return [ScriptedAnswer(json.dumps({"verdict": "approve", "comments": []}))]


def plan(case: SessionCase) -> JSONObject:
    step = {"title": case.subject, "why": case.why, "files": case.files, "kind": "modify"}
    runs = [line for turn in case.turns if turn.edit for line in turn.run]
    check = f"Run {', '.join(runs)}." if runs else "Run the project's tests."
    return {"summary": case.subject, "complexity": "low", "steps": [step], "test_strategy": check}


def _own(case: SessionCase) -> list[ScriptedTurn]:
    """The turns in which something is done that the session does not tell."""
    return [turn for turn in case.turns if turn.look or turn.edit or turn.run]


def _first_edit(case: SessionCase) -> int:
    return next(number for number, turn in enumerate(_own(case)) if turn.edit)


def _calls(turn: ScriptedTurn) -> list[tuple[str, JSONObject]]:
    searches = [look for look in turn.look if look.search]
    reads = [f"{look.path}:{look.lines}" if look.lines else look.path for look in turn.look if not look.search]
    calls: list[tuple[str, JSONObject]] = [
        ("search", {"pattern": look.search, **({"path": look.path} if look.path != "." else {})}) for look in searches
    ]
    calls += [("read", {"paths": reads})] if reads else []
    for edit in turn.edit:
        content = {"old": edit.old, "new": edit.new} if edit.old else {"content": edit.new}
        calls.append(("edit", {"path": edit.path, **content}))
    return calls + [("run", {"command": line}) for line in turn.run]

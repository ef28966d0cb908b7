"""Coerces an object that a model wrote to the schema it was asked for, where only one meaning is possible.

Keys of another name or case, a string for a list, a number in quotes, an object around the object. What says something
else than the schema knows is left as it is, so that validation names it. What decides something is taken from its own key.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.team.parsing.objections import objects_to
from agent.team.parsing.simple_values import FALSE, MAX_ENTRIES, NOTHING, TRUE, simple

MAX_UNWRAPPED = 3

ALIASES: Mapping[str, tuple[str, ...]] = {
    "clear": ("is_clear",),
    "question": ("clarifying_question", "clarification"),
    "summary": ("description", "overview", "goal", "task_summary", "plan_summary"),
    "complexity": ("difficulty", "effort", "complexity_level"),
    "stack_confidence": ("confidence",),
    "stack": ("tech_stack", "technology", "framework", "stack_id"),
    "steps": ("tasks", "plan", "actions", "todo", "todos", "implementation_steps", "plan_steps", "changes"),
    "title": ("name", "task", "step", "description", "what", "summary"),
    "why": ("reason", "rationale", "explanation", "justification"),
    "files": ("file", "path", "paths", "filename", "file_paths", "file_path", "affected_files", "files_to_change"),
    "kind": ("type", "action", "change_type", "operation"),
    "risks": ("risk", "concerns", "potential_risks"),
    "test_strategy": ("testing", "testing_strategy", "test_plan", "tests", "verification"),
    "questions": ("open_questions", "assumptions"),
    "verdict": ("decision", "status", "result", "outcome", "approved", "recommendation"),
    "comments": ("comment", "issues", "feedback", "findings", "problems", "remarks", "suggestions"),
    "path": ("file", "filename", "file_path"),
    "line": ("line_number", "lineno", "line_no"),
    "message": ("text", "comment", "body", "issue", "description", "suggestion", "content"),
}
WORDS: Mapping[str, str] = {
    "simple": "low", "easy": "low", "small": "low", "trivial": "low", "moderate": "medium", "normal": "medium",
    "average": "medium", "hard": "high", "complex": "high", "difficult": "high", "large": "high",
    "approved": "approve", "approves": "approve", "accept": "approve", "accepted": "approve", "lgtm": "approve",
    "reject": "revise", "rejected": "revise", "revision": "revise",
    "request_changes": "revise", "changes_requested": "revise", "needs_work": "revise", "needs_changes": "revise",
    "needs_revision": "revise", "fail": "revise", "failed": "revise", "false": "revise", "not_approved": "revise",
    "do_not_merge": "revise", "changes_required": "revise", "changes_needed": "revise", "blocked": "revise", "denied": "revise",
    "add": "create", "new": "create", "write": "create", "edit": "modify", "update": "modify", "change": "modify",
    "refactor": "modify", "fix": "modify", "implement": "modify", "remove": "delete", "tests": "test", "testing": "test",
    "documentation": "docs", "doc": "docs", "configuration": "config", "setup": "config",
}  # fmt: skip
"""Words that mean one of a schema's own."""
CAUTIOUS: Mapping[str, str] = {"verdict": "revise"}
"""Of a field by which something is decided, what it may say under another name: a status that is ok approves of nothing."""
_EARLIER = ("earlier_", "previous_", "prior_", "last_", "old_", "baseline_")
"""Before the name of a decision: that one stands no more."""
DEFAULTS: Mapping[str, str] = {"kind": "modify"}
"""For a field that people read and nothing is decided by."""


def coerced(schema: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` with the schema's own names and kinds of values."""
    found = _unwrapped(schema, data, MAX_UNWRAPPED)
    named = _named(schema, found)
    own = _own(schema, found)
    values = {name: _value(name, schema.model_fields[name], value) for name, value in named.items()}
    for name in CAUTIOUS.keys() & values.keys():
        if name not in own and values[name] != CAUTIOUS[name]:
            del values[name]
        elif name in own and values[name] != CAUTIOUS[name] and _is_denied(name, schema, found):
            values[name] = f"{values[name]}, and {CAUTIOUS[name]}"
    return values | {
        name: default
        for name, default in DEFAULTS.items()
        if name in schema.model_fields and (name not in named or not isinstance(named[name], str))
    }


def own_keys(schema: type[BaseModel], data: Mapping[str, Any]) -> int:
    """How many of its fields the schema's own keys give; 0 where one that it needs is not among them."""
    own = _own(schema, _unwrapped(schema, data, MAX_UNWRAPPED))
    return len(own) if _needed(schema) <= own else 0


def goes_on(schema: type[BaseModel], data: Mapping[str, Any]) -> bool:
    """Whether ``data``, which lacks what the schema needs, has entries for a list of it."""
    for name, field in schema.model_fields.items():
        kind = next(iter(typing.get_args(field.annotation)), None)
        if typing.get_origin(field.annotation) is not list or not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            continue
        values = (
            value
            for key, value in data.items()
            if simple(str(key)) in (name, *ALIASES.get(name, ())) and isinstance(value, list)
        )
        if any(isinstance(entry, dict) and own_keys(kind, entry) for value in values for entry in value[:MAX_ENTRIES]):
            return True
    return False


def decisions(name: str, allowed: tuple[str, ...], data: Any, depth: int = MAX_UNWRAPPED) -> set[str]:
    """What ``data`` says under the key ``name``, and the objects in it, as far as it is one of ``allowed``."""
    if not isinstance(data, dict):
        return set()
    found = {_word(name, value, allowed) for key, value in data.items() if simple(key) == name and isinstance(value, str)}
    for value in list(data.values())[:MAX_ENTRIES] if depth else ():
        found |= decisions(name, allowed, value, depth - 1)
    return found & set(allowed)


def decision(allowed: tuple[str, ...], words: str) -> str | None:
    """Which of ``allowed`` a few words of prose say."""
    said = [_word("", text, allowed) for text in (words, words.split()[0])] if words.split() else []
    return next((word for word in said if word in allowed), None)


def _needed(schema: type[BaseModel]) -> set[str]:
    return {name for name, field in schema.model_fields.items() if field.is_required()}


def _own(schema: type[BaseModel], data: Mapping[str, Any]) -> set[str]:
    return {simple(str(key)) for key in list(data)[:MAX_ENTRIES]} & schema.model_fields.keys()


def _is_denied(name: str, schema: type[BaseModel], data: Mapping[str, Any]) -> bool:
    """Whether another key of the object says the opposite."""
    others = {simple(str(key)): value for key, value in list(data.items())[:MAX_ENTRIES]}
    allowed = typing.get_args(schema.model_fields[name].annotation)
    also = tuple(f"_{word}" for word in (name, *ALIASES[name]))
    said = (
        value for key, value in others.items()
        if key in ALIASES[name] or (key.endswith(also) and not key.startswith(_EARLIER))
    )  # fmt: skip
    return any(_word(name, value, allowed) == CAUTIOUS[name] for value in said) or objects_to(others)


def _unwrapped(schema: type[BaseModel], data: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
    """The object inside of others that has most of the schema's fields, with what stands around it. What decides is not taken
    from an object beside what it would decide on."""
    needed, own = _needed(schema), _own(schema, data)
    if depth == 0 or needed <= own or (own and needed & CAUTIOUS.keys()):
        return data
    values = [value for value in list(data.values())[:MAX_ENTRIES] if isinstance(value, dict)]
    inner = [_unwrapped(schema, value, depth - 1) for value in values]
    best = max(inner, key=lambda value: (needed <= _own(schema, value), len(_named(schema, value))), default=None)
    if best is None or not _named(schema, best):
        return data
    if needed <= _named(schema, data).keys() and not needed <= _own(schema, best):
        return data
    return {**data, **best}


def _named(schema: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    keyed = {simple(str(key)): value for key, value in list(data.items())[:MAX_ENTRIES]}
    found: dict[str, Any] = {}
    taken: set[str] = set()
    for name in schema.model_fields:
        if name in keyed:
            found[name] = keyed[name]
            taken.add(name)
    for name, field in schema.model_fields.items():
        for alias in ALIASES.get(name, ()) if name not in found else ():
            if alias in keyed and alias not in taken and _may_be(field, keyed[alias]):
                found[name] = keyed[alias]
                taken.add(alias)
                break
    return found


def _may_be(field: FieldInfo, value: Any) -> bool:
    """A value under another name must at least be of the kind."""
    if typing.get_origin(field.annotation) is list:
        return isinstance(value, list | str)
    return isinstance(value, str | int | float | bool) and value != ""


def _value(name: str, field: FieldInfo, value: Any) -> Any:
    kind = field.annotation
    most = next((item.max_length for item in field.metadata if hasattr(item, "max_length")), None)
    optional = typing.get_origin(kind) in (Union, types.UnionType)
    if optional:
        if value is None or (isinstance(value, str) and value.strip().lower() in NOTHING):
            return None
        kind = next(argument for argument in typing.get_args(kind) if argument is not type(None))
    if typing.get_origin(kind) is Literal:
        return _word(name, value, typing.get_args(kind))
    if typing.get_origin(kind) is list:
        return _entries(value, typing.get_args(kind)[0], None if field.is_required() else most)
    if kind is bool:
        said = str(value).strip().lower()
        return True if said in TRUE else False if said in FALSE else value
    if kind is int:
        digits = re.match(r"\D{0,10}(\d{1,9})", value) if isinstance(value, str) else None
        return int(digits[1]) if digits else None if optional and isinstance(value, list | dict | str) else value
    if kind is float:
        return _share(value)
    if kind is str:
        text = _text(value)
        return text if most is None or not isinstance(text, str) else text[:most]
    return value


def _share(value: Any) -> float | None:
    """From 0 to 1, of a number or a percentage; None where it is neither."""
    said = re.match(r"\s{0,9}(\d{1,3}(?:\.\d{1,9})?)\s{0,9}(%?)", str(value)[:30])
    if said is None:
        return None
    number = float(said[1]) / (100 if said[2] or float(said[1]) > 1 else 1)
    return number if number <= 1 else None


def _word(name: str, value: Any, allowed: tuple[str, ...]) -> Any:
    if not isinstance(value, str | bool):
        return value
    said = simple(str(value).strip(" .!*`\"'"))
    said = said if said in allowed else WORDS.get(said, said)
    return said if said in allowed else DEFAULTS.get(name, value)


def _entries(value: Any, kind: Any, most: int | None) -> Any:
    if value is None:
        return []
    if isinstance(value, dict) and (kind is str or all(isinstance(entry, dict) for entry in value.values())):
        value = list(value.values())
    if isinstance(value, str):
        lines = [re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", line).strip() for line in value.splitlines()]
        value = [line for line in lines if line and line.lower() not in NOTHING]
    elif not isinstance(value, list):
        value = [value]
    value = value[: most or MAX_ENTRIES]
    if kind is str:
        return [text for entry in value if (text := _text(entry)) not in ("", None)]
    return [coerced(kind, entry if isinstance(entry, dict) else {"description": entry}) for entry in value]


def _text(value: Any) -> Any:
    """The text that a value wraps; the value itself where there is none."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return next((entry for entry in value.values() if isinstance(entry, str)), "")
    if isinstance(value, list) and all(isinstance(entry, str | int | float) for entry in value):
        return "\n".join(map(str, value))
    return value

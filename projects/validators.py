"""Validators for the settings of projects and tasks. Each raises DRF's ValidationError with a sentence for the user."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any, get_args

from rest_framework.serializers import ValidationError

from agent import stacks
from agent.projects.in_plan import is_directory, refusal_of
from agent.projects.model import COMMANDS, Ecosystem
from agent.projects.settings import ECOSYSTEMS_KEY

PLACEHOLDERS = ("task_name", "run_number", "subject", "body", "summary")
_AUTHOR = re.compile(r"[^<>\s](?:[^<>\r\n\0]*[^<>\s])? <[^<>@\s]+@[^<>@\s]+>")
_REVIEWER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:\[bot\]|/[A-Za-z0-9._-]+)?")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]*")


def known_stack(value: str) -> None:
    """Empty and `auto` mean that the stack is inferred, `none` that no stack's rules hold."""
    if value in {"", "auto", stacks.NONE}:
        return
    try:
        stacks.get(value)
    except stacks.UnknownStack as error:
        raise ValidationError(f"{error} {error.hint}") from None


def git_ref(value: str) -> None:
    """A branch name or prefix by the rules of `git check-ref-format`, ASCII only."""
    parts = value.split("/")
    bad_part = any(not part or part.startswith((".", "-")) or part.endswith((".", ".lock")) for part in parts)
    if value and (not _REF.fullmatch(value) or ".." in value or bad_part):
        raise ValidationError(
            "This is not a valid git branch name. Use letters, digits and ._-/ and begin every part with a letter."
        )


def commit_template(value: str) -> None:
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in string.Formatter().parse(value) if name is not None]
    except ValueError as error:
        raise ValidationError(f"The template is not valid: {error}.") from None
    for name, spec, conversion in fields:
        if name not in PLACEHOLDERS or spec or conversion:
            *others, last = (f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)
            known = f"{', '.join(others)} and {last}"
            raise ValidationError(f"The template may contain {known} and no other braces. Double a brace to keep it as text.")


def author(value: str) -> None:
    if value and (not _AUTHOR.fullmatch(value) or not value.isprintable()):
        raise ValidationError("Write the author as `Name <address@example.com>`.")


def reviewer(value: str) -> None:
    if not _REVIEWER.fullmatch(value):
        raise ValidationError("A reviewer must be an account (`octocat`) or a team of an organisation (`acme/backend`).")


def project_commands(value: Mapping[str, Any]) -> None:
    """{kind: line, ecosystems: {ecosystem: {kind: line}}, parts: {directory: the same without parts}}."""
    parts = value.get("parts", {})
    if not isinstance(parts, dict) or not all(isinstance(commands, dict) for commands in parts.values()):
        raise ValidationError("`parts` must be an object of objects: {directory: {kind: line}}.")
    if not all(is_directory(directory) for directory in parts):
        raise ValidationError("A directory of `parts` must be a path inside of the repository.")
    for commands in ({key: line for key, line in value.items() if key != "parts"}, *parts.values()):
        ecosystems = commands.get(ECOSYSTEMS_KEY, {})
        if not isinstance(ecosystems, dict) or not all(isinstance(own, dict) for own in ecosystems.values()):
            raise ValidationError("`ecosystems` must be an object of objects: {ecosystem: {kind: line}}.")
        if unknown := next((name for name in ecosystems if name not in get_args(Ecosystem)), None):
            raise ValidationError(f"There is no ecosystem {unknown!r}. Use: {', '.join(get_args(Ecosystem))}.")
        for own in ({kind: line for kind, line in commands.items() if kind != ECOSYSTEMS_KEY}, *ecosystems.values()):
            _lines(own)


def _lines(commands: Mapping[str, Any]) -> None:
    for kind, line in commands.items():
        if kind not in COMMANDS:
            raise ValidationError(f"There is no kind of command {kind!r}. Use: {', '.join(COMMANDS)}.")
        if why := refusal_of(line):
            raise ValidationError(f"The command `{kind}` {why}.")

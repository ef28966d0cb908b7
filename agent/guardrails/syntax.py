"""Whether the files parse, by the parser of their own language."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator

import yaml

from agent.guardrails import trees
from agent.guardrails.answer import Answer
from agent.guardrails.result import Finding

MAX_CHARS = 2_000_000

_COMMENTED_JSON = re.compile(r"(?:.*/)?(?:tsconfig[\w.-]*|jsconfig[\w.-]*|\.eslintrc|devcontainer|\.vscode/.*)\.json|.*\.jsonc")
"""These are JSON with comments by their tools' own definition."""

_TEMPLATED_YAML = re.compile(r"(?:.*/)?templates/.*")
"""Helm's templates are not YAML until they are rendered."""


class Unparsable(ValueError):
    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def syntax(answer: Answer) -> Iterator[Finding]:
    for block in answer.safe:
        if not block.content.strip():
            continue
        if len(block.content) > MAX_CHARS:
            hint = "Generated data does not belong into the repository."
            yield Finding("too_large", f"This file is larger than {MAX_CHARS} characters.", hint, block.path)
            continue
        error = _error(block.path, block.content)
        if error is None:
            continue
        before = answer.text_before(block.path)
        if before is not None and trees.sources(block.path, before) and _error(block.path, before) is not None:
            continue  # a grammar that did not know the file before can't judge it now
        line, message = error
        yield Finding("syntax", f"This file does not parse: {message}.", "Send the whole, corrected file.", block.path, line)


def _error(path: str, text: str) -> tuple[int | None, str] | None:
    text = text.removeprefix("\ufeff")  # a byte order mark belongs to the encoding
    parse = _parser(path)
    if parse is None:
        return next((wrong for source in trees.sources(path, text) if (wrong := trees.mistake(source))), None)
    try:
        parse(text)
    except Unparsable as error:
        return error.line, str(error)
    return None


def _parser(path: str) -> Callable[[str], None] | None:
    if path.endswith((".py", ".pyi")):
        return _python
    if path.endswith(".json") and not _COMMENTED_JSON.fullmatch(path):
        return _json
    if path.endswith(".toml"):
        return _toml
    if path.endswith((".yml", ".yaml")) and not _TEMPLATED_YAML.fullmatch(path):
        return _yaml
    return None


def _python(text: str) -> None:
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(text)
    except SyntaxError as error:
        raise Unparsable(error.msg, error.lineno) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unparsable(str(error) or "it is nested too deeply", None) from error


def _json(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Unparsable(error.msg, error.lineno) from error
    except RecursionError as error:
        raise Unparsable("it is nested too deeply", None) from error


def _toml(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hit = re.search(r"at line (\d+)", str(error))
        raise Unparsable(str(error), int(hit[1]) if hit else None) from error
    except RecursionError as error:
        raise Unparsable("it is nested too deeply", None) from error


def _yaml(text: str) -> None:
    """Parses without constructing: no tags are resolved and aliases are not expanded."""
    try:
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Unparsable(error.problem or "it is not YAML", line) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Unparsable("it is not YAML", None) from error

"""The one place that reads JSON, TOML, YAML and Python source of models and repositories: read, or refused with a reason.

The parsers recurse, raise what they don't say they raise, or take the square of a text's length for a few shapes. Each is kept
here to what it does in linear time; what is beyond it is refused as nested too deeply or too long, which no honest file is.
"""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from agent.patterns import linear

MAX_CHARACTERS = 8_000_000
"""Of JSON and TOML; lock files are long."""
MAX_DEPTH = 100
"""Of lists and maps in YAML, whose parser looks at all open ones for each token."""
MAX_PARTS = 32
"""Of one dotted key in TOML: reading it takes the square of their number, and each key below it takes as long as it is."""
MAX_F_STRING = 20_000
"""Characters of one f-string in Python, of which CPython 3.11 counts the lines again for each expression in it."""
MAX_NODES = 1_000_000
"""Of YAML with its aliases written out: nine lines of aliases of aliases stand for a thousand million values."""
DEEP = "it is nested too deeply"

_LINE = linear(r"at line (\d{1,9})")
_DOTTED = linear(
    r"""(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')){%d}""" % MAX_PARTS  # noqa: UP031
)
_JSON_TEXT = r"""(?s)("(?:[^"\\\n]|\\.)*"?)"""
_COMMENT = linear(rf"{_JSON_TEXT}|//[^\n]*|/\*.*?(?:\*/|\z)")
_LAST_COMMA = linear(rf"{_JSON_TEXT}|,(\s*[\]}}])")
_PYTHON_TOKEN = linear(
    r"""(?s)#[^\n]*|([A-Za-z]{0,2})("{3}(?:[^"\\]|\\.|"[^"\\]|""[^"\\]|"{1,2}\\.)*"{0,3}|'{3}(?:[^'\\]|\\.|'[^'\\]|''[^'\\]|'{1,2}\\.)*'{0,3}|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)"""
)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(ValueError):
    """``line`` is 1-based; None where it is not known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read_json(text: str) -> Any:
    """Raises ``Unreadable``."""
    _check_length(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(error.msg, error.lineno) from error
    except RecursionError as error:
        raise Unreadable(DEEP) from error
    except ValueError as error:  # a number of more digits than Python reads
        raise Unreadable(str(error)) from error


def read_json_with_comments(text: str) -> Any:
    """As the configuration of TypeScript and of editors is written: JSON with comments and with a comma after the last entry.
    Raises ``Unreadable``."""
    _check_length(text)
    plain = _COMMENT.sub(lambda hit: hit[1] or " ", text)
    return read_json(_LAST_COMMA.sub(lambda hit: hit[1] or hit[2], plain))


def read_toml(text: str) -> dict[str, Any]:
    """Raises ``Unreadable``."""
    _check_length(text)
    if hit := _DOTTED.search(text):
        raise Unreadable(f"a key has more than {MAX_PARTS} parts", text.count("\n", 0, hit.start()) + 1)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise Unreadable(DEEP) from error
    except ValueError as error:
        line = _LINE.search(str(error))
        raise Unreadable(str(error), int(line[1]) if line else None) from error


def check_yaml(text: str) -> None:
    """Parses without constructing: no tags are resolved and aliases are not expanded. Raises ``Unreadable``."""
    for _ in _yaml_events(text):
        pass


def read_yaml(text: str) -> Any:
    """The first document as maps, lists and texts: no tag is resolved, so that ``yes``, ``1.10`` and ``null`` are texts too,
    and an empty value is "". A merge key stays a key. None where there is no document. Raises ``Unreadable``."""
    whole = _OpenNode([])
    opened, anchors = [whole], dict[str, tuple[Any, int]]()
    for event in _yaml_events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append(_OpenNode([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor or ""))
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            node = opened.pop()
            value, size, anchor = node.value, node.size, node.anchor
        elif isinstance(event, yaml.ScalarEvent):
            value, size, anchor = event.value, 1, event.anchor or ""
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise Unreadable(f"*{event.anchor} stands for nothing", event.start_mark.line + 1)
            (value, size), anchor = anchors[event.anchor], ""
        elif isinstance(event, yaml.DocumentEndEvent):
            break
        else:
            continue
        if anchor:
            anchors[anchor] = (value, size)
        opened[-1].take(value, size)
    return whole.value[0] if whole.value else None


def read_python(text: str) -> ast.Module:
    """Raises ``Unreadable``."""
    _check_f_strings(text)
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(error.msg, error.lineno) from error
    except (ValueError, RecursionError, MemoryError) as error:  # MemoryError: CPython's parser says so of its own stack
        raise Unreadable(str(error) if isinstance(error, ValueError) else DEEP) from error


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")


def _check_f_strings(text: str) -> None:
    if len(text) <= MAX_F_STRING:
        return
    for token in _PYTHON_TOKEN.finditer(text):
        if token.end() - token.start() > MAX_F_STRING and "f" in (token[1] or "").lower():
            line = text.count("\n", 0, token.start()) + 1
            raise Unreadable(f"an f-string has more than {MAX_F_STRING:,} characters", line)


def _yaml_events(text: str) -> Iterator[yaml.Event]:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise Unreadable(DEEP, event.start_mark.line + 1 if event.start_mark else None)
            yield event
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Unreadable(error.problem or "it is not YAML", line) from error
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        raise Unreadable("it is not YAML") from error


@dataclass
class _OpenNode:
    """A list or map whose end was not met yet; ``size`` counts the values in it, those of aliases too."""

    value: Any
    anchor: str = ""
    size: int = 1
    _keys: list[Any] = field(default_factory=list)

    def take(self, value: Any, size: int) -> None:
        self.size += size
        if self.size > MAX_NODES:
            raise Unreadable(f"it stands for more than {MAX_NODES:,} values")
        if isinstance(self.value, list):
            self.value.append(value)
        elif not self._keys:
            self._keys.append(value)
        else:
            key = self._keys.pop()
            if not isinstance(key, str):
                raise Unreadable("a key is a list or a map")
            self.value[key] = value

"""The one place that reads JSON, TOML, YAML and Python source of models and repositories: read, or refused with a reason.

The parsers recurse, raise what they don't say they raise, or take the square of a text's length for a few shapes. Each is kept
here to what it does in linear time; what is beyond it is refused as nested too deeply or too long, which no honest file is.
"""

from __future__ import annotations

import ast
import configparser
import json
import tomllib
import warnings
from collections.abc import Iterator
from typing import Any

import yaml

from agent.patterns import linear

MAX_CHARACTERS = 8_000_000
"""Of JSON and TOML; lock files are long."""
MAX_DEPTH = 100
"""Of lists and maps in YAML, whose parser looks at all open ones for each token."""
MAX_ALIASED = 1_000
"""Characters of a YAML text that aliases may repeat."""
MAX_PARTS = 32
"""Of one dotted key in TOML: reading it takes the square of their number, and each key below it takes as long as it is."""
MAX_F_STRING = 20_000
"""Characters of one f-string in Python, of which CPython 3.11 counts the lines again for each expression in it."""
DEEP = "it is nested too deeply"

_LINE = linear(r"at line (\d{1,9})")
_COMMENT = linear(r'(?s)("(?:\\.|[^"\\])*(?:"|\\?\z))|//[^\n]*|/\*.*?(?:\*/|\z)')
"""Each alternative also ends where the text does: one that could begin and not end would be looked for again at each place."""
_TRAILING_COMMA = linear(r'(?s)("(?:\\.|[^"\\])*(?:"|\\?\z))|,(\s*[}\]])')
_DOTTED = linear(
    r"""(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')){%d}""" % MAX_PARTS  # noqa: UP031
)
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


def read_commented_json(text: str) -> Any:
    """JSON with comments and with commas before closing brackets, as TypeScript and many other tools read theirs.

    Raises ``Unreadable``, with the line of ``text``.
    """
    _check_length(text)
    # of both patterns the first group is a string, which stays
    plain = _COMMENT.sub(lambda hit: hit[1] or " " + "\n" * hit[0].count("\n"), text)
    return read_json(_TRAILING_COMMA.sub(lambda hit: hit[1] or hit[2] or "", plain))


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
    """The first document as maps, lists and texts: what a scalar may mean ("on", "1.0") is left to the reader, and null is "".

    An alias is the text that it names, up to ``MAX_ALIASED`` characters; one of a list or map is None, so that no text grows
    by being read. Entries with a key that is not a text are left out. Raises ``Unreadable``.
    """
    root: list[Any] = []
    open_ones: list[list[Any]] = [root]  # a map is kept as its keys and values in turn until it ends
    anchors: dict[str, str] = {}
    for event in _yaml_events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            open_ones.append([])
        elif isinstance(event, yaml.CollectionEndEvent):
            inside = open_ones.pop()
            is_map = isinstance(event, yaml.MappingEndEvent)
            pairs = zip(inside[::2], inside[1::2], strict=False)
            open_ones[-1].append({key: value for key, value in pairs if isinstance(key, str)} if is_map else inside)
        elif isinstance(event, yaml.ScalarEvent):
            plain_null = event.style is None and event.value in ("~", "null")
            open_ones[-1].append("" if plain_null else event.value)
            if event.anchor and len(event.value) <= MAX_ALIASED:
                anchors[event.anchor] = event.value
        elif isinstance(event, yaml.AliasEvent):
            open_ones[-1].append(anchors.get(event.anchor or ""))
        elif isinstance(event, yaml.DocumentEndEvent):
            break
    return root[0] if root else ""


def _yaml_events(text: str) -> Iterator[Any]:
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


def read_ini(text: str) -> dict[str, dict[str, str]]:
    """Section → key → value as setup.cfg and tox.ini have them: without interpolation, keys in lower case, the last of
    two wins. Raises ``Unreadable``."""
    _check_length(text)
    # a section of defaults would be copied into each other one, so that there is a name for it that nothing can have
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True, default_section="\n")
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError, ValueError) as error:  # AttributeError: a line that continues no value
        raise Unreadable(str(error)) from error
    return {name: {key: value or "" for key, value in parser[name].items()} for name in parser.sections()}


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

"""Reads XML of test runners, which tests could have written themselves: no document type, so no entities; bounded depth, one
pass over the text, and nothing is kept but what the caller takes."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from agent.documents import Unreadable
from agent.patterns import linear

MAX_DEPTH = 200
MAX_CHARACTERS = 16_000_000
"""As many as the sandbox brings back."""

_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF), "\ufffd")
_REFERENCES = linear(r"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")


def visit(
    text: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> None:
    """Calls ``start`` with each element's name and attributes, ``end`` with its name, and ``data`` with the text between.

    Characters that XML forbids, which runners write all the same, are read as U+FFFD. Raises ``Unreadable`` where the text
    stops being XML, has a document type or is nested too deeply; what stood before has been visited then.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise Unreadable("it is nested too deeply", parser.CurrentLineNumber)
        start(_local(name), attributes)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(_local(name))

    def refused(*_: object) -> None:
        raise Unreadable("it has a document type", parser.CurrentLineNumber)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = refused
    try:
        parser.Parse(_REFERENCES.sub("\ufffd", text).translate(_CONTROLS).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise Unreadable(expat.errors.messages.get(error.code, "it is not XML"), error.lineno) from error


def _local(name: str) -> str:
    """Without the prefix of a namespace."""
    return name.rpartition(":")[2]

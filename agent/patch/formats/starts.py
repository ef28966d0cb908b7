"""Where an edit of any format begins: what ends the one above it, whichever format that is in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.patch.formats import headings
from agent.patch.formats.fences import opener

OPEN = re.compile(
    r"(?:<{3,12} ?(?:(?i:SEARCH)|(?i:ORIGINAL))|-{5,9} ?(?:SEARCH|ORIGINAL)|-{5,9} ?search(?=[ \t]*$))\b[ \t]*>?[ \t]*(.*)"
)
CLOSE = re.compile(r"(?:(?:>{3,12}|\+{5,9}) ?(?i:REPLACE|UPDATED)\b.*|>{5,12}[ \t]*)")
ENVELOPE = re.compile(r"\*\*\* ?(?:Begin Patch|End Patch|(?:Add|Update|Delete) File: ?(?:.+))", re.IGNORECASE)
NUMBERS = re.compile(r"@@+[ \t]*-(\d{1,9})(?:,(\d{1,9}))?[ \t]+\+(\d{1,9})(?:,(\d{1,9}))?[ \t]*(?:@@+)?(.*)")
MANIFEST = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*|__)?FILE:[ \t]*\S.*")
_LOOK_AHEAD = 4
_FIRST = frozenset("<*d@-+I")
"""What the marks of `of_edit` and OPEN begin with."""


def of_diff(lines: Sequence[str], at: int) -> bool:
    """True when a diff's file or hunk header begins at this line."""
    line = lines[at]
    if line.startswith(("diff --git ", "@@ ", "@@\r")) or line.rstrip() == "@@" or NUMBERS.match(line):
        return True
    return of_names(lines, at) or line.startswith("Index: ")


def of_names(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
        return True
    return line.startswith("+++ ") and at + 1 < len(lines) and lines[at + 1].startswith("@@")


def of_old_name(lines: Sequence[str], at: int) -> bool:
    """``--- path`` directly above a hunk, without the other name."""
    return lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("@@")


def of_edit(lines: Sequence[str], at: int) -> bool:
    """True when an edit of any format but a whole file begins here."""
    line = lines[at].rstrip()
    return bool(OPEN.fullmatch(line)) or bool(ENVELOPE.fullmatch(line)) or of_diff(lines, at) or of_old_name(lines, at)


def ends_body(lines: Sequence[str], at: int) -> bool:
    """True when the line can't belong to the body of a hunk: it begins something, or names what begins below it."""
    line = lines[at]
    if not line or line[0] in " +\\":
        return line.startswith("+++ ") and (of_names(lines, at) or headings.is_telling(line[4:].strip()))
    rest = line.rstrip()
    if of_diff(lines, at) or OPEN.fullmatch(rest) or ENVELOPE.fullmatch(rest) or MANIFEST.fullmatch(rest):
        return True
    return line[0] != "-" and names_what_follows(lines, at)


def names_what_follows(lines: Sequence[str], at: int) -> bool:
    """True where the line names the file of the edit below it."""
    following = next_filled(lines, at + 1)
    if following is not None and not _may_begin(lines, following):
        again = next_filled(lines, following + 1)
        if again is None or not _may_begin(lines, again) or not headings.named(lines[following]):
            return False
        following = again  # named twice: in a list, and above the block
    if following is None:
        return False
    line = lines[at].strip()
    decorated = line[:1] in "#*`_" or line.startswith(("- `", "- **")) or line[:1].isdigit() or line.endswith(":")
    return bool(headings.named(line)) and (
        decorated or at == 0 or not lines[at - 1].strip() or bool(OPEN.fullmatch(lines[following].strip()))
    )


def _may_begin(lines: Sequence[str], at: int) -> bool:
    """True where an edit begins, indented or not. Asked for every line, so its first character is looked at before patterns."""
    text = lines[at].strip()
    return text[:1] in _FIRST and (of_edit(lines, at) or bool(OPEN.fullmatch(text)))


def next_filled(lines: Sequence[str], at: int) -> int | None:
    """The next line with text that is not a fence, among the next few."""
    near = range(at, min(at + _LOOK_AHEAD, len(lines)))
    return next((n for n in near if lines[n].strip() and opener(lines[n].strip()) is None), None)

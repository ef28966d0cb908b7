"""How the indentation of a hunk becomes that of the file: one rule for all of its lines, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

Shift = Callable[[str], str | None]
"""Maps a line's indentation in the hunk to that in the file; None if the rule does not apply to it."""

TAB_WIDTHS = (4, 2, 8, 3)
MAX_INDENT = 400
"""No line is moved deeper than this, so that one deep line of a file does not multiply an answer."""


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def rule(pairs: Sequence[tuple[str, str]]) -> Shift | None:
    """The rule that all ``pairs`` (hunk's line, file's line) follow; blank lines say nothing. None where there is none."""
    seen = sorted({(indent_of(written), indent_of(real)) for written, real in pairs if written.strip()})
    if len({written for written, _ in seen}) != len(seen):
        return None
    for shift in _candidates(seen):
        if all(shift(written) == real for written, real in seen):
            return shift
    return _scaled(seen)


def shifted(added: Sequence[str], pairs: Sequence[tuple[str, str]], shift: Shift) -> list[str] | None:
    """The added lines with the file's indentation; None where the rule doesn't reach, or where they seem to have it already
    because only the context was altered."""
    ours = {indent_of(written) for written, _ in pairs if written.strip()}
    theirs = {indent_of(real) for _, real in pairs if real.strip()}
    indents = {indent_of(line) for line in added if line.strip()}
    if ours and ours == theirs and all(shift(indent) == indent for indent in ours):
        return list(added)
    if indents & theirs and not indents & ours:
        return None
    result = []
    for line in added:
        indent = indent_of(line)
        to = shift(indent) if line.strip() else _of_blank(line, shift, ours | indents, theirs)
        if to is None or len(to) > max(MAX_INDENT, len(indent)):
            return None
        result.append(to + line[len(indent) :])
    return result


def _of_blank(line: str, shift: Shift, ours: Set[str], theirs: Set[str]) -> str | None:
    """What becomes of a line that is only spaces: it is moved where it is as deep as lines of the hunk, and stays where it is
    as deep as lines of the file; None where nothing tells."""
    to = shift(line)
    if not line or to == line:
        return line
    is_moved, stays = to is not None and line in ours, line in theirs
    return None if is_moved == stays else to if is_moved else line


def _candidates(seen: Sequence[tuple[str, str]]) -> list[Shift]:
    found: list[Shift] = [lambda indent: indent]
    if not seen:
        return found
    written, real = min(seen, key=lambda pair: (len(pair[0]), len(pair[1])))
    if real.endswith(written):
        more = real[: len(real) - len(written)]
        found.append(lambda indent: more + indent)
    if written.endswith(real):
        less = written[: len(written) - len(real)]
        found.append(lambda indent: indent[len(less) :] if indent.startswith(less) else None)
    for width in TAB_WIDTHS:
        found.append(lambda indent, width=width: _tabbed(indent, width))  # type: ignore[misc]
        found.append(lambda indent, width=width: indent.replace("\t", " " * width))  # type: ignore[misc]
    return found


def _tabbed(indent: str, width: int) -> str | None:
    spaces = indent.replace("\t", " " * width)
    return None if len(spaces) % width else "\t" * (len(spaces) // width)


def _scaled(seen: Sequence[tuple[str, str]]) -> Shift | None:
    """Steps of one width for steps of another, such as two spaces for four; only what was seen, or a multiple of it."""
    table = dict(seen)
    known = {ours: theirs for ours, theirs in seen if ours}
    if not known or any(not theirs for theirs in known.values()) or table.get("", ""):
        return None
    ours, theirs = min(known.items(), key=lambda pair: len(pair[0]))
    if any(
        len(a) * len(theirs) != len(b) * len(ours) or set(a) != set(ours) or set(b) != set(theirs) for a, b in known.items()
    ):
        return None

    def shift(indent: str) -> str | None:
        if set(indent) - set(ours):
            return None
        size = len(indent) * len(theirs)
        return None if size % len(ours) else theirs[0] * (size // len(ours))

    return shift if len(set(ours)) == len(set(theirs)) == 1 else None

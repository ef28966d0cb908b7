"""Writes correct diffs, in parts that the errors of models can be done to."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

BARE = "\\ No newline at end of file"


@dataclass(frozen=True)
class Part:
    """One hunk: the numbers of its header and its body lines with their prefixes."""

    start: int
    count: int
    new_start: int
    new_count: int
    body: list[str] = field(default_factory=list)
    heading: str = ""

    def header(self) -> str:
        return f"@@ -{self.start},{self.count} +{self.new_start},{self.new_count} @@{self.heading}"

    def text(self) -> str:
        return "\n".join([self.header(), *self.body])

    def with_body(self, body: Sequence[str]) -> Part:
        return replace(self, body=list(body))


def parts(before: str, after: str, context: int = 3) -> list[Part]:
    """The hunks from ``before`` to ``after`` with that many lines of context, as ``diff -U`` has them."""
    old, new = _lines(before), _lines(after)
    result = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context):
        (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
        body: list[str] = []
        for kind, i, j, k, n in group:
            if kind == "equal":
                body += _shown(" ", old[i:j])
            else:
                body += _shown("-", old[i:j]) + _shown("+", new[k:n])
        result.append(Part(a + (b > a), b - a, c + (d > c), d - c, body))
    return result


def _lines(text: str) -> list[str]:
    return text.replace("\n", "\n\0").split("\0")[: None if text and not text.endswith("\n") else -1]


def _shown(prefix: str, lines: Sequence[str]) -> list[str]:
    shown: list[str] = []
    for line in lines:
        shown += [prefix + line.removesuffix("\n")] + ([] if line.endswith("\n") else [BARE])
    return shown


def unified(path: str, hunks: Sequence[Part], old: str = "a/", new: str = "b/") -> str:
    """The whole diff of one file."""
    return "\n".join([f"--- {old}{path}", f"+++ {new}{path}", *(hunk.text() for hunk in hunks)]) + "\n"


def sides(part: Part) -> tuple[list[str], list[str]]:
    """Old and new lines of a hunk."""
    body = [line for line in part.body if line != BARE]
    return [line[1:] for line in body if line[0] != "+"], [line[1:] for line in body if line[0] != "-"]

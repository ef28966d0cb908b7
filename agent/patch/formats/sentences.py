"""Whether a line is a sentence or a line of a program, as far as the line itself tells."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_LOOKED_AT = 2_000
"""Characters of a line; a longer one is not code by its end."""

SPAN = re.compile(r"`[^`]{0,400}`|\"[^\"]{0,400}\"|“[^”]{0,400}”|(?<!\w)'[^']{0,400}'(?!\w)|https?://\S{1,400}")
"""What is quoted in a line, which tells nothing about the line itself."""

_CODE_END = re.compile(r"[;{}]|\)[;,:{]?|[\])}][\])};,]*")
_KEYWORD = re.compile(
    r"(?:def|class|func|fn|function|const|let|var|public|private|protected|static|async|export|struct|impl|interface|enum|"
    r"elif|except|switch|namespace|template|typedef|#include|#define|@\w+)\b.*[:{(;=)].*"
)
_STATEMENT = re.compile(
    r"(?:import [\w.*{} ,]+(?: from ['\"].*)?|from [\w.]+ import .+|return\b[^.!?]*|"
    r"#include\b.*|using [\w.:]+;|package [\w.]+;?|"
    r"(?:else|try|finally|do|begin)[:{]?|(?:if|for|while|with|elif|switch|catch)\b.*[:{]|end|pass|break;?|continue;?|raise\b.*\)|"
    r"[\w.\[\]\"'$@]+[ \t]*(?:[-+*/|&:]?=|=>|<-)[ \t]*\S.*|[\w.:>-]+\(.*\)[ \t]*[;:{]?|[\])}]+[;,]?|//.*|/\*.*|\*/|<\?.*|"
    r"</?[A-Za-z][\w-]*(?:[ \t][^>]*)?/?>.+|<[A-Za-z][\w-]*[ \t][^>]*>)"
)
_SENTENCE = re.compile(r"[^\W\d_a-z].*[.:!?]")
_WORD = re.compile(r"(?<![\w.-])[A-Za-z][A-Za-z']*(?![\w-])")
"""Not a part of a name: ``nothing_of_the_kind`` says nothing."""
_SAID = frozenset(
    "the you this that these those your was were following example instead which please let's i it it's there we our they "  # noqa: SIM905
    "are been being because so also now too with of a an is use used using means makes don't doesn't note".split()
)
"""Words of English sentences. ``with``, ``is`` and ``of`` are of programs too, which have no two of these in a line."""


def is_code(line: str) -> bool:
    """True for a line of a program, which no prose holds outside of a fence or of backquotes."""
    text = line.strip()
    if not text or len(text) > MAX_LOOKED_AT or _is_english(line):
        return False
    if "`" in text or '"' in text or "“" in text or "://" in text:
        plain = SPAN.sub("x", text)
        if _SENTENCE.fullmatch(plain) or text[0] == "`":
            return False
    else:
        plain = text
    return bool(_STATEMENT.fullmatch(plain) or _KEYWORD.fullmatch(plain) or (plain[-1] in ";{}" and plain[0] not in "-*#>|"))


def _is_english(line: str) -> bool:
    """True for a line at the margin with words that sentences have and programs have not, and no sign of an assignment."""
    plain = SPAN.sub("x", line)
    if line[:1] in " \t/#*" or "=" in plain or plain.rstrip()[-1:] == "{":
        return False
    return len(_WORD.findall(plain[:MAX_LOOKED_AT])) >= 2 and said(plain) >= (2 if set(plain) & set("{}<>;") else 1)


def said(line: str) -> int:
    """How many words of the line are those of English sentences."""
    return sum(word.lower() in _SAID for word in _WORD.findall(line[:MAX_LOOKED_AT]))


def opens_block(lines: Sequence[str], at: int) -> bool:
    """True for a line with a colon at its end and an indented one below it, as a target of make or a key has."""
    return lines[at].rstrip().endswith(":") and at + 1 < len(lines) and lines[at + 1][:1] in (" ", "\t")

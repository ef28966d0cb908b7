"""The lines of a commit message: a subject that is shortened at a word, a body that is wrapped."""

from __future__ import annotations

from collections.abc import Iterator

from agent.patterns import linear

WIDTH = 72
MAX_WORD = 100
"""A subject whose first word is longer is not one for people."""

_ITEM = linear(r"^( {0,6}(?:[-*+•]|\d{1,3}[.)]) +)(.*)$")
_FOOTER = linear(r"^[A-Z][A-Za-z-]{0,40}(?: CHANGE)?: ")
_LOOSE = frozenset((
    "a", "an", "and", "as", "at", "because", "by", "for", "from", "if", "in", "into", "of", "on", "or", "so", "than",
    "that", "the", "to", "when", "where", "which", "while", "with",
))  # fmt: skip
_MARKS = " ,;:-–—(/&+"
_OPENING = {")": "(", "]": "[", "}": "{"}


def shortened(text: str, most: int, fixed: int = 0) -> str:
    """The first words of ``text``, at most ``most`` characters: never a part of one, no open bracket or quotation, no word that
    hangs. The first ``fixed`` characters (a prefix such as `fix(api): `) say nothing alone. "" where nothing is left."""
    if len(text) <= most:
        return text
    kept, words = text[:fixed], text[fixed:].split(" ")
    for word in words:
        longer = f"{kept}{' ' if len(kept) > fixed else ''}{word}"
        if len(longer) > most:
            break
        kept = longer
    if len(kept) <= fixed:
        return f"{kept}{words[0]}" if len(words[0]) <= MAX_WORD else ""
    said = _tidy(kept[fixed:])
    return f"{text[:fixed]}{said}" if " " in said else ""


def _tidy(said: str) -> str:
    """Without what has no end: an open bracket or quotation, if words are left before it, and words that hang."""
    closed = _closed(said).rstrip(_MARKS)
    said = closed if " " in closed else said
    while _hangs(said) or said != said.rstrip(_MARKS):
        said = said.rpartition(" ")[0] if _hangs(said) else said.rstrip(_MARKS)
    return said


def _hangs(text: str) -> bool:
    return " " in text and text.rpartition(" ")[2].lower() in _LOOSE


def _closed(text: str) -> str:
    """``text`` up to the first bracket or backtick that has no end in it, unless that is where it begins."""
    for mark in '`"':
        if text.count(mark) % 2 and (at := text.rindex(mark)) > 0:
            text = text[:at]
    for closing, opening in _OPENING.items():
        if text.count(opening) > text.count(closing) and (at := text.rindex(opening)) > 0:
            text = text[:at]
    return text


def wrapped(text: str) -> str:
    """Paragraphs at ``WIDTH``, with their lists; what is indented or fenced stays as it is, and so do words that are longer."""
    lines = [line for paragraph in _paragraphs(text) for line in (*paragraph, "")]
    return "\n".join(lines).strip("\n")


def _paragraphs(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    fenced = False
    for line in [*(line.rstrip() for line in text.split("\n")), ""]:
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if line or fenced:
            block.append(line)
        elif block:
            yield _wrapped(block)
            block = []
    if block:
        yield block


def _wrapped(block: list[str]) -> list[str]:
    if all(len(line) <= WIDTH for line in block) or any(line.lstrip().startswith("```") for line in block):
        return block
    lines: list[str] = []
    first, hanging = "", ""  # of the item or the paragraph at hand
    words: list[str] = []
    for line in block:
        item = _ITEM.match(line)
        is_code = line.startswith("    ") and not (item or hanging)
        if item or is_code or _FOOTER.match(line):
            lines += _fill(first, hanging, words)
            first, hanging, words = "", "", []
        if is_code:
            lines.append(line)
        elif item:
            first, hanging, words = item[1], " " * len(item[1]), item[2].split()
        else:
            words += line.split()
    return [*lines, *_fill(first, hanging, words)]


def _fill(first: str, hanging: str, words: list[str]) -> Iterator[str]:
    line = first
    begun = False
    for word in words:
        if begun and len(line) + 1 + len(word) > WIDTH:
            yield line
            line, begun = hanging, False
        line = f"{line} {word}" if begun else f"{line}{word}"
        begun = True
    if begun:
        yield line

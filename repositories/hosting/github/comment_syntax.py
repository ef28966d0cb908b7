"""Reads a comment's Markdown: which of its lines is a command, and what is its author's own words. Marks and recognises our own
comments.

Markdown is read by a CommonMark parser, because only it knows what is code, a quotation or a comment that nobody sees. Format:
https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from ..commands import command_of
from ..comment_text import CommandText, CommentText
from ..mail_quotes import without_quoted_mail

OURS = "<!-- mgx:"
"""Part of every comment of ours, so that we ignore them."""
MAX_READ = 20_000
"""Characters of a comment that are read, as of a payload's."""

_COMMAND = "mgx_command"
_WHOLE_WORD = re.compile(r"/mgx(?!\S)")
_QUOTING_TAG = re.compile(
    r"<(/?)(pre|code|kbd|samp|tt|blockquote|q|template|script|style|textarea|noscript|iframe|svg|math)\b", re.I
)
"""Elements whose content is quoted, code or not shown."""


def marked(marker: str) -> str:
    """The hidden line that identifies a comment of ours."""
    return f"{OURS}{marker} -->"


def is_ours(body: str) -> bool:
    return OURS in body


def read_comment(text: str) -> CommentText:
    """What the author of a comment said. Commands in quotes, in code, in HTML that quotes or hides, and in quoted mail are
    ignored."""
    if is_ours(text):
        return CommentText(is_ours=True)
    whole = without_quoted_mail(text[:MAX_READ].replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    tokens = _PARSER.parse(whole)
    return CommentText(_prose(tokens), _command(whole.split("\n"), tokens), _suggests(tokens))


def _command(lines: list[str], tokens: list[Token]) -> CommandText | None:
    """The first command, with the lines that follow it as its words."""
    for start, child in _own_words(tokens):
        if child.type == _COMMAND:
            at = start + child.meta["line"]
            found = command_of(lines[at].strip())
            if found is not None:
                verb, words = found
                return CommandText("", words) if not verb else CommandText(verb, "\n".join([words, *lines[at + 1 :]]).strip())
    return None


def _prose(tokens: list[Token]) -> str:
    """As a reader sees it, code in backticks."""
    parts: list[str] = []
    for _, child in _own_words(tokens):
        match child.type:
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "code_inline":
                parts.append(f"`{child.content}`")
            case "text" | "image":
                parts.append(child.content)
            case kind if kind == _COMMAND:
                parts.append(child.content)
    return "".join(parts).strip()


def _suggests(tokens: list[Token]) -> bool:
    return any(token.type == "fence" and token.info.split()[:1] == ["suggestion"] for token in tokens)


def _own_words(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """The parts of all lines of text outside of quotations, also of those made with HTML around Markdown: each with the number
    of the line where its paragraph begins. A paragraph ends with a part that is a break."""
    quotes, tags = 0, 0
    for token in tokens:
        match token.type:
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "html_block":
                tags = _depth(token.content, tags)
            case "inline" if not quotes and token.map is not None:
                for child in token.children or ():
                    if child.type == "html_inline":
                        tags = _depth(child.content, tags)
                    elif not tags:
                        yield token.map[0], child
                yield token.map[0], Token("softbreak", "", 0)


def _depth(html: str, depth: int) -> int:
    if html.startswith("<!"):
        return depth
    for tag in _QUOTING_TAG.finditer(html):
        depth = max(0, depth - 1) if tag[1] else depth + 1
    return depth


def _command_rule(state: StateInline, silent: bool) -> bool:
    """A token of its own for `/mgx` at the start of a line. The parser asks for it only where text is: code and HTML are read
    as a whole before."""
    at = state.pos
    if silent or state.level or state.linkLevel or not state.src.startswith("/mgx", at):
        return False
    if state.src[state.src.rfind("\n", 0, at) + 1 : at].strip() or not _WHOLE_WORD.match(state.src, at):
        return False
    token = state.push(_COMMAND, "", 0)
    token.content = "/mgx"
    token.meta = {"line": state.src.count("\n", 0, at)}
    state.pos += len("/mgx")
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark")
    parser.inline.ruler.before("text", _COMMAND, _command_rule)
    return parser


_PARSER = _parser()

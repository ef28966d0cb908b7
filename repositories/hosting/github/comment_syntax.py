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
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)([^<>]*)(>?)", re.I)
_QUOTING = re.compile(
    r"pre|code|kbd|samp|tt|blockquote|q|template|script|style|textarea|noscript|iframe|svg|math|xmp|listing|plaintext|noembed"
    r"|noframes|details|dialog|rp"
)
"""Elements whose content is quoted, code, folded away or not shown."""
_STRUCK = frozenset(("del", "s", "strike", "cite", "var", "video", "audio", "object", "canvas"))
"""Elements whose content is struck out, another's, or for browsers without them. Without an end they may be a type in a
sentence: `Vec<S>`."""
_HIDES = re.compile(r"(?<![\w-])(?:hidden|aria-hidden|style)(?![\w-])", re.I)
"""Attributes by which an element may not be seen."""
_MARKUP = re.compile(r"<!--(?:[^-]|-(?!->))*(?:-->|\Z)|<(?:[!?]|/(?![a-z]))[\s\S]*|</?[a-z][^<>]*(?:>|\Z|(?=<))", re.I)
"""A tag or a comment; behind a declaration, or the end of what has no name, nothing is taken for text, as by a browser."""
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_SHOWN = frozenset(("table", "a", "button"))
"""Elements in which a command is shown, not given."""
_VOID = frozenset(("br", "hr", "img", "input", "wbr", "source", "col", "area", "link", "meta", "embed", "track"))
MAX_NESTED = 100
"""Elements in one another; what is in more is not obeyed."""
_MATH = "$$"
QUOTES = ('"', "'")


def marked(marker: str) -> str:
    """The hidden line that identifies a comment of ours."""
    return f"{OURS}{marker} -->"


def is_ours(body: str) -> bool:
    return OURS in body


def read_comment(text: str) -> CommentText:
    """What the author of a comment said. Commands in quotes, in code, in HTML that quotes or hides, and in quoted mail are
    ignored, and so are those that a reader of the page does not see as plain text."""
    if is_ours(text):
        return CommentText(is_ours=True)
    whole = without_quoted_mail(text[:MAX_READ].replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    tokens = _PARSER.parse(whole)
    return CommentText(_prose(tokens), _command(whole.split("\n"), tokens), _suggests(tokens))


def _command(lines: list[str], tokens: list[Token]) -> CommandText | None:
    """The first command, with the lines that follow it as its words. One in the cell of a table is shown, not given, but for a
    line without a bar, which only stands too near below."""
    cells = {token.map[0] for at, token in enumerate(tokens) if token.map and tokens[at - 1].type in ("td_open", "th_open")}
    for start, child in _own_words(tokens):
        if child.type == _COMMAND:
            at = start + child.meta["line"]
            found = command_of(lines[at].strip()) if start not in cells or "|" not in lines[at] else None
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
            case "text" | "image" | "formula":
                parts.append(child.content)
            case kind if kind == _COMMAND:
                parts.append(child.content)
    return "".join(parts).strip()


def _suggests(tokens: list[Token]) -> bool:
    return any(token.type == "fence" and token.info.split()[:1] == ["suggestion"] for token in tokens)


def _own_words(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """The parts of all lines of text outside of quotations, also of those made with HTML around Markdown, and of what nobody
    sees: each with the number of the line where its paragraph begins. A paragraph ends with a part that is a break."""
    quotes, struck, elements = 0, 0, _Elements(tokens)
    for token in tokens:
        match token.type:
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "html_block":
                shown = list(_lines_in_html(token.content, elements))
                if not quotes and token.map is not None and any(child.type != "softbreak" for child in shown):
                    yield from ((token.map[0], child) for child in shown)
            case "inline" if not quotes and token.map is not None:
                for child in token.children or ():
                    match child.type:
                        case "html_inline":
                            elements.read(child.content)
                        case "s_open":
                            struck += 1
                        case "s_close":
                            struck -= 1
                        case _ if not struck and not elements.hide:
                            yield token.map[0], child
                yield token.map[0], Token("softbreak", "", 0)


def _lines_in_html(html: str, elements: _Elements) -> Iterator[Token]:
    """The text in a block of HTML that a reader of the page sees as it is written, line by line. A tag alone on a line, such as
    `<br>`, begins such a block, which ends at a blank line, and nothing in it is Markdown."""
    at, line = 0, 0
    for mark in _MARKUP.finditer(html):
        yield from _text_lines(html[at : mark.start()], line, elements)
        line += html.count("\n", at, mark.end())
        elements.read(mark.group())
        at = mark.end()
    yield from _text_lines(html[at:], line, elements)
    yield Token("softbreak", "", 0)


def _text_lines(text: str, first: int, elements: _Elements) -> Iterator[Token]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield Token("softbreak", "", 0)
        if line.strip() and not elements.hide:
            is_command = number > 0 and not elements.shows and _WHOLE_WORD.match(line.strip()) is not None
            kind = _COMMAND if is_command else "text"
            yield Token(kind, "", 0, content="/mgx" if is_command else line, meta={"line": first + number})


class _Elements:
    """The HTML elements that are open where a text is read to."""

    def __init__(self, tokens: list[Token]) -> None:
        html = "".join(
            part.content
            for token in tokens
            for part in (token, *(token.children or ()))
            if part.type in ("html_block", "html_inline")
        )
        self._ended = {name.lower() for end, name, *_ in _TAG.findall(html) if end}
        self._open: list[tuple[str, bool]] = []
        self._torn = False

    @property
    def hide(self) -> bool:
        return self._torn or len(self._open) > MAX_NESTED or any(hides for _, hides in self._open)

    @property
    def shows(self) -> bool:
        return any(name in _SHOWN for name, _ in self._open)

    def read(self, html: str) -> None:
        if html.startswith("<!"):
            return
        for end, written, attributes, closed in _TAG.findall(_without_comments(html)):
            name = written.lower()
            if not closed or any(quote in _QUOTED.sub("", attributes) for quote in QUOTES):
                self._torn = True  # what follows is in an attribute
            elif end:
                self._close(name)
            elif name not in _VOID and not attributes.endswith("/"):
                hides = bool(_QUOTING.fullmatch(name) or _HIDES.search(attributes)) or (name in _STRUCK and name in self._ended)
                if hides or name in self._ended or name in _SHOWN:
                    self._open.append((name, hides))

    def _close(self, name: str) -> None:
        """With what was opened in it and has no end."""
        at = next((at for at in range(len(self._open) - 1, -1, -1) if self._open[at][0] == name), None)
        if at is not None:
            del self._open[at:]


def _without_comments(html: str) -> str:
    first, *others = html.split("<!--")
    return "".join((first, *(other.partition("-->")[2] for other in others)))


def _math_rule(state: StateInline, silent: bool) -> bool:
    """A token of its own for a formula: GitHub shows its characters as something else."""
    if silent or not state.src.startswith(_MATH, state.pos):
        return False
    end = state.src.find(_MATH, state.pos + len(_MATH))
    if end < 0:
        return False
    state.push("formula", "", 0).content = state.src[state.pos : end + len(_MATH)]
    state.pos = end + len(_MATH)
    return True


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
    parser = MarkdownIt("commonmark").enable(["strikethrough", "table"])
    parser.inline.ruler.before("text", _COMMAND, _command_rule)
    parser.inline.ruler.after("escape", "formula", _math_rule)
    return parser


_PARSER = _parser()

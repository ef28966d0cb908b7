"""A model's words in a commit message: without what makes a server, a bot or a person act that nobody has asked to.

Commit messages are commands to many programs. GitHub, GitLab and Bitbucket close the issues that one names after a verb
(docs.github.com: linking a pull request to an issue), tell the people whom it mentions, and leave out all checks where it says
`[skip ci]` or the like; Gerrit, release-please and the DCO check act on trailers; Jira on `#close`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from agent.patterns import linear

MAX_PASSES = 50

_ESCAPES = linear(r"\x1b\[[0-9;?]*[A-Za-z]")
_SKIP = linear(
    r"(?i)\[\s*(?:[\w.-]+[\s_-]+){0,2}skip(?:[\s_-]+[\w.-]+){0,2}\s*\]|\[\s*no[\s_-]+(?:ci|build|test|deploy)s?\s*\]"
    r"|\*+\s*no[\s_-]ci\s*\*+|\bskip[\s_-]?checks\s*:\s*true\b"
)
_PEOPLE = (
    r"(?:signed-off|co-?authored|co-developed|pair-programmed|reviewed|acked|tested|approved|reported|reported-and-tested"
    r"|suggested|requested|helped|authored|committed|mentored|merged|verified)-by"
)
_TRAILER = linear(
    rf"(?im)^[ \t>*-]*(?:{_PEOPLE}|cc|change-id|on-behalf-of|reviewed-on|release-as|mgx-run|git-svn-id|skip-checks)[ \t]*:.*$"
    r"|^[ \t>*-]*(?:[\w-]+-by|author|committer|from|to)[ \t]*:.*@.*$"
)
_NAMED_TRAILER = linear(rf"(?i)\b({_PEOPLE}|change-id|release-as|mgx-run)\s*:")
"""In the middle of a line, where another wrapping could make it a trailer."""
_MENTION = linear(r"(^|[^\w@])@+([A-Za-z0-9])")
_CLOSES = r"(?:close[sd]?|closing|fix(?:e[sd]|ing)?|resolve[sd]?|resolving|implement(?:s|ed|ing)?|refs?|references|see|part of)"
_REFERENCE = (
    r"(?:https?://[^\s/]+/[\w./-]{1,200}/(?:issues|pull|pulls|merge_requests|work_items)/\d{1,9}(?:#[\w-]*)?"
    r"|(?:[\w.-]{1,100}/[\w.-]{1,100})?#\d{1,9}|\b[Gg][Hh]-\d{1,9})"
)
_ONLY_CLOSES = linear(
    rf"(?im)^[ \t>*-]*\(?(?:{_CLOSES}\s*:?\s*(?:issues?\s+|bugs?\s+)?)?"
    rf"{_REFERENCE}(?:(?:\s*,|\s+and|\s*&)?\s*{_REFERENCE})*\)?[ \t.]*$"
)
_IN_BRACKETS = linear(rf"(?i)[ \t]*[(\[](?:{_CLOSES}\s*:?\s*)?{_REFERENCE}(?:[\s,]+{_REFERENCE})*[)\]]")
_ONE = linear(
    rf"(?i)((?:issues?|bugs?|tickets?|pull requests?|prs?|mrs?|merge requests?)[ \t]+)?({_REFERENCE}|[\w.-]{{1,100}}#\d{{1,9}})"
)
_OWN = linear(r"(?i)^(?:#|gh-)(\d+)$")
_SMART = linear(
    r"(?i)(^|\s)#(close[ds]?|done|resolved?|fix(?:ed)?|reopen|start|stop|time|comment|in-progress|in-review|transition)\b"
)
_TASK_NAMES = linear(r"(?i)(?:^|[^\w/])(?:#|gh-)(\d{1,9})\b")


def issues_in(text: str) -> frozenset[int]:
    """The issues that people name in ``text`` as #12 or GH-12, those of other repositories aside."""
    return frozenset(int(number) for number in _TASK_NAMES.findall(text))


def printable(text: str) -> str:
    """Without controls, escapes of terminals, and marks that hide or turn text; lines stay lines, a tab is four spaces."""
    text = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))
    return "".join(character for character in text if character.isprintable() or character == "\n")


def harmless(text: str, issues: Collection[int] = ()) -> str:
    """``text`` that pings nobody, closes none but ``issues``, speaks for nobody and skips no check. What was taken out may
    leave empty lines and spaces behind."""
    for _ in range(MAX_PASSES):  # what is left of one mark can be the next: `[skip [skip ci] ci]`
        before = text
        text = _SKIP.sub("", text)
        text = _TRAILER.sub("", text)
        text = _NAMED_TRAILER.sub(r"\1", text)
        text = _MENTION.sub(r"\1\2", text)
        text = _SMART.sub(r"\1\2", text)
        text = _without_references(text, issues)
        if text == before:
            return text
    return "".join(character for character in text if character not in "[]#@*")  # nested on purpose


def _without_references(text: str, issues: Collection[int]) -> str:
    def all_named(found: re.Match[str]) -> str:
        return found[0] if all(_is_named(one[2], issues) for one in _ONE.finditer(found[0])) else ""

    def plain(found: re.Match[str]) -> str:
        reference = found[2]
        if _is_named(reference, issues):
            return found[0]
        said = found[1] or "issue "
        owner, _, number = reference.partition("#")
        if not number or "://" in reference:  # GH-12, or an address
            number = owner.rpartition("/" if "/" in owner else "-")[2]
            return f"{said}{number}"
        if owner and "/" not in owner:
            return f"{found[1] or ''}{owner}# {number}"  # C#12 has nothing to do with issues, octocat#12 has
        return f"{said}{number} of {owner}" if owner else f"{said}{number}"

    return _ONE.sub(plain, _IN_BRACKETS.sub(all_named, _ONLY_CLOSES.sub(all_named, text)))


def _is_named(reference: str, issues: Collection[int]) -> bool:
    own = _OWN.match(reference)
    return own is not None and int(own[1]) in issues

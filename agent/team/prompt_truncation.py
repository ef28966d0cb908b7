"""Fits a prompt into a model's context window by leaving out the least important parts, and marks what was left out.

The same messages and limit always give the same result. Task, plan, what people said and the answer's form stay as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from agent.patterns import linear
from agent.ports import ChatMessage
from agent.prompt_blocks import block
from agent.token_estimates import estimate_tokens

KEPT_RESULTS = 2
"""The newest results of tools stay whole as long as anything else is left to cut."""
SHORT = 1_200
"""Characters that are left of a block that is cut."""
LEAST_FIRST = (
    "recent_history", "repository_map", "guide", "repository_files", "named", "outline", "file", "output",
    "tests", "change", "tool_result",
)  # fmt: skip
"""Blocks in the order in which they are cut; of one kind the longest first."""
NAMES = {
    "file": "parts of files", "outline": "parts of files", "guide": "pages for developers", "change": "a part of the change",
    "repository_files": "the list of files", "repository_map": "the map of definitions", "tool_result": "results of tools",
    "output": "output",
}  # fmt: skip

_BEGIN = linear(r"(?:Content of ([^\n]+):\n)?<(\w+) ([0-9a-f]{8})>\n")
_END = linear(r"\n</(\w+) ([0-9a-f]{8})>")
_ADVICE = {
    "file": "Only this part is shown: read on with your tools, and change the file by edits, never as a whole",
    "tool_result": "Call the tool again for the part you need",
}


@dataclass(frozen=True)
class Condensed:
    """``left_out`` says in words what was cut, ``files`` the paths that are no longer shown in full."""

    messages: Sequence[ChatMessage]
    left_out: Sequence[str] = ()
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Shown:
    """A block in a message, with the path that is named before it."""

    path: str
    name: str
    text: str
    start: int
    end: int


def tokens_of(messages: Sequence[ChatMessage]) -> int:
    """By the local estimate, which does not change within a run."""
    return estimate_tokens(message["content"] for message in messages)


def condense(messages: Sequence[ChatMessage], limit: int) -> Condensed:
    """As much is cut as must be for ``limit`` tokens; where even that is not enough, all that may be."""
    kept = list(messages)
    left_out: list[str] = []
    files: list[str] = []
    cuts: list[Callable[[list[ChatMessage], list[str]], str]] = [
        _old_result,
        *(partial(_longest, name) for name in LEAST_FIRST),
    ]
    for cut in cuts:
        while tokens_of(kept) > limit and (done := cut(kept, files)):
            left_out.append(done)
    return Condensed(kept, tuple(dict.fromkeys(left_out)), tuple(dict.fromkeys(files)))


def _blocks(content: str) -> Iterator[Shown]:
    """All ends are found first: of many beginnings without an end, none looks through the whole text for its own."""
    ends: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for hit in _END.finditer(content):
        ends[hit[1], hit[2]].append((hit.start(), hit.end()))
    after = 0
    for hit in _BEGIN.finditer(content):
        known = ends.get((hit[2], hit[3]), [])
        at = bisect_left(known, (hit.end(), 0))
        if hit.start() >= after and at < len(known):
            until, after = known[at]
            yield Shown(hit[1] or "", hit[2], content[hit.end() : until], hit.start(), after)


def _old_result(messages: list[ChatMessage], files: list[str]) -> str:
    """The oldest result of a tool that is long."""
    results = [at for at, message in enumerate(messages) if message["role"] == "tool"]
    for at in results[:-KEPT_RESULTS]:
        for hit in _blocks(messages[at]["content"]):
            if len(hit.text) > 2 * SHORT:
                _cut(messages, at, hit)
                return "older results of tools"
    return ""


def _longest(name: str, messages: list[ChatMessage], files: list[str]) -> str:
    found = [
        (len(hit.text), -at, -hit.start, hit)
        for at, message in enumerate(messages)
        for hit in _blocks(message["content"])
        if hit.name == name and len(hit.text) > 2 * SHORT
    ]
    if not found:
        return ""
    _, at, _, hit = max(found, key=lambda entry: entry[:3])
    if hit.path:
        files.append(hit.path)
    _cut(messages, -at, hit)
    return NAMES.get(name, name.replace("_", " "))


def _cut(messages: list[ChatMessage], at: int, hit: Shown) -> None:
    message, text = messages[at], hit.text
    start = text[:SHORT].rsplit("\n", 1)[0]
    left = text.count("\n") - start.count("\n")
    advice = _ADVICE.get(hit.name, "Look it up with your tools if you need it")
    short = f"{start}\n[{left} more lines are left out because the prompt was too long. {advice}.]"
    shown = f"Content of {hit.path}:\n" if hit.path else ""
    content = message["content"][: hit.start] + shown + block(hit.name, short) + message["content"][hit.end :]
    messages[at] = {**message, "content": content}

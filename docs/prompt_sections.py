"""What each role is shown, request by request: the generated part of PROMPTS.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import takewhile

from scripted_session import requests
from tables import table

from agent.ports import ModelRequest
from agent.token_estimates import estimate_tokens

SHOWN = {
    "plan/1/draft": "Leader: first request",
    "plan/1/draft/t1": "Leader: with the results of its calls",
    "execute/write/0": "Engineer: first request",
    "execute/write/0/t2": "Engineer: with the results of its edit and its command",
    "execute/write_test": "Tester: first request",
    "execute/review/1": "Reviewer: first request",
    "execute/write/2": "Engineer: first request of a revision",
}
"""Key of a request → its heading. The others differ by one more answer and its results."""
BLOCK = re.compile(
    r"(?:^|(?<=\n))(?P<title>[^\n]*\n)?<(?P<name>\w+) (?P<mark>[0-9a-f]{8})>\n.*?\n</(?P=name) (?P=mark)>", re.DOTALL
)
TOLD_BY = {"system": "rules", "assistant": "answer", "user": "instruction"}


@dataclass(frozen=True)
class Part:
    """A section of a request. ``text`` is as the model gets it."""

    role: str
    name: str
    text: str


@cache
def prompts() -> str:
    sent: list[list[Part]] = []
    pages = []
    for request in requests():
        parts = list(_parts(request))
        if request.key in SHOWN:
            pages.append(_page(SHOWN[request.key], parts, max((_same(parts, before) for before in sent), default=0)))
        sent.append(parts)
    return "\n".join(pages)


def _same(parts: Sequence[Part], before: Sequence[Part]) -> int:
    """How many of the first parts are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(parts, before, strict=False)))


def _page(title: str, parts: Sequence[Part], known: int) -> str:
    """A table of the sections, and the text of all but the first ``known``."""
    sizes = [len(part.text) for part in parts]
    rows = [(part.role, part.name, f"{size:,}", f"{_tokens(part):,}", "yes" if at < known else "")
            for at, (part, size) in enumerate(zip(parts, sizes, strict=True))]  # fmt: skip
    rows.append(
        ("", "**together**", f"{sum(sizes):,}", f"{sum(map(_tokens, parts)):,}", f"{sum(sizes[:known]) / sum(sizes):.0%}")
    )
    text = "\n\n".join(f"===== {part.role}: {part.name}\n{part.text.strip()}" for part in parts[known:])
    head = ("Message", "Section", "Characters", "Tokens, about", "Sent before")
    new = "The text" if not known else "What is new"
    return (
        f"### {title}\n\n{table(head, rows)}\n<details>\n<summary>{new}</summary>\n\n`````text\n{text}\n`````\n\n</details>\n"
    )


def _parts(request: ModelRequest) -> Iterator[Part]:
    if request.tools:
        text = "\n".join(json.dumps(asdict(tool), ensure_ascii=False) for tool in request.tools)
        yield Part("tools", "names, descriptions, arguments", text)
    for message in request.messages:
        role, content = message["role"], message["content"]
        if calls := message.get("tool_calls"):
            yield Part(role, "calls", json.dumps(calls, ensure_ascii=False))
        at = 0
        for hit in BLOCK.finditer(content):
            yield from _told(role, content[at : hit.start()])
            of = re.search(r"(?:of|in) (\S+)(?::|, which)", hit["title"] or "")
            yield Part(role, f"`{hit['name']}`" + (f" {of[1].rstrip(':,')}" if of and "." in of[1] else ""), hit[0])
            at = hit.end()
        yield from _told(role, content[at:])


def _told(role: str, text: str) -> Iterator[Part]:
    if text.strip():
        yield Part(role, TOLD_BY.get(role, "words"), text)


def _tokens(part: Part) -> int:
    return estimate_tokens([part.text])

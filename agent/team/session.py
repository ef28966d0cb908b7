"""A session: one growing conversation with the model, of which every request is a longer beginning.

What changes least comes first (rules, repository, task), the instruction to a role last, so that a provider's cache of prompts
holds from call to call, and from the plan to the work and the review.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from agent.patch.engine import digest
from agent.ports import ChatMessage, JSONObject
from agent.prompt_blocks import block
from agent.team.prompts import render

OUTDATED = "(What was shown here has changed since. Look again if you need it.)"


class Session:
    """``opening`` is what the first message begins with; ``common`` are its first characters that hold for a fresh eye too,
    without the places that the task may be about (None: all). ``shown`` maps the paths that were shown in full to the SHA-256
    of what was shown, ``sources`` the id of a tool call to {path: SHA-256} of the files in its result."""

    def __init__(self, opening: str, messages: Sequence[ChatMessage] = (), *, common: int | None = None) -> None:
        self.opening = opening
        self.common = len(opening) if common is None else common
        self.messages: list[ChatMessage] = list(messages)
        self.shown: dict[str, str] = {}
        self.sources: dict[str, dict[str, str]] = {}
        self._results: set[str] = set()
        self._was_cut = False
        self._told: Counter[str] = Counter()

    def say(self, text: str) -> None:
        """An instruction, or what became of the last answer. Two messages of the user on end are one: some endpoints refuse
        more."""
        if not self.messages:
            self.messages.append({"role": "system", "content": render("system")})
            text = f"{self.opening}\n\n{text}"
        last = self.messages[-1]
        if last["role"] == "user":
            self.messages[-1] = {"role": "user", "content": f"{last['content']}\n\n{text}"}
        else:
            self.messages.append({"role": "user", "content": text})

    def answer(self, message: ChatMessage) -> None:
        """What the model said, and the results of its calls."""
        self.messages.append(message)

    def shorten_answer(self, characters: int) -> None:
        """Of an answer that could not be used, no more than this is shown to the model again."""
        last = self.messages[-1]
        self.messages[-1] = {**last, "content": last["content"][:characters] or "(empty)"}

    def show(self, path: str, text: str) -> None:
        """The session shows this file in full, or has written it."""
        self.shown[path] = digest(text.encode())

    def forget(self, paths: Iterable[str]) -> list[str]:
        """What it knows of these is not true any more; returns those that it knew."""
        known = [path for path in dict.fromkeys(paths) if path in self.shown]
        for path in known:
            del self.shown[path]
        return known

    def steer(self, said: Sequence[str]) -> None:
        """Adds what people ``said`` to the run so far, as far as this session does not know it."""
        new = []
        known = self._told.copy()
        for text in said:
            if known[text] > 0:
                known[text] -= 1
            else:
                new.append(text)
        if new:
            self.say(render("steering", said=block("steer", "\n\n".join(new))))
            self._told.update(new)

    def remember(self, call: str, texts: Mapping[str, str]) -> None:
        """The tool ``call`` has shown these files in full."""
        marks = {path: digest(text.encode()) for path, text in texts.items()}
        self.shown |= marks
        if marks:
            self.sources[call] = marks

    def is_known(self, result: str) -> bool:
        """Whether a tool has given exactly this ``result`` in this session before, where it still stands in every request."""
        mark = digest(result.encode())
        known = mark in self._results
        self._results.add(mark)
        return known

    def forget_results(self) -> None:
        """A request was cut to fit the model's window: what was shown may be asked for again."""
        self._results.clear()
        self._was_cut = True

    def shows(self, texts: Mapping[str, str]) -> bool:
        """Whether all of these files stand in full in every request, as they are."""
        same = all(self.shown.get(path) == digest(text.encode()) for path, text in texts.items())
        return bool(texts) and same and not self._was_cut

    def fork(self) -> Session:
        """Another session with the same past."""
        copy = Session(self.opening, self.messages, common=self.common)
        copy.shown, copy.sources = dict(self.shown), dict(self.sources)
        copy._results, copy._told = set(self._results), self._told.copy()
        return copy

    def to_json(self) -> JSONObject:
        known: JSONObject = {"opening": self.opening, "common": self.common, "messages": self.messages}
        return {**known, "shown": self.shown, "sources": self.sources}

    @classmethod
    def from_json(cls, data: JSONObject) -> Session:
        session = cls(data["opening"], data["messages"], common=data.get("common"))
        session.shown, session.sources = dict(data["shown"]), dict(data["sources"])
        return session

    def drop_outdated(self, digest_of: Callable[[str], str | None]) -> None:
        """Takes out the results of tools that showed a file which is another one by now, by the SHA-256 that ``digest_of``
        gives for a path (None: it is gone)."""
        now = {path: digest_of(path) for path in {*self.shown, *(path for found in self.sources.values() for path in found)}}
        self.shown = {path: mark for path, mark in self.shown.items() if now[path] == mark}
        old = {call for call, found in self.sources.items() if any(now[path] != mark for path, mark in found.items())}
        for at, message in enumerate(self.messages):
            if message.get("tool_call_id") in old:
                self.messages[at] = {**message, "content": OUTDATED}
        for call in old:
            del self.sources[call]

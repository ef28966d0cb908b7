"""Detects loops. A run may take long and try often; only exact repetition stops it.

What a replay finds recorded is counted but never stops the run: a person has resumed it since, so counting starts again there.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Literal

from agent.errors import Paused
from agent.patterns import linear
from agent.ports import Journal, JSONObject, StepEvent, StepKind

REPEATS = 4
"""So many times the same pause the run."""
HINT = "Say what should be different (steer) and resume the run, or start one with a more specific task or another model."
_MOVING = linear(r"0x[0-9a-f]+|\b\d+(?:[.:]\d+)*\s?(?:ms|s|sec|seconds|m|min)?\b")
"""Times, addresses and numbers in a command's output, which differ from run to run."""

JUDGES = frozenset(("tester", "reviewer"))
"""What they say is about the files as they are: of others the same may be said."""

Kind = Literal["answer", "opinion", "call", "edit", "command"]


class WatchedJournal:
    """The journal, and how many of its steps really acted: in between the run is a replay."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.acted = 0

    async def step(
        self,
        key: str,
        kind: StepKind,
        inputs: JSONObject,
        act: Callable[[], Awaitable[JSONObject]],
        *,
        announce: Callable[[JSONObject], StepEvent | None] | None = None,
        mutates: bool = False,
        writes: Callable[[JSONObject], Collection[str]] | None = None,
    ) -> JSONObject:
        async def counted() -> JSONObject:
            self.acted += 1
            return await act()

        return await self._journal.step(key, kind, inputs, counted, announce=announce, mutates=mutates, writes=writes)


class Loops:
    """Those of one phase. Each method raises ``Paused('loop')`` at the fourth of the same, but for one that says otherwise."""

    def __init__(self, journal: WatchedJournal | None = None) -> None:
        self._journal = journal
        self._acted = 0
        self._counts: Counter[tuple[Kind, str]] = Counter()

    def record_answer(self, who: str, text: str) -> None:
        """``who`` is a role, or the part of the plan that one writes beside others."""
        kind: Kind = "opinion" if who in JUDGES else "answer"
        self._count(kind, f"{who}\0{text}", f"The {who} has given the same answer {REPEATS} times.")

    def record_call(self, where: str, tool: str, arguments: JSONObject, result: str) -> int:
        """Returns how often it has now had the same result in the conversation ``where``: another one can't know of it."""
        what = json.dumps([where, tool, arguments], sort_keys=True)
        return self._count("call", f"{what}\0{result}", f"The same call of {tool} has had the same result {REPEATS} times.")

    def record_refusal(self, findings: Sequence[JSONObject]) -> None:
        """An edit that does not apply, by what is wrong with each part of it."""
        said = "; ".join(str(finding.get("message", "")) for finding in findings)
        self._count(
            "edit", json.dumps(list(findings), sort_keys=True), f"The same edit has failed {REPEATS} times: {said[:300]}"
        )

    def record_test_run(self, argv: Sequence[str], exit_code: int, output: str) -> None:
        """Tests whose failure is laid to the change. Those that pass may pass as often as they are run."""
        what = " ".join(argv) or "The tests"
        if exit_code:
            same = f"{what}\0{exit_code}\0{_MOVING.sub('#', output)}"
            self._count("command", same, f"{what}: failed in the same way {REPEATS} times.")

    def record_nothing_done(self, who: str) -> None:
        """``who`` has used up the calls of a conversation and changed no file. Raises at once, for that took long enough."""
        if self._is_live():
            raise Paused("loop", f"The {who} has used up its tool calls and has not changed a file.", hint=HINT)

    def record_change(self) -> None:
        """Files were really changed."""
        for key in [key for key in self._counts if key[0] == "opinion"]:
            del self._counts[key]

    def reset(self) -> None:
        """People said something: from here on the same may come again."""
        self._counts.clear()

    def _count(self, kind: Kind, what: str, reason: str) -> int:
        key = (kind, hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest())
        self._counts[key] += 1
        count = self._counts[key]
        if count >= REPEATS:
            del self._counts[key]
            if self._is_live():
                raise Paused("loop", reason, hint=HINT)
        self._is_live()
        return count

    def _is_live(self) -> bool:
        """Whether a step acted since this was asked last; without a journal everything is live."""
        if self._journal is None:
            return True
        before, self._acted = self._acted, self._journal.acted
        return self._acted != before

"""The ports of a run that lives in this process: for ``python -m agent`` and for tests. Nothing here outlives it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from agent.errors import Cancelled, Paused
from agent.file_snapshot import FileSnapshot
from agent.ports import CallEstimate, EventSink, JSONObject, ModelCompletion, StepEvent, StepKind

EXCLUDED_DIRS = frozenset((".git", ".mgx"))
KINDS_THAT_LEAVE_FILES = ("command", "format")


@dataclass(frozen=True)
class Step:
    """A recorded step. ``tree`` holds the workdir after a mutating one, path → content, where trees are kept."""

    kind: StepKind
    digest: str
    result: JSONObject
    tree: Mapping[str, bytes] | None = None


class MemoryJournal:
    """Steps in memory, in order. With ``keep_trees`` it can replay mutating steps into ``root``, which costs a copy of it."""

    def __init__(
        self, events: EventSink, root: Path, steps: Mapping[str, Step] | None = None, *, keep_trees: bool = False
    ) -> None:
        self._events = events
        self._root = root
        self._keep_trees = keep_trees
        self.steps: dict[str, Step] = dict(steps or {})
        self._before: FileSnapshot | None = None

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
        """The result of ``act``, or the recorded one. What a command changes beside the paths that it ``writes`` is undone, as
        on the server; of other steps the tree holds every file. Raises ``Paused('loop')`` if it was recorded with other inputs.
        """
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        known = self.steps.get(key)
        if known is not None:
            if known.digest != digest:
                raise Paused("loop", f"Step {key} was recorded with other inputs.", hint="Start a new run.")
            if known.tree is not None:
                write_tree(self._root, known.tree)
            return known.result
        before = None
        if writes is not None and kind in KINDS_THAT_LEAVE_FILES:
            before = self._before = FileSnapshot(self._root, self._before)
        # through JSON and back, so that a first run sees exactly what a replay will see
        result: JSONObject = json.loads(json.dumps(await act()))
        if before is not None and writes is not None:
            before.restore(writes(result))
        self.steps[key] = Step(kind, digest, result, read_tree(self._root) if mutates and self._keep_trees else None)
        announcement = announce(result) if announce else None
        if announcement is not None:
            await self._events.emit(announcement.type, announcement.data, announcement.message)
        return result


def read_tree(root: Path) -> dict[str, bytes]:
    """Every regular file under ``root``, without git's and our own."""
    paths = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    names = {path.relative_to(root): path for path in paths}
    return {name.as_posix(): path.read_bytes() for name, path in names.items() if name.parts[0] not in EXCLUDED_DIRS}


def write_tree(root: Path, tree: Mapping[str, bytes]) -> None:
    """Makes ``root`` hold exactly ``tree``, git's and our own files aside."""
    for name in read_tree(root).keys() - tree.keys():
        (root / name).unlink()
    for name, content in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


class TextSink:
    """One line per event for people. Model output is not shown."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None:
        percent = f"{data['percent']:3}%" if type == "progress" else "    "
        print(f"{percent} {type:<18} {_plain(message)}", file=self._stream, flush=True)

    def text(self, role: str, text: str) -> None:
        """Whoever wants to read along uses the server."""


def _plain(text: str) -> str:
    """One line without control characters: model output must not drive a terminal."""
    line = " ".join(text.split())
    return "".join(character for character in line if character.isprintable())[: shutil.get_terminal_size().columns * 2]


@dataclass
class LocalBudget:
    """A cap on tokens for one process (None: no cap), and what was spent."""

    max_tokens: int | None = None
    tokens: int = 0
    cost_usd: Decimal | None = Decimal()
    """None as soon as one call had no known price."""
    calls: int = 0
    _held: dict[str, tuple[int, CallEstimate]] = field(default_factory=dict)
    """Tokens that are held for a call, and its estimate."""

    async def reserve(self, key: str, estimate: CallEstimate) -> int:
        """Raises ``Paused('budget')`` if the call may pass the cap."""
        self._require_room(estimate.tokens)
        self._held[key] = estimate.tokens, estimate
        return estimate.tokens_out

    async def enlarge(self, key: str, tokens_out: int, prompts: int) -> None:
        """Raises ``Paused('budget')`` if a prompt that is sent again may pass the cap. The whole answer is held already."""
        held, estimate = self._held[key]
        wanted = estimate.with_prompts(prompts).tokens
        self._require_room(wanted - held)
        self._held[key] = wanted, estimate

    async def settle(self, key: str, completion: ModelCompletion) -> None:
        self._held.pop(key, None)
        if completion.cached:
            return
        self.tokens += completion.tokens_in + completion.tokens_out
        before, cost = self.cost_usd, completion.cost_usd
        self.cost_usd = None if before is None or cost is None else before + cost
        self.calls += 1

    def _require_room(self, tokens: int) -> None:
        wanted = self.tokens + sum(held for held, _ in self._held.values()) + tokens
        if self.max_tokens is not None and wanted > self.max_tokens:
            raise Paused("budget", f"The next call may pass the cap of {self.max_tokens} tokens.", hint="Raise --max-tokens.")


class CancelFlag:
    """A cancel token that a signal handler or a test turns."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def check(self) -> None:
        """Raises ``Cancelled`` after `cancel`."""
        if self.cancelled:
            raise Cancelled("The run was cancelled.")

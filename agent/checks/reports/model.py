"""What a test run is read as: how it is asked to report, what was counted, and the report that people and the team see."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_NAMES = 1_000
"""Of failing tests in one report; a run with more is compared by its numbers."""
MAX_NAME = 300
"""Characters of one name; a longer one keeps its end, where runners put what tells one test from the next."""
MAX_BROKEN = 50
MAX_ERROR = 500

_NUMBER, _OF_NAME = " (no. ", " of this name)"
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})

Status = Literal["passed", "failed", "unavailable"]
Source = Literal["report", "output", ""]


@dataclass(frozen=True)
class Reporting:
    """How a command is run so that it leaves a report: ``argv`` in the place of the project's own, ``environment`` beside the
    sandbox's, and ``globs`` of the files to bring back (``/reports/...``, or below the part's directory)."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    globs: tuple[str, ...] = ()

    @property
    def added(self) -> bool:
        """Whether anything was added that a runner could refuse."""
        return bool(self.globs)


@dataclass(frozen=True)
class CollectionError:
    """A module that its runner could not load: ``path`` as the runner has it, and the line that says why."""

    path: str
    error: str

    @property
    def line(self) -> str:
        return f"{self.path}: {self.error}" if self.error else self.path


@dataclass
class Tally:
    """What one runner counted. ``errors`` are those of ``failed`` that failed outside of a test: in set-up, in tear-down, or
    because their module could not be loaded (``broken``). ``subtests`` passed inside of tests that are counted themselves."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    errors: int = 0
    subtests: int = 0
    failing: list[str] = field(default_factory=list)
    broken: list[CollectionError] = field(default_factory=list)
    source: Source = "output"
    complete: bool = True
    """False where the report ends before its end."""

    @property
    def counted(self) -> bool:
        return self.passed + self.failed + self.skipped > 0

    @property
    def only_broken(self) -> bool:
        """Whether modules could not be loaded, and nothing ran beside them."""
        return bool(self.broken) and self.passed == 0 and self.failed <= len(self.broken)

    def add(self, other: Tally) -> None:
        """Counts another runner of the same command, or a second run of it."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.errors += other.errors
        self.subtests += other.subtests
        self.failing += other.failing
        self.broken += other.broken
        self.complete = self.complete and other.complete
        if other.source == "output":
            self.source = "output"


@dataclass(frozen=True)
class SuiteReport:
    """How a suite went. ``counted`` says whether the runner counted anything at all; without it the numbers are 0. ``reason``
    is a sentence wherever a bare status would not tell enough. ``source`` is where the names come from: they can be compared
    only with names of the same source. ``output`` is the end of what was printed."""

    status: Status
    tally: Tally
    reason: str = ""
    output: str = ""
    command: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The fields of ``tests_finished`` that a run itself gives."""
        tally = self.tally
        return {
            "status": self.status,
            "passed": tally.passed,
            "failed": tally.failed,
            "skipped": tally.skipped,
            "failing": bounded(tally.failing),
            "seconds": self.seconds,
            "output_tail": self.output,
            "reason": self.reason,
            "command": self.command,
            "counted": tally.counted,
            "errors": tally.errors,
            "collection_errors": [
                {"path": short(broken.path), "error": broken.error[:MAX_ERROR]} for broken in tally.broken[:MAX_BROKEN]
            ],
            "flaky": [],
            "source": tally.source if tally.counted else "",
        }


class Repeated:
    """Names of the tests of one report, where several may have the same: the second is ``name (no. 2 of this name)``, so that
    one that newly fails has not the name of one that failed before. Each test is asked for, whatever became of it, in an order
    that is the same in each run."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def name(self, name: str) -> str:
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}{_NUMBER}{self._seen[name]}{_OF_NAME}"


def without_number(name: str) -> str:
    """The name that the project gives the test: for runners, which know no other."""
    plain, _, rest = name.rpartition(_NUMBER)
    return plain if rest.removesuffix(_OF_NAME).isdecimal() and rest.endswith(_OF_NAME) else name


def bounded(names: Iterable[str]) -> list[str]:
    """Each once, in order, shortened, at most ``MAX_NAMES``."""
    return list(dict.fromkeys(short(name) for name in names))[:MAX_NAMES]


def short(name: str) -> str:
    """At most ``MAX_NAME`` characters on one line: the beginning, which is the file, and the end. What is left out stands as a
    digest, and line ends as their escapes: names that differ must do so here as well."""
    line = name.translate(_BREAKS)
    if len(line) <= MAX_NAME:
        return line
    middle = f"…{hashlib.sha256(line.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}…"
    return f"{line[: MAX_NAME // 2]}{middle}{line[len(line) - MAX_NAME // 2 + len(middle) :]}"


def first_line(text: str) -> str:
    """The first line with something on it, shortened to ``MAX_ERROR`` characters."""
    for line in text[: 10 * MAX_ERROR].splitlines():
        if line.strip():
            return line.strip()[:MAX_ERROR]
    return ""


def joined(parts: Sequence[str]) -> str:
    """A test's name from its file, suites and title."""
    return " > ".join(part for part in parts if part)

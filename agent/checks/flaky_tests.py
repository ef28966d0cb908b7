"""Which of the newly failing tests fail by chance: each is run again alone, and if it still fails, once on the code before the
change, before the change is blamed for it."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks.commands import Commands
from agent.checks.reports import can_be_named, distinct, rerun
from agent.checks.suites import run_suite
from agent.ports import JSONObject
from agent.projects import ProjectPart

MAX_TESTS = 50
"""With more newly failing tests than these it is not chance, and running them again would take as long as the suite."""
TIMES = 2
"""A test that fails one time in two still fails three times in a row in one of eight cases, and then the base decides."""
MAX_SECONDS = 120.0
"""Of one of these runs."""


async def by_chance(part: ProjectPart, failing: Sequence[str], commands: Commands, base: Commands | None) -> list[str]:
    """The names among ``failing``, as the part's runner has them, that do not fail again, or that fail on the ``base`` as well.

    Empty where the runner can't run single tests; a name that can't be given to it (cut, or read as an option) keeps its
    failure. Raises ``SandboxFailed``.
    """
    if len(failing) > MAX_TESTS:
        return []
    named = [name for name in failing if can_be_named(part.runner, name)]
    left = list(named)
    for where in [*[commands] * TIMES, *([base] if base is not None else [])]:
        argv = rerun(part.runner, part.test, left) if left else None
        if argv is None:
            break
        again = await run_suite(part, where, timeout=MAX_SECONDS, argv=argv)
        left = _still(left, again) if where is not base else [name for name in left if name not in again["failing"]]
    return [name for name in named if name not in left]


def tells(part: ProjectPart, failing: Sequence[str]) -> bool:
    """Whether the tests ``failing`` can all be run again alone, so that ``by_chance`` says of each why it fails."""
    named = all(can_be_named(part.runner, name) for name in failing)
    return named and 0 < len(failing) <= MAX_TESTS and rerun(part.runner, part.test, list(failing)) is not None


def _still(names: Sequence[str], again: JSONObject) -> list[str]:
    """Those that failed again; all of them where the second run says nothing about single tests, or ran fewer than it was asked
    for: it was stopped, or did not find them, and what did not run did not pass."""
    if again["status"] == "unavailable" or again["passed"] + again["failed"] < distinct(names):
        return list(names)
    if again["status"] == "passed":
        return []
    return [name for name in names if name in again["failing"]] if again["failing"] else list(names)

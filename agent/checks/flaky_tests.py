"""Which of the newly failing tests fail by chance: each is run again alone, and if it still fails, once on the code before the
change, before the change is blamed for it."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks.commands import Commands
from agent.checks.reports import rerun
from agent.checks.suites import run_suite
from agent.ports import JSONObject
from agent.projects import ProjectPart

MAX_TESTS = 50
"""With more newly failing tests than these it is not chance, and running them again would take as long as the suite."""
TIMES = 2
"""A test that fails one time in two still fails three times in a row in one of eight cases, and then the base decides."""
MAX_SECONDS = 120.0


async def by_chance(part: ProjectPart, failing: Sequence[str], commands: Commands, base: Commands | None) -> list[str]:
    """The names among ``failing``, as the part's runner has them, that do not fail again, or that fail on the ``base`` as well.

    None where the runner can't run single tests. Raises ``SandboxFailed``.
    """
    left = list(failing)
    if len(left) > MAX_TESTS:
        return []
    for where in [*[commands] * TIMES, *([base] if base is not None else [])]:
        argv = rerun(part.runner, part.test, left)
        if argv is None:
            return []
        again = await run_suite(part, where, timeout=MAX_SECONDS, argv=argv)
        left = _still(left, again) if where is not base else [name for name in left if name not in again["failing"]]
        if not left:
            break
    return [name for name in failing if name not in left]


def _still(names: Sequence[str], again: JSONObject) -> list[str]:
    """Those that failed again; all of them where the second run says nothing about single tests."""
    if again["status"] == "passed":
        return []
    if again["status"] == "failed" and again["failing"]:
        return [name for name in names if name in again["failing"]]
    return list(names)

"""A second look at the tests of one part before a change is blamed: what fails by chance, and what fails without it as well."""

from __future__ import annotations

from collections.abc import Collection

from agent.checks import flaky_tests
from agent.checks.commands import Commands
from agent.checks.suites import run_suite
from agent.ports import JSONObject
from agent.projects import ProjectPart


async def second_look(
    part: ProjectPart, report: JSONObject, known: Collection[str], again: Commands, base: Commands | None
) -> tuple[list[str], str]:
    """The failing names of ``report`` that are not laid to the change, and why the part as a whole is not; [] and "" where
    there is nothing to excuse. ``known`` failed before; ``again`` runs with the change and ``base`` without it, None where
    there is nothing without it. Raises ``SandboxFailed``."""
    if not part.test:
        return [], ""
    names = [name for name in report["failing"] if name not in known]
    if names:
        return await flaky_tests.by_chance(part, names, again, base), ""
    if report["status"] == "passed" or report["passed"] or base is None:
        return [], ""
    earlier = await run_suite(part, base)
    if earlier["status"] == "passed" or earlier["passed"] or earlier["failing"]:
        return [], ""
    why = earlier["reason"] or "See its output."
    return [], f"The tests of {part.place} can't run without the change either. {why}"

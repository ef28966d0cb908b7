"""Whether a change that is made needs a tester: only where its tests have run and say so."""

from __future__ import annotations

from agent.checks import coverage
from agent.ports import JSONObject
from agent.symbols.languages import language_of
from agent.team import PhaseContext
from agent.team.test_report_text import for_reviewer


def missing_tests(work: PhaseContext, tests: JSONObject) -> str:
    """What is not tested, with how the tests went; "" where nothing is missing, or nothing would run another test."""
    tested = [part for part in work.tested_parts() if part.test]
    existing = work.spec.output_mode == "patch_existing"
    if not tested or (existing and not any(work.has_tests(part) for part in tested)):
        return ""
    code = [path for path in work.changed if language_of(path) is not None and (work.root / path).is_file()]
    own = [path for path in code if any(part.is_test(path) for part in work.profile.parts)]
    measured = tests["coverage"]
    if len(own) < len(code) and not own:
        return f"The change comes without a test. {for_reviewer(tests)}"
    if measured is not None and measured["percent"] is not None and measured["percent"] < 100:
        return f"{coverage.told(measured)} {for_reviewer(tests)}"
    return ""

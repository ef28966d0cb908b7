"""Whether the tests that a change brings notice the change: on the code before it, at least one of them has to fail."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks.commands import Commands
from agent.checks.reports import rerun
from agent.checks.suites import run_suite
from agent.ports import JSONObject
from agent.projects import ProjectPart

MAX_FILES = 20
MAX_SECONDS = 120.0


def test_files(part: ProjectPart, paths: Sequence[str]) -> list[str]:
    """Those of ``paths`` (from the repository's root) that the runner of ``part`` takes for tests, relative to the part."""
    found = [path for path in paths if part.is_test(path) and not path.endswith(("conftest.py", "__init__.py"))]
    return [path.removeprefix(f"{part.directory}/") if part.directory else path for path in found]


async def fail_without(part: ProjectPart, files: Sequence[str], base: Commands) -> JSONObject | None:
    """How the tests in ``files`` go on the ``base``, whose code is as it was before the change: {files, failed, passed}. None
    where this can't be found out. Raises ``SandboxFailed``."""
    argv = rerun(part.runner, part.test, list(files[:MAX_FILES]))
    if argv is None:
        return None
    ran = await run_suite(part, base, timeout=MAX_SECONDS, argv=argv)
    failed = ran["failed"] or len(ran["collection_errors"])  # a test of something new can't even be loaded without it
    if ran["status"] == "unavailable" and not failed:
        return None
    return {"files": [part.path(path) for path in files], "failed": failed, "passed": ran["passed"]}

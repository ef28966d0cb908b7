"""The environment of the commands that roles run: made before the first one of a phase, and again when the plan's manifests
have changed."""

from __future__ import annotations

from agent.patch.engine import digest
from agent.stacks.manifests import is_manifest
from agent.team.phase_context import PhaseContext
from agent.team.verification import install


def is_made(work: PhaseContext) -> None:
    """The environment was installed for what the files are now."""
    work.run_environment = _mark(work)


async def prepare(work: PhaseContext) -> None:
    """Installs what the manifests name now, unless that is done. What can't be installed is said by what is run then."""
    mark = _mark(work)
    if mark == work.run_environment:
        return
    work.run_environment = mark
    work.run_environments += 1
    await install(work, f"run/{work.run_environments}")


def _mark(work: PhaseContext) -> str:
    manifests = [path for path in work.planned_files() if is_manifest(path) and (work.root / path).is_file()]
    return "\0".join(f"{path} {digest((work.root / path).read_bytes())}" for path in manifests)

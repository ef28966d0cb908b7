"""The session of a plan phase, kept in the journal for the phase that carries the plan out, and for the next plan."""

from __future__ import annotations

from agent.context.paths import is_regular
from agent.patch.engine import digest
from agent.ports import JSONObject
from agent.team.phase_context import PhaseContext
from agent.team.session import Session

LARGEST = 8 << 20
"""Bytes of a file that is compared with what was shown of it."""


async def keep_transcript(work: PhaseContext, plan: JSONObject) -> None:
    """Records what the session of this phase knows, and the ``plan`` that people are shown ({}: none)."""

    async def act() -> JSONObject:
        return {"session": work.session.to_json(), "plan": plan}

    await work.ports.journal.step(f"{work.key}/session", "read", {}, act)


async def recall_transcript(work: PhaseContext, version: int) -> None:
    """Goes on in the session of plan ``version``, without what is not true any more. A plan of a server that kept none is
    carried out in a new one."""

    async def nothing() -> JSONObject:
        return {"session": None, "plan": {}}

    found = await work.ports.journal.step(f"plan/{version}/session", "read", {}, nothing)
    if found["session"] is None:
        return
    session = Session.from_json(found["session"])

    async def look() -> JSONObject:
        session.drop_outdated(lambda path: _digest(work, path))
        return session.to_json()

    work.go_on_in(Session.from_json(await work.ports.journal.step(f"{work.key}/recall", "read", {}, look)))
    work.planned = found["plan"]


def _digest(work: PhaseContext, path: str) -> str | None:
    if not is_regular(work.root, path) or (work.root / path).stat().st_size > LARGEST:
        return None
    return digest((work.root / path).read_bytes())

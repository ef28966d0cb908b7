"""What this worker can do, as its heartbeat tells it: whether its sandbox opens, and which programs of the stacks it has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings

from agent import sandbox, stacks
from agent.errors import SandboxFailed
from agent.stack_programs import available

log = structlog.stdlib.get_logger(__name__)
TRY_AGAIN_SECONDS = 30.0


class Equipment:
    """``programs`` are looked for once; a sandbox that did not open is tried again, for what it lacks is a setting of the host,
    which may change while this process lives."""

    def __init__(self, opens: Callable[[], None] | None = None) -> None:
        self._opens = opens or _open
        self._programs = {name: here for stack in stacks.catalogue() for name, here in available(stack).items()}
        self._failure: SandboxFailed | None = None
        self._trying: threading.Thread | None = None
        self._tried_at = 0.0
        self._try()

    def facts(self) -> dict[str, Any]:
        """For the heartbeat, at once; if it is time, the sandbox is tried again on a thread."""
        trying = self._trying is not None and self._trying.is_alive()
        if self._failure is not None and not trying and time.monotonic() - self._tried_at >= TRY_AGAIN_SECONDS:
            self._trying = threading.Thread(target=self._try, name="sandbox-check", daemon=True)
            self._trying.start()
        return {"sandbox": self._sandbox(), "programs": self._programs}

    def _sandbox(self) -> dict[str, str]:
        failure = self._failure
        if failure is not None:
            return {"status": "closed", "detail": failure.detail, "hint": failure.hint}
        return {"status": "off" if settings.MGX_SANDBOX == "none" else "ok"}

    def _try(self) -> None:
        before = self._failure
        try:
            self._opens()
        except SandboxFailed as failure:
            if before is None or before.detail != failure.detail:
                log.error("no sandbox can be opened, so runs will pause here", reason=failure.detail, hint=failure.hint)
            self._failure = failure
        else:
            if before is not None:
                log.info("a sandbox can be opened now")
            self._failure = None
        self._tried_at = time.monotonic()


def _open() -> None:
    sandbox.check(settings.MGX_DATA_DIR, tier=settings.MGX_SANDBOX, first_user=settings.MGX_SANDBOX_UID)

"""The agent's error tree: one branch for failures, one for interruptions.

AgentError                 the run ends as failed
├── TaskUnclear            the task can't be carried out as it is worded
├── OutputInvalid          the model's answer can't be used
│   ├── GuardrailFailed    it breaks the stack's rules
│   └── PatchConflict      it does not apply to the tree
├── ModelFailed            the endpoint gave no usable answer
│   ├── RateLimited
│   ├── ContextOverflow    the prompt is longer than the model's window
│   └── ContentFiltered    the provider refuses to answer this
└── SandboxFailed          a command could not be run at all

Interrupted                the run stops here, on purpose
├── Cancelled
└── Paused                 it can be resumed: budget, loop, sandbox, provider, question, worker … (see PauseReason)

Every error is a sentence for the person who must act; ``hint`` says what to do next.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Literal

PauseReason = Literal["budget", "loop", "sandbox", "provider", "question", "worker", "version", "storage"]
"""``worker``: two worker processes died in the same step. It is not raised, but written by the next claim. ``storage``: the
server could not keep or read a file of the run; it goes on by itself."""


class AgentError(Exception):
    """The run can't go on. ``code`` is stable and machine-readable, ``hint`` tells the user what to do."""

    code = "agent_failed"

    def __init__(self, detail: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        if code is not None:
            self.code = code


class TaskUnclear(AgentError):
    code = "task_unclear"


class OutputInvalid(AgentError):
    code = "output_invalid"


class GuardrailFailed(OutputInvalid):
    code = "guardrail_failed"


class PatchConflict(OutputInvalid):
    code = "patch_conflict"


class ModelFailed(AgentError):
    """``unanswered`` is how many times the endpoint had the prompt, gave no answer, and may bill it all the same."""

    code = "model_failed"
    unanswered = 0


class RateLimited(ModelFailed):
    """``retry_after`` is the number of seconds that the endpoint names, None where it names none."""

    code = "rate_limited"

    def __init__(self, detail: str, *, hint: str = "", code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail, hint=hint, code=code)
        self.retry_after = retry_after


class ContextOverflow(ModelFailed):
    code = "context_overflow"


class ContentFiltered(ModelFailed):
    code = "content_filtered"


class SandboxFailed(AgentError):
    code = "sandbox_failed"


class Interrupted(Exception):
    """Not a failure: the run stops where it is."""


class Cancelled(Interrupted):
    """A person cancelled the run, or this process no longer owns it."""


class Paused(Interrupted):
    """The run waits until someone resumes it. ``reason`` is one of DESIGN's five."""

    def __init__(self, reason: PauseReason, detail: str, *, hint: str = "", needs: Mapping[str, object] | None = None) -> None:
        """``needs`` is what the run lacked, where it can go on by itself once that is there."""
        super().__init__(detail)
        self.needs = needs
        self.reason = reason
        self.detail = detail
        self.hint = hint


DISK_FAILS = {
    errno.ENOSPC: "is full", errno.EDQUOT: "is full", errno.EIO: "failed", errno.EROFS: "can't be written",
    errno.ESTALE: "went away",
}  # fmt: skip
"""What is wrong with a disk, by the number of the error: a run waits for another one, it does not fail."""


def disk_failed(error: OSError, detail: str = "") -> Paused | None:
    """The pause for an error of the disk, not of what was to be done with a file; None for any other."""
    if error.errno not in DISK_FAILS:
        return None
    said = f"The worker's disk {DISK_FAILS[error.errno]}. {detail}".strip()
    return Paused("sandbox", said, hint="Make room on the disk or repair it, then resume the run.")

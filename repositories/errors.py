"""Errors of this application."""

from __future__ import annotations

from mgx_project.common.errors import MGXError, NotAllowed, UpstreamFailed


class GitCommandFailed(UpstreamFailed):
    """A git command failed. ``stderr`` is its output, with every secret removed."""

    code = "git_failed"

    def __init__(self, detail: str, *, stderr: str = "", code: str | None = None, hint: str = "") -> None:
        super().__init__(detail, code=code, hint=hint)
        self.stderr = stderr


class Unsigned(MGXError):
    """A delivery without a valid signature."""

    http_status = 401
    code = "bad_signature"


class AddressRefused(NotAllowed):
    """The name resolves to an address that this server does not connect to."""

    code = "address_refused"


class HostFailed(UpstreamFailed):
    """A request to the hosting service failed. The text is for the person who must act."""

    code = "host_failed"


class HostBusy(HostFailed):
    """The hosting service limits requests. ``retry_after`` is in seconds."""

    http_status = 503
    code = "host_rate_limited"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail, hint=f"Try again in {retry_after:.0f} s.")
        self.retry_after = retry_after

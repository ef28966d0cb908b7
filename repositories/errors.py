"""Errors of this application."""

from __future__ import annotations

from mgx_project.common.errors import MGXError, NotAllowed, UpstreamFailed


class GitCommandFailed(UpstreamFailed):
    """Git refused or could not do something. ``stderr`` is its own words, with every secret scrubbed."""

    code = "git_failed"

    def __init__(self, detail: str, *, stderr: str = "", code: str | None = None, hint: str = "") -> None:
        super().__init__(detail, code=code, hint=hint)
        self.stderr = stderr


class Unsigned(MGXError):
    """A delivery that the secret of its link has not signed."""

    http_status = 401
    code = "bad_signature"


class AddressRefused(NotAllowed):
    """The name leads to an address that this server does not reach for anybody."""

    code = "address_refused"


class HostFailed(UpstreamFailed):
    """The hosting service refused or could not do something; the text is for the person who must act."""

    code = "host_failed"


class HostBusy(HostFailed):
    """The hosting service wants us to wait. ``retry_after`` is in seconds."""

    http_status = 503
    code = "host_rate_limited"

    def __init__(self, detail: str, *, retry_after: float) -> None:
        super().__init__(detail, hint=f"Try again in {retry_after:.0f} s.")
        self.retry_after = retry_after

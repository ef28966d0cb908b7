"""This room's branch of the error tree."""

from __future__ import annotations

from mgx_project.common.errors import UpstreamFailed


class GitFailed(UpstreamFailed):
    """Git refused or could not do something. ``stderr`` is its own words, with every secret scrubbed."""

    code = "git_failed"

    def __init__(self, detail: str, *, stderr: str = "", code: str | None = None, hint: str = "") -> None:
        super().__init__(detail, code=code, hint=hint)
        self.stderr = stderr

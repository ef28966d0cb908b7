"""Redirects are errors here: one could send a token or key to somebody else."""

from __future__ import annotations

import urllib.request
from typing import Any


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """For an opener, which then raises `urllib.error.HTTPError` for each status from 301 to 308."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None

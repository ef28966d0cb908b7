"""Whether a request leaves by a proxy. That is the operator's choice, and the proxy then looks up the host by itself:
it must refuse the private network, for what was checked here is not pinned there."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass


def proxy_of(url: str) -> str:
    """The proxy that the environment (https_proxy, http_proxy, all_proxy, no_proxy) names for ``url``, or ""."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    if not parts.hostname or proxy_bypass(parts.hostname):
        return ""
    return proxies.get(parts.scheme) or proxies.get("all") or ""

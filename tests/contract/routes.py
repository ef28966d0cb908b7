"""Every route of the API, read from the URLconf, so that a new one can't be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PARAMETER = re.compile(r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)|<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """``template`` has ``{name}`` for each parameter; ``actions`` maps methods to the viewset's actions."""

    template: str
    view: Any
    actions: tuple[tuple[str, str], ...]

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.template)


def api_routes() -> list[Route]:
    return sorted(set(_walk(get_resolver().url_patterns, "")), key=lambda route: route.template)


def _walk(patterns: list[Any], prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("api/"):
            template = PARAMETER.sub(lambda found: "{" + (found[1] or found[2]) + "}", path)
            template = "/" + re.sub(r"[\^$]|\\Z", "", template).replace("\\.", ".")
            view = getattr(pattern.callback, "cls", None)
            methods = getattr(pattern.callback, "actions", None) or {m: m for m in _methods(view)}
            yield Route(template, view, tuple(sorted(methods.items())))


def _methods(view: Any) -> list[str]:
    return [name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)]

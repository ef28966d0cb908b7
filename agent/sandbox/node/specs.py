"""Which versions of which packages a package.json may ask for: names and versions of the registry, and nothing else.

URLs, paths and git references would run code of others, or reach other hosts than the configured registry.
"""

from __future__ import annotations

from urllib.parse import unquote

from agent.patterns import linear

MAX_SPEC = 400
NAME = r"(?:@[A-Za-z0-9~-][\w.~-]*/)?[A-Za-z0-9~_-][\w.~-]*"
VERSION = r"\d+\.\d+\.\d+(?:[-+][\w.+-]*)?"
_RANGE = linear(r"(?:npm:(?:@[\w.-]+/)?[\w.-]+@)?[\w.+*^~<>=|, -]*")
"""Versions, ranges, tags and aliases (npm's package.json documentation); nothing with a colon or a slash beside an alias."""
_NPM_PREFIX = linear(r"npm:([\w.+*^~<>=|, -]*)")
"""Yarn's own way to write a range."""
_NAME = linear(NAME)
_VERSION = linear(VERSION)
_PATCH = linear(rf"patch:({NAME})@([^#]+)#.*")
_BUILTIN_PATCH = linear(r"patch:[^#]+#(?:~|optional!)?builtin<compat/[a-z]+>[\w.:=&%-]*")
_LOCAL = linear(r"(?:file|link|portal):(\.{0,2}(?:/.*)?|[\w@.-]+(?:/.*)?)")


def is_name(name: object) -> bool:
    return isinstance(name, str) and len(name) <= MAX_SPEC and _NAME.fullmatch(name) is not None


def is_version(text: object) -> bool:
    return isinstance(text, str) and len(text) <= MAX_SPEC and _VERSION.fullmatch(text) is not None


def is_range(spec: object) -> bool:
    return isinstance(spec, str) and len(spec) <= MAX_SPEC and _RANGE.fullmatch(spec) is not None


def plain_range(spec: object) -> str | None:
    """``spec`` as every package manager reads it, where it is a range or an alias: ``npm:^1`` is ``^1``."""
    if not isinstance(spec, str) or len(spec) > MAX_SPEC:
        return None
    if prefixed := _NPM_PREFIX.fullmatch(spec):
        return prefixed[1]
    return spec if _RANGE.fullmatch(spec) else None


def is_workspace_range(spec: str) -> bool:
    return spec.startswith("workspace:") and is_range(spec.removeprefix("workspace:")) and "npm:" not in spec


def alias(spec: str) -> tuple[str, str] | None:
    """Name and range of ``npm:name@range``."""
    name, at, wanted = spec.removeprefix("npm:").rpartition("@")
    return (name, wanted) if spec.startswith("npm:") and at and name else None


def patched(spec: object) -> str | None:
    """The range of the package that a ``patch:`` of yarn changes; None for anything else."""
    if not isinstance(spec, str) or len(spec) > 10 * MAX_SPEC:
        return None
    hit = _PATCH.fullmatch(spec)
    return plain_range(unquote(hit[2])) if hit else None


def is_builtin_patch(spec: str) -> bool:
    """A patch that yarn itself carries, for TypeScript and a few others, of a package of the registry."""
    return patched(spec) is not None and _BUILTIN_PATCH.fullmatch(spec) is not None


def local_path(spec: object) -> str | None:
    """The path of a ``file:``, ``link:`` or ``portal:`` dependency, or of one that is just a relative path."""
    if not isinstance(spec, str) or len(spec) > MAX_SPEC:
        return None
    if spec in (".", "..") or spec.startswith(("./", "../")):
        return spec
    hit = _LOCAL.fullmatch(spec)
    return (hit[1] or ".") if hit else None

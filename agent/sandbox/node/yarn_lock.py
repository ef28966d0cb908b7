"""yarn.lock of yarn 1 and of yarn 2 and later, without places: what was chosen, from the configured registry.

Both are lists of "this range gave that version". An entry that is left out is chosen anew, so one from elsewhere costs only
itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agent.patterns import linear
from agent.sandbox.node import specs
from agent.sandbox.node.npmrc import Registry

NAME = "yarn.lock"
MAX_ENTRIES = 50_000
MAX_LINE = 20_000
_HEAD = linear(r"(\S.*):")
_FIELD = linear(r'  (version|resolved|integrity) "?([^"\s]+)"?')
_GROUP = linear(r"  (dependencies|optionalDependencies):")
_DEPENDENCY = linear(r'    "?([^"\s]+)"? "?([^"]*?)"?')
_INTEGRITY = linear(r"(?:sha\d+-[\w+/=]+)(?: sha\d+-[\w+/=]+)*")
_HASH = linear(r"#[0-9a-f]{40}")
_SPLIT = linear(r'"([^"]*)"|([^",\s][^",]*)')
_RESOLUTION = linear(rf"({specs.NAME})@npm:({specs.VERSION})(?:::[^#]*)?")
_BUILTIN = linear(rf"{specs.NAME}@(patch:.*)")
_CHECKSUM = linear(r"(?:\w{1,10}/)?[0-9a-f]{16,200}")
_TEXT = linear(r"[\w.+*^~<>=|, @/:!&()-]*")


def clean_classic(text: str, registry: Registry, own: frozenset[str]) -> tuple[str, int]:
    """What yarn 1 may see of its lock file, and how many entries were left out. ``resolved``, which it needs, is rewritten to
    where the registry keeps the package; without it yarn 1 would choose anew."""
    out = ["# yarn lockfile v1", "", ""]
    dropped = 0
    for patterns, fields, groups in _entries(text):
        block = _classic(patterns, fields, groups, registry, own)
        out += block
        dropped += not block
    return "\n".join(out) + "\n", dropped


def clean_berry(lock: dict[str, Any], own: frozenset[str]) -> tuple[str, int]:
    """What yarn 2 and later may see of it, as JSON, which is YAML too, and how many packages were left out. The members'
    own entries are written anew by yarn in any case."""
    about = lock.get("__metadata")
    kept: dict[str, Any] = {}
    if isinstance(about, dict):
        kept["__metadata"] = {
            key: int(value) if value.isdecimal() else value
            for key in ("version", "cacheKey")
            if isinstance(value := about.get(key), str) and value.isalnum() and len(value) < 10
        }
    dropped = 0
    for key, entry in list(lock.items())[:MAX_ENTRIES]:
        if key == "__metadata" or not isinstance(entry, dict) or "@workspace:" in str(entry.get("resolution", "")):
            continue
        clean = _berry(key, entry, own)
        if clean is None:
            dropped += 1
        else:
            kept[key] = clean
    return json.dumps(kept, indent=1), dropped


def _entries(text: str) -> Iterator[tuple[list[str], dict[str, str], dict[str, dict[str, str]]]]:
    patterns: list[str] = []
    fields: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    group = ""
    count = 0
    for line in text.splitlines():
        if len(line) > MAX_LINE or not line.strip() or line.startswith("#"):
            continue
        if head := _HEAD.fullmatch(line):
            if patterns:
                yield patterns, fields, groups
            count += 1
            if count > MAX_ENTRIES:
                return
            patterns = [hit[1] or hit[2].strip() for hit in _SPLIT.finditer(head[1])]
            fields, groups, group = {}, {}, ""
        elif field := _FIELD.fullmatch(line):
            fields[field[1]], group = field[2], ""
        elif begun := _GROUP.fullmatch(line):
            group = begun[1]
            groups[group] = {}
        elif group and (one := _DEPENDENCY.fullmatch(line)):
            groups[group][one[1]] = one[2]
    if patterns:
        yield patterns, fields, groups


def _classic(
    patterns: list[str], fields: dict[str, str], groups: dict[str, dict[str, str]], registry: Registry, own: frozenset[str]
) -> list[str]:
    """The lines of one entry; none where it isn't of the registry."""
    names = {_named(pattern) for pattern in patterns}
    version = fields.get("version", "")
    if len(names) != 1 or None in names or not specs.is_version(version):
        return []
    (named,) = names
    assert named is not None
    key, package = named
    if key in own or package in own:
        return []
    resolved = fields.get("resolved", "")
    mark = resolved.find("#")
    if not resolved.startswith(("https://", "http://")):
        return []
    digest = resolved[mark:] if mark >= 0 and _HASH.fullmatch(resolved[mark:]) else ""
    lines = [f"{', '.join(json.dumps(pattern) for pattern in patterns)}:", f'  version "{version}"']
    lines.append(f'  resolved "{registry.tarball(package, version)}{digest}"')
    integrity = fields.get("integrity", "")
    if _INTEGRITY.fullmatch(integrity):
        lines.append(f"  integrity {integrity}")
    elif not digest:
        return []
    for group, wanted in groups.items():
        if any(not specs.is_name(name) or not specs.is_range(spec) for name, spec in wanted.items()):
            return []
        lines += [f"  {group}:", *(f"    {json.dumps(name)} {json.dumps(spec)}" for name, spec in wanted.items())]
    return [*lines, ""]


def _named(pattern: str) -> tuple[str, str] | None:
    """The name that a pattern such as ``a@^1`` or ``a@npm:b@^1`` is installed under, and the package's own."""
    at = pattern.find("@", 1)
    name, spec = (pattern[:at], pattern[at + 1 :]) if at > 0 else (pattern, "")
    if not specs.is_name(name) or not specs.is_range(spec):
        return None
    aliased = specs.alias(spec)
    return (name, aliased[0]) if aliased else (name, name)


def _berry(key: str, entry: dict[str, Any], own: frozenset[str]) -> dict[str, Any] | None:
    resolution = entry.get("resolution")
    if not isinstance(resolution, str) or not all(_is_descriptor(one, own) for one in key.split(", ")):
        return None
    if hit := _RESOLUTION.fullmatch(resolution):
        if hit[1] in own:
            return None
        place = f"{hit[1]}@npm:{hit[2]}"  # without a binding, which could name another archive
    elif (patch := _BUILTIN.fullmatch(resolution)) and specs.is_builtin_patch(patch[1]) and "archiveUrl" not in resolution:
        place = resolution
    else:
        return None
    kept: dict[str, Any] = {"version": str(entry.get("version", "")), "resolution": place}
    if not specs.is_version(kept["version"]):
        return None
    for group in ("dependencies", "peerDependencies"):
        wanted = entry.get(group)
        if isinstance(wanted, dict):
            if not all(
                specs.is_name(name) and isinstance(spec, str) and _is_berry_range(spec) for name, spec in wanted.items()
            ):
                return None
            kept[group] = wanted
    for group in ("dependenciesMeta", "peerDependenciesMeta"):
        metas = entry.get(group)
        if isinstance(metas, dict):
            kept[group] = {name: {"optional": True} for name, meta in metas.items() if _is_optional(meta)}
    if isinstance(entry.get("bin"), dict):
        kept["bin"] = {name: path for name, path in entry["bin"].items() if isinstance(path, str) and _TEXT.fullmatch(path)}
    for name, allowed in (("checksum", _CHECKSUM), ("conditions", _TEXT)):
        if isinstance(entry.get(name), str) and allowed.fullmatch(entry[name]):
            kept[name] = entry[name]
    return {**kept, "languageName": "node", "linkType": "hard"}


def _is_descriptor(text: str, own: frozenset[str]) -> bool:
    at = text.find("@", 1)
    name, spec = text[:at], text[at + 1 :]
    return at > 0 and specs.is_name(name) and name not in own and (_is_berry_range(spec) or specs.is_builtin_patch(spec))


def _is_berry_range(spec: str) -> bool:
    return specs.plain_range(spec) is not None or specs.is_builtin_patch(spec)


def _is_optional(meta: object) -> bool:
    return isinstance(meta, dict) and meta.get("optional") in (True, "true")

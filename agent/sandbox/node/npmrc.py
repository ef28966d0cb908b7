"""Settings of npm and pnpm: the person's, who says where packages come from, and the harmless ones of a repository."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.patterns import linear

DEFAULT_REGISTRY = "https://registry.npmjs.org/"
HARMLESS = frozenset((
    "auto-install-peers", "dedupe-direct-deps", "dedupe-injected-deps", "dedupe-peer-dependents", "engine-strict", "hoist",
    "hoist-pattern", "hoist-workspace-packages", "hoisting-limits", "ignore-dep-scripts", "install-strategy", "legacy-bundling",
    "legacy-peer-deps", "node-linker", "omit", "prefer-dedupe", "prefer-workspace-packages", "public-hoist-pattern",
    "resolution-mode", "resolve-peers-from-workspace-root", "shamefully-hoist", "strict-peer-dependencies", "strict-peer-deps",
))  # fmt: skip
"""What they decide is which packages lie where, and whether an install that does not fit is refused; none names a place, a
host, a program or a secret."""
REFUSED_VALUES = {("node-linker", "pnp"), ("omit", "dev")}
MAX_LINES = 400

_LINE = linear(r"""\s*([\w-]+)(\[\])?\s*=\s*["']?([\w.*@/!,: -]*?)["']?\s*""")
_SETTING = linear(r"\s*([^=;#\s][^=]*?)\s*=\s*(.*?)\s*")
_VALUE = linear(r"[\w.*@/!, -]{0,200}")
_CAMEL = linear(r"([A-Z])")
_VARIABLE = linear(r"\$\{([A-Za-z_]\w*)\}")


@dataclass
class Registry:
    """Where the person's own npmrc and environment say that packages come from. ``scopes`` have registries of their own;
    ``tokens`` are what servers want, by the address without its scheme."""

    url: str = DEFAULT_REGISTRY
    scopes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    basic: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The registry of the package ``name``, with a slash at its end."""
        return self.scopes.get(name.partition("/")[0], self.url)

    def tarball(self, name: str, version: str) -> str:
        """Where the registry keeps it, as npm writes it itself."""
        return f"{self.of(name)}{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def user_config() -> bytes:
    """The npmrc of whoever runs this: where packages come from, and the credential for it."""
    path = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    return path.read_bytes() if path.is_file() else b""


def registry(config: str, environ: Mapping[str, str]) -> Registry:
    found = Registry()
    for line in config.splitlines()[:MAX_LINES]:
        hit = _SETTING.fullmatch(line)
        if hit is None:
            continue
        key, value = hit[1], _VARIABLE.sub(lambda name: environ.get(name[1], ""), hit[2].strip("\"'"))
        if key == "registry":
            found.url = _slashed(value)
        elif key.startswith("@") and key.endswith(":registry"):
            found.scopes[key.removesuffix(":registry")] = _slashed(value)
        elif key.startswith("//") and key.endswith(":_authToken"):
            found.tokens[key.removesuffix(":_authToken")] = value
        elif key.startswith("//") and key.endswith(":_auth"):
            found.basic[key.removesuffix(":_auth")] = value
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if environ.get(name):
            found.url = _slashed(environ[name])
    return found


def harmless(text: str | None) -> dict[str, str | list[str]]:
    """The harmless settings of a repository's own ``.npmrc``."""
    found: dict[str, str | list[str]] = {}
    for line in (text or "").splitlines()[:MAX_LINES]:
        hit = _LINE.fullmatch(line) if len(line) < 400 else None
        if hit is None or hit[1] not in HARMLESS or (hit[1], hit[3]) in REFUSED_VALUES:
            continue
        if hit[2]:
            before = found.get(hit[1])
            found[hit[1]] = [*(before if isinstance(before, list) else []), hit[3]]
        else:
            found[hit[1]] = hit[3]
    return found


def harmless_of_workspace(workspace: Mapping[str, Any] | None) -> dict[str, str | list[str]]:
    """The same of a pnpm-workspace.yaml, which has them in camel case."""
    found: dict[str, str | list[str]] = {}
    for key, value in (workspace or {}).items():
        name = _CAMEL.sub(lambda hit: f"-{hit[1].lower()}", key) if len(key) < 60 else ""
        if name not in HARMLESS:
            continue
        values = [one for one in value if isinstance(one, str) and _VALUE.fullmatch(one)] if isinstance(value, list) else value
        if isinstance(values, list) or (
            isinstance(values, str) and _VALUE.fullmatch(values) and (name, values) not in REFUSED_VALUES
        ):
            found[name] = values
    return found


def npmrc(settings: Mapping[str, str | list[str]]) -> str:
    lines = []
    for name, value in settings.items():
        lines += [f"{name}[]={one}" for one in value] if isinstance(value, list) else [f"{name}={value}"]
    return "".join(f"{line}\n" for line in lines)


def workspace_settings(settings: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """``settings`` as pnpm-workspace.yaml has them: true and false are not texts there."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        first, *others = name.split("-")
        found[first + "".join(part.capitalize() for part in others)] = (
            json.loads(value) if value in ("true", "false") else value
        )
    return found


def _slashed(url: str) -> str:
    return f"{url.rstrip('/')}/"

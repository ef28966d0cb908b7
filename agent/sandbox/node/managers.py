"""Which package manager a project has, in which version. All but npm are packages of npm's registry themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.patterns import linear
from agent.sandbox.node import specs

ManagerName = Literal["npm", "pnpm", "yarn", "berry"]
LOCKS = {
    "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "package-lock.json": "npm", "npm-shrinkwrap.json": "npm",
    "bun.lock": "bun", "bun.lockb": "bun",
}  # fmt: skip
PNPM_BY_LOCK = {"6": "8", "9": "10"}
"""Major of pnpm-lock.yaml's lockfileVersion → the newest pnpm that keeps it as it is and runs on Node.js 18 and 20."""
DEFAULTS: dict[str, str] = {"pnpm": "10", "yarn": "1", "berry": "4"}
PACKAGES = {"pnpm": "pnpm", "yarn": "yarn", "berry": "@yarnpkg/cli-dist"}

_PIN = linear(rf"(npm|pnpm|yarn|bun)@({specs.VERSION})")
_LOCK_VERSION = linear(r"""(?m)^\s*"?lockfileVersion"?\s*:\s*['"]?(\d+)""")
_BERRY = linear(r"""(?m)^\s*"?__metadata"?\s*:""")
_BERRY_VERSION = linear(r"""(?m)^\s+"?version"?\s*:\s*['"]?(\d{1,4})""")


@dataclass(frozen=True)
class Manager:
    """``wanted`` is the version or major to get; "" for npm, which comes with Node.js. ``pinned`` says that the project asks
    for exactly this one."""

    name: ManagerName = "npm"
    wanted: str = ""
    pinned: bool = False

    @property
    def package(self) -> str:
        return PACKAGES.get(self.name, "")

    @property
    def program(self) -> str:
        return "yarn" if self.name == "berry" else self.name

    @property
    def told(self) -> str:
        return f"{self.program} {self.wanted}".strip()

    @property
    def knows_workspace_protocol(self) -> bool:
        return self.name in ("pnpm", "berry")

    def unpinned(self) -> Manager:
        """The newest of the same major, where the pinned version can't be had."""
        return Manager(self.name, self.wanted.partition(".")[0])


def choose(manifest: Mapping[str, Any], said: str, read: Callable[[str], str | None], notes: list[str]) -> Manager:
    """By ``packageManager`` of package.json, else by ``said`` (what the profile or a person says), else by the lock file that
    is there. ``read`` gives the text of a file at the project's top."""
    pin = manifest.get("packageManager")
    hit = _PIN.fullmatch(pin.partition("+sha")[0]) if isinstance(pin, str) and len(pin) < specs.MAX_SPEC else None
    if pin is not None and hit is None:
        notes.append(f"package.json: packageManager: {str(pin)[:80]} is not a package manager with a version, and was not used")
    there = [name for name in LOCKS if read(name) is not None]
    name = hit[1] if hit else said if said in (*PACKAGES, "npm", "bun") else LOCKS[there[0]] if there else "npm"
    if name == "bun":
        notes.append("installed by npm: bun itself is not available here, and its lock file was not used")
    if name not in ("pnpm", "yarn", "berry"):
        return Manager()
    version = hit[2] if hit else ""
    if name == "pnpm":
        return Manager("pnpm", version or _pnpm(read("pnpm-lock.yaml")), bool(version))
    berry = _berry(read("yarn.lock"))
    if version:
        return Manager("yarn" if version.startswith(("0.", "1.")) else "berry", version, True)
    if berry or name == "berry" or read(".yarnrc.yml") is not None:
        return Manager("berry", "3" if 0 < berry < 7 else DEFAULTS["berry"])
    return Manager("yarn", DEFAULTS["yarn"])


def _pnpm(lock: str | None) -> str:
    hit = _LOCK_VERSION.search(lock[:2_000]) if lock else None
    return PNPM_BY_LOCK.get(hit[1], DEFAULTS["pnpm"]) if hit else DEFAULTS["pnpm"]


def _berry(lock: str | None) -> int:
    """The version of the form that yarn 2 and later write; 0 for yarn 1's."""
    begun = _BERRY.search(lock[:2_000]) if lock else None
    hit = _BERRY_VERSION.search(lock[begun.end() : begun.end() + 300]) if lock and begun else None
    return int(hit[1]) if hit else 0

"""Which Python of this machine a project is run with: the server's own where it meets what the project asks for."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from uv import find_uv_bin

from agent.children import child
from agent.patterns import linear
from agent.sandbox.host_mounts import interpreter

ASK = "import platform, sys; print(platform.python_version(), sys.base_prefix, sys.implementation.cache_tag, sep='\\n')"
TIMEOUT = 20.0
"""Seconds that looking for another interpreter may take."""
_VERSION = linear(r"\s*(?:cpython-|python-?)?(\d{1,2}(?:\.\d{1,3}){0,2})\s*")


@dataclass(frozen=True)
class Interpreter:
    """``prefix`` is the installation that it belongs to; ``tag`` what its byte code is named by ("cpython-311")."""

    path: str
    version: str
    prefix: Path
    tag: str

    @property
    def key(self) -> str:
        """Environments for another key are other environments."""
        return f"{self.tag}-{self.version}-{platform.machine()}-{platform.libc_ver()[0]}\0{self.prefix}"


def own() -> Interpreter:
    return Interpreter(interpreter(), platform.python_version(), Path(sys.base_prefix), sys.implementation.cache_tag)


async def choose(required: str, preferred: str = "") -> tuple[Interpreter, str]:
    """The interpreter, and a sentence where it is not what the project asks for.

    ``required`` are version specifiers (requires-python); ``preferred`` a version like "3.12", as .python-version has it. What
    is neither is disregarded.
    """
    ours = own()
    hit = _VERSION.fullmatch(preferred.splitlines()[0] if preferred.strip() else "")
    wishes = [wish for wish in (_series(hit[1]) if hit else "", required.strip()) if wish and _specifiers(wish) is not None]
    for wish in wishes:
        if _meets(wish, ours.version):
            return ours, ""
        found = await _find(wish)
        if found is not None and all(_meets(other, found.version) for other in wishes if other == required.strip()):
            return found, ""
    if not wishes:
        return ours, ""
    return ours, f"The project needs Python {wishes[-1]}; this server has {ours.version}."


def _series(version: str) -> str:
    return f"=={version}" if version.count(".") == 2 else f"=={version}.*"


def _specifiers(wish: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(wish) if len(wish) <= 200 else None
    except InvalidSpecifier:
        return None


def _meets(wish: str, version: str) -> bool:
    specifiers = _specifiers(wish)
    try:
        return specifiers is None or specifiers.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


async def _find(wish: str) -> Interpreter | None:
    """Another one of this machine, as uv finds them; nothing is downloaded."""
    found = await _said(
        find_uv_bin(), "python", "find", "--no-python-downloads", "--no-config", "--no-project", "--system", wish
    )
    if found is None:
        return None
    path = found.strip()
    said = await _said(path, "-I", "-c", ASK) if path.startswith("/") else None
    version, prefix, tag = (said or "").splitlines() if said and said.count("\n") == 3 else ("", "", "")
    return Interpreter(path, version, Path(prefix), tag) if prefix else None


async def _said(*argv: str) -> str | None:
    """The output of a program of the host; None where it fails."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
    env |= {name: value for name, value in os.environ.items() if name in ("UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME")}
    try:
        async with asyncio.timeout(TIMEOUT), child(*argv, stdout=-1, stderr=-3, stdin=-3, env=env, cwd="/") as process:
            assert process.stdout is not None
            output = await process.stdout.read(10_000)
            return output.decode("utf-8", "replace") if await process.wait() == 0 else None
    except (OSError, TimeoutError):
        return None

"""Fetches the modules of a Go project from the module proxy, with no version control system and none of its code."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import Bind, network_binds
from agent.sandbox.installed import Installed, Mount, notes_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.limits import Limits
from agent.sandbox.python_env import Execute
from agent.sandbox.toolchains import go_modules
from agent.sandbox.toolchains.places import BuildDirectory, home_of

ARGV = ("go", "mod", "download")
TREE = "/modules"
MODULES = "/opt/go-modules"
HOME = "/opt/go"
BUILDS = "/opt/go-builds"
PROXY = "https://proxy.golang.org"
LIMITS = Limits(memory=2 << 30, file_size=2 << 30, inodes=600_000, disk=8 << 30)
PASSED = ("GOSUMDB", "GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GONOPROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
          "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")  # fmt: skip


async def make(
    root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float, before: Installed | None
) -> Installed:
    """The modules that go.mod names, below ``cache/go/<key>``. Its own modules, and a project of the standard library alone,
    need no network; a ``vendor`` directory neither."""
    home = await asyncio.to_thread(home_of, "go", ("env", "GOROOT"))
    if home is None:
        return Installed(CommandResult(ARGV, 127, 0, "go is not available here.\n", available=False))
    found = await asyncio.to_thread(go_modules.read, root, part.directory)
    notes = "".join(f"{note}\n" for note in found.notes)
    installed = _ready(home, cache, before)
    if not found.files:
        return replace(installed, result=CommandResult(ARGV, 1, 0, "There is no go.mod that can be read.\n"))
    vendored = (root / part.directory / "vendor" / "modules.txt").is_file()
    if vendored or not found.wanted:
        said = "The modules are in the directory vendor." if vendored else "No module of elsewhere is needed."
        result = CommandResult(ARGV, 0, 0, f"{notes}{said}\n", notes=notes_of(found.notes))
        return replace(installed, result=result)

    async def fill(draft: Path) -> CommandResult:
        write_files(draft / "tree", found.files)
        (draft / "modules").mkdir()
        return await execute(_cell(home, draft, part.directory), ARGV, timeout)

    texts = [f"{name}\0{text}" for name, text in sorted(found.files.items())]
    result, made, hold = await kept(cache / "go" / key_of(str(home), part.directory, *texts), ARGV, fill)
    result = replace(result, argv=ARGV, output_tail=notes + result.output_tail, notes=notes_of(found.notes))
    mounts = [*installed.mounts, *([Mount(made / "modules", MODULES)] if made else [])]
    return replace(installed, result=result, mounts=mounts, holds=[*installed.holds, hold])


def _ready(home: Path, cache: Path, before: Installed | None) -> Installed:
    """What commands need without any module."""
    builds = next((one for one in before.holds if isinstance(one, BuildDirectory)), None) if before else None
    builds = builds or BuildDirectory(cache)
    mounts = [Mount(builds.path, BUILDS, writable=True)]
    if not home.is_relative_to("/usr"):
        mounts.append(Mount(home, HOME))
    env = {
        "GOMODCACHE": MODULES,
        "GOCACHE": f"{BUILDS}/go",
        "GOPATH": "/tmp/go",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
    }
    path = [] if home.is_relative_to("/usr") else [f"{HOME}/bin"]
    return Installed(CommandResult(ARGV, 0, 0, ""), mounts, path, env, [builds])


def _cell(home: Path, draft: Path, directory: str) -> Cell:
    proxies = [url for url in (os.environ.get("GOPROXY") or PROXY).replace("|", ",").split(",") if url not in ("direct", "")]
    passed = {name: value for name in PASSED if (value := os.environ.get(name))}
    env = {
        **passed,
        "PATH": f"{HOME}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "GOPROXY": ",".join(proxies) or "off",
        "GOMODCACHE": f"{TREE}/modules",
        "GOPATH": "/tmp/go",
        "GOCACHE": "/tmp/go-build",
        "GOFLAGS": "-modcacherw",
        "GOVCS": "*:off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
    }
    local = [url.removeprefix("file://") for url in proxies if url.startswith("file:///")]
    binds = [
        *network_binds(),
        *([] if home.is_relative_to("/usr") else [Bind(str(home), HOME)]),
        *(Bind(path, path) for path in local if Path(path).is_dir()),
        Bind(str(draft), TREE, writable=True),
    ]
    return Cell(binds=binds, env=env, chdir=f"{TREE}/tree/{directory}".rstrip("/"), network=True, limits=LIMITS)

"""Fetches the crates of a Rust project by what its Cargo.lock or manifests name; none of its code and none of its scripts run.

Cargo gets a manifest of ours that asks for exactly those crates, and puts them into a directory (``cargo vendor``). Commands
see that directory in the place of the registry (The Cargo Book, Source Replacement).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from pathlib import Path

from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import NETWORK_VARIABLES, Bind, network_binds
from agent.sandbox.installed import Installed, Mount, notes_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.limits import Limits
from agent.sandbox.python.packages import Execute
from agent.sandbox.toolchains import cargo_manifest, rust_builds
from agent.sandbox.toolchains.cargo_manifest import CargoManifest
from agent.sandbox.toolchains.places import BuildDirectory, home_of

ARGV = ("cargo", "vendor")
VENDOR = (*ARGV, "--respect-source-config", "--versioned-dirs")
TREE = "/crates"
CRATES = "/opt/crates"
HOME = "/opt/rust"
CONFIG = "/opt/cargo-home"
LIMITS = Limits(memory=2 << 30, file_size=2 << 30, inodes=600_000, disk=8 << 30)
REPLACED = f'[source.crates-io]\nreplace-with = "fetched"\n[source.fetched]\ndirectory = "{CRATES}"\n[net]\noffline = true\n'


async def make(
    root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float, before: Installed | None
) -> Installed:
    """The crates of ``part``, below ``cache/rust/<key>``. A project that names none needs no network."""
    home = await asyncio.to_thread(home_of, "rustc", ("--print", "sysroot"))
    if home is None or not (home / "bin" / "cargo").is_file():
        return Installed(CommandResult(ARGV, 127, 0, "cargo is not available here.\n", available=False))
    found = await asyncio.to_thread(cargo_manifest.read, root, part.directory)
    notes = "".join(f"{note}\n" for note in found.notes)
    installed = _ready(home, cache, before)
    if not (root / part.directory / "Cargo.lock").exists():
        installed.products = [f"{part.directory}/Cargo.lock".lstrip("/")]
    if not found.text:
        return replace(installed, result=CommandResult(ARGV, 1, 0, "There is no Cargo.toml that can be read.\n"))
    key = key_of(str(home), found.text) if found.wanted else ""
    if found.wanted:
        installed = await _with_crates(installed, home, cache, key, found, execute, timeout)
    else:
        installed.result = CommandResult(ARGV, 0, 0, "No crate of elsewhere is needed.\n")
    said = installed.result
    installed.result = replace(said, output_tail=notes + said.output_tail, notes=notes_of(found.notes))
    if before is not None:  # what it began with is in its builds
        return replace(installed, holds=[*installed.holds, *before.holds])
    if said.ok:
        holds = await rust_builds.begin(root, part, cache, installed, _version(home), key, execute, timeout)
        installed.holds = [*installed.holds, *holds]
    return installed


async def _with_crates(
    installed: Installed, home: Path, cache: Path, key: str, found: CargoManifest, execute: Execute, timeout: float
) -> Installed:
    async def fill(draft: Path) -> CommandResult:
        write_files(draft / "tree", {"Cargo.toml": found.text, "src/lib.rs": ""})
        write_files(draft / "home", {"config.toml": REPLACED})
        write_files(draft / "download", {"config.toml": ""})
        (draft / "crates").mkdir()
        result = await execute(_cell(home, draft), (*VENDOR, f"{TREE}/crates"), timeout)
        await asyncio.to_thread(shutil.rmtree, draft / "download")
        return result

    result, made, hold = await kept(cache / "rust" / key, ARGV, fill)
    fetched = [Mount(made / "crates", CRATES), Mount(made / "home", CONFIG)] if made else []
    env = {**installed.env, **({"CARGO_HOME": CONFIG} if made else {})}
    holds = [*installed.holds, hold]
    return replace(installed, result=replace(result, argv=ARGV), mounts=[*installed.mounts, *fetched], env=env, holds=holds)


def _version(home: Path) -> str:
    """Of the compiler that is there now, as another one compiles anew."""
    found = (home / "bin" / "rustc").stat()
    return f"{home} {found.st_size} {found.st_mtime_ns}"


def _ready(home: Path, cache: Path, before: Installed | None) -> Installed:
    """What commands need without any crate."""
    builds = next((one for one in before.holds if isinstance(one, BuildDirectory)), None) if before else None
    builds = builds or BuildDirectory(cache)
    mounts = [Mount(builds.path, rust_builds.BUILDS, writable=True)]
    if not home.is_relative_to("/usr"):
        mounts.append(Mount(home, HOME))
    env = {
        "CARGO_NET_OFFLINE": "true",
        "CARGO_HOME": "/tmp/cargo",
        # beside the workdir, where it would become a part of the change
        "CARGO_TARGET_DIR": f"{rust_builds.BUILDS}/{rust_builds.CACHE}",
        "CARGO_TERM_COLOR": "never",
    }
    path = [] if home.is_relative_to("/usr") else [f"{HOME}/bin"]
    return Installed(CommandResult(ARGV, 0, 0, ""), mounts, path, env, [builds])


def _cell(home: Path, draft: Path) -> Cell:
    passed = {name: value for name in NETWORK_VARIABLES if (value := os.environ.get(name))}
    own = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo") / "config.toml"
    env = {
        **passed,
        "PATH": f"{HOME}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "CARGO_HOME": f"{TREE}/download",
        "CARGO_NET_GIT_FETCH_WITH_CLI": "false",
        "CARGO_TERM_COLOR": "never",
    }
    binds = [
        *network_binds(),
        *([] if home.is_relative_to("/usr") else [Bind(str(home), HOME)]),
        Bind(str(draft), TREE, writable=True),
        # the server's own settings name mirrors, and may hold what they ask for: they are seen, and not kept
        *([Bind(str(own), f"{TREE}/download/config.toml")] if own.is_file() else []),
    ]
    return Cell(binds=binds, env=env, chdir=f"{TREE}/tree", network=True, limits=LIMITS)

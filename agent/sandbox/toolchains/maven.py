"""Fetches the packages and plugins of a Maven project by what its poms name; none of its code, and no plugin of its choice,
runs.

Maven gets poms of ours (``maven_manifest``) and one registry, whatever a package's own pom says: the one that the server's
settings name, else Maven Central. It goes through the steps up to the tests in a tree without sources, as Surefire fetches what
fits a project's tests only when it is about to start them; what it starts here does nothing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from agent.excerpts import end_of
from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox.bubblewrap import Cell
from agent.sandbox.host_mounts import Bind, network_binds
from agent.sandbox.installed import Installed, Mount, notes_of
from agent.sandbox.kept import kept, key_of, write_files
from agent.sandbox.limits import Limits
from agent.sandbox.python.packages import Execute
from agent.sandbox.toolchains import maven_manifest
from agent.sandbox.toolchains.maven_manifest import MavenManifest
from agent.sandbox.toolchains.maven_poms import POM, Coordinates

ARGV = ("mvn", "dependency:go-offline")
PATH = "/usr/local/bin:/usr/bin:/bin"
REPOSITORY = "/packages"
GIVEN = "/given"
"""What the server wrote for Maven, read-only."""
TREE = "/tree"
HOME = "/tmp/.m2"
"""Where Maven looks for settings and packages of the user that commands run as."""
REGISTRY = "https://repo.maven.apache.org/maven2"
SETTINGS = (Path("/etc/maven"), *sorted(Path("/etc").glob("java*")))
"""Where Debian's Maven and Java are told how to start."""
PERSONAL = ("settings.xml", "settings-security.xml")
NOT_KEPT = ("_remote.repositories", "resolver-status.properties")
"""Of which registry a package is; without a network Maven refuses those that are of another one than it would ask."""
LIMITS = Limits(memory=2 << 30, file_size=1 << 30, inodes=400_000, disk=4 << 30)
QUIET = "-Dorg.slf4j.simpleLogger.log.org.apache.maven.cli.transfer.Slf4jMavenTransferListener=error"
FETCH = ("test", "--fail-at-end", f"-Djvm={GIVEN}/bin/java", "-Dmaven.test.failure.ignore=true")
DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin"
"""In full: a plugin of the project may call itself ``dependency`` too."""
STARTS_NOTHING = "#!/bin/sh\nexit 0\n"
OFFLINE = "<settings><offline>true</offline></settings>\n"


async def make(root: Path, part: ProjectPart, cache: Path, execute: Execute, timeout: float) -> Installed:
    """The packages of ``part``, below ``cache/maven/<key>``."""
    if not all(shutil.which(program, path=PATH) for program in ("mvn", "java")):
        return Installed(CommandResult(ARGV, 127, 0, "mvn is not available here.\n", available=False))
    mounts = [Mount(place, str(place)) for place in SETTINGS if place.is_dir()]
    found = await asyncio.to_thread(maven_manifest.read, root, part.directory)
    if not found.poms:
        return Installed(CommandResult(ARGV, 1, 0, "There is no pom.xml that can be read.\n"), mounts)

    async def fill(draft: Path) -> CommandResult:
        return await _fill(draft, root, part.directory, found, execute, timeout)

    result, made, hold = await kept(cache / "maven" / key_of(part.directory, *found.texts), ARGV, fill)
    notes = "".join(f"{note}\n" for note in found.notes)
    result = replace(result, argv=ARGV, output_tail=notes + result.output_tail, notes=notes_of(found.notes))
    if made is not None:
        mounts.append(Mount(made / "home", HOME))
    return Installed(result, mounts, holds=[hold])


async def _fill(
    draft: Path, root: Path, directory: str, found: MavenManifest, execute: Execute, timeout: float
) -> CommandResult:
    """What Maven may write, the server does not write into any more: through a link it would write elsewhere."""
    for name in ("repository", "tree"):
        (draft / name).mkdir()
    given = {"global.xml": _settings(os.environ), **dict.fromkeys(PERSONAL, "<settings/>"), "bin/java": STARTS_NOTHING}
    write_files(draft / "given", given)
    (draft / "given/bin/java").chmod(0o755)

    async def listed(wanted: Iterable[Coordinates], kind: str) -> CommandResult:
        write_files(draft / "given", {f"{kind}/pom.xml": maven_manifest.listing(sorted(wanted), kind=kind)})
        return await execute(_cell(draft), _argv(f"{GIVEN}/{kind}/pom.xml", f"{DEPENDENCY}:resolve"), timeout)

    if found.parents:
        result = await listed(found.parents, "pom")
        if not result.ok:
            return result
        found = await asyncio.to_thread(maven_manifest.read, root, directory, draft / "repository")
    if found.unknown:
        return CommandResult(ARGV, 1, 0, f"{found.unknown}\n")
    await asyncio.to_thread(_lay_out, draft / "tree", found)
    result, said = await _project(draft, f"{TREE}/{directory}".rstrip("/"), found, execute, timeout)
    if result.ok and found.beside:
        beside = await listed(found.beside, "jar")
        said += "" if beside.ok else f"Not all packages of plugins could be had:\n{end_of(beside.output_tail, 2_000)}\n"
    if result.ok:
        await asyncio.to_thread(_keep, draft)
        result = replace(result, output_tail=f"{said}The packages are fetched.\n")
    return result


async def _project(
    draft: Path, place: str, found: MavenManifest, execute: Execute, timeout: float
) -> tuple[CommandResult, str]:
    """The packages of the modules in ``place``, and what is to be said of them."""
    pom, said = f"{place}/{POM}", ""
    result = await execute(_cell(draft), _argv(pom, *FETCH), timeout)
    if not result.ok and not result.timed_out:  # an old Surefire gives up where its tests do not start
        said = f"What starts the tests may be missing:\n{end_of(result.output_tail, 2_000)}\n"
        result = await execute(_cell(draft), _argv(pom, "test-compile"), timeout)
    if result.ok and found.other_plugins:
        plugins = await execute(_cell(draft), _argv(pom, f"{DEPENDENCY}:resolve-plugins"), timeout)
        said += "" if plugins.ok else f"Not all plugins could be had:\n{end_of(plugins.output_tail, 2_000)}\n"
    return result, said


def _argv(pom: str, *goal: str) -> tuple[str, ...]:
    settings = ("--global-settings", f"{GIVEN}/global.xml", "--settings", f"{GIVEN}/settings.xml")
    secrets = f"-Dsettings.security={GIVEN}/settings-security.xml"
    return ("mvn", "-B", QUIET, *settings, secrets, f"-Dmaven.repo.local={REPOSITORY}", "-f", pom, *goal)


def _cell(draft: Path) -> Cell:
    home = Path.home() / ".m2"
    binds = [
        *network_binds(),
        *(Bind(str(place), str(place)) for place in SETTINGS if place.is_dir()),
        Bind(str(draft / "given"), GIVEN),
        *(Bind(str(home / name), f"{GIVEN}/{name}") for name in PERSONAL if (home / name).is_file()),
        Bind(str(draft / "repository"), REPOSITORY, writable=True),
        Bind(str(draft / "tree"), TREE, writable=True),
    ]
    env = {"PATH": PATH, "HOME": "/tmp", "LANG": "C.UTF-8", "MAVEN_SKIP_RC": "1"}
    return Cell(binds=binds, env=env, chdir="/tmp", network=True, limits=LIMITS)


def _settings(environ: Mapping[str, str]) -> str:
    """One registry for everything, behind what the server's own settings say, and its proxy: Java reads no variables."""
    mirror = f"<mirror><id>central</id><mirrorOf>*</mirrorOf><url>{REGISTRY}</url></mirror>"
    return f"<settings><mirrors>{mirror}</mirrors><proxies>{_proxy(environ)}</proxies></settings>"


def _proxy(environ: Mapping[str, str]) -> str:
    value = next((environ[name] for name in ("HTTPS_PROXY", "https_proxy") if environ.get(name)), "")
    parts = urlsplit(value if "://" in value else f"http://{value}")
    if not parts.hostname:
        return ""
    without = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").replace(" ", "")
    said = {
        "id": "environment",
        "protocol": "https",
        "host": parts.hostname,
        "port": str(parts.port or 80),
        "username": parts.username or "",
        "password": parts.password or "",
        "nonProxyHosts": "|".join(f"*{name}" if name.startswith(".") else name for name in without.split(",") if name),
    }
    return "<proxy>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in said.items() if text) + "</proxy>"


def _lay_out(tree: Path, found: MavenManifest) -> None:
    """Ours alone, with a class of no content in each module: without one no test would be about to start."""
    write_files(tree, found.poms)
    for module in found.modules:
        (tree / module / "target/classes").mkdir(parents=True, exist_ok=True)
        write_files(tree / module / "target/test-classes", {"NothingTest.class": ""})


def _keep(draft: Path) -> None:
    """The packages alone, of whichever registry they are."""
    for folder, _, names in os.walk(draft / "repository"):
        for name in names:
            path = Path(folder, name)
            if name in NOT_KEPT or name.endswith(".lastUpdated"):
                path.unlink()
            elif name.startswith("maven-metadata-") and name.endswith(".xml"):
                path.rename(path.with_name("maven-metadata-central.xml"))
    write_files(draft / "home", {"settings.xml": OFFLINE})
    os.rename(draft / "repository", draft / "home/repository")
    for left in ("given", "tree"):
        shutil.rmtree(draft / left, ignore_errors=True)

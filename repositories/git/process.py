"""Runs one git process, isolated from this machine's git configuration and killed with its caller.

Git runs programs that configuration names (hooks, filters, fsmonitor, pagers, helpers). It gets no home, no system or
global configuration, and overrides for what a repository's own configuration could name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.children import child

from ..errors import GitCommandFailed
from .scrubbing import scrub

LOCAL_SECONDS = 120.0
NETWORK_SECONDS = 900.0
MAX_OUTPUT = 256 * 1024 * 1024
LARGEST_OBJECT = 640_000_000
"""The largest allocation of git while it receives objects, in bytes: a few kilobytes of deltas can expand to gigabytes. Git
does not create deltas of files over 512 MiB, and streams objects that are not deltas (core.bigFileThreshold)."""
TAIL = 2000
"""How much of git's output an error contains, in characters."""

PASSED_ON = (
    "PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy",
)  # fmt: skip
"""Variables passed on to git: certificate authorities and proxies. Everything else is set here."""

CONFIG: Mapping[str, str] = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.alternateRefsCommand": "true",
    "core.autocrlf": "false",
    "core.fileMode": "true",
    "core.symlinks": "true",
    "core.quotePath": "false",
    "core.pager": "cat",
    "commit.gpgSign": "false",
    "credential.helper": "",
    "diff.ignoreSubmodules": "all",
    "fetch.recurseSubmodules": "false",
    "fetch.uriProtocols": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "2",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "protocol.allow": "never",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
}


MAX_WORDS = 1_000_000
"""How much of the end of git's stderr is searched for a reason, in bytes: the remote side writes to it as well."""


@dataclass(frozen=True)
class Transfer:
    """How a git process that transfers objects is supervised.

    ``largest_file`` is in bytes (0: any). ``held`` are descriptors that it keeps open, so that a lock is held for as long as
    one of its processes lives. ``heard`` gets its stderr as it comes.
    """

    largest_file: int = 0
    held: Sequence[int] = ()
    heard: Callable[[bytes], None] | None = None


NOT_WATCHED = Transfer()


def environment(config: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The complete environment of a git process. ``config`` extends CONFIG, in git's command scope."""
    settings = [*CONFIG.items(), *config.items()]
    made = {
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings):
        made |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed | made | dict(extra)


async def git(
    *args: str,
    cwd: Path | None = None,
    config: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    seconds: float = LOCAL_SECONDS,
    secrets: Sequence[str] = (),
    what: str = "",
    transfer: Transfer = NOT_WATCHED,
) -> bytes:
    """Runs git and returns what it wrote to stdout.

    ``seconds`` is its time limit; ``what`` says in an error what was being done. When the caller is cancelled, the time is up
    or stdout passes MAX_OUTPUT, git and every process it started are killed and reaped. Raises GitCommandFailed.
    """
    what = what or f"git {args[0]}"
    try:
        async with child(
            *_limited(transfer.largest_file),
            *args,
            cwd=cwd,
            env=environment(config or {}, {**_no_larger(transfer), **(env or {})}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=transfer.held,
        ) as process:
            status, stdout, stderr = await _talk(process, stdin, seconds, transfer.heard)
    except FileNotFoundError as error:
        if cwd is not None and error.filename == str(cwd):
            raise GitCommandFailed(f"{what} failed: the directory {cwd} no longer exists.") from None
        raise GitCommandFailed("git is not installed on this server.", hint="Install git 2.31 or newer.") from None
    except TimeoutError:
        raise GitCommandFailed(f"{what} took longer than {seconds:g} seconds and was stopped.", code="git_timeout") from None
    except _TooMuch:
        raise GitCommandFailed(f"{what} produced more than {MAX_OUTPUT // 2**20} MiB of output and was stopped.") from None
    if status:
        words = scrub(lasting(stderr[-MAX_WORDS:].decode(errors="replace")), secrets).strip()
        raise GitCommandFailed(f"{what} failed: {_last_words(words) or f'exit status {status}'}", stderr=words[-TAIL:])
    return stdout


def lasting(text: str) -> str:
    """``text`` without progress lines that git overwrites on a terminal."""
    return "\n".join(line.rpartition("\r")[2] for line in text.replace("\r\n", "\n").split("\n"))


def _limited(largest_file: int) -> tuple[str, ...]:
    """The command git, where needed under a limit for the files that it writes (POSIX counts it in 512 bytes)."""
    if not largest_file:
        return ("git",)
    return ("sh", "-c", 'ulimit -f "$0" && exec git "$@"', str(largest_file // 512))


def _no_larger(transfer: Transfer) -> dict[str, str]:
    return {"GIT_ALLOC_LIMIT": str(LARGEST_OBJECT)} if transfer.largest_file else {}


class _TooMuch(Exception):
    pass


async def _talk(
    process: asyncio.subprocess.Process, stdin: bytes, seconds: float, heard: Callable[[bytes], None] | None
) -> tuple[int, bytes, bytes]:
    """Exit status, stdout and stderr. When one of the three fails, no other goes on reading. Raises TimeoutError, _TooMuch."""
    talk = asyncio.gather(_feed(process, stdin), _read(process.stdout, MAX_OUTPUT), _read(process.stderr, MAX_OUTPUT, heard))
    try:
        async with asyncio.timeout(seconds):
            _, stdout, stderr = await talk
            return await process.wait(), stdout, stderr
    finally:
        talk.cancel()


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # its exit status says why it stopped reading
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _read(stream: asyncio.StreamReader | None, limit: int, heard: Callable[[bytes], None] | None = None) -> bytes:
    assert stream is not None
    parts, size = [], 0
    while part := await stream.read(1 << 16):
        parts.append(part)
        if heard is not None:
            heard(part)
        size += len(part)
        if size > limit:
            raise _TooMuch
    return b"".join(parts)


def _last_words(words: str) -> str:
    """The line that states the cause. Git's output may end with hints."""
    lines = [line for line in words.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith(("fatal:", "error:", "remote: error", "ERROR"))]
    return (causes or lines[-1:] or [""])[0][:500]

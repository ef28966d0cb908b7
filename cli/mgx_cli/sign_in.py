"""Reads secrets, and signs in with a password for one command: neither the password nor a JWT is stored."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mgx_cli.api import Api
from mgx_cli.config import ServerConfig, UserFile, is_loopback
from mgx_cli.errors import ApiError, CLIError, NoAccess, UsageError
from mgx_cli.text_input import read_line


def read_secret(prompt: str, from_stdin: bool, *, option: str) -> str:
    """One line, prompted for without echo or read from standard input. ``option`` is the flag for standard input.

    Raises UsageError without a terminal to ask on, and for an empty secret.
    """
    import getpass

    if not from_stdin and not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask for the secret.", hint=f"Pipe it in with {option}.")
    secret = read_line() if from_stdin else getpass.getpass(prompt, stream=sys.stderr)
    if not secret.strip():
        raise UsageError(f"{prompt.rstrip(': ')}: nothing was given.")
    return secret.strip()


def require_encryption(base_url: str, user: UserFile) -> None:
    """Raises NoAccess if a secret would be sent unencrypted."""
    if base_url.startswith("http://") and not is_loopback(base_url) and not user.allow_insecure_http:
        raise NoAccess(
            f"Your secret would be sent unencrypted to {base_url}.",
            hint="Use https, or allow it with: mgx config set allow_insecure_http true",
        )


@contextmanager
def signed_in(base_url: str, name: str, password: str, *, workspace: str = "") -> Iterator[Api]:
    """An API client signed in as this person until the block ends. Raises NoAccess for a wrong name or password."""
    anonymous = Api(ServerConfig(base_url, "", "", "the sign-in"))
    try:
        pair = anonymous.post("/api/auth/token", {"username": name, "password": password})
    except ApiError as error:
        if error.status != 401:
            raise
        raise NoAccess(
            f"Wrong username or password for {name!r} on {base_url}.",
            hint="If you have no account or forgot the password, ask an operator of the server.",
        ) from error
    try:
        yield Api(ServerConfig(base_url, pair["access"], workspace, "the sign-in"))
    finally:
        with suppress(CLIError):  # what was done stands; nobody has this sign-in, and it expires by itself
            anonymous.post("/api/auth/revoke", {"refresh": pair["refresh"]})


def token_by_password(base_url: str, name: str, password: str, workspace: str) -> str:
    """Signs in once and creates an API token, so that neither a password nor a short-lived JWT is stored."""
    with signed_in(base_url, name, password, workspace=workspace) as person:
        made = person.post("/api/tokens", {"name": f"mgx on {socket.gethostname()}"[:100]})
    return str(made["token"])

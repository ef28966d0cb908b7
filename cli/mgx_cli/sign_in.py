"""Secrets that a person types or pipes in, and a password that is good for one command: neither it nor a JWT is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mgx_cli.api import Api
from mgx_cli.config import ServerConfig, UserFile, is_loopback
from mgx_cli.errors import ApiError, CLIError, NoAccess, UsageError


def read_secret(prompt: str, from_stdin: bool, *, option: str) -> str:
    """One line, asked for without an echo or read from standard input. ``option`` is the flag by which it is piped in."""
    import getpass

    if not from_stdin and not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask for the secret.", hint=f"Pipe it in with {option}.")
    secret = sys.stdin.readline() if from_stdin else getpass.getpass(prompt, stream=sys.stderr)
    if not secret.strip():
        raise UsageError("The secret is empty.")
    return secret.strip()


def require_encryption(base_url: str, user: UserFile) -> None:
    """Raises NoAccess where a secret would travel in the clear."""
    if base_url.startswith("http://") and not is_loopback(base_url) and not user.allow_insecure_http:
        raise NoAccess(
            f"{base_url} is not encrypted: your secret would travel readable by others.",
            hint="Use https, or accept it with: mgx config set allow_insecure_http true",
        )


@contextmanager
def signed_in(base_url: str, name: str, password: str, *, workspace: str = "") -> Iterator[Api]:
    """The server as this person sees it; the sign-in is ended at the end. Raises NoAccess for a wrong name or password."""
    anonymous = Api(ServerConfig(base_url, "", "", "the sign-in"))
    try:
        pair = anonymous.post("/api/auth/token", {"username": name, "password": password})
    except ApiError as error:
        if error.status != 401:
            raise
        raise NoAccess(
            f"{base_url} does not know the user {name!r} with this password.",
            hint="Accounts are made by the server's operators; they also set a new password.",
        ) from error
    try:
        yield Api(ServerConfig(base_url, pair["access"], workspace, "the sign-in"))
    finally:
        with suppress(CLIError):  # what was done stands; nobody has this sign-in, and it expires by itself
            anonymous.post("/api/auth/revoke", {"refresh": pair["refresh"]})

"""Where API tokens are kept: in the system's keyring where the package `keyring` finds one, else in the user's file.

The user's file says which server's token is in the keyring: the package takes long to import, and is asked for no other.
A backend that protects no better than the file is used only where the user chose it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mgx_cli.errors import NoAccess

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

IN_KEYRING = "keyring"
"""Stands for the token in the user's file. No token is so short."""
SERVICE = "mgx"
"""The name of our entries in the keyring; the user name of each is the server's address."""


class TokenFile(Protocol):
    """The user's file: ``tokens`` maps a server's address to its token, or to `IN_KEYRING`."""

    path: Path
    tokens: dict[str, str]


def keep(user: TokenFile, base_url: str, token: str) -> str:
    """Keeps the token of a server and returns the place, as words for the user. The file is still to be saved."""
    from mgx_cli.output import say

    user.tokens[base_url] = token
    try:
        backend = _backend()
        if backend is None:
            return str(user.path)
        backend.set_password(SERVICE, base_url, token)
        if backend.get_password(SERVICE, base_url) != token:
            raise NoAccess("it does not give back what it was given")
    except Exception as error:
        # Many backends let errors of the system through that are not keyring's own.
        say(f"The keyring can't be used ({_reason(error)}), so the token is kept in the file.", "yellow")
        return str(user.path)
    user.tokens[base_url] = IN_KEYRING
    return f"the keyring {backend.name}"


def token_of(user: TokenFile, base_url: str) -> str:
    """The token of a server, or ''. Raises NoAccess if it is in a keyring that can't be read."""
    stored = user.tokens.get(base_url, "")
    if stored != IN_KEYRING:
        return stored
    hint = f"Sign in again: mgx login --server {base_url}"
    try:
        backend = _backend()
        token = backend.get_password(SERVICE, base_url) if backend is not None else None
    except Exception as error:
        raise NoAccess(f"The token of {base_url} is in a keyring that can't be read: {_reason(error)}.", hint=hint) from error
    if not token:
        raise NoAccess(f"The token of {base_url} was put into a keyring, and is not there now.", hint=hint)
    return token


def forget(user: TokenFile, base_url: str) -> bool:
    """Removes the token of a server and says whether there was one. The file is still to be saved."""
    from mgx_cli.output import say

    stored = user.tokens.pop(base_url, None)
    if stored != IN_KEYRING:
        return stored is not None
    try:
        backend = _backend()
        if backend is not None and backend.get_password(SERVICE, base_url) is not None:
            backend.delete_password(SERVICE, base_url)
    except Exception as error:
        say(f"The keyring may still have the token of {base_url}: {_reason(error)}.", "yellow")
    return True


def _backend() -> KeyringBackend | None:
    """The backend that keyring chose; None without the package, without a backend, and where the user switched keyring off.

    keyring gives backends that are safer than a file of the user's own a priority of 1 and more, and its switch -1.
    """
    if find_spec("keyring") is None:
        return None
    import keyring
    from keyring.backends.chainer import ChainerBackend
    from keyring.core import load_config, load_env

    backend = keyring.get_keyring()
    chosen = load_env() or load_config()
    if isinstance(backend, ChainerBackend) and not chosen:  # its own priority is not that of its members
        return next((one for one in backend.backends if one.priority >= 1), None)
    return backend if backend.priority >= (0 if chosen else 1) else None


def _reason(error: Exception) -> str:
    from mgx_cli.output import one_line

    return one_line(str(error) or type(error).__name__, 200)

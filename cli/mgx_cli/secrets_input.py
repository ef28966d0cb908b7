"""Reads secrets from a pipe, a variable or a prompt, never from the arguments, which other users can read."""

from __future__ import annotations

import os
import sys

from mgx_cli.errors import UsageError
from mgx_cli.text_input import read_line


def given(from_stdin: bool, variable: str | None, *, option: str = "--key") -> str | None:
    """The secret, or None if none was given. ``option`` is the prefix of both options. Raises ``UsageError`` if it is empty."""
    if variable is not None:
        secret = os.environ.get(variable, "").strip()
        if not secret:
            raise UsageError(
                f"{variable} is not set.", hint=f"{option}-env expects the name of a variable, not the secret itself."
            )
        return secret
    if from_stdin:
        secret = read_line().strip()
        if not secret:
            raise UsageError("The secret on standard input is empty.")
        return secret
    return None


def ask(prompt: str, *, option: str = "--key") -> str:
    """Asks on the terminal without echo. Raises ``UsageError`` if there is no terminal."""
    import getpass

    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask for the secret.", hint=f"Pipe it in with {option}-stdin.")
    return getpass.getpass(prompt, stream=sys.stderr).strip()

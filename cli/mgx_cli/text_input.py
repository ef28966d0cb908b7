"""Text that people wrote, in files, pipes and variables: UTF-8, before which programs on Windows write a byte order mark."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mgx_cli.errors import UsageError

ENCODING = "utf-8-sig"
"""UTF-8, with or without a byte order mark at its beginning."""


def read_file(path: Path) -> str:
    """Raises OSError and UnicodeDecodeError."""
    return path.read_text(ENCODING)


def expect_utf8_in_pipes() -> None:
    """On Windows a pipe would be read in the code page of the machine. A terminal is read as the system reads it."""
    reconfigure = getattr(sys.stdin, "reconfigure", None)
    if reconfigure is not None and not sys.stdin.isatty():
        reconfigure(encoding=ENCODING)


def read_line() -> str:
    """A line of standard input. Raises UsageError if it is not UTF-8."""
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error


def read_all() -> str:
    """The rest of standard input. Raises UsageError if it is not UTF-8."""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error


def not_utf8(error: UnicodeDecodeError) -> UsageError:
    return UsageError(f"Standard input is not UTF-8: {error.reason} at byte {error.start}.", hint="Write it as UTF-8.")


def program(variable: str, text: str) -> list[str]:
    """The words of a program that a variable names, with quotes as in a shell. A backslash is a part of a path on Windows,
    and elsewhere quotes the next character. Raises UsageError for an open quote."""
    import shlex

    words = shlex.shlex(text, posix=True, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    if os.name == "nt":
        words.escape = ""
    try:
        return list(words)
    except ValueError as error:
        raise UsageError(f"{variable} can't be read as a command: {error}: {text}") from error

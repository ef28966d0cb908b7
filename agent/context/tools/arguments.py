"""Reads the arguments that a model wrote. Each reader refuses what is of another kind."""

from __future__ import annotations

from pathlib import PurePosixPath

from agent.context.paths import is_ours, is_secret
from agent.context.tools.result import Refused
from agent.ports import JSONObject

MAX_TEXT = 1_000


def text(arguments: JSONObject, name: str, default: str | None = None) -> str:
    """A string of 1 to ``MAX_TEXT`` characters on one line; ``default`` None says that it must be there. Raises ``Refused``."""
    value = arguments.get(name)
    if value is None or value == "":
        if default is None:
            raise Refused(f'The argument "{name}" is missing. It is a string.')
        return default
    if not isinstance(value, str):
        raise Refused(f'The argument "{name}" must be a string.')
    if len(value) > MAX_TEXT:
        raise Refused(f'The argument "{name}" is too long: at most {MAX_TEXT} characters.')
    if any(not character.isprintable() and character != "\t" for character in value):
        raise Refused(f'The argument "{name}" has a line end or a control character. Write it on one line.')
    return value


def number(arguments: JSONObject, name: str, default: int, least: int = 1, most: int = 10_000_000) -> int:
    """A whole number; models write numbers as strings too. Raises ``Refused``."""
    value = arguments.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f'The argument "{name}" must be a whole number.')
    if not least <= value <= most:
        raise Refused(f'The argument "{name}" must be from {least} to {most}.')
    return value


def flag(arguments: JSONObject, name: str) -> bool:
    """True or false, also written as a string; false where it is absent. Raises ``Refused``."""
    value = arguments.get(name, False)
    if isinstance(value, str) and value.lower() in ("true", "false", ""):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Refused(f'The argument "{name}" must be true or false.')
    return value


def path(arguments: JSONObject, name: str = "path", default: str | None = None) -> str:
    """A path relative to the root of the repository, as git writes it; "" is the root itself. Raises ``Refused``."""
    value = text(arguments, name, default).replace("\\", "/")
    if value.startswith(("/", "~")) or value[1:2] == ":":
        raise Refused(f"{value} is not a path in the repository. Paths are relative to its root, for example src/app.py.")
    parts = [part for part in PurePosixPath(value).parts if part != "."]
    if ".." in parts:
        raise Refused(f"{value} contains '..'. Write the path from the root of the repository, without it.")
    wanted = "/".join(parts)
    if is_ours(wanted):
        raise Refused(f"{value} is not part of the project.")
    if wanted and is_secret(wanted):
        raise Refused(f"{value} may contain secrets, so it can't be read. Continue without it.")
    return wanted


def words(arguments: JSONObject, name: str, most: int) -> tuple[str, ...]:
    """A list of 1 to ``most`` strings. Raises ``Refused``."""
    value = arguments.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise Refused(f'The argument "{name}" must be a list of strings, one per word: ["python", "-m", "pytest"]. No shell.')
    if len(value) > most:
        raise Refused(f'The argument "{name}" has more than {most} words.')
    return tuple(text({name: word}, name) for word in value)

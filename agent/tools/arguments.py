"""Reads the arguments that a model wrote. Each reader refuses what is of another kind."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath

from agent.context.paths import is_ours, is_secret
from agent.ports import JSONObject
from agent.tools.result import Refused

MAX_TEXT = 1_000
MAX_COMMAND = 20_000


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


def command(arguments: JSONObject) -> str:
    """A shell line, or several; the words of a command, as models write them from habit, are quoted. Raises ``Refused``."""
    value = arguments.get("command")
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        is_shell = len(value) == 3 and value[0].rpartition("/")[2] in ("sh", "bash") and value[1] in ("-c", "-lc")
        value = value[2] if is_shell else value[0] if len(value) == 1 else shlex.join(value)
    if not isinstance(value, str) or not value.strip():
        raise Refused('The argument "command" is missing. It is a shell line: "pytest -x tests/test_a.py".')
    value = value.replace("\r\n", "\n").strip()
    if len(value) > MAX_COMMAND:
        raise Refused(
            f'The argument "command" is too long: at most {MAX_COMMAND:,} characters. Write a file by edit and run that.'
        )
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused('The argument "command" has a character that no shell takes. Write it as text.')
    return value


def paths(arguments: JSONObject, most: int) -> list[str]:
    """1 to ``most`` places as the model wrote them, each once: a list, one string, or a string for each line. Raises
    ``Refused``."""
    value = arguments.get("paths")
    if isinstance(value, str):
        value = [line.strip() for line in value.split("\n") if line.strip()]
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        raise Refused('The argument "paths" is missing. It is a list: ["src/a.py", "src/b.py:10-80"].')
    found = list(dict.fromkeys(_place(entry) for entry in value))
    if len(found) > most:
        raise Refused(f'"paths" names {len(found)} places; at most {most} can be read at once.')
    return found


def _place(entry: object) -> str:
    """One entry of ``paths``: a string, or an object as of a tool that reads one file."""
    if isinstance(entry, dict):
        path, start, end = (entry.get(name) for name in ("path", "start", "end"))
        if not isinstance(path, str) or not path:
            raise Refused('An entry of "paths" is a path, or a path and lines: "src/b.py:10-80".')
        first = number(entry, "start", 1) if start else 1
        last = f"{number(entry, 'end', 1)}" if end else ""
        return f"{path}:{first}-{last}" if start or end else path
    return text({"paths": entry}, "paths")


OTHER_NAMES: Mapping[str, Mapping[str, str]] = {
    "read": {"path": "paths", "file": "paths", "files": "paths", "file_path": "paths", "filename": "paths"},
    "run": {"argv": "command", "cmd": "command", "script": "command"},
    "list": {"directory": "path", "folder": "path"},
    "search": {"query": "pattern", "regex": "pattern", "context_lines": "context"},
    "symbols": {"symbol": "name", "file": "path"},
    "history": {"file": "path", "n": "count", "limit": "count"},
}
"""Arguments that weak models send from habit. They are understood and not offered."""
LINES = {"start": "start", "end": "end", "start_line": "start", "end_line": "end", "from": "start", "to": "end"}


def renamed(tool: str, arguments: JSONObject) -> JSONObject:
    """``arguments`` by the names that ``tool`` has for them; what it knows by its own name comes first."""
    others = OTHER_NAMES.get(tool, {})
    found = {key: value for key, value in arguments.items() if key not in others}
    for key, value in arguments.items():
        if key in others:
            found.setdefault(others[key], value)
    if tool == "read":
        lines = {LINES[key]: found.pop(key) for key in list(found) if key in LINES}
        path = found.get("paths")
        path = path[0] if isinstance(path, list) and len(path) == 1 else path
        if any(lines.values()) and isinstance(path, str):
            found["paths"] = [{"path": path, **lines}]
    return found

"""Which paths an edit may name at all. What the tree holds at them is ``tree``'s question."""

from __future__ import annotations

import re
import unicodedata

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 255
"""NAME_MAX of every common Linux file system."""

_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[1-9¹²³]|lpt[1-9¹²³])(?:\..*)?", re.IGNORECASE)
"""Reserved on Windows with any extension: Microsoft, "Naming Files, Paths, and Namespaces"."""

_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
"""Characters without a picture that Unicode counts as letters, marks or symbols."""

_GUARDED = {".git": "git's own data", ".mgx": "this program's own data"}


def unsafe_reason(path: str) -> str | None:
    """Why ``path`` may not be written, as the end of a sentence ("… because it is absolute"), or None when it may."""
    if not path:
        return "it is empty"
    if any(ord(char) < 32 or ord(char) == 127 for char in path):
        return "it contains a control character"
    hidden = next((char for char in path if _is_hidden(char)), None)
    if hidden is not None:
        return f"it contains the invisible character U+{ord(hidden):04X}"
    try:
        raw = path.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if "\\" in path:
        return "it contains a backslash; write / between names"
    if path.startswith("/"):
        return "it is absolute; paths are relative to the project"
    if re.match(r"[A-Za-z]:", path):
        return "it starts with a drive letter"
    if path.startswith("~"):
        return "it starts with ~, a home directory"
    if len(raw) > MAX_PATH_BYTES:
        return f"it is longer than {MAX_PATH_BYTES} bytes"
    for name in path.split("/"):
        reason = _unsafe_name(name)
        if reason is not None:
            return reason
    return None


def folded(path: str) -> str:
    """The form in which two paths are the same file on a file system that ignores case or Unicode composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _unsafe_name(name: str) -> str | None:
    if name == "":
        return "it has an empty name in it (a double or final /)"
    if name in (".", ".."):
        return f"it holds {name}, which is not allowed in a plain path"
    if name.endswith((" ", ".")) or name.startswith(" "):
        return "a name in it starts or ends with a space, or ends with a dot"
    if len(name.encode("utf-8")) > MAX_NAME_BYTES:
        return f"a name in it is longer than {MAX_NAME_BYTES} bytes"
    if _DEVICES.fullmatch(name):
        return f"{name} is a device name on Windows"
    guarded = _GUARDED.get(_plain(name))
    if guarded is not None:
        return f"{name} is {guarded}"
    return None


def _is_hidden(char: str) -> bool:
    """True for what shows nothing, or turns the direction of what follows: two names that look alike would differ by it."""
    return not char.isascii() and (unicodedata.category(char) in ("Cf", "Cc", "Zl", "Zp") or char in _BLANKS)


def _plain(name: str) -> str:
    """``name`` as a careless file system reads it: HFS+ drops format characters, NTFS a stream suffix, both ignore case.

    The spellings are those of git's own protection (core.protectHFS, core.protectNTFS), ``git~1`` among them.
    """
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf")
    bare = folded(visible).split(":", 1)[0].rstrip(" .")
    return ".git" if re.fullmatch(r"git~\d+", bare) else bare

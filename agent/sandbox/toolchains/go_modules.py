"""go.mod, go.work and go.sum as the install step may see them: modules by path and version, and directories of the
repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.patterns import linear
from agent.sandbox.node.sources import is_plain_directory, read_text

MAX_MODULES = 200
MAX_LINES = 20_000
_PATH = r"[A-Za-z0-9][\w.~!-]*(?:/[\w~!-][\w.~!-]*)*"
_VERSION = r"v[\w.+!-]+"
_MODULE = linear(rf'module\s+"?({_PATH})"?')
_GO = linear(r"go\s+(\d[\w.]*)")
_REQUIRE = linear(rf'"?({_PATH})"?\s+({_VERSION})')
_REPLACE = linear(rf'"?({_PATH})"?(\s+{_VERSION})?\s*=>\s*(?:"?({_PATH})"?\s+({_VERSION})|"?(\.{{1,2}}(?:/[\w.~!@+-]+)*/?)"?)')
_USE = linear(r'"?(\.{1,2}(?:/[\w.~!@+-]+)*/?)"?')
_SUM = linear(rf"{_PATH} {_VERSION}(?:/go\.mod)? h1:[\w+/=]{{20,100}}")


@dataclass
class GoModules:
    """``files`` by path from the repository's root; ``wanted`` says that a module of elsewhere is among what they ask for."""

    files: dict[str, str] = field(default_factory=dict)
    wanted: bool = False
    notes: list[str] = field(default_factory=list)


def read(root: Path, directory: str) -> GoModules:
    """Those of the module or workspace in ``directory``, and of the modules of the repository that it takes by their path."""
    found = GoModules()
    left = [directory]
    work = read_text(root, posixpath.join(directory, "go.work"))
    if work is not None:
        lines = []
        for word, line in _lines(work):
            if word == "go" and _GO.fullmatch(f"go {line}"):
                lines.append(f"go {line}")
            elif word == "use" and (hit := _USE.fullmatch(line)) and (inside := _inside(root, directory, hit[1])) is not None:
                lines.append(f"use {hit[1]}")
                left.append(inside)
            elif word == "replace":
                lines += _replaced(root, directory, line, left, found, "go.work")
        found.files[posixpath.join(directory, "go.work")] = "\n".join(lines) + "\n"
    for module in left:  # grows meanwhile
        if posixpath.join(module, "go.mod") not in found.files and len(found.files) < 2 * MAX_MODULES:
            _module(root, module, left, found)
    return found


def _module(root: Path, directory: str, left: list[str], found: GoModules) -> None:
    name = posixpath.join(directory, "go.mod")
    text = read_text(root, name)
    if text is None:
        return
    lines = []
    for word, line in _lines(text):
        whole = f"{word} {line}"
        if (word == "module" and _MODULE.fullmatch(whole)) or (word == "go" and _GO.fullmatch(whole)):
            lines.append(whole)
        elif word in ("require", "exclude") and _REQUIRE.fullmatch(line):
            found.wanted |= word == "require"
            lines.append(whole)
        elif word == "replace":
            lines += _replaced(root, directory, line, left, found, name)
        elif word in ("require", "exclude"):
            found.notes.append(f"refused: {name}: {whole[:200]}")
    found.files[name] = "\n".join(lines) + "\n"
    sums = read_text(root, posixpath.join(directory, "go.sum"))
    if sums is not None:
        kept = [line for line in sums.splitlines() if len(line) < 600 and _SUM.fullmatch(line)]
        found.files[posixpath.join(directory, "go.sum")] = "".join(f"{line}\n" for line in kept)


def _replaced(root: Path, directory: str, line: str, left: list[str], found: GoModules, name: str) -> list[str]:
    hit = _REPLACE.fullmatch(line)
    if hit is not None and hit[3]:
        return [f"replace {line}"]
    inside = _inside(root, directory, hit[5]) if hit is not None else None
    if inside is None:
        found.notes.append(f"refused: {name}: replace {line[:200]} (not a module or a directory of the repository)")
        return []
    left.append(inside)
    return [f"replace {line}"]


def _inside(root: Path, directory: str, path: str) -> str | None:
    """``path`` as one from the repository's root, where it is a directory of it."""
    inside = posixpath.normpath(posixpath.join(directory, path))
    if inside == ".":
        return ""
    return inside if not inside.startswith(("..", "/")) and is_plain_directory(root, inside) else None


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Directive and the rest of its line, those in parentheses one by one (go.dev/ref/mod#go-mod-file)."""
    block = ""
    for raw in text.splitlines()[:MAX_LINES]:
        line = raw.partition("//")[0].strip()
        if len(line) > 1_000 or not line:
            continue
        if line == ")":
            block = ""
        elif block:
            yield block, line
        elif line.endswith("("):
            block = line[:-1].strip()
        else:
            word, _, rest = line.partition(" ")
            yield word, rest.strip()

"""The tool ``search``, by ripgrep. Its own configuration and the ignore files above the repository do not count."""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections.abc import Sequence, Set
from contextlib import suppress
from pathlib import Path

from agent.children import child
from agent.context import listing
from agent.context.paths import is_clone_of_run, is_secret
from agent.ports import JSONObject
from agent.tools import arguments as read
from agent.tools.result import Refused, ToolResult, clean, fitting

TIMEOUT = 10.0
MAX_OUTPUT = 2_000_000
MAX_LINE = 240
MAX_ERROR = 300
MAX_CONTEXT = 5
OPTIONS = (
    "--no-config", "--no-messages", "--color=never", "--no-heading", "--with-filename", "--line-number", "--null", "--hidden",
    "--sort=path", f"--max-columns={MAX_LINE}", "--max-columns-preview", "--max-count=40", "--max-filesize=2M", "--threads=1",
    "--no-ignore-parent", "--no-ignore-global", "--no-require-git", "--glob=!.git",
)  # fmt: skip


async def search(root: Path, arguments: JSONObject) -> ToolResult:
    """Raises ``Refused`` for wrong arguments, a missing path, what ripgrep can't search for or if ripgrep is absent."""
    pattern = read.text(arguments, "pattern")
    place = read.path(arguments, default=".")
    glob = read.text(arguments, "glob", "")
    options = [*OPTIONS, *(["--ignore-case"] if read.flag(arguments, "ignore_case") else [])]
    around = min(read.number(arguments, "context", 0, least=0), MAX_CONTEXT)
    options += [f"--context={around}"] if around else []
    options += ["--no-ignore"] if is_clone_of_run(root) else []
    # ripgrep reads what is named to it in spite of ignore rules, so what it says is held against the list
    files = set(await listing.list_files(root))
    if place and place not in files and not any(name.startswith(place + "/") for name in files):
        raise Refused(f"There is no {place} in the repository. Leave out the path, or see what exists with list.")
    options += [f"--glob={glob}"] if glob else []
    code, output, error = await _ripgrep(root, [*options, f"--regexp={pattern}", "--", f"./{place}"])
    if code == 2 and not output:
        said = clean(error.strip()[-MAX_ERROR:])
        raise Refused(
            f"ripgrep can't search for that: {said or 'the pattern or the glob is wrong'}. Escape ( ) [ ] {{ }} . * + ?."
        )
    lines = _shown(output.split("\n"), files)
    if not lines:
        where = f" in {place}" if place else ""
        note = "" if code is not None else " before the search timed out: search in a folder"
        return ToolResult(f"Nothing matches{where}{note}.")
    shown, whole = fitting(lines)
    more = "" if whole and code is not None else "\n… there is more: narrow it by path, glob or a longer pattern."
    return ToolResult("\n".join(shown) + more)


async def _ripgrep(root: Path, options: Sequence[str]) -> tuple[int | None, str, str]:
    """Exit code, or None when it was stopped for its length or time; output and what it complained of."""
    program = shutil.which("rg", path=sysconfig.get_path("scripts")) or shutil.which("rg")
    if program is None:
        raise Refused("Search is not available here. Use list, symbols and read.")
    output = bytearray()
    error = b""
    code: int | None = None
    async with child(
        program, *options, cwd=root, env={"LC_ALL": "C.UTF-8"}, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                while len(output) < MAX_OUTPUT and (chunk := await process.stdout.read(1 << 16)):
                    output += chunk
                if len(output) < MAX_OUTPUT:
                    error = await process.stderr.read(1 << 16)
                    code = await process.wait()
    return code, output.decode("utf-8", "replace"), error.decode("utf-8", "replace")


def _shown(output: Sequence[str], files: Set[str]) -> list[str]:
    """Below the path of each file its hits as ``12:text`` and lines around them as ``11-text``; ``--`` between places of a file
    that are apart."""
    lines: list[str] = []
    last = ""
    for line in output:
        path, found, rest = line.partition("\0")
        path = path.removeprefix("./")
        if found and path in files and not is_secret(path):
            if path != last:
                lines = [*lines[:-1], path] if lines[-1:] == ["--"] else [*lines, path]
                last = path
            lines.append(clean(rest.rstrip("\r")))
        elif line == "--" and lines and lines[-1] != "--":
            lines.append("--")
    return lines[:-1] if lines[-1:] == ["--"] else lines

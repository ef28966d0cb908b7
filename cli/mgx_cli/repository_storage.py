"""Where git keeps the data of a checkout outside of it: a linked worktree and a submodule have their git directory elsewhere, a
clone with --shared or --reference borrows objects of another repository. The embedded server must be allowed to read them, too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from mgx_cli import embedded, git_answers
from mgx_cli.errors import UsageError
from mgx_cli.output import one_line, say

MAX_ALTERNATES = 20


def allow_with_storage(checkout: Path, *, yes: bool) -> None:
    """Allows the embedded server to use ``checkout``, and, if ``yes`` or the person agrees, what git keeps elsewhere of it.

    Raises ``UsageError`` if not.
    """
    embedded.allow(checkout)
    wanted = [place for place in outside(checkout) if not embedded.is_allowed(place)]
    if not wanted:
        return
    say(f"git keeps a part of {checkout} in other directories, which the embedded server may not use yet:", "yellow")
    for place in wanted:
        say(f"  {one_line(place)}")
    if not yes and not _agreed():
        commands = "\n".join(f"  mgx allow '{one_line(place)}'" for place in wanted)
        raise UsageError(
            f"The embedded server may not use all directories of the repository {checkout}.",
            hint=f"Allow them, then give the task again:\n{commands}",
        )
    for place in wanted:
        embedded.allow(place)
    say("Allowed.", "dim")


def outside(checkout: Path) -> Sequence[Path]:
    """The directories outside of ``checkout`` that hold its git directory or objects; none for what is not a repository."""
    if not os.path.lexists(checkout / ".git") and not (checkout / "HEAD").is_file():
        return ()
    # one question each: a name may contain a line break
    own, shared = (
        git_answers.ask(checkout, "rev-parse", option).output for option in ("--absolute-git-dir", "--git-common-dir")
    )
    if own is None or shared is None:
        return ()
    common = (checkout / shared.removesuffix("\n")).resolve()
    found = [common, Path(own.removesuffix("\n")).resolve(), *_objects(common)]
    return _outermost(place for place in found if place.is_dir() and not place.is_relative_to(checkout))


def _objects(common: Path) -> list[Path]:
    """The directory of the objects, and those that it borrows from (gitrepository-layout, objects/info/alternates)."""
    found = [(common / "objects").resolve()]
    for place in found:
        try:
            lines = (place / "info" / "alternates").read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            continue
        for line in lines:
            borrowed = (place / line).resolve()
            if line and not line.startswith("#") and borrowed not in found and len(found) < MAX_ALTERNATES:
                found.append(borrowed)
    return [found[0], *(place for place in found[1:] if (place / "pack").is_dir() or (place / "info").is_dir())]


def _outermost(places: Iterable[Path]) -> list[Path]:
    kept: list[Path] = []
    for place in places:
        if not any(place.is_relative_to(other) for other in kept):
            kept.append(place)
    return kept


def _agreed() -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    import typer

    return typer.confirm("Allow them?", default=True, err=True)

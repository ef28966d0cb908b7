"""Of several readings of an edit the one after which the file still parses, for the formats that ``agent.documents`` reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.documents import Unreadable, check_yaml, read_json, read_python, read_toml
from agent.patch.document import Document
from agent.patch.merge import merged
from agent.patch.model import PatchHunk
from agent.patch.placement import Placement, Refusal

MAX_CHARACTERS = 200_000
"""Of a text that is parsed only to choose between readings of an edit."""

MAX_READINGS, MAX_EDITS = 4, 4
"""Of one edit, and edits of one file, that are parsed."""

_PARSERS: dict[str, Callable[[str], object]] = {
    "py": read_python, "pyi": read_python, "json": read_json, "toml": read_toml, "yml": check_yaml, "yaml": check_yaml
}  # fmt: skip


def prefer_what_parses(document: Document, path: str, hunks: Sequence[PatchHunk], found: list[Placement | Refusal]) -> None:
    """Puts that reading in the place of a refusal in ``found`` that has several. ``path`` tells the format."""
    unclear = [at for at, place in enumerate(found) if isinstance(place, Refusal) and 1 < len(place.readings) <= MAX_READINGS]
    parse = _PARSERS.get(path.rpartition(".")[2])
    if not unclear or len(unclear) > MAX_EDITS or parse is None or not _parses(document, parse):
        return
    for at in unclear:
        place = found[at]
        readings = place.readings if isinstance(place, Refusal) else ()
        fitting = [way for way in readings if _parses(merged(document, [(hunks[at], way)]), parse)]
        if len(fitting) == 1:
            found[at] = fitting[0]


def _parses(document: Document, parse: Callable[[str], object]) -> bool:
    if sum(map(len, document.lines)) > MAX_CHARACTERS:
        return False
    try:
        parse("\n".join(document.lines) + "\n")
    except Unreadable:
        return False
    return True

"""Whether a decision about a change stands already: the same one is the same answer, another one comes too late."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..models import ChangeRound
from . import change_set
from .change_set import JSON, WHOLE


@dataclass(frozen=True)
class Closing:
    """What ends a round: who does it, the comment on the whole change, and whether the undecided rest is accepted."""

    user_id: uuid.UUID
    comment: str
    accept_rest: bool


def is_repeated(
    decided: ChangeRound, said: JSON, entries: Sequence[Mapping[str, Any]], files: list[JSON], closing: Closing | None
) -> bool:
    """Whether all of it stands in the closed round ``decided``. ``said`` is what ``entries`` would make of its decisions.

    Somebody else who accepts the rest, without a word about what was rejected, has not said the same.
    """
    parts = [(file["path"], part) for file in files for part in change_set.parts(file)]
    stands = decided.decisions
    if any(change_set.verdict(said, *part) != change_set.verdict(stands, *part) for part in parts):
        return False
    if closing is None:
        return True
    if closing.comment != decided.comment:
        return False
    if not closing.accept_rest or closing.user_id == decided.decided_by_id:
        return True
    named = {(entry["path"], WHOLE if entry.get("hunk") is None else str(entry["hunk"])) for entry in entries}
    rejected = [(path, part) for path, part in parts if change_set.state(stands, path, part) == "rejected"]
    return all((path, part) in named or (path, WHOLE) in named for path, part in rejected)

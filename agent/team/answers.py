"""An answer of a role that changes files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch import Edits
from agent.ports import JSONObject


@dataclass(frozen=True)
class ChangeAnswer:
    """``edits`` are still to be applied; ``finish`` is what the role says of the change that its tools have made already,
    {summary, subject, body, assumptions}, None where it used none."""

    edits: Sequence[Edits] = ()
    finish: JSONObject | None = None

    @property
    def text(self) -> str:
        if self.finish is not None:
            return str(self.finish.get("summary", ""))
        return "\n\n".join(answer.text for answer in self.edits)

"""Lines that stand for code which the model left out: "rest unchanged" in the place of the rest.

The edit engine keeps the original where it can and refuses where it can't; this check sees what was written in any other way,
and tells the model before anything is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.result import GuardrailFinding
from agent.patch.elision import elisions

MAX_FOUND = 5
"""Of one file: who leaves out code does so in many places."""


def elided_code(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """Lines of the answer that stand for others; what the file had before is its own."""
    for block in answer.safe:
        lines = block.content.split("\n")
        before = answer.text_before(block.path)
        known = [] if before is None else before.replace("\r\n", "\n").split("\n")
        same = frozenset(known)
        fresh = [at for at, line in enumerate(lines) if line not in same]
        for at in islice(elisions(lines, block.path, known, fresh), MAX_FOUND):
            hint = "Write every line of the file, or send only the lines that change as SEARCH/REPLACE blocks."
            said = lines[at].strip()[:80]
            yield GuardrailFinding(
                "elided_code", f"This line stands for code that was left out: {said}", hint, block.path, at + 1
            )

"""What a command printed, without what only a terminal understands."""

from __future__ import annotations

from agent.patterns import linear

_CONTROL = linear(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()*+][0-9A-Za-z])")
"""Control sequences (ECMA-48): colours, links and titles, sets of characters."""
_ENDS = linear(r"\r+\n")
"""Of lines that went through a terminal, or that a program wrote as on Windows."""


def plain(output: str) -> str:
    return _ENDS.sub("\n", _CONTROL.sub("", output))

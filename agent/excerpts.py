"""Excerpts of what programs print, for sentences that people read: none begins or ends in the middle of a word unseen."""

from __future__ import annotations


def end_of(output: str, limit: int) -> str:
    """The end of ``output`` without the white space around it, at most ``limit`` characters. What is cut begins with an
    ellipsis, and then with a whole line or word unless that would leave out half of what there may be."""
    text = output.strip()
    if len(text) <= limit:
        return text
    cut = text[1 - limit :]
    at = cut.find("\n", 0, limit // 2)
    if at < 0:
        at = cut.find(" ", 0, limit // 2)
    return f"… {cut[max(at, 0) + 1 :].lstrip()}"

"""Estimates the tokens of a text where no endpoint reports them. Exact tokenizers would have to be downloaded."""

from __future__ import annotations

import string
from collections.abc import Iterable

CHARACTERS_PER_TOKEN = 3
"""Below the 4 that is usual for English and code, so that an estimate errs upwards."""
DENSE = (string.digits + string.ascii_uppercase).encode()


def estimate_tokens(texts: Iterable[str]) -> int:
    """A local upper estimate; the exact tokenizers would have to be downloaded."""
    return sum(estimate_weight(text) // 6 + 1 for text in texts)


def estimate_weight(text: str) -> int:
    """The estimate in sixths of a token, so that pieces can be summed.

    A third of a token for a character, twice that for a digit or capital (hashes and base64 have two characters per token),
    half a token for a byte of what is not ASCII (1.5 for a Chinese character, 2 for an emoji).
    """
    plain = text.encode("ascii", "ignore")
    dense = len(plain) - len(plain.translate(None, DENSE))
    other = 0 if text.isascii() else len(text.encode("utf-8", "surrogatepass")) - len(plain)
    return 6 // CHARACTERS_PER_TOKEN * (len(plain) + dense) + 3 * other

"""Finds out that an endpoint has read a part of the prompt only and said nothing.

Ollama cuts a prompt to its window (4,096 tokens unless it is told otherwise) and answers with 200; LM Studio, llama.cpp with
context shift and gateways that trim do the same. All that tells is the size that they report.
"""

from __future__ import annotations

import string
from collections.abc import Iterable

from agent.ports import JSONObject

SMALLEST_WINDOW = 512
"""Reported sizes below it are not windows, but servers that report anything."""
MARGIN = 0.8
LONGER = 1.25
"""The factor between two prompts that can't have the same size by chance."""
MAX_SIZES = 64
FIRST_DENSE = "\u2e80"
"""From here on are scripts without spaces between words."""
_ASCII = bytes(range(128))
_LETTERS = bytes(byte if chr(byte) in string.ascii_letters else 32 for byte in range(256))


def least_tokens(texts: Iterable[str]) -> int:
    """Fewer no tokenizer makes of it: none puts two words into one token, nor four Chinese characters."""
    return sum(map(_least, texts))


def _least(text: str) -> int:
    letters = len(text.encode("ascii", "replace").translate(_LETTERS).split())
    return max(letters + _dense(text) // 4, len(text.split()))


def _dense(text: str) -> int:
    if text.isascii():
        return 0
    beyond = text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    return sum(character >= FIRST_DENSE for character in beyond)


class PromptSizes:
    """What an endpoint has reported of one model's prompts.

    A size tells of a cut prompt where it is below what the prompt has at least, or where prompts of clearly different length
    have the same, the largest ever reported. One that is far below an earlier one is neither: servers report what they had not
    in their cache.
    """

    def __init__(self) -> None:
        self._largest = 0
        self._shortest: dict[int, int] = {}

    def cut(self, reported: int, estimate: int, least: int) -> JSONObject | None:
        """``ModelCompletion.prompt_cut`` of a prompt of ``least`` tokens at least and about three quarters of ``estimate``."""
        self._largest = max(self._largest, reported)
        if reported < SMALLEST_WINDOW or 2 * reported < self._largest:
            return None
        shortest = min(self._shortest.get(reported, estimate), estimate)
        longest_known = max(self._shortest.get(reported, estimate), estimate)
        if len(self._shortest) < MAX_SIZES or reported in self._shortest:
            self._shortest[reported] = shortest
        same = reported == self._largest and reported < shortest and longest_known >= LONGER * shortest
        if not same and reported >= MARGIN * least:
            return None
        return {"read": reported, "sent": max(reported + 1, round(estimate * 3 // 4, -2))}


def describe_cut(model: str, cut: JSONObject) -> tuple[str, str]:
    """What happened, and what to do."""
    read, sent = cut["read"], cut["sent"]
    return (
        f"The endpoint read {read:,} of about {sent:,} tokens of a prompt without saying so: {model} saw only a part of it.",
        "Raise its window (Ollama: OLLAMA_CONTEXT_LENGTH, or num_ctx of the model), or have prompts shortened to fit it: set "
        f"--context-tokens {read} of the model connection.",
    )

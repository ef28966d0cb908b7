"""Exact token counts for OpenAI's models, where the operator has put tiktoken's tables on this machine.

tiktoken would download what it lacks. Nothing is downloaded here: without ``TIKTOKEN_CACHE_DIR``, or with a table that is
absent or not the published one, there is no tokenizer and the upper estimate stands.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

Count = Callable[[str], int]

TABLES = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
"""Name → SHA-256, as in ``tiktoken_ext/openai_public.py``."""
SOURCE = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""tiktoken names a kept table by the SHA-1 of its address."""
LONGEST_WORD = 2_000
"""tiktoken takes time that grows with the square of a run of letters; longer texts without a space are cut into such pieces."""


def counter_for(model: str) -> Count | None:
    """Tokens of a text for ``model``; None where that is not known."""
    directory = os.environ.get("TIKTOKEN_CACHE_DIR")
    return _counter(model, directory) if directory else None


@lru_cache(maxsize=32)
def _counter(model: str, directory: str) -> Count | None:
    from tiktoken import encoding_name_for_model, get_encoding

    try:
        name = encoding_name_for_model(model).replace("o200k_harmony", "o200k_base")
    except KeyError:
        return None
    if not _is_there(name, Path(directory)):
        return None
    encoding = get_encoding(name)

    def count(text: str) -> int:
        return sum(len(encoding.encode_ordinary(piece)) for piece in _pieces(text))

    return count


def _is_there(name: str, directory: Path) -> bool:
    if name not in TABLES:
        return False
    path = directory / hashlib.sha1(SOURCE.format(name).encode(), usedforsecurity=False).hexdigest()
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == TABLES[name]
    except OSError:
        return False


def _pieces(text: str) -> list[str]:
    if len(text) <= LONGEST_WORD or max(map(len, text.split()), default=0) <= LONGEST_WORD:
        return [text]
    return [text[at : at + LONGEST_WORD] for at in range(0, len(text), LONGEST_WORD)]

"""A tokenizer is used where its table is on the machine; nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiktoken

from agent.models import ModelSettings, open_models, tokenizers
from agent.models.prices import PER_MESSAGE, estimate_prompt
from tests.agent.models.endpoints import REQUEST

TEXT = REQUEST.messages[0]["content"]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("a tokenizer's table was about to be downloaded")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokenizers._counter.cache_clear()
    yield tmp_path
    tokenizers._counter.cache_clear()


def table(directory: Path, name: str) -> Path:
    return directory / hashlib.sha1(tokenizers.SOURCE.format(name).encode()).hexdigest()


def test_without_tables_there_is_no_tokenizer(tables: Path) -> None:
    assert tokenizers.counter_for("gpt-4o") is None


def test_a_table_that_is_not_the_published_one_is_left_alone(tables: Path) -> None:
    table(tables, "o200k_base").write_bytes(b"AA== 0\n")
    assert tokenizers.counter_for("gpt-4o") is None
    assert table(tables, "o200k_base").read_bytes() == b"AA== 0\n"


def test_the_addresses_and_digests_are_tiktokens() -> None:
    source = Path(tiktoken.__file__).parent.parent.joinpath("tiktoken_ext/openai_public.py").read_text()
    for name, digest in tokenizers.TABLES.items():
        assert tokenizers.SOURCE.format(name) in source
        assert digest in source


def test_a_known_tokenizer_counts_what_it_knows(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = {bytes([byte]): byte for byte in range(256)}
    for number, pair in enumerate((b"Sa", b"ay", b"he", b"ll", b"lo"), 256):
        ranks[pair] = number
    small = tiktoken.Encoding("small", pat_str=r"\S+|\s+", mergeable_ranks=ranks, special_tokens={})
    table(tables, "o200k_base").write_bytes(b"a table")
    monkeypatch.setitem(tokenizers.TABLES, "o200k_base", hashlib.sha256(b"a table").hexdigest())
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: small)

    count = tokenizers.counter_for("gpt-4o")
    assert count is not None
    assert count("Say hello") == len(small.encode("Say hello"))
    assert count("x" * 100_000) == 100_000
    assert tokenizers.counter_for("some-other-model") is None
    model = open_models(ModelSettings("openai", "gpt-4o", api_key="k"))
    assert model.estimate(REQUEST).tokens_in == count(TEXT) + PER_MESSAGE == estimate_prompt(REQUEST, count)

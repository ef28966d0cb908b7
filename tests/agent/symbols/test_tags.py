from __future__ import annotations

import pytest

from agent.symbols.languages import QUERIES, language_of
from agent.symbols.tags import MAX_SIGNATURE, extract, scripts_only
from tests.agent.symbols.samples import SAMPLES


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_each_language_has_its_definitions(language: str) -> None:
    path, text, expected = SAMPLES[language]
    assert language_of(path, text.encode()) == language
    found = extract(language, text.encode()).definitions
    assert " ".join(dict.fromkeys(f"{entry.kind}:{entry.name}" for entry in found)) == expected
    assert all(entry.name in text.splitlines()[entry.line - 1] for entry in found)


def test_each_query_has_a_sample() -> None:
    assert {path.stem for path in QUERIES.glob("*.scm")} == set(SAMPLES)
    assert len(SAMPLES) >= 30


def test_what_is_only_said_in_comments_and_strings_is_no_reference() -> None:
    tags = extract("python", b'# Comment\ndef run():\n    "Quoted"\n    return called(value) + called(other)\n')
    assert tags.references == {"called": 2, "value": 1, "other": 1}


def test_a_signature_shows_no_long_string_and_no_control_characters() -> None:
    (found,) = extract("python", b'TOKEN = "0123456789abcdef0123456789abcdef"  # \x1b[2J\n').definitions
    assert found.signature == 'TOKEN = "\u2026"  # [2J'
    (long,) = extract("python", b"def f(" + b"a, " * 500 + b"): ...\n").definitions
    assert len(long.signature) == MAX_SIGNATURE


def test_a_definition_says_where_it_ends_and_what_encloses_it() -> None:
    text = b"class A:\n    def f(self):\n        return 1\n\n    @property\n    def g(self): ...\n\nif X:\n    def h(): ...\n"
    found = {entry.name: (entry.line, entry.end, entry.inside) for entry in extract("python", text).definitions}
    assert found == {"A": (1, 6, 0), "f": (2, 3, 1), "g": (6, 6, 1), "h": (9, 9, 0)}
    text = b"impl<T> Box<T> {\n    fn open(&self) {\n    }\n}\n"
    found = {entry.name: (entry.line, entry.end, entry.inside) for entry in extract("rust", text).definitions}
    assert found == {"Box": (1, 4, 0), "open": (2, 3, 1)}
    (one,) = extract("c", b"static int\nfoo(int x)\n{\n  return x;\n}\n").definitions
    assert (one.line, one.end) == (2, 5)


def test_a_component_is_read_at_the_lines_of_its_scripts() -> None:
    text = b"<template>\n  <p/>\n</template>\n<script setup lang='ts'>\nfunction greet(n: string) {}\n</script>\n"
    (found,) = extract("typescript", scripts_only(text)).definitions
    assert (found.name, found.line) == ("greet", 5)


def test_a_header_may_be_of_c_or_cpp_or_objective_c() -> None:
    assert language_of("a.h", b"int f(void);") == "c"
    assert language_of("a.h", b"#pragma once\nclass A {};") == "cpp"
    assert language_of("a.h", b"@interface A : NSObject") == "objc"
    assert language_of("a.png") is None


@pytest.mark.parametrize(
    "data", [b"(" * 20_000, b"[" * 10_000 + b"x", b"\xff\xfe\x00", b"def " * 20_000, b"x = " + b"-" * 10_000]
)
def test_broken_files_have_few_tags_and_no_error(data: bytes) -> None:
    """The parser takes the square of such a length; how long it may take is its worker's to bound (test_repomap.py)."""
    assert len(extract("python", data).definitions) <= 1

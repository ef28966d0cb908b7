"""What people see of the results. Models wrote much of it, so none of it may act."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

from evals.page import page
from evals.results import Report, Result
from evals.table import line, table

EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\x1b]0;owned\x07\u202e\udc80 $tokens"
RESULT = Result(
    "some-case", "A title", "rename", "fastapi", "Do it.", "completed", solved=True, rounds=2, calls=6, tokens=1234,
    cost_usd="0.0125", seconds=1.5, patch="--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", patch_sha256="ab" * 32, files=["x"],
)  # fmt: skip
HOSTILE = replace(
    RESULT, id="hostile", solved=False, why=EVIL, patch=f"+{EVIL}", output=EVIL, review=[EVIL], timeline=[EVIL], files=[EVIL],
    cost_usd=None, task=EVIL,
)  # fmt: skip
SKIPPED = replace(RESULT, id="other", status="skipped", solved=False, why="npm is not available here.", cost_usd=None, patch="")


def report(*results: Result) -> Report:
    return Report("2026-01-15T12:00:00+00:00", "openai/<model>", "3", results)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_nothing_of_a_model_acts_in_the_page() -> None:
    text = page(report(RESULT, HOSTILE, SKIPPED))
    seen = Tags()
    seen.feed(text)

    assert not seen.tags & {"script", "img", "iframe", "object", "svg", "form", "base"}
    assert not any(name.startswith("on") or name in ("src", "srcdoc", "action") for name in seen.attributes)
    assert "default-src 'none'" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    text.encode()
    assert set(re.findall(r'href="(.)', text)) == {"#"}


def test_the_page_counts_what_was_tried() -> None:
    text = page(report(RESULT, HOSTILE, SKIPPED))

    assert "<b>1 of 2</b>" in text
    assert "solved, 50 %" in text
    assert "1 skipped" in text
    assert "<b>unknown</b>" in text, "one price is not known, so neither is the sum"
    assert '<span class="add">+b</span>' in text


def test_nothing_of_a_model_drives_the_terminal() -> None:
    for text in (line(HOSTILE), table(report(RESULT, HOSTILE))):
        assert all(character.isprintable() or character == "\n" for character in text)


def test_the_table_adds_up() -> None:
    rows = table(report(RESULT, replace(RESULT, id="second"), SKIPPED)).splitlines()

    assert rows[-1].split() == ["2", "of", "2", "4", "12", "2,468", "$0.0250", "3.0"]
    assert rows[4].split() == ["other", "skipped"]


def test_results_are_json() -> None:
    data = json.loads(json.dumps(report(RESULT, SKIPPED).to_json()))

    assert data["totals"] == {"cases": 2, "tried": 1, "solved": 1, "tokens": 1234, "cost_usd": "0.0125"}
    assert data["cases"][0]["patch_sha256"] == "ab" * 32


def test_no_case_at_all_is_no_division_by_zero() -> None:
    assert "<b>0 of 0</b>" in page(report())

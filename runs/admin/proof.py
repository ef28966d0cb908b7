"""What a run proves, as the pages of the admin show it: the verdict, what is missing, and how the tests went.

The data may be of an older server, which knew fewer fields; everything is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..models import TaskRun

TONES = {"proved": "success", "partly proved": "warning", "not proved": "danger"}
"""Verdict → Unfold's name of a colour."""
_COLOURS = {
    "proved": "text-green-700 dark:text-green-400",
    "partly proved": "text-orange-700 dark:text-orange-400",
    "not proved": "text-red-700 dark:text-red-400",
}
MAX_NAMED = 20
NAMES = {
    "newly_failing": "Newly failing", "fixed": "Fixed", "still_failing": "Failing as before", "flaky": "Failing by chance",
    "gone": "Failing before and removed",
}  # fmt: skip
NOTHING_YET = "No tests have run yet."


def verdict_of(run: TaskRun) -> tuple[str, list[str]]:
    """The verdict and what is missing; "" where no tests have run."""
    found = _mapping(_tests(run).get("proof"))
    return str(found.get("verdict") or ""), [str(said) for said in _list(found.get("missing"))]


def verdict_line(run: TaskRun) -> str:
    """In one line of plain text; "" where no tests have run."""
    verdict, missing = verdict_of(run)
    return f"{verdict.capitalize()}{': ' if missing else ''}{' '.join(missing)}"


def verdict_page(run: TaskRun) -> SafeString:
    """The verdict and what is missing; nothing where no tests have run."""
    verdict, missing = verdict_of(run)
    if not verdict:
        return format_html("{}", "")
    return format_html(
        '<p class="mb-2"><b class="{}">{}</b></p>{}',
        _COLOURS.get(verdict, ""),
        verdict.capitalize(),
        _items(missing),
    )


def proof_page(run: TaskRun) -> SafeString:
    """The verdict, and how the tests of the change went, before and after it."""
    tests = _tests(run)
    if not tests:
        return format_html("{}", NOTHING_YET)
    rows = format_html_join(
        "",
        '<tr><th class="pr-4 py-1 text-left align-top font-normal opacity-70 whitespace-nowrap">{}</th>'
        '<td class="py-1 break-words">{}</td></tr>',
        ((name, shown) for name, shown in _rows(run, tests) if shown),
    )
    return format_html('{}<table class="mt-2">{}</table>', verdict_page(run), rows)


def _rows(run: TaskRun, tests: Mapping[str, Any]) -> Iterator[tuple[str, SafeString | str]]:
    yield "Command", format_html('<code class="break-all">{}</code>', tests["command"]) if tests.get("command") else ""
    yield "With the change", _counts(tests)
    yield "Before it", _counts(_mapping(tests.get("baseline")))
    yield "After the merge", _counts(_mapping((run.results or {}).get("tests_after_rebase")))
    for key, name in NAMES.items():
        yield name, _items([str(entry) for entry in _list(tests.get(key))])
    if without := _mapping(tests.get("new_tests")):
        yield "Its own tests without it", f"{without.get('failed', 0)} fail, {without.get('passed', 0)} pass"
    if covered := _mapping(tests.get("coverage")):
        percent = covered.get("percent")
        yield "Changed lines covered", str(covered.get("reason", "")) if percent is None else f"{percent:g} %"
    yield "Installation", _items([str(note) for note in _list(tests.get("notes"))])


def _counts(tests: Mapping[str, Any]) -> str:
    if not tests:
        return ""
    counts = ", ".join(f"{tests.get(key, 0)} {key}" for key in ("passed", "failed", "skipped"))
    if tests.get("status") == "unavailable":
        return f"not tested: {tests.get('reason') or tests.get('output_tail') or 'no reason is given'}"[:500]
    return f"{counts}{'. ' + str(tests['reason'])[:500] if tests.get('reason') else ''}"


def _items(texts: Sequence[str]) -> SafeString:
    if not texts:
        return format_html("{}", "")
    more = [f"and {len(texts) - MAX_NAMED} more"] if len(texts) > MAX_NAMED else []
    items = format_html_join("", '<li class="break-words">{}</li>', ((text[:600],) for text in [*texts[:MAX_NAMED], *more]))
    return format_html('<ul class="pl-6" style="list-style:disc">{}</ul>', items)


def _tests(run: TaskRun) -> Mapping[str, Any]:
    return _mapping((run.results or {}).get("tests"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

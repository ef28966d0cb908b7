"""vitest, jest and mocha by the JSON that they were asked to write; names are ``file > suites > title``.

vitest's JSON reporter writes jest's form (`jest --json`, vitest.dev/guide/reporters): ``testResults`` with a file's absolute
``name``, ``message`` and ``assertionResults``. Mocha's is our own reporter's, which keeps the same form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.checks.reports.model import CollectionError, Repeated, Tally, first_line, joined
from agent.documents import Unreadable, read_json
from agent.patterns import linear

SKIPPED = ("pending", "skipped", "todo", "disabled")
_ANSI = linear(r"\x1b\[[0-9;]*m")
_HEADLINE = "● Test suite failed to run"
_ERROR = linear(r"(?m)^\s*((?:[A-Z]\w*)?Error\b.*)$")


def read(texts: Iterable[str], root: str) -> Tally | None:
    """Of one or more such reports; None where none can be read."""
    counted, any_read = Tally(source="report"), False
    for text in texts:
        try:
            document = read_json(text)
        except Unreadable:
            counted.complete = False
            continue
        results = document.get("testResults") if isinstance(document, dict) else None
        if not isinstance(results, list):
            continue
        any_read = True
        for result in results:
            if isinstance(result, dict):
                _count(counted, result, root)
    return counted if any_read else None


def _count(counted: Tally, result: Mapping[str, Any], root: str) -> None:
    file = relative(_text(result.get("name")), root)
    before, repeated = counted.failed, Repeated()
    assertions = result.get("assertionResults")
    tests = [test for test in assertions if isinstance(test, dict)] if isinstance(assertions, list) else []
    for test in tests:
        status, name = test.get("status"), repeated.name(_name(file, test))
        if status == "passed":
            counted.passed += 1
        elif status == "failed":
            counted.failed += 1
            counted.failing.append(name)
        elif status in SKIPPED:
            counted.skipped += 1
    if result.get("status") == "failed" and counted.failed == before:
        counted.failed += 1
        counted.errors += 1
        counted.failing.append(file)
        message = _ANSI.sub("", _text(result.get("message"))[:20_000]).replace(_HEADLINE, "", 1)
        hit = _ERROR.search(message)
        if not any(test.get("status") == "passed" for test in tests):
            counted.broken.append(CollectionError(file, hit[1][:500] if hit else first_line(message)))


def _name(file: str, test: Mapping[str, Any]) -> str:
    above = test.get("ancestorTitles")
    titles = [_text(title) for title in above] if isinstance(above, list) else []
    return joined((file, *titles, _text(test.get("title"))))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def relative(path: str, root: str) -> str:
    """``path`` below ``root``, the directory in which the command ran."""
    path = path.removeprefix("file://").replace("\\", "/")
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else path

"""`node --test` by the events that our own reporter wrote (`agent/sandbox/report/node-reporter.mjs`), a line of JSON for each.

Counts are those of Node's own closing lines: a test with subtests counts beside them, a suite (`describe`) does not. Names are
``file > suites > title``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.checks.reports.javascript import relative
from agent.checks.reports.model import CollectionError, Repeated, Tally, first_line, joined
from agent.documents import Unreadable, read_json

REPORT = "/reports/node.ndjson"
MAX_LINE = 100_000


def read(text: str, root: str) -> Tally | None:
    """None where it has no event."""
    whole: Tally | None = None
    run: list[Mapping[str, Any]] = []
    for line in text.splitlines():
        event = _event(line)
        if event is None:
            continue
        if event["event"] == "start" and run:
            whole = _added(whole, run, root)
            run = []
        run.append(event)
    return _added(whole, run, root) if run else whole


def _event(line: str) -> dict[str, Any] | None:
    if len(line) > MAX_LINE:
        return None
    try:
        event = read_json(line)
    except Unreadable:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _added(whole: Tally | None, run: list[Mapping[str, Any]], root: str) -> Tally:
    counted = _counted(run, root)
    if whole is None:
        return counted
    whole.add(counted)
    return whole


def _counted(run: list[Mapping[str, Any]], root: str) -> Tally:
    counted = Tally(source="report", complete=run[-1]["event"] == "end")
    counts: dict[str, int] = {}
    repeated = Repeated()
    for event in run:
        if event["event"] == "count" and isinstance(event.get("number"), int) and isinstance(event.get("name"), str):
            counts[event["name"]] = event["number"]
        elif event["event"] in ("pass", "fail") and not event.get("suite"):
            _count(counted, event, root, repeated)
        elif event["event"] == "fail" and event.get("failure") == "hookFailed":
            counted.failing.append(_name(event, root))
    if {"pass", "fail"} <= counts.keys():
        failed = counts["fail"] + counts.get("cancelled", 0)
        if failed == counted.failed:
            counted.passed, counted.skipped = counts["pass"], counts.get("skipped", 0) + counts.get("todo", 0)
    return counted


def _count(counted: Tally, event: Mapping[str, Any], root: str, repeated: Repeated) -> None:
    plain = _name(event, root)
    name = repeated.name(plain)
    marked = event.get("skip") not in (None, False) or event.get("todo") not in (None, False)
    if marked:
        counted.skipped += 1
    elif event["event"] == "pass":
        counted.passed += 1
    else:
        counted.failed += 1
        counted.failing.append(name)
        if " > " not in plain and event.get("failure") == "testCodeFailure" and _is_file(event, root):
            counted.errors += 1
            error = event.get("error")
            counted.broken.append(CollectionError(plain, first_line(error) if isinstance(error, str) else ""))


def _titles(event: Mapping[str, Any]) -> list[str]:
    names = event.get("names")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _is_file(event: Mapping[str, Any], root: str) -> bool:
    titles = _titles(event)
    return len(titles) == 1 and "/" in titles[0] + "/" and relative(titles[0], root) == _file(event, root)


def _file(event: Mapping[str, Any], root: str) -> str:
    file = event.get("file")
    return relative(file, root) if isinstance(file, str) else ""


def _name(event: Mapping[str, Any], root: str) -> str:
    file, titles = _file(event, root), _titles(event)
    return file if _is_file(event, root) else joined((file, *titles))

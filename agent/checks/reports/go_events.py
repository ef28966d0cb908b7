"""`go test -json` (`go doc test2json`): a line of JSON for each event, with the import path of the package and the test's name.

Each test counts, subtests too, as `go test -v` has a line for each; a package that can't be built is one failure. Names are
``package > Test/subtest``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.checks.reports.model import CollectionError, Tally, joined
from agent.documents import Unreadable, read_json
from agent.patterns import linear

REPORT = "/reports/go.ndjson"
MAX_LINE = 1_000_000
_COMPILER = linear(r"(?m)^(\S+\.go:\d+(?::\d+)?: .+)$")


def events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if not line.startswith("{") or len(line) > MAX_LINE:
            continue
        try:
            event = read_json(line)
        except Unreadable:
            continue
        if isinstance(event, dict) and isinstance(event.get("Action"), str):
            yield event


def read(text: str) -> Tally | None:
    """None where it has no event."""
    counted, found = Tally(source="report"), False
    failed: set[str] = set()
    said: dict[str, str] = {}
    for event in events(text):
        found = True
        package, test = _text(event, "Package") or _text(event, "ImportPath").partition(" ")[0], _text(event, "Test")
        action = event["Action"]
        if action in ("output", "build-output") and package not in said and (hit := _COMPILER.search(_text(event, "Output"))):
            said[package] = hit[1]
        if test and action in ("pass", "skip"):
            counted.passed += action == "pass"
            counted.skipped += action == "skip"
        elif test and action == "fail":
            counted.failed += 1
            counted.failing.append(joined((package, test)))
            failed.add(package)
        elif action in ("fail", "build-fail") and package not in failed:
            failed.add(package)
            counted.failed += 1
            counted.errors += 1
            counted.failing.append(package)
            counted.broken.append(CollectionError(package, said.get(package, "")))
    return counted if found else None


def output(text: str) -> str:
    """What `go test` would have printed without `-json`."""
    return "".join(_text(event, "Output") for event in events(text) if event["Action"] in ("output", "build-output"))


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""

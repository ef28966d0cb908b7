"""RSpec's JSON formatter: ``examples`` with ``status``, ``file_path`` and ``full_description``, and a ``summary``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent.checks.reports.model import CollectionError, Repeated, Tally, first_line, joined
from agent.documents import Unreadable, read_json


def read(texts: Iterable[str]) -> Tally | None:
    """None where none of them can be read."""
    counted, found, repeated = Tally(source="report"), False, Repeated()
    for text in texts:
        try:
            document = read_json(text)
        except Unreadable:
            continue
        examples = document.get("examples") if isinstance(document, dict) else None
        if not isinstance(examples, list):
            continue
        found = True
        for example in sorted((entry for entry in examples if isinstance(entry, dict)), key=_place):
            _count(counted, example, repeated)
        _errors(counted, document)
    return counted if found else None


def _place(example: dict[str, Any]) -> tuple[str, list[int], int]:
    """Where it is written: they are listed as they ran, mostly at random, and the second of a name must be the same each time.
    From its ``id``, ``./spec/a_spec.rb[1:2:1]``, which older versions don't give."""
    path, _, numbers = str(example.get("id") or "").rstrip("]").rpartition("[")
    line = example.get("line_number")
    return path, [int(number) for number in numbers.split(":") if number.isdecimal()], line if isinstance(line, int) else 0


def _count(counted: Tally, example: dict[str, Any], repeated: Repeated) -> None:
    status, file, title = (example.get(key) for key in ("status", "file_path", "full_description"))
    name = repeated.name(joined((str(file).removeprefix("./"), str(title))))
    if status == "passed":
        counted.passed += 1
    elif status == "pending":
        counted.skipped += 1
    elif status == "failed":
        counted.failed += 1
        counted.failing.append(name)


def _errors(counted: Tally, document: dict[str, Any]) -> None:
    """Files that could not be loaded are counted, and named in the messages only."""
    summary, messages = document.get("summary"), document.get("messages")
    number = summary.get("errors_outside_of_examples_count") if isinstance(summary, dict) else 0
    if not isinstance(number, int) or number <= 0:
        return
    counted.failed += number
    counted.errors += number
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, str) and "error occurred" in message:
            place, _, rest = message.strip().partition("\n")
            path = place.rpartition("loading ")[2].rstrip(".").removeprefix("./")
            counted.broken.append(CollectionError(path, first_line(rest.partition("Error:")[2] or rest)))
            counted.failing.append(path)

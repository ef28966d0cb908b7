"""unittest and Django's `manage.py test` write no report: their blocks of failures and their closing lines are read.

    FAIL: test_adds (tests.test_sums.SumsTest.test_adds) (i=1)
    Ran 3 tests in 0.001s
    FAILED (failures=1, errors=1, skipped=2, expected failures=1)

Each failing subtest is a failure of its own, as unittest counts it. Before Python 3.11 the test's name is not repeated.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.checks.reports.model import CollectionError, Tally
from agent.patterns import linear

_CLOSING = linear(r"(?m)^Ran (\d+) tests? in [\d.]+s\s*\n\s*\n?(OK|FAILED|NO TESTS RAN)(?: \(([^)\n]*)\))?[ \t]*$")
_COUNT = linear(r"([a-z ]+)=(\d+)")
_BLOCK = linear(r"(?m)^={70}\n(FAIL|ERROR|UNEXPECTED SUCCESS): (\S+) \(([^()\n]+)\)(.*)$")
_FIXTURES = ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule")
_NOT_LOADED = "_FailedTest"


def read(output: str, *, one: bool) -> Tally | None:
    """``one``: the command is a single run, and the last closing line is its own. None where there is none."""
    found = list(_CLOSING.finditer(output))
    if not found:
        return None
    counted = Tally()
    for hit in found[-1:] if one else found:
        counted.add(_counts(int(hit[1][:9]), hit[3] or ""))
    tests: set[str] = set()
    for label, owner, rest, error in _blocks(output):
        if _NOT_LOADED in owner:
            path = f"{label.replace('.', '/')}.py"
            counted.broken.append(CollectionError(path, error))
            counted.failing.append(label)
            tests.add(label)
            continue
        name = owner if owner.rpartition(".")[2] == label else f"{owner}.{label}"
        counted.failing.append(f"{name}{rest.rstrip()}")
        if label not in _FIXTURES:
            tests.add(name)
    # a test with several failing subtests ran once; what is not named (before Python 3.11, an unexpected success) ran too
    counted.passed = max(0, counted.passed - len(tests) - max(0, counted.failed - len(set(counted.failing))))
    return counted


def _counts(ran: int, words: str) -> Tally:
    """``passed`` still has those that failed in it."""
    counts = {word.strip(): int(number[:9]) for word, number in _COUNT.findall(words)}
    errors = counts.get("errors", 0)
    skipped = counts.get("skipped", 0) + counts.get("expected failures", 0)
    failed = counts.get("failures", 0) + errors + counts.get("unexpected successes", 0)
    return Tally(passed=max(0, ran - skipped), failed=failed, skipped=skipped, errors=errors)


def _blocks(output: str) -> Iterator[tuple[str, str, str, str]]:
    """(label, owner, what describes the subtest, last line of the traceback)."""
    hits = list(_BLOCK.finditer(output))
    for number, hit in enumerate(hits):
        end = hits[number + 1].start() if number + 1 < len(hits) else len(output)
        yield hit[2], hit[3], hit[4], _error(output[hit.end() : min(end, hit.end() + 20_000)])


def _error(block: str) -> str:
    """The last line of the traceback: the first that is not indented after the last that is, before the blank line."""
    lines = [line for line in block.partition("\n\n")[0].splitlines()[1:] if line and not line.startswith((" ", "-"))]
    return lines[-1] if lines else ""

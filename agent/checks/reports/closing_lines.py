"""What runners other than pytest and unittest print at their end, for where no report could be had: their counts.

Each function takes the whole output, gives None where its runner's line is not there, and adds up the runs of one script.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from agent.checks.reports import summaries
from agent.checks.reports.model import Tally, joined
from agent.checks.reports.tap import points
from agent.patterns import linear

_COUNT = linear(r"(\d+) ([a-z]+(?: [a-z]+)?)")
_NAMED = linear(r"([A-Za-z]+): +(\d+)")

_JEST = linear(
    r"(?m)^ *Tests:? +((?:\d+ (?:passed|failed|skipped|pending|todo|expected fail|incomplete|risky|deprecated|warnings?"
    r"|notices?|total)(?:,| \|)? *)+)(?:\(\d+(?: assertions)?\))? *$"
)
_VITEST_NONE = linear(r"(?m)^ *Test Files +(\d+) failed(?: \| \d+ passed)? \(\d+\)\s*\n *Tests +no tests *$")
_JEST_SUITES = linear(r"(?m)^Test Suites: +(\d+) failed.*\nTests: +0 total")
_MOCHA = linear(r"(?m)^ +(\d+) (passing|failing|pending)(?: \([^)\n]+\))? *$")
_NODE = linear(r"(?m)^(?:ℹ|#) (tests|pass|fail|cancelled|skipped|todo) +(\d+) *$")
_AVA = linear(
    r"(?m)^ +(?:[✔✘] +)?(\d+) (tests?|known failures?|uncaught exceptions?|unhandled rejections?|hooks?)"
    r"(?: (passed|failed|skipped|todo))?(?: \[[\d:]+\])? *$"
)
_AVA_PASSED = linear(r"(?m)^ +✔ [^\[\d\s].*$")
_AVA_START = linear(r"(?m)^ +(?:─+|[✔✘] \[?)")
_NODE_TAP = linear(r"(?m)^# \{ total: (\d+)((?:, \w+: \d+)*) \}$|^Asserts: +((?:\d+ \w+, )+)of \d+")
_GO = linear(r"(?m)^( *)(ok|FAIL|---|\?)(?: (PASS|FAIL|SKIP):)?[ \t]+(\S+)(.*)$")
_GOTESTSUM = linear(r"(?m)^DONE (\d+) tests?(?:, (\d+) skipped)?(?:, (\d+) failures?)?(?:, (\d+) errors?)? in ")
_CARGO = linear(r"(?m)^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored;")
_NEXTEST = linear(r"(?m)^ *Summary \[[^\]\n]*\] +\d+(?:/\d+)? tests? run: ([^\n]*)$")
_PHPUNIT = linear(r"(?m)^Tests: (\d+), Assertions: \d+((?:, [A-Z][A-Za-z ]*: \d+)*)\.$|^OK \((\d+) tests?, \d+ assertions?\)$")
_RSPEC = linear(r"(?m)^(\d+) examples?, (\d+) failures?(?:, (\d+) pending)?(?:, (\d+) errors? occurred outside of examples)?$")
_MINITEST = linear(
    r"(?m)^(\d+) (?:runs|tests), \d+ assertions, (\d+) failures, (\d+) errors"
    r"(?:, (\d+) (?:skips|pendings)(?:, (\d+) omissions)?(?:, \d+ notifications)?)?$"
)
_DOTNET = linear(r"(?m)^(?:Passed|Failed|Skipped)! +- +((?:\w+: +\d+, )+)")
_DOTNET_SUMMARY = linear(r"(?m)^Test summary: total: (\d+), failed: (\d+), succeeded: (\d+), skipped: (\d+)")
_SUREFIRE = linear(
    r"(?m)^(?:\[(?:INFO|ERROR|WARNING)\] )?Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)[ \t]*$"
)
_GRADLE = linear(r"(?m)^(\d+) tests? completed(?:, (\d+) failed)?(?:, (\d+) skipped)? *$")
_CTEST = linear(r"(?m)^\d+% tests passed, (\d+) tests? failed out of (\d+)")
_CTEST_SKIP = linear(r"(?m)^\s+\d+ - \S.* \((Skipped|Disabled)\)$")
_PROVE = linear(r"(?m)^Files=\d+, Tests=(\d+),")
_PROVE_FAILED = linear(r"(?m)^ *Failed (\d+)/(\d+) subtests|^ *Failed tests?: ")
_BUN = linear(r"(?m)^ *(\d+) (pass|fail|skip|todo) *$")
_BUN_RAN = linear(r"(?m)^ *Ran \d+ tests? across \d+ files?")
_DENO = linear(r"(?m)^(?:ok|FAILED) \| (\d+) passed(?: \([^)\n]*\))? \| (\d+) failed(?: \([^)\n]*\))?(?: \| (\d+) ignored)?")
_EXUNIT = linear(
    r"(?m)^(?:\d+ (?:doctests?|properties|property), )*(\d+) tests?, (\d+) failures?"
    r"(?:, (\d+) (?:skipped|excluded|invalid))?(?:, \d+ \w+)*$"
)
_UVU = linear(r"(?m)^ +Total: +(\d+)\n +Passed: +(\d+)\n +Skipped: +(\d+) *$")
_JASMINE = linear(r"(?m)^(?:Executed )?(\d+) specs?, (\d+) failures?(?:, (\d+) pending specs?)?$")
_KARMA = linear(r"Executed (\d+) of (\d+) (?:\((\d+) FAILED\) ?)?(?:\(skipped (\d+)\) ?)?(?:SUCCESS|ERROR|DISCONNECTED|\()")
_AUTOMAKE = linear(r"(?m)^# (PASS|SKIP|XFAIL|FAIL|XPASS|ERROR): +(\d+)$")
_PLAYWRIGHT = linear(r"(?m)^ +(\d+) (passed|failed|flaky|skipped|did not run|interrupted)(?: \([\d.]+m?s\))? *$")


def jest(output: str) -> Tally | None:
    """jest, vitest, Pest and `artisan test`: "Tests:  1 failed, 2 passed, 3 total", "Tests  1 failed | 2 passed (3)"."""
    lines = [hit[1] for hit in _JEST.finditer(output)]
    broken = [int(hit[1][:9]) for pattern in (_VITEST_NONE, _JEST_SUITES) for hit in pattern.finditer(output)]
    if not lines and not broken:
        return None
    counted = Tally(failed=sum(broken), errors=sum(broken))
    for line in lines:
        counts = _words(line)
        counted.passed += counts.get("passed", 0) + counts.get("expected fail", 0)
        counted.passed += sum(
            counts.get(word, 0) for word in ("risky", "deprecated", "warning", "warnings", "notice", "notices")
        )
        counted.failed += counts.get("failed", 0)
        counted.skipped += sum(counts.get(word, 0) for word in ("skipped", "pending", "todo", "incomplete"))
    return counted


def mocha(output: str) -> Tally | None:
    return _by_word(_MOCHA.finditer(output), {"passing": "passed", "failing": "failed", "pending": "skipped"})


def node(output: str) -> Tally | None:
    """`node --test`, and tape, which counts assertions."""
    words = {"pass": "passed", "fail": "failed", "cancelled": "failed", "skipped": "skipped", "todo": "skipped"}
    found = [(hit[2], hit[1]) for hit in _NODE.finditer(output)]
    return _summed(((number, words.get(word, "")) for number, word in found), bool(found))


def ava(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _AVA.finditer(output):
        number, what, how = int(hit[1][:9]), hit[2], hit[3]
        found = True
        if how == "passed":
            counted.passed += number
        elif how in ("skipped", "todo") or what.startswith("known"):
            counted.skipped += number
        elif how == "failed" or what.startswith(("uncaught", "unhandled")):
            counted.failed += number
            counted.errors += not what.startswith("test") and number
    if not counted.passed:  # where a test fails, those that passed are not summed up
        counted.passed = sum(1 for _ in _AVA_PASSED.finditer(output))
    return counted if found and _AVA_START.search(output) else None


def node_tap(output: str) -> Tally | None:
    words = {"pass": "passed", "passed": "passed", "fail": "failed", "failed": "failed", "skip": "skipped", "todo": "skipped"}
    pairs = []
    found = False
    for hit in _NODE_TAP.finditer(output):
        found = True
        if hit[3]:
            pairs += [(number, words.get(word, "")) for number, word in _COUNT.findall(hit[3].replace(",", ""))]
        else:
            pairs += [(number, words.get(word, "")) for word, number in _NAMED.findall(hit[2])]
    return _summed(pairs, found)


def tap(output: str) -> Tally | None:
    counted = Tally()
    for point in points(output):
        counted.passed += point.outcome == "passed"
        counted.skipped += point.outcome == "skipped"
        counted.failed += point.outcome == "failed"
        if point.outcome == "failed":
            counted.failing.append(point.name)
    return counted if counted.counted else None


def prove(output: str) -> Tally | None:
    total = _PROVE.findall(output)
    if not total:
        return None
    failed = sum(int(hit[1][:9]) for hit in _PROVE_FAILED.finditer(output) if hit[1])
    return Tally(passed=max(0, sum(int(number[:9]) for number in total) - failed), failed=failed)


def go(output: str) -> Tally | None:
    """`go test` with `-v` by its tests; without it, it names those that fail and each package, and then a package that is ok
    counts as one."""
    counted, packages, failed_packages, found = Tally(), 0, 0, False
    named = 0
    for hit in _GO.finditer(output):
        inner, mark, how, name, rest = hit[1], hit[2], hit[3], hit[4], hit[5]
        if inner:
            if how == "FAIL":
                counted.failing.append(name)
        elif mark == "---":
            found = found or how is not None
            counted.passed += how == "PASS"
            counted.skipped += how == "SKIP"
            if how == "FAIL":
                counted.failed += 1
                counted.failing.append(name)
        elif mark == "?":
            found = True
        elif mark == "ok" and "[no test" not in rest and rest[:1] == "\t":
            packages += 1
        elif mark == "FAIL" and (rest[:1] == "\t" or "[build failed]" in rest or "[setup failed]" in rest):
            found = True
            # its tests stand above it
            counted.failing[named:] = [joined((name, test)) for test in counted.failing[named:]]
            named = len(counted.failing)
            if "failed]" in rest:
                failed_packages += 1
                counted.failing.append(name)
                named = len(counted.failing)
    if not counted.passed:
        counted.passed = packages
    counted.failed += failed_packages
    counted.errors = failed_packages
    return counted if found or packages else None


def gotestsum(output: str) -> Tally | None:
    found = list(_GOTESTSUM.finditer(output))
    if not found:
        return None
    total, skipped, failed, errors = (int((found[-1][group] or "0")[:9]) for group in (1, 2, 3, 4))
    return Tally(passed=max(0, total - skipped - failed), failed=failed + errors, skipped=skipped, errors=errors)


def cargo(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _CARGO.finditer(output):
        found = True
        counted.passed, counted.failed, counted.skipped = (
            before + int(hit[group][:9]) for group, before in ((1, counted.passed), (2, counted.failed), (3, counted.skipped))
        )
    for hit in _NEXTEST.finditer(output):
        found = True
        counts = _words(hit[1])
        counted.passed += counts.get("passed", 0)
        counted.failed += sum(counts.get(word, 0) for word in ("failed", "timed out", "exec failed"))
        counted.skipped += counts.get("skipped", 0)
    return counted if found else None


def phpunit(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _PHPUNIT.finditer(output):
        found = True
        if hit[3]:
            counted.passed += int(hit[3][:9])
            continue
        counts = {word: int(number[:9]) for word, number in _NAMED.findall(hit[2])}
        failed, errors = counts.get("Failures", 0), counts.get("Errors", 0)
        skipped = counts.get("Skipped", 0) + counts.get("Incomplete", 0)
        counted.failed += failed + errors
        counted.errors += errors
        counted.skipped += skipped
        counted.passed += max(0, int(hit[1][:9]) - failed - errors - skipped)
    return counted if found else None


def rspec(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _RSPEC.finditer(output):
        found = True
        total, failed, pending, errors = (int((hit[group] or "0")[:9]) for group in (1, 2, 3, 4))
        counted.add(Tally(max(0, total - failed - pending), failed + errors, pending, errors))
    return counted if found else None


def minitest(output: str) -> Tally | None:
    """minitest and test-unit."""
    counted, found = Tally(), False
    for hit in _MINITEST.finditer(output):
        found = True
        total, failed, errors, pending, omitted = (int((hit[group] or "0")[:9]) for group in (1, 2, 3, 4, 5))
        skipped = pending + omitted
        counted.add(Tally(max(0, total - failed - errors - skipped), failed + errors, skipped, errors))
    return counted if found else None


def dotnet(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _DOTNET.finditer(output):
        found = True
        counts = {word.lower(): int(number[:9]) for word, number in _NAMED.findall(hit[1])}
        counted.add(Tally(counts.get("passed", 0), counts.get("failed", 0), counts.get("skipped", 0)))
    if not found and (summary := list(_DOTNET_SUMMARY.finditer(output))):
        _, failed, passed, skipped = (int(summary[-1][group][:9]) for group in (1, 2, 3, 4))
        return Tally(passed, failed, skipped)
    return counted if found else None


def surefire(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _SUREFIRE.finditer(output):
        found = True
        total, failed, errors, skipped = (int(hit[group][:9]) for group in (1, 2, 3, 4))
        counted.add(Tally(max(0, total - failed - errors - skipped), failed + errors, skipped, errors))
    return counted if found else None


def gradle(output: str) -> Tally | None:
    """Only where a test failed: Gradle prints no count of tests that all passed."""
    counted, found = Tally(), False
    for hit in _GRADLE.finditer(output):
        found = True
        total, failed, skipped = (int((hit[group] or "0")[:9]) for group in (1, 2, 3))
        counted.add(Tally(max(0, total - failed - skipped), failed, skipped))
    return counted if found else None


def ctest(output: str) -> Tally | None:
    """Its total has the tests that were skipped, and not those that are disabled; one that could not be run has failed."""
    found = list(_CTEST.finditer(output))
    if not found:
        return None
    failed, total = int(found[-1][1][:9]), int(found[-1][2][:9])
    words = [hit[1] for hit in _CTEST_SKIP.finditer(output)]
    skipped = min(words.count("Skipped"), total - min(failed, total))
    return Tally(max(0, total - failed - skipped), failed, skipped + words.count("Disabled"))


def bun(output: str) -> Tally | None:
    if not _BUN_RAN.search(output):
        return None
    return _by_word(_BUN.finditer(output), {"pass": "passed", "fail": "failed", "skip": "skipped", "todo": "skipped"})


def deno(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _DENO.finditer(output):
        found = True
        passed, failed, skipped = (int((hit[group] or "0")[:9]) for group in (1, 2, 3))
        counted.add(Tally(passed, failed, skipped))
    return counted if found else None


def exunit(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _EXUNIT.finditer(output):
        found = True
        total, failed, skipped = (int((hit[group] or "0")[:9]) for group in (1, 2, 3))
        counted.add(Tally(max(0, total - failed - skipped), failed, skipped))
    return counted if found else None


def playwright(output: str) -> Tally | None:
    words = {
        "passed": "passed",
        "flaky": "passed",
        "failed": "failed",
        "interrupted": "failed",
        "skipped": "skipped",
        "did not run": "skipped",
    }
    return _by_word(_PLAYWRIGHT.finditer(output), words)


def _words(line: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for number, word in _COUNT.findall(line):
        counts[word] = counts.get(word, 0) + int(number[:9])
    return counts


def _by_word(hits: Iterable[re.Match[str]], words: Mapping[str, str], *, number: int = 1, word: int = 2) -> Tally | None:
    found = [(hit[number], words[hit[word]]) for hit in hits]
    return _summed(found, bool(found))


def _summed(pairs: Iterable[tuple[str, str]], found: bool) -> Tally | None:
    """``pairs`` of a number and the field of the tally that it belongs to; "" for none."""
    counted = Tally()
    for number, field in pairs:
        if field:
            setattr(counted, field, getattr(counted, field) + int(number[:9]))
    return counted if found else None


def uvu(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _UVU.finditer(output):
        found = True
        total, passed, skipped = (int(hit[group][:9]) for group in (1, 2, 3))
        counted.add(Tally(passed, max(0, total - passed - skipped), skipped))
    return counted if found else None


def jasmine(output: str) -> Tally | None:
    counted, found = Tally(), False
    for hit in _JASMINE.finditer(output):
        found = True
        total, failed, pending = (int((hit[group] or "0")[:9]) for group in (1, 2, 3))
        counted.add(Tally(max(0, total - failed - pending), failed, pending))
    return counted if found else None


def karma(output: str) -> Tally | None:
    """Each browser rewrites its line, so that the last counts."""
    found = list(_KARMA.finditer(output))
    if not found:
        return None
    ran, total, failed, skipped = (int((found[-1][group] or "0")[:9]) for group in (1, 2, 3, 4))
    return Tally(max(0, ran - failed), failed, skipped or max(0, total - ran))


def automake(output: str) -> Tally | None:
    words = {"PASS": "passed", "XFAIL": "skipped", "SKIP": "skipped", "FAIL": "failed", "XPASS": "failed", "ERROR": "failed"}
    return _by_word(_AUTOMAKE.finditer(output), words, number=2, word=1)


Reader = Callable[[str], Tally | None]
READERS: Mapping[str, tuple[Reader, ...]] = MappingProxyType(
    {
        "vitest": (jest,), "jest": (jest,), "pest": (jest, phpunit), "phpunit": (phpunit, jest), "mocha": (mocha,),
        "node": (node,), "ava": (ava, tap), "tap": (node_tap, tap, node), "tape": (node, tap), "go": (gotestsum, go),
        "cargo": (cargo,), "rspec": (rspec,), "minitest": (minitest,), "test-unit": (minitest,), "dotnet": (dotnet,),
        "maven": (surefire,),
        "gradle": (gradle,), "ctest": (ctest,), "prove": (prove, tap), "bun": (bun,), "deno": (deno,), "exunit": (exunit,),
        "playwright": (playwright,), "nextest": (cargo,), "uvu": (uvu,), "jasmine": (jasmine,), "karma": (karma,),
        "qunit": (tap, node), "automake": (automake,), "meson": (summaries.meson,), "phpspec": (summaries.phpspec,),
        "behat": (summaries.behat,), "codeception": (phpunit,), "nette-tester": (summaries.nette,), "lab": (summaries.lab,),
        "japa": (summaries.japa,), "web-test-runner": (summaries.web_test_runner,), "cypress": (summaries.cypress,),
        "zora": (summaries.zora,),
    }
)  # fmt: skip
"""By runner: the first that finds its lines counts."""
ANY: tuple[Reader, ...] = (
    jest, mocha, node, ava, node_tap, gotestsum, go, cargo, phpunit, rspec, minitest, dotnet, surefire, gradle, ctest, prove,
    bun, deno, uvu, jasmine, karma, automake,
)  # fmt: skip
"""For a command whose runner is not known. Lines that could be others' (TAP, "3 tests, 0 failures") are left out."""

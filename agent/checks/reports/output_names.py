"""The names of failing tests in what runners print, for where no report could be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from agent.checks import failing_tests
from agent.checks.reports.model import joined
from agent.checks.reports.tap import points
from agent.patterns import linear

_VITEST_FILE = linear(r"^(\S+) \[ \S+ \]$")
_MOCHA_FAILING = linear(r"(?m)^ +\d+ failing *$")
MOCHA_TITLE = 5
"""Spaces before what follows the titles; the second title has two more."""
_NODE_FAILING = linear(r"(?m)^✖ failing tests: *$")
_NODE_PLACE = linear(r"^test at (.+?):\d+:\d+$")
_NODE_TITLE = linear(r"^✖ (.+?)(?: \([\d.]+ms\))?$")
_AVA = linear(r"(?m)^  (?:[✘✖]|×) \[fail\]: (.+?)(?: \([\d.]+m?s\))?$")
_CARGO_BINARY = linear(r"^ *(?:Running (?:unittests )?(\S+) \(|Doc-tests (\S+))")
_CARGO_TEST = linear(r"^test (.+?)(?: - should panic)? \.\.\. FAILED$")
_NEXTEST = linear(r"(?m)^ +(?:FAIL|TIMEOUT|SIG\w+) \[[^\]\n]*\](?: \([^)\n]*\))? +(\S+) (\S+)$")
_RSPEC = linear(r"(?m)^rspec '?(?:\./)?(\S+?)(?::\d+|\[[\d:,]+\])'? # (.+)$")
_MINITEST = linear(r"(?m)^(?: +\d+\) )?(?:Failure|Error):\s*\n?(\S+#\S.*?)(?: \[[^\]\n]*\])?:?$")
_SUREFIRE = linear(r"(?m)^\[ERROR\] +(?:Run \d+: )?([\w.$]+)\.(\w+(?:\([^\n]*?\))?(?:\[[^\]\n]*\])?)(?::\d+|[ »])")
_SUREFIRE_END = linear(r"(?m)^\[ERROR\] (?:Failures|Errors): *$")
_GRADLE = linear(r"(?m)^([\w.$]+(?: > \S.*)?) > (\S.*) FAILED$")
_CTEST = linear(
    r"(?m)^\s+\d+ - (\S.*?) \((?:Failed|Timeout|SEGFAULT|Subprocess aborted|Not Run|ILLEGAL|OTHER_FAULT|Exit code[^)\n]*)\)"
)


def of(runner: str, output: str) -> Iterator[str]:
    """As ``runner`` names them; those that any runner is known to print where it is not known."""
    readers = _READERS.get(runner, (_known,))
    for read in readers:
        yield from read(output)


def _known(output: str) -> Iterator[str]:
    """vitest, jest, Pest, PHPUnit and .NET."""
    for name in failing_tests.of_others(output):
        hit = _VITEST_FILE.match(name)
        yield hit[1] if hit else name


def _mocha(output: str) -> Iterator[str]:
    """A numbered block each: the suites' titles below one another, each further in, and the test's, the last, with a colon."""
    found = list(_MOCHA_FAILING.finditer(output))
    titles: list[str] = []
    depth = 0
    for line in [*(output[found[-1].end() :].splitlines() if found else ()), ""]:
        number, mark, rest = line.strip().partition(") ")
        further = len(line) - len(line.lstrip())
        if titles and line.strip() and further > depth:
            titles.append(line.strip())
            depth = further
            continue
        if titles and titles[-1].endswith(":"):
            yield joined([*titles[:-1], titles[-1][:-1]])
        is_first = mark and number.isdecimal() and line.startswith("  ")
        titles, depth = ([rest], MOCHA_TITLE) if is_first else ([], 0)


def _node(output: str) -> Iterator[str]:
    found = list(_NODE_FAILING.finditer(output))
    file = ""
    for line in output[found[-1].end() :].splitlines() if found else ():
        if hit := _NODE_PLACE.match(line):
            file = hit[1]
        elif file and (hit := _NODE_TITLE.match(line)):
            yield file if hit[1] in (file, f"/workdir/{file}") else joined((file, hit[1]))
            file = ""


def _cargo(output: str) -> Iterator[str]:
    binary = ""
    for line in output.splitlines():
        if hit := _CARGO_BINARY.match(line):
            binary = hit[1] or ""
        elif hit := _CARGO_TEST.match(line):
            yield joined((binary, hit[1]))
    for hit in _NEXTEST.finditer(output):
        yield joined((hit[1], hit[2]))


def _pairs(pattern_name: str) -> Callable[[str], Iterator[str]]:
    pattern = {"rspec": _RSPEC, "gradle": _GRADLE}[pattern_name]
    return lambda output: (joined((hit[1], hit[2])) for hit in pattern.finditer(output))


def _surefire(output: str) -> Iterator[str]:
    found = _SUREFIRE_END.search(output)
    if found:
        for hit in _SUREFIRE.finditer(output[found.start() :]):
            yield joined((hit[1], hit[2]))


def _tape(output: str) -> Iterator[str]:
    return (point.name for point in points(output, titled=True) if point.outcome == "failed")


def _first(pattern_name: str) -> Callable[[str], Iterator[str]]:
    pattern = {"ava": _AVA, "minitest": _MINITEST, "ctest": _CTEST}[pattern_name]
    return lambda output: (hit[1] for hit in pattern.finditer(output))


_READERS: Mapping[str, tuple[Callable[[str], Iterator[str]], ...]] = MappingProxyType(
    {
        "mocha": (_mocha,), "node": (_node,), "ava": (_first("ava"),), "tape": (_tape,), "cargo": (_cargo,),
        "nextest": (_cargo,),
        "rspec": (_pairs("rspec"),), "minitest": (_first("minitest"),), "maven": (_surefire,), "gradle": (_pairs("gradle"),),
        "ctest": (_first("ctest"),), "": (_known, _mocha, _node, _cargo, _pairs("rspec"), _first("minitest")),
    }
)  # fmt: skip

"""Which tests failed, by the names that their runner gives them, and how the change affected them.

The names come from the closing summary of the output. It is text that tests can write too, so names are for people and for the
engineer; whether the tests passed is the runner's exit code alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.patterns import linear
from agent.ports import JSONObject
from agent.real_paths import is_file_inside, is_inside

MAX_NAMES = 1_000
MAX_READ = 1_000_000
"""Characters of a file that is looked into; of a longer one nothing is said to be gone."""
CODE = frozenset(
    (".py", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte", ".go", ".rs", ".rb", ".php",
     ".java", ".kt", ".cs", ".c", ".cc", ".cpp", ".sh", ".t", ".feature", ".ex", ".exs", ".coffee", ".md", ".txt", ".rst")
)  # fmt: skip
"""Suffixes of files that a test's name may begin with; the last word of a dotted name ("tests.Sums.test_adds") is not one."""

_VITEST = linear(r"^ *FAIL +(?:\|[^|]+\| +)?(\S+(?: > .+| \[ .+ \]))$")
_JEST_FILE = linear(r"^ ?FAIL +(\S+)")
"""With a blank before it where it has colours."""
_JEST = linear(r"^ +● (.+)$")
_JEST_SUITE = "Test suite failed to run"
_PEST = linear(r"^ +FAILED +(Tests\\.+?)(?: {2,}.*)?$")
_PHPUNIT = linear(r"^\d+\) (\S+::\S.*)$")
_DOTNET = linear(r"^ +Failed (\S.*?) \[[^\]]*\]$")
_PARTS = linear(r"::| > ")
_PARAMETERS = linear(r"\[.*\]")


def of_others(tail: str) -> list[str]:
    """As vitest, jest, Pest, PHPUnit and ``dotnet test`` name them; files and suites are separated by `` > ``."""
    return _bounded(_named(tail))


def compare(before: Mapping[str, object] | None, after: Mapping[str, object], root: Path) -> JSONObject:
    """``{newly_failing, fixed, still_failing, gone}`` of two test reports, names sorted; empty where there was no run before
    or where one of them names fewer failures than it counts. ``gone`` failed before and no longer exists under ``root``."""
    lists: dict[str, list[str]] = {"newly_failing": [], "fixed": [], "still_failing": [], "gone": []}
    if before is None or not comparable(before, after):
        return dict(lists)
    old, new = set(_names(before)), set(_names(after))
    lists["newly_failing"] = sorted(new - old)
    lists["still_failing"] = sorted(old & new)
    if after["status"] != "unavailable":
        for name in sorted(old - new):
            lists["fixed" if _stands(root, name) else "gone"].append(name)
    return dict(lists)


def comparable(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether both reports name every failure that they count, and take the names from the same place: a runner's report may
    name a test otherwise than its output does. What was not counted and failed all the same can't be compared."""
    sources = {source for report in (before, after) if (source := report.get("source")) and report["failed"]}
    return len(sources) < 2 and all(_is_complete(report) for report in (before, after))


def _is_complete(report: Mapping[str, object]) -> bool:
    names, failed = _names(report), report["failed"]
    if report["status"] == "failed" and not report.get("counted", True):
        return False
    return failed == 0 or (isinstance(failed, int) and len(names) >= failed and len(names) < MAX_NAMES)


def _names(report: Mapping[str, object]) -> list[str]:
    names = report.get("failing")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _stands(root: Path, name: str) -> bool:
    """Whether the file that ``name`` begins with still speaks of its test; True where the name begins with no file."""
    # what a parameter holds says nothing about the name
    path, *rest = _PARTS.split(_PARAMETERS.sub("", name))
    if Path(path).suffix not in CODE:
        return _module_stands(root, path)
    place = root / path
    if not is_inside(root, place):
        return True
    return is_file_inside(root, place) and (not rest or _speaks(place, rest[-1]))


def _module_stands(root: Path, name: str) -> bool:
    """unittest's ``package.module.Class.test``: the longest beginning of it that is a module of the project."""
    words = name.partition(" ")[0].split(".")
    for length in range(min(len(words) - 1, 20), 0, -1):
        place = root / f"{'/'.join(words[:length])}.py"
        if all(words[:length]) and is_file_inside(root, place):
            return _speaks(place, words[-1])
    return True


def _speaks(place: Path, test: str) -> bool:
    with place.open(encoding="utf-8", errors="replace") as file:
        text = file.read(MAX_READ + 1)
    return len(text) > MAX_READ or test.split("[")[0].split(" ")[0] in text


def _named(tail: str) -> Iterator[str]:
    file = ""
    for line in tail.splitlines():
        if hit := _VITEST.match(line) or _PEST.match(line) or _PHPUNIT.match(line) or _DOTNET.match(line):
            yield hit[1]
        elif hit := _JEST_FILE.match(line):
            file = hit[1]
        elif file and (hit := _JEST.match(line)) and not hit[1].startswith("Console"):
            yield file if hit[1] == _JEST_SUITE else f"{file} > {hit[1].replace(' › ', ' > ')}"


def _bounded(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MAX_NAMES]

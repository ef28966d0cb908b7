"""What pytest counted, by its closing line, and which tests failed, by its JUnit XML or its short test summary.

Counts are those of pytest's own closing line: a test that passes and fails in tear-down is one passed and one failed (an
error); an expected failure is skipped, an unexpected pass is passed; a subtest that fails is a failure of its own, and those
that pass ("N subtests passed") are not counted as tests. The XML is asked for in the form `xunit1`, which alone names the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.checks.reports import junit
from agent.checks.reports.model import CollectionError, Tally
from agent.patterns import linear

REPORT = "/reports/pytest.xml"
TEARDOWN = " (teardown)"

_STARTS = linear(r"(?m)^=+ test session starts (?:\([^)\n]*\) )?=+$")
_CLOSING = linear(
    r"(?m)^(?:=+ )?((?:\d+ \w+(?: (?:passed|skipped|failed))?, )*\d+ \w+(?: (?:passed|skipped|failed))?|no tests ran)"
    r" in [\d.]+s"
    r"(?: \([\d:]+\))?(?: =+)?$"
)
_COUNT = linear(r"(\d+) (\w+(?: \w+)?)")
_SUMMARY = linear(r"(?m)^=* ?short test summary info ?=*$")
_NAMED = linear(r"^(?:FAILED|ERROR) (\S.*)$")
_SUBTEST = linear(r"^(?:([\[(].*) SUBFAIL|SUBFAILED([\[(].*?)?) ([^\s\[\](]+::.*)$")
"""Of the plugin pytest-subtests, and of pytest since 9, which describes only subtests with a message in some versions."""
_COLLECTING = linear(r"(?m)^_+ ERROR collecting (\S.*?) _+$")
_SECTION = linear(r"(?m)^(?:_{3,}|={3,}|-{3,}) ")
_CONFTEST = linear(r"(?m)^ImportError while loading conftest '([^'\n]+)'\.?$")
_CLASS_END = linear(r"\.(?:py|pyi|txt|rst|md)$")
_DASH = linear(" - ")
_MESSAGE = linear(
    r"^(?:assert\b|[\w.]+:(?: |$)|[\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Failed|Iteration)\b|[A-Za-z_]\w*(?:\.\w+)+$"
    r"|[\w.]{0,60}\.\.\.$)"
)
"""How the message of a failure begins: pytest's own words for it, or the name of an exception."""


def read(output: str, reports: Mapping[str, str], *, one: bool) -> Tally | None:
    """``one``: the command is pytest itself, so that the last closing line is its own and those before are a test's. None
    where it counted nothing."""
    closing = _closing(output, one=one)
    text = reports.get(REPORT)
    by_report = _of_xml(text) if text else None
    if by_report is None or not (by_report.counted or by_report.complete):
        if closing is not None:
            closing.failing, closing.broken = list(names(output)), list(_collecting(output))
        return closing
    if closing is None or (closing.failed != by_report.failed and one):
        return by_report if by_report.counted else None
    if closing.failed == by_report.failed:
        closing.failing, closing.broken, closing.source = _with_subtests(by_report.failing, output), by_report.broken, "report"
    else:  # a script that runs pytest more than once: the last run overwrote the report
        closing.failing, closing.broken = list(names(output)), list(_collecting(output))
    return closing


def unloadable_conftest(output: str) -> CollectionError | None:
    """The `conftest.py` whose import ended pytest before it collected anything."""
    hit = _CONFTEST.search(output)
    if hit is None:
        return None
    return CollectionError(hit[1], junit.raised(output[hit.end() : hit.end() + junit.MAX_TEXT]))


def _closing(output: str, *, one: bool) -> Tally | None:
    found = list(_CLOSING.finditer(output))
    if not found:
        return None
    if one:
        return _counts(found[-1][1])
    whole = Tally()
    for line in _outermost(output):
        whole.add(_counts(line))
    return whole


def _outermost(output: str) -> Iterator[str]:
    """Closing lines of sessions that ran one after the other. Those that a test ran itself stand between start and end of its
    own session, where pytest shows what it printed."""
    marks = sorted(
        [(hit.start(), "") for hit in _STARTS.finditer(output)] + [(hit.start(), hit[1]) for hit in _CLOSING.finditer(output)]
    )
    depth = 0
    for _, line in marks:
        depth += 1 if not line else -1 if depth else 0
        if line and depth == 0:
            yield line


def _counts(line: str) -> Tally:
    counts: dict[str, int] = {}
    for number, words in _COUNT.findall(line):
        counts[words] = counts.get(words, 0) + int(number[:9])
    errors = counts.get("error", 0) + counts.get("errors", 0)
    return Tally(
        passed=counts.get("passed", 0) + counts.get("xpassed", 0),
        failed=counts.get("failed", 0) + counts.get("subtests failed", 0) + errors,
        skipped=counts.get("skipped", 0) + counts.get("xfailed", 0),
        errors=errors,
        subtests=counts.get("subtests passed", 0),
    )


def names(output: str) -> Iterator[str]:
    """Of the short test summary: ``path::test``, the same with what describes a subtest, or the path alone of a module that
    could not be collected. A test that fails and then fails again in tear-down is named twice."""
    seen: set[str] = set()
    for name, described in _summary(output):
        full = f"{name} {described}" if described else name
        yield f"{full}{TEARDOWN}" if full in seen else full
        seen.add(full)


def _summary(output: str) -> Iterator[tuple[str, str]]:
    found = list(_SUMMARY.finditer(output))
    undescribed: set[str] = set()
    for line in output[found[-1].end() :].splitlines() if found else ():
        if hit := _NAMED.match(line):
            yield _without_message(hit[1]), ""
        elif hit := _SUBTEST.match(line):
            name, described = _without_message(hit[3]), (hit[1] or hit[2] or "").strip()
            if described or name not in undescribed:
                yield name, described
            undescribed.add(name)


def _with_subtests(failing: list[str], output: str) -> list[str]:
    """The report names a subtest by its test alone: where the summary tells more, its names are taken."""
    described: dict[str, list[str]] = {}
    for name, description in _summary(output):
        if description:
            described.setdefault(name, []).append(f"{name} {description}")
    if not described:
        return failing
    found: list[str] = []
    for name in failing:
        found.append(described[name].pop(0) if described.get(name) else name)
    return found


def _without_message(text: str) -> str:
    """The summary writes `name - message`. Either may contain " - " and brackets; parameters in brackets belong to the name.
    Where nothing tells the message, and brackets don't match, all is taken for the name: half of one would be another's."""
    if "::" not in text and ".py" in text:  # a module that could not be collected
        ends = (text[: hit.start()] for hit in _DASH.finditer(text))
        if (path := next((path for path in ends if path.endswith(".py")), "")) or text.endswith(".py"):
            return path or text
    for hit in _DASH.finditer(text):
        name = text[: hit.start()]
        if _is_whole(name) and _MESSAGE.match(text[hit.end() :]):
            return name
    if text.count("[") != text.count("]"):
        return text
    depth, last = 0, 0
    for hit in _DASH.finditer(text):
        depth += text.count("[", last, hit.start()) - text.count("]", last, hit.start())
        last = hit.start()
        if depth <= 0 and ("::" in text[:last] or text[:last].endswith(".py") or "::" not in text):
            return text[:last]
    return text


def _is_whole(name: str) -> bool:
    """Whether its parameters end: with the name."""
    return "[" not in name.partition("::")[2] or name.endswith("]")


def _collecting(output: str) -> Iterator[CollectionError]:
    for hit in _COLLECTING.finditer(output):
        block = output[hit.end() : hit.end() + junit.MAX_TEXT]
        section = _SECTION.search(block)
        yield CollectionError(hit[1], junit.raised(block[: section.start()] if section else block))


def _of_xml(text: str) -> Tally:
    found, complete = junit.cases(text)
    counted = Tally(source="report", complete=complete)
    ended: set[str] = set()
    for case in found:
        _count(counted, case, ended)
    return counted


def _count(counted: Tally, case: junit.ReportedCase, ended: set[str]) -> None:
    """``ended`` are the tests before: one that fails and then fails in tear-down has two elements."""
    name = _node_id(case)
    passed = name not in ended
    ended.add(name)
    for outcome in case.outcomes:
        if outcome.kind == "skipped":
            counted.skipped += 1
            passed = False
            continue
        counted.failed += 1
        counted.errors += outcome.kind == "error"
        if outcome.kind == "error" and outcome.message == "collection failure":
            path = case.file or _path(case.name)
            counted.broken.append(CollectionError(path, junit.raised(outcome.text)))
            counted.failing.append(path)
            passed = False
        elif outcome.message.startswith("failed on teardown"):
            counted.failing.append(name if passed else f"{name}{TEARDOWN}")
        else:
            counted.failing.append(name)
            passed = False
    counted.passed += passed


def _path(dotted: str) -> str:
    """Of a module that could not be collected, which the report names without slashes."""
    return dotted if "/" in dotted or _CLASS_END.search(dotted) else f"{dotted.replace('.', '/')}.py"


def _node_id(case: junit.ReportedCase) -> str:
    """``path::Class::test[parameters]`` from the file and the dotted class name."""
    path, _, suffix = case.file.replace("\\", "/").rpartition(".")
    dotted = path.replace("/", ".")
    owner = case.classname
    if path and (owner == dotted or owner.startswith(f"{dotted}.")):
        classes = owner[len(dotted) + 1 :]
        file = f"{path}.{suffix}"
    else:  # the function is inherited from another file, or no Python at all
        modules = owner.split(".")
        count = next((at for at, part in enumerate(modules) if part[:1].isupper()), len(modules))
        file, classes = f"{'/'.join(modules[:count])}.py", ".".join(modules[count:])
    return "::".join([file, *(part for part in classes.split(".") if part), case.name])

"""How often tests ran each line, as coverage tools report it: LCOV tracefiles (geninfo(1)) and Go's cover profiles
(golang.org/x/tools/cover)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.checks.reports.measuring import GO_MODULE, GO_PROFILE
from agent.patterns import linear
from agent.sandbox.bubblewrap import WORKDIR

Hits = dict[str, dict[int, int]]
COMPLETE = "TN:complete"
"""The line by which our own tools say that they have seen every process of the tests."""
INCOMPLETE = "TN:incomplete"
MAX_LINES = 200_000
"""Of all blocks of a profile together, those of changed files."""
_MODULE = linear(r'(?m)^module[ \t]+"?([^\s"]{1,300})"?')
_BLOCK = linear(r"(.{1,500}):(\d{1,7})\.\d{1,7},(\d{1,7})\.\d{1,7} \d{1,9} (\d{1,20})")


def of_reports(reports: Mapping[str, str], files: Sequence[str], directory: str) -> Hits | None:
    """Hits by line of those of ``files``, relative to the part's ``directory``, that the tests loaded; None where the reports
    don't say for sure."""
    if GO_PROFILE in reports:
        hit = _MODULE.search(reports.get(GO_MODULE, ""))
        return go_profile(reports[GO_PROFILE], hit[1], files) if hit else None
    texts = {path: text for path, text in reports.items() if path.endswith((".lcov", "/lcov.info"))}
    if any(INCOMPLETE in text for text in texts.values()):
        return None
    if not any(COMPLETE in text or path.endswith("/lcov.info") for path, text in texts.items()):
        return None
    found: Hits = {}
    for text in texts.values():
        for name, lines in lcov(text, files, directory).items():
            known = found.setdefault(name, {})
            known |= {number: max(count, known.get(number, 0)) for number, count in lines.items()}
    return found


def lcov(text: str, files: Sequence[str], directory: str) -> Hits:
    """``SF:path`` and ``DA:line,hits`` of ``files``."""
    found: Hits = {}
    current: dict[int, int] | None = None
    for line in text.splitlines():
        kind, _, value = line.partition(":")
        if kind == "SF":
            name = value.strip().removeprefix(f"{WORKDIR}/").removeprefix(f"{directory}/" if directory else "")
            current = found.setdefault(name, {}) if name in files else None
        elif kind == "DA" and current is not None:
            number, _, rest = value.partition(",")
            count = rest.split(",")[0]
            if number.isdecimal() and count.isdecimal() and len(number) < 10 and len(count) < 20:
                current[int(number)] = max(int(count), current.get(int(number), 0))
    return found


def go_profile(text: str, module: str, files: Sequence[str]) -> Hits:
    """Blocks are ``name.go:line.column,line.column statements count``; each test binary adds its own."""
    names = {f"{module}/{file}": file for file in files}
    found: Hits = {}
    left = MAX_LINES
    for line in text.splitlines():
        hit = _BLOCK.fullmatch(line)
        file = names.get(hit[1]) if hit is not None else None
        if hit is None or file is None:
            continue
        first, last, count = int(hit[2]), int(hit[3]), int(hit[4])
        lines = found.setdefault(file, {})
        for number in range(first, min(last + 1, first + left)):
            lines[number] = max(count, lines.get(number, 0))
        left -= max(0, min(last + 1 - first, left))
    return found

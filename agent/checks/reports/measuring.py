"""How a runner is asked which lines its tests run, in the same run: what is added to what it is asked for its report.

Only the changed files are looked at, so that it costs little. What is written lies in the directory of reports, never in the
tree. It is asked of the runner itself where that is cheap; a command with settings of its own for coverage keeps them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from agent.checks.reports.model import Reporting
from agent.checks.reports.reporting import DIRECTORY, TOOLS
from agent.patterns import linear

PLUGIN = f"{TOOLS}/pytest"
GO_PROFILE = f"{DIRECTORY}/go.cover"
GO_MODULE = f"{DIRECTORY}/go.mod"
MAX_CHARACTERS = 20_000
"""Of the paths; execve(2) takes 128 KiB for one variable."""
_PLAIN = linear(r"[\w.@+~/-]+")


def how_to_measure(runner: str, asked: Reporting, files: Sequence[str]) -> Reporting | None:
    """``asked`` with the measuring of ``files`` (relative to the part's directory); None where the runner can't."""
    make = _MEASURED.get(runner)
    named = all(_PLAIN.fullmatch(file) for file in files) and sum(map(len, files)) < MAX_CHARACTERS
    return make(asked, files) if make is not None and files and named else None


def _pytest(asked: Reporting, files: Sequence[str]) -> Reporting:
    options = f"{asked.environment['PYTEST_ADDOPTS']} -pmgx_coverage"
    found = {"PYTEST_ADDOPTS": options, "PYTHONPATH": PLUGIN, "MGX_REPORTS": DIRECTORY, "MGX_COVERAGE": "\n".join(files)}
    return _with(asked, found, f"{DIRECTORY}/coverage.lcov")


def _javascript(asked: Reporting, files: Sequence[str]) -> Reporting | None:
    if any("coverage" in word or "c8" in word or "nyc" in word for word in asked.argv):
        return None
    return _with(asked, {"MGX_COVERAGE": "\n".join(files)}, f"{DIRECTORY}/coverage-*.lcov", f"{DIRECTORY}/cover/lcov.info")


def _go(asked: Reporting, files: Sequence[str]) -> Reporting | None:
    """Of the packages that have a changed file only: the others are taken from the build cache as they are."""
    shell, option, script, name, *words = asked.argv if len(asked.argv) > 3 else ("",) * 4
    if (shell, name) != ("sh", "go") or any(word.lstrip("-").startswith(("cover", "exec")) for word in words):
        return None
    packages = ",".join(sorted({f"./{posixpath.dirname(file)}".rstrip("/") for file in files}))
    added = (f"-coverprofile={GO_PROFILE}", f"-coverpkg={packages}")
    made = replace(asked, argv=(shell, option, f"cp go.mod {GO_MODULE} 2>/dev/null; {script}", name, *added, *words))
    return _with(made, {}, GO_PROFILE, GO_MODULE)


def _with(asked: Reporting, environment: Mapping[str, str], *globs: str) -> Reporting:
    return replace(asked, environment={**asked.environment, **environment}, globs=(*asked.globs, *globs))


_MEASURED: Mapping[str, Callable[[Reporting, Sequence[str]], Reporting | None]] = MappingProxyType(
    {
        "pytest": _pytest,
        "node": _javascript,
        "vitest": _javascript,
        "jest": _javascript,
        "mocha": _javascript,
        "go": _go,
    }
)

"""A plugin of pytest that measures which lines of the files named by ``MGX_COVERAGE`` the suite runs, while it runs as ever.

Started by an early ``-p``, before pytest loads anything of the project. It prints nothing, keeps its data in memory and takes
itself out of the environment of child processes. ``TN:complete``, the last line of ``/reports/coverage.lcov``, is there only
where the report is whole. Where pytest-cov measures already, its data are read instead. With pytest-xdist the tests run in
other processes, and without pytest-cov nothing is measured.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

OFFERED = "/tools/python"
OWN = os.path.dirname(os.path.abspath(__file__))


class Measuring:
    """One process's. ``files`` are relative to its first working directory; ``coverage`` is None where nothing is measured."""

    def __init__(self, files: list[str], reports: str) -> None:
        self.files = {os.path.abspath(name): name for name in files}
        self.reports = reports
        self.process = os.getpid()
        self.coverage: Any = None
        self.trace: object = None
        self.config: Any = None
        self.failed = False

    def quietly(self, act: Callable[..., object], *given: object) -> None:
        """An error while measuring must not reach the tests: no report is written then, and the reader says so."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                act(*given)
        except Exception:
            self.failed = True

    def start(self) -> None:
        loaded = {getattr(module, "__dict__", {}).get("__file__") for module in list(sys.modules.values())}
        if not self.files.keys().isdisjoint(loaded):
            return  # what ran when they were loaded is not known
        coverage = _coverage()
        if coverage is None or coverage.Coverage.current() is not None:
            return
        fast = _has_fast_core(coverage)
        greenlets = ["greenlet"] if not fast and find_spec("greenlet") else []
        variables = dict(os.environ)
        if fast:
            os.environ["COVERAGE_CORE"] = "sysmon"  # costs next to nothing, and sees every thread and greenlet
        try:
            self.coverage = coverage.Coverage(
                data_file=None, config_file=False, include=list(self.files), concurrency=["thread", *greenlets]
            )
            self.coverage.start()
            self.trace = sys.gettrace()
        finally:
            for name in ("COVERAGE_CORE", "COVERAGE_RUN"):
                _set(name, variables.get(name))

    def stop(self) -> Any:
        measuring, self.coverage = self.coverage, None
        self.failed |= sys.gettrace() is not self.trace  # a test has taken it away, and what came then was not seen
        measuring.stop()
        return measuring

    def report(self, theirs: Any) -> None:
        """``theirs`` is pytest-cov's ``Coverage``, or None."""
        known = list(self.files)
        if theirs is not None:
            seen = set(theirs.get_data().measured_files())
            known = [path for path in self.files if path in seen]
        measured = theirs if theirs is not None else self.stop() if self.coverage is not None else None
        if measured is None or self.failed:
            return
        lines = []
        for path in known:
            _, statements, _, missing, _ = measured.analysis2(path)
            lost = set(missing)
            lines += [f"SF:{self.files[path]}", *(f"DA:{line},{int(line not in lost)}" for line in statements)]
        if len(known) == len(self.files):  # else some are left out by the project's own settings
            lines.append("TN:complete")
        draft = os.path.join(self.reports, f".coverage.{self.process}")
        with open(draft, "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))
        os.replace(draft, os.path.join(self.reports, "coverage.lcov"))


def _coverage() -> Any:
    """The project's coverage.py, or the one that is offered, where its compiled part fits this Python."""
    try:
        import coverage
    except ImportError:
        sys.path.append(OFFERED)
        try:
            import coverage
        except ImportError:
            return None
        finally:
            sys.path.remove(OFFERED)
    fits = _has_fast_core(coverage) or find_spec("coverage.tracer") is not None
    return coverage if fits else None  # without, it takes ten times as long


def _has_fast_core(coverage: Any) -> bool:
    return sys.version_info >= (3, 12) and bool(coverage.version_info >= (7, 7))


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _hide() -> tuple[str, str]:
    """Leaves the environment as the project knows it. The directory stays where modules are looked for, at the end: a worker of
    pytest-xdist is told to load the plugin too."""
    _set("PYTHONPATH", os.pathsep.join(p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p != OWN) or None)
    words = os.environ.get("PYTEST_ADDOPTS", "").split(" ")
    _set("PYTEST_ADDOPTS", " ".join(word for word in words if word != "-pmgx_coverage"))
    sys.path[:] = [path for path in sys.path if path != OWN] + [OWN]
    return os.environ.pop("MGX_COVERAGE", ""), os.environ.pop("MGX_REPORTS", "")


def _begun() -> Measuring | None:
    names, reports = _hide()
    if not names or not reports:
        return None
    measuring = Measuring(names.split("\n"), reports)
    measuring.quietly(measuring.start)
    return measuring


MEASURING = _begun()


def _measuring(config: Any) -> Measuring | None:
    """Not that of a run of pytest inside of a test, or after a fork."""
    ours = MEASURING is not None and MEASURING.config is config and MEASURING.process == os.getpid()
    return MEASURING if ours else None


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_load_initial_conftests(early_config: Any) -> Iterator[None]:
    if MEASURING is not None and MEASURING.config is None:
        MEASURING.config = early_config
        known = early_config.known_args_namespace
        if getattr(known, "cov_source", None) and not getattr(known, "no_cov", False) and MEASURING.coverage is not None:
            MEASURING.quietly(MEASURING.stop)  # two of them would take the trace function from each other
    yield


def pytest_configure(config: Any) -> None:
    option = config.option
    is_spread = getattr(option, "numprocesses", None) or getattr(option, "dist", "no") != "no"
    measuring = _measuring(config)
    if measuring is not None and measuring.coverage is not None and is_spread:
        measuring.quietly(measuring.stop)


def pytest_unconfigure(config: Any) -> None:
    measuring = _measuring(config)
    if measuring is not None:
        controller = getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)
        measuring.quietly(measuring.report, getattr(controller, "cov", None))

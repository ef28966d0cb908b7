"""``python -m evals.sessions``: what a careful engineer's way costs in our session, and in mini-swe-agent.

Exit codes: 0 all is as it should be, 1 something is not, 2 usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.logs import log_to_stderr
from agent.runtime import bootstrap
from evals.repositories.by_hand import HandFailed
from evals.repositories.description import DescriptionInvalid
from evals.repositories.trees import TreeNotMade
from evals.sessions.attempts import SessionAttempt
from evals.sessions.case import SessionCase, read_cases
from evals.sessions.counting import Count, encoding, estimated
from evals.sessions.mini import MiniAbsent, attempt_with_mini, encoding_folder, installed
from evals.sessions.ours import OURS, attempt_with_ours
from evals.sessions.places import CasePlace, check, prepare_place, write
from evals.sessions.report import CaseResult, SessionReport, table

RIGHT, WRONG, USAGE = 0, 1, 2
RESULTS = Path(__file__).resolve().parents[1] / "results/sessions.json"
Attempt = Callable[[CasePlace], SessionAttempt]


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m evals.sessions", description="Sessions beside mini-swe-agent.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the cases")
    checked = commands.add_parser("check", help="that hidden tests fail before and pass after each case's edits")
    run = commands.add_parser("run", help="let both agents go through the cases, and count")
    for command in (checked, run):
        command.add_argument("--case", action="append", default=[], metavar="NAME", help="only this one; repeatable")
        command.add_argument(
            "--cache", type=Path, metavar="DIR", help="for archives and packages; default: in the user's cache"
        )
    run.add_argument("--agent", choices=(OURS, "mini"), help="only this one; what FILE has of the other stays")
    run.add_argument("--apart", action="store_true", help="ours also with `finish` in an answer of its own")
    run.add_argument("--keep", type=Path, metavar="DIR", help="for the requests of our session as JSON, a file per case")
    run.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="for the results as JSON (%(default)s)")
    shown = commands.add_parser("table", help="the table of a run in Markdown")
    shown.add_argument("file", nargs="?", type=Path, default=RESULTS, help="default: %(default)s")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        if options.command == "table":
            print(table(SessionReport.from_json(json.loads(options.file.read_text("utf-8")))))
            return RIGHT
        if options.command == "list":
            for case in read_cases():
                print(f"{case.name:<28} {case.kind:<8} {case.project.title}")
            return RIGHT
        cases = read_cases(options.case)
    except (DescriptionInvalid, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    cache = options.cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mgx"
    return _check(cases, cache) if options.command == "check" else _run(cases, cache, options)


def _check(cases: Sequence[SessionCase], cache: Path) -> int:
    wrong = 0
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="mgx-sessions-") as directory:
            try:
                problem = check(prepare_place(case, cache / "repositories", Path(directory)))
                wrong += bool(problem)
            except (TreeNotMade, HandFailed) as error:
                problem = f"not checked: {error}"
        print(f"{case.name:<28} {problem or 'ok'}", flush=True)
    return WRONG if wrong else RIGHT


def _run(cases: Sequence[SessionCase], cache: Path, options: argparse.Namespace) -> int:
    attempts: list[Attempt] = []
    count: Count = estimated
    counted = "estimated"
    try:
        mini = installed(cache / "sessions")
        count, counted = encoding(encoding_folder(mini)), "cl100k_base"
    except MiniAbsent as error:
        print(error, file=sys.stderr)
        if options.agent != OURS:
            return WRONG
    if options.agent != OURS:
        attempts += [_mini(mini, count, single) for single in (False, True)]
    if options.agent != "mini":
        attempts += [_ours(cache, count, options.keep, apart) for apart in (False, True)[: 1 + options.apart]]
    out: Path = options.out
    whole = options.agent is None and not options.case
    before = [] if whole or not out.is_file() else SessionReport.from_json(json.loads(out.read_text("utf-8"))).results
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    report = SessionReport(made_at, counted, before)
    results = []
    with tempfile.TemporaryDirectory(prefix="mgx-sessions-") as runtime:
        bootstrap(Path(runtime))
        for case in cases:
            results.append(try_case(case, cache / "repositories", attempts))
            print(_line(results[-1]), file=sys.stderr, flush=True)
            report = SessionReport(made_at, counted, with_others(results, before))
            write(out, json.dumps(report.to_json(), indent=1) + "\n")
    print(table(report))
    for missed in report.misses():
        print(f"Not reached: {missed}")
    return WRONG if report.misses() else RIGHT


def _mini(environment: Path, count: Count, single: bool) -> Attempt:
    return lambda place: attempt_with_mini(place, environment, count, single=single)


def _ours(cache: Path, count: Count, keep: Path | None, apart: bool) -> Attempt:
    return lambda place: asyncio.run(attempt_with_ours(place, cache, count, keep=keep, apart=apart))


def try_case(case: SessionCase, archives: Path, attempts: Sequence[Attempt]) -> CaseResult:
    """One case by each agent in turn. What this machine or a registry lacks makes it absent."""
    if missing := case.project.missing():
        return CaseResult(case.name, case.project.title, absent=f"{missing} is not available here")
    with tempfile.TemporaryDirectory(prefix="mgx-sessions-") as directory:
        try:
            place = prepare_place(case, archives, Path(directory))
        except (TreeNotMade, HandFailed) as error:
            return CaseResult(case.name, case.project.title, absent=str(error))
        return CaseResult(case.name, case.project.title, [attempt(place) for attempt in attempts])


def with_others(results: Sequence[CaseResult], before: Sequence[CaseResult]) -> list[CaseResult]:
    """``results``, with what ``before`` has of other agents and of other cases."""
    merged = {result.name: result for result in [*before, *results]}
    for old in before:
        now = merged[old.name]
        agents = {attempt.agent for attempt in now.attempts}
        kept = [attempt for attempt in old.attempts if attempt.agent not in agents]
        merged[old.name] = replace(now, attempts=[*now.attempts, *kept])
    return [merged[name] for name in sorted(merged)]


def _line(result: CaseResult) -> str:
    said = [
        f"{a.agent}: {'solved' if a.solved else 'NOT SOLVED'}, {a.cost.calls} calls, {a.cost.total:,} tokens"
        for a in result.attempts
    ]
    return f"{result.name:<28} {'; '.join(said) or result.absent}"


if __name__ == "__main__":
    log_to_stderr()
    sys.exit(main())

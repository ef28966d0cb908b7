"""``python -m evals``: how well the agent does on the cases, with any model, or with recorded answers and no model.

Exit codes: 0 every case that was tried is solved, 1 some are not, 2 usage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from agent.logs import log_to_stderr
from agent.runtime import bootstrap
from evals import checks, runner
from evals.attempt import AttemptBounds
from evals.cases import CaseInvalid, select
from evals.connections import Connection
from evals.page import page
from evals.results import Result
from evals.table import line, table

RIGHT, WRONG, USAGE = 0, 1, 2
HERE = Path(__file__).resolve().parent
RECORDINGS = HERE / "recordings"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m evals", description="How well the agent solves real small tasks.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the cases")
    check = commands.add_parser("check", help="that hidden tests fail before and pass after each reference solution")
    run = commands.add_parser("run", help="let the agent work on cases and judge what it made")
    for command in (check, run):
        command.add_argument("--case", action="append", default=[], metavar="ID", help="only this one; repeatable")
        command.add_argument("--jobs", type=_count, default=1, metavar="N", help="cases at the same time (%(default)s)")
    run.add_argument(
        "--model", default=os.environ.get("MGX_MODEL", ""), metavar="NAME",
        help="openai/NAME (any OpenAI-compatible endpoint), anthropic/NAME, offline, or reference (the author of the shipped "
        "recordings, no model); default: MGX_MODEL",
    )  # fmt: skip
    run.add_argument("--base-url", default="", metavar="URL", help="default: OPENAI_BASE_URL or ANTHROPIC_BASE_URL")
    run.add_argument("--price-in", type=_money, metavar="USD", help="per million tokens of prompts")
    run.add_argument("--price-out", type=_money, metavar="USD", help="per million tokens of answers")
    run.add_argument(
        "--replay", nargs="?", type=Path, const=RECORDINGS, metavar="DIR", help="answers from DIR, else the shipped"
    )
    run.add_argument("--record", type=Path, metavar="DIR", help="keep the model's answers there, a file per case")
    run.add_argument("--max-tokens", type=_count, default=AttemptBounds.max_tokens, metavar="N", help="per case (%(default)s)")
    run.add_argument("--max-cost", type=_money, metavar="USD", help="per case; needs prices")
    run.add_argument(
        "--max-seconds", type=_count, default=int(AttemptBounds.seconds), metavar="N", help="per case (%(default)s)"
    )
    run.add_argument("--out", type=Path, metavar="DIR", help="for results.json and report.html; default: evals/results/TIME")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        if options.command == "list":
            return _list()
        return _check(options) if options.command == "check" else _run(options)
    except CaseInvalid as error:
        return _usage(str(error))


def _list() -> int:
    for case in select([]):
        needs = f" (needs {', '.join(case.needs)})" if case.needs else ""
        print(f"{case.id:<28} {case.kind:<17} {case.stack:<18} {case.title}{needs}")
    return RIGHT


def _check(options: argparse.Namespace) -> int:
    wrong = 0
    for case, problem in asyncio.run(checks.check_all(select(options.case), _cache(), jobs=options.jobs)):
        wrong += bool(problem)
        missing = case.missing()
        print(f"{case.id:<28} {problem or (f'not checked: {missing[0]} is not available here' if missing else 'ok')}")
    return WRONG if wrong else RIGHT


def _run(options: argparse.Namespace) -> int:
    if not options.model and options.replay is None:
        return _usage("Say which model answers: --model openai/NAME, or --replay for the shipped recordings.")
    if options.max_cost is not None and (options.price_in is None or options.price_out is None):
        return _usage("A cap on cost needs prices: --price-in and --price-out.")
    connection = Connection(
        options.model or "recordings", options.base_url, options.price_in, options.price_out, options.replay, options.record
    )
    cases = select(options.case)
    bounds = AttemptBounds(options.max_tokens, options.max_cost, options.max_seconds)
    with tempfile.TemporaryDirectory(prefix="mgx-evals-") as runtime:
        bootstrap(Path(runtime))
        report = asyncio.run(runner.run(cases, connection, cache=_cache(), bounds=bounds, jobs=options.jobs, progress=_show))
    out = options.out or HERE / "results" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(
        json.dumps(report.to_json(), indent=1, ensure_ascii=False) + "\n", "utf-8", "surrogateescape"
    )
    (out / "report.html").write_text(page(report), "utf-8", "replace")
    print(table(report))
    print(f"\n{out / 'results.json'}\n{out / 'report.html'}", file=sys.stderr)
    return RIGHT if report.solved == len(report.tried) else WRONG


def _show(result: Result, done: int, of: int) -> None:
    print(f"[{done}/{of}] {line(result)}", file=sys.stderr, flush=True)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mgx"


def _usage(message: str) -> int:
    print(message, file=sys.stderr)
    return USAGE


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number of 1 or more")
    return number


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount") from error
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount")
    return amount


if __name__ == "__main__":
    log_to_stderr()
    sys.exit(main())

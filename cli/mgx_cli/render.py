"""Formats events, plans and results as lines. Pure functions; all text comes from a server and is cleaned here.

A line is a sequence of ``(text, style)``; styles are names that ``output.paint`` and rich both know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mgx_cli.output import clean, one_line
from mgx_cli.run_state import GO_ON, has_succeeded

Line = Sequence[tuple[str, str]]

GOOD = frozenset(
    {
        "approved",
        "commit_created",
        "completion",
        "patch_applied",
        "pr_opened",
        "pr_updated",
        "push_succeeded",
        "validation_passed",
    }
)
BAD = frozenset({"failure", "git_operation_failed", "patch_refused", "push_failed", "validation_failed"})
WAITING = frozenset(
    {"approval_required", "budget_warning", "cancelled", "changes_ready", "model_warning", "paused", "rejected"}
)
SMALLEST_COST = Decimal("0.000001")
QUIET = frozenset({"model_output", "progress"})
"""Events that are shown as lines only with ``-v``; a progress event updates the status line."""

_WHO = {
    "analysis": "leader", "plan": "leader", "approval": "you", "approved": "you", "rejected": "you", "steered": "you",
    "validation": "guardrails", "patch": "patch", "files": "format", "command": "sandbox", "tests": "tester",
    "review": "reviewer", "branch": "git", "commit": "git", "push": "git", "git": "git", "pr": "git", "rebased": "git",
    "changes": "you", "revision": "engineer", "model": "model", "plan_edited": "you", "resumed": "you", "cancelled": "you",
}  # fmt: skip
TAIL_LINES = 12
MAX_UNCOVERED = 8
"""The most files listed with uncovered lines."""
MAX_CONFLICTS = 8
BEFORE_AND_AFTER = {
    "newly_failing": "newly failing", "fixed": "fixed", "still_failing": "failing as before", "flaky": "failing by chance",
    "gone": "removed",
}  # fmt: skip

_HINTED = GO_ON | {"question"}
"""Reasons of pauses whose hint is shown with the event."""


def event_lines(event: Mapping[str, Any], *, verbose: bool = False) -> Iterator[Line]:
    """One line for the event, followed by details (files, findings, the end of an output)."""
    kind, data = str(event.get("type", "")), _mapping(event.get("data"))
    style = "green" if kind in GOOD else "red" if kind in BAD else "yellow" if kind in WAITING else ""
    if kind == "tests_finished":
        style = {"passed": "green", "failed": "red"}.get(str(data.get("status")), "yellow")
    if kind == "command_finished" and data.get("exit_code"):
        style = "yellow"
    message = one_line(event.get("message") or kind.replace("_", " "))
    if kind in ("model_call", "command_started"):
        style = "dim"
    yield [(f"{clock(event.get('timestamp'))}  ", "dim"), (f"{_who(kind, data):<11}", "cyan"), (message, style)]
    yield from _details(kind, data, verbose)


def plan_lines(plan: Mapping[str, Any], version: object = None) -> Iterator[Line]:
    yield [
        ("Plan" + (f" (version {version})" if version not in (None, 0, 1) else ""), "bold"),
        (f"  {one_line(plan.get('summary', ''))}", ""),
    ]
    for position, step in enumerate(_mappings(plan.get("steps")), 1):
        yield [(f"  {position}. {one_line(step.get('title', ''))}", "")]
        files = ", ".join(one_line(file) for file in _list(step.get("files")))
        if files:
            yield [(f"     {files}", "dim")]
        if step.get("why"):
            yield [("     why  ", "cyan"), (one_line(step["why"]), "")]
    for risk in _list(plan.get("risks")):
        yield [("  risk      ", "yellow"), (one_line(risk.get("title", risk) if isinstance(risk, Mapping) else risk), "")]
    for fact in _list(_mapping(plan.get("project")).get("facts")):
        yield [("  project   ", "cyan"), (one_line(fact), "")]
    if plan.get("test_strategy"):
        yield [("  tests     ", "cyan"), (one_line(plan["test_strategy"]), "")]
    for question in _list(plan.get("questions")):
        yield [("  question  ", "yellow"), (one_line(question), "")]
    estimate = _mapping(plan.get("estimate"))
    unknown = "cost unknown" if estimate.get("cost_usd", "") is None and estimate.get("tokens") else ""
    parts = [
        f"{number(estimate['tokens'])} tokens" if estimate.get("tokens") else "",
        cost(estimate.get("cost_usd")) or unknown,
    ]
    parts.append(f"about {duration(estimate['seconds'])}" if estimate.get("seconds") else "")
    if any(parts):
        basis = f" ({one_line(estimate['basis'])})" if estimate.get("basis") else ""
        yield [("  estimate  ", "cyan"), (", ".join(filter(None, parts)) + basis, "")]


def result_lines(run: Mapping[str, Any], place: Path | None = None) -> Iterator[Line]:
    """The result of a run. ``place`` is the local repository that it was for."""
    results, usage = _mapping(run.get("results")), _mapping(run.get("usage"))
    tests = _mapping(results.get("tests"))
    rows = [
        ("branch", run.get("branch_name")),
        ("commit", run.get("commit_sha")),
        ("pull request", run.get("pr_url")),
        ("warning", results.get("pull_request_error")),
        ("model", "\n".join(map(one_line, _list(results.get("warnings"))))),
        ("base", _base_moved(results)),
        ("conflict", _conflict(results)),
        ("changes", diff_stat(results)),
        ("proof", proof_lines(_mapping(tests.get("proof")))),
        ("tests", outcome_of_tests(tests) if tests else None),
        ("command", tests.get("command")),
        ("install", "\n".join(map(one_line, _list(tests.get("notes"))))),
        ("before", outcome_of_tests(_mapping(tests.get("baseline"))) if tests.get("baseline") else None),
        ("coverage", coverage_line(_mapping(tests.get("coverage")))),
        ("review", _mapping(results.get("review")).get("verdict")),
        ("draft", "not everything is proved: review it before you use it" if results.get("draft") else None),
        ("usage", usage_line(usage)),
        ("took", duration(run["duration"]) if isinstance(run.get("duration"), (int, float)) else None),
        ("files", where(run)),
    ]
    for name, value in rows:
        text = [line.strip() for line in clean(value or "").splitlines()]
        if text:
            yield [(f"{name:<13}", "cyan"), (text[0], "bold" if name in ("branch", "files") else "")]
            yield from ([(" " * 13 + more, "")] for more in text[1:])
    branch = one_line(run.get("branch_name") or "")
    if place is not None and branch and has_succeeded(run):
        yield [(f"{'next':<13}", "cyan"), (f"git -C {place} switch {branch}", "")]


def error_lines(run: Mapping[str, Any]) -> Iterator[Line]:
    """Why a run failed or paused, and what to do next."""
    error = _mapping(run.get("error"))
    if run.get("pause_reason") == "question":
        yield [("Question: ", "yellow bold"), (clean(error.get("detail") or "the team asks you something"), "")]
        return
    if run.get("pause_reason"):
        yield [("Paused: ", "yellow bold"), (one_line(run["pause_reason"]), "yellow")]
    if error:
        yield [("error: ", "red bold"), (clean(error.get("detail") or error.get("code") or "the run failed"), "")]
        if error.get("hint"):
            yield [(clean(error["hint"]), "")]


def plain(line: Line) -> str:
    return "".join(text for text, _ in line).rstrip()


def _base_moved(results: Mapping[str, Any]) -> str:
    moved = results.get("rebased")
    onto = one_line(_mapping(moved).get("onto") or _mapping(moved).get("base_sha") or "")[:12]
    return f"moved during the run; the change was merged onto {onto or 'its new head'}" if moved else ""


def _conflict(results: Mapping[str, Any]) -> str:
    conflict = results.get("conflict")
    files = _list(_mapping(conflict).get("files")) or _list(conflict)
    named = ", ".join(one_line(file) for file in files[:MAX_CONFLICTS])
    more = f" and {len(files) - MAX_CONFLICTS} more" if len(files) > MAX_CONFLICTS else ""
    return f"the base changed the same lines: {named}{more}" if named else "the base changed the same lines" if conflict else ""


def diff_stat(results: Mapping[str, Any]) -> str:
    stat = results.get("diff_stat")
    if isinstance(stat, str):
        return stat.strip()
    if isinstance(stat, Mapping) and stat.get("text"):
        return str(stat["text"]).rstrip()
    if isinstance(stat, Mapping):
        files = stat.get("files")
        count = len(files) if isinstance(files, (list, Mapping)) else files
        added, removed = (
            stat.get(name, stat.get(other, 0)) for name, other in (("added", "insertions"), ("removed", "deletions"))
        )
        return f"{count} file{'' if count == 1 else 's'}, +{added} −{removed}"
    return ""


def proof_lines(proof: Mapping[str, Any]) -> str:
    """The verdict, and what is missing below it."""
    return "\n".join([one_line(proof.get("verdict", "")), *(one_line(said) for said in _list(proof.get("missing")))])


def outcome_of_tests(tests: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{tests[name]} {name}" for name in ("passed", "failed", "skipped") if tests.get(name))
    status = one_line(tests.get("status", ""))
    reason = one_line(tests.get("reason") or tests.get("output_tail") or "")
    if status == "unavailable" and reason:
        return f"not tested: {reason}"
    told = ((len(_list(tests.get(name))), what) for name, what in BEFORE_AND_AFTER.items())
    compared = ", ".join(f"{number} {what}" for number, what in told if number)
    if not counts:
        return status
    said = f"{counts} ({compared})" if compared else counts
    return said if status == "passed" else f"{status}: {said}"


def coverage_line(coverage: Mapping[str, Any]) -> str:
    """How many of the changed lines the tests execute, and the places of the others."""
    if not isinstance(coverage.get("percent"), int | float):
        return ""
    said = f"{coverage['percent']:g} % of the changed lines"
    missed = [_uncovered(file) for file in _mappings(coverage.get("files")) if file.get("uncovered")]
    return f"{said}, not {', '.join(missed[:MAX_UNCOVERED])}" if missed else said


def _uncovered(file: Mapping[str, Any]) -> str:
    spans = [span for span in _list(file.get("uncovered")) if isinstance(span, list) and len(span) == 2]
    lines = ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
    return f"{one_line(file.get('path', ''))}:{lines}"


def usage_line(usage: Mapping[str, Any]) -> str:
    calls, cached = usage.get("calls", 0), usage.get("cached_calls", 0)
    if not calls and not cached:
        return ""
    tokens = f"{number(usage.get('tokens_in', 0))} tokens in, {number(usage.get('tokens_out', 0))} out"
    from_cache = f"{number(cached)} more from the cache" if cached else ""
    made = f"{calls} model call{'' if calls == 1 else 's'}"
    return ", ".join(filter(None, [made, from_cache, tokens, cost(usage.get("cost_usd"))]))


def where(run: Mapping[str, Any]) -> str:
    """The directory or address of a run's files."""
    results, links = _mapping(run.get("results")), _mapping(run.get("links"))
    found = str(results.get("path") or links.get("files") or links.get("path") or "")
    return unquote(urlsplit(found).path) if found.startswith("file://") else found


def clock(timestamp: object) -> str:
    """The local time of day of an RFC 3339 time, blank if there is none."""
    moment = parse_time(timestamp)
    return f"{moment.astimezone():%H:%M:%S}" if moment else " " * 8


def age(timestamp: object) -> str:
    moment = parse_time(timestamp)
    return duration((datetime.now(timezone.utc) - moment).total_seconds()) if moment else ""


def parse_time(timestamp: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(timestamp).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def duration(seconds: float) -> str:
    seconds = max(0.0, float(seconds))
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, unit, divisor in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / divisor:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else one_line(value)


def cost(value: object) -> str:
    """USD as the server's own texts have it (`mgx_project.common.money`): `$3`, `$0.50`, `$0.000045`, never an exponent."""
    if value in (None, ""):
        return ""
    try:
        exact = Decimal(str(value))
        rounded = exact.quantize(SMALLEST_COST)
    except InvalidOperation:
        return one_line(value)
    if exact and not rounded:
        return f"less than ${SMALLEST_COST:f}"
    whole, _, part = f"{abs(rounded):,f}".partition(".")
    part = part.rstrip("0")
    return f"{'-' if rounded < 0 else ''}${whole}{f'.{part:0<2}' if part else ''}"


def _details(kind: str, data: Mapping[str, Any], verbose: bool) -> Iterator[Line]:
    if kind == "plan_ready":
        yield from ([(" " * 21, ""), *line] for line in plan_lines(_mapping(data.get("plan")), data.get("plan_version")))
    elif kind in ("patch_applied", "files_formatted"):
        for file in _list(data.get("files")):
            entry = file if isinstance(file, Mapping) else {"path": file}
            counts = f"  +{entry.get('added', 0)} −{entry.get('removed', 0)}" if "added" in entry else ""
            yield _under(f"{one_line(entry.get('action', '')):<9} {one_line(entry.get('path', ''))}{counts}".strip(), "dim")
    elif kind in ("validation_failed", "patch_refused"):
        for finding in (_list(data.get("errors")) or _list(data.get("hunks")))[:20]:
            entry = finding if isinstance(finding, Mapping) else {"message": finding}
            at = one_line(entry.get("path") or "") + (f":{entry['line']}" if entry.get("line") else "")
            yield _under(" ".join(filter(None, [at, one_line(entry.get("message") or entry.get("reason") or "")])), "red")
    elif kind == "command_finished" and data.get("exit_code") and data.get("output_tail"):
        for text in clean(data["output_tail"]).rstrip().splitlines()[-TAIL_LINES:]:
            yield _under(text, "dim")
    elif kind == "tests_finished":
        for note in _list(data.get("notes")):
            yield _under(one_line(note), "dim")
    elif kind in ("changes_ready", "changes_decided"):
        yield from _changed(data)
    elif kind == "paused" and data.get("reason") in _HINTED and data.get("hint"):
        yield _under(one_line(data["hint"]), "dim")
    elif kind == "review_finished":
        for comment in _list(data.get("comments")):
            entry = comment if isinstance(comment, Mapping) else {"message": comment}
            yield _under(" ".join(filter(None, [one_line(entry.get("path") or ""), one_line(entry.get("message") or "")])), "")
    elif kind == "model_output" and verbose:
        for text in clean(data.get("text", "")).splitlines():
            yield _under(text, "dim")


def _changed(data: Mapping[str, Any]) -> Iterator[Line]:
    for file in _mappings(data.get("files"))[:20]:
        counts = (
            f"  +{file.get('added', 0)} −{file.get('removed', 0)}"
            if "added" in file
            else f"  {one_line(file.get('state', ''))}"
        )
        yield _under(f"{one_line(file.get('action', '')):<9} {one_line(file.get('path', ''))}{counts}".strip(), "dim")
        for comment in _list(file.get("comments")):
            yield _under(f"  {one_line(comment)}", "")


def _under(text: str, style: str) -> Line:
    return [(" " * 21 + text, style)]


def _who(kind: str, data: Mapping[str, Any]) -> str:
    role = one_line(data.get("role") or "").removeprefix("team_")
    return one_line(role, 10) or _WHO.get(kind) or _WHO.get(kind.split("_")[0], "run")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [entry if isinstance(entry, Mapping) else {"title": entry} for entry in _list(value)]

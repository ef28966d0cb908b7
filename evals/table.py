"""The results for a terminal. What models wrote is shown without control characters: it must not drive the terminal."""

from __future__ import annotations

from evals.results import Report, Result

HEADS = ("case", "solved", "rounds", "calls", "tokens", "cost", "seconds")


def line(result: Result) -> str:
    """One result as it comes in."""
    word = "solved" if result.solved else "skipped" if result.status == "skipped" else "NOT SOLVED"
    why = f": {plain(result.why)[:160]}" if result.why and not result.solved else ""
    return f"{result.id:<28} {word:<10} {result.seconds:6.1f} s{why}"


def table(report: Report) -> str:
    rows = [HEADS, *(_row(result) for result in report.results)]
    cost = _cost(None if report.cost_usd is None else str(report.cost_usd))
    seconds = sum(result.seconds for result in report.tried)
    total = (
        f"{report.solved} of {len(report.tried)}", "", str(sum(r.rounds for r in report.tried)),
        str(sum(r.calls for r in report.tried)), f"{report.tokens:,}", cost, f"{seconds:.1f}",
    )  # fmt: skip
    rows.append(total)
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = ["  ".join(f"{cell:<{w}}" if n < 2 else f"{cell:>{w}}" for n, (cell, w) in enumerate(zip(row, widths, strict=True)))
             for row in rows]  # fmt: skip
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def plain(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _row(result: Result) -> tuple[str, ...]:
    if result.status == "skipped":
        return (result.id, "skipped", "", "", "", "", "")
    solved = "yes" if result.solved else "no"
    return (
        result.id, solved, str(result.rounds), str(result.calls), f"{result.tokens:,}", _cost(result.cost_usd),
        f"{result.seconds:.1f}",
    )  # fmt: skip


def _cost(cost: str | None) -> str:
    return "unknown" if cost is None else f"${float(cost):.4f}"

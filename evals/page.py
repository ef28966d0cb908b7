"""The report as one page that needs nothing else: no script, no network, and every text of a model escaped."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from evals.results import Report, Result

_CLASSES = {"+": "add", "-": "del", "@": "at", "d": "file"}
"""By a diff line's first character; ``+++`` and ``---`` belong to the file's head."""


def page(report: Report) -> str:
    tried = len(report.tried)
    share = round(100 * report.solved / tried) if tried else 0
    cost = "unknown" if report.cost_usd is None else f"${report.cost_usd:.4f}"
    return Template((Path(__file__).parent / "report.html").read_text("utf-8")).substitute(
        model=_text(report.how), made_at=_text(report.made_at), prompt_version=_text(report.prompt_version),
        solved=report.solved, tried=tried, share=share, tokens=f"{report.tokens:,}", cost=cost,
        seconds=f"{sum(result.seconds for result in report.tried):,.0f}",
        skipped=_skipped(len(report.results) - tried),
        rows="\n".join(_row(result) for result in report.results),
        details="\n".join(_detail(result) for result in report.results),
    )  # fmt: skip


def _row(result: Result) -> str:
    cost = "unknown" if result.cost_usd is None else f"${float(result.cost_usd):.4f}"
    numbers = (result.rounds, result.calls, f"{result.tokens:,}", cost, f"{result.seconds:.1f}")
    cells = "".join(f'<td class="number">{value}</td>' for value in numbers)
    link = f'<a href="#{_text(result.id)}">{_text(result.id)}</a>'
    return (
        f"<tr><td>{_badge(result)}</td><td>{link}</td><td>{_text(result.kind)}</td><td>{_text(result.stack)}</td>{cells}</tr>"
    )


def _detail(result: Result) -> str:
    parts = [f"<blockquote>{_text(result.task.strip())}</blockquote>"]
    if result.why:
        parts.append(f"<p class='why'>{_text(result.why)}</p>" if "\n" not in result.why else _block("Why", result.why))
    facts = [f"Run: {result.status}"]
    if result.tests:
        facts.append(f"Its own tests {result.tests}")
    if result.patch_sha256:
        facts.append(f"Patch {result.patch_sha256[:12]}, {len(result.files)} files")
    parts.append(f"<p class='facts'>{_text(' · '.join(facts))}</p>")
    if result.review:
        parts.append("<ul>" + "".join(f"<li>{_text(comment)}</li>" for comment in result.review) + "</ul>")
    if result.patch:
        parts.append(
            f"<details{'' if result.solved else ' open'}><summary>Change</summary><pre>{_diff(result.patch)}</pre></details>"
        )
    if result.output:
        parts.append(_block("Hidden tests", result.output, opened=not result.solved))
    if result.timeline:
        parts.append(_block("Course of the run", "\n".join(result.timeline)))
    return f'<section id="{_text(result.id)}"><h2>{_badge(result)} {_text(result.title)}</h2>{"".join(parts)}</section>'


def _block(name: str, text: str, *, opened: bool = False) -> str:
    return f"<details{' open' if opened else ''}><summary>{name}</summary><pre>{_text(text)}</pre></details>"


def _badge(result: Result) -> str:
    if result.status == "skipped":
        return '<span class="badge skipped">skipped</span>'
    word = "solved" if result.solved else {"completed": "wrong"}.get(result.status, result.status.replace("_", " "))
    return f'<span class="badge {"good" if result.solved else "bad"}">{word}</span>'


def _diff(patch: str) -> str:
    lines = []
    for line in patch.split("\n"):
        kind = "file" if line.startswith(("+++", "---", "index ", "new file", "deleted file")) else _CLASSES.get(line[:1], "")
        lines.append(f'<span class="{kind}">{_text(line)}</span>' if kind else _text(line))
    return "\n".join(lines)


def _text(text: str) -> str:
    """Escaped, and without control characters but line ends and tabs; undecodable bytes and lone surrogates as a sign."""
    shown = text.encode("utf-8", "replace").decode("utf-8")
    return html.escape("".join(char if char in "\n\t" or char.isprintable() else "\ufffd" for char in shown))


def _skipped(count: int) -> str:
    return f"<p class='facts'>{count} skipped: this machine lacks a program that they need.</p>" if count else ""

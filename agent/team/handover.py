"""What the engineer must know beside the session that led to the plan: what people changed in it, and files that it names."""

from __future__ import annotations

from collections.abc import Sequence

from agent.context.opening import content, outline
from agent.team.phase_context import FOR_PEOPLE, PhaseContext, shown


def handover(work: PhaseContext, files: Sequence[str]) -> str:
    """The approved plan where it is not word for word what the session ends with, the rules of a stack that the plan settled,
    and the text of those of ``files`` that the session does not show."""
    parts = []
    plan = {name: value for name, value in work.plan.items() if name not in FOR_PEOPLE}
    if plan != work.planned:
        parts.append(f"The plan as it was approved:\n{work.plan_block()}")
    parts += [rules for rules in work.stack_rules() if rules not in work.session.opening]
    parts += _unseen(work, files)
    return "".join(f"{part}\n\n" for part in parts)


def unseen_files(work: PhaseContext, files: Sequence[str]) -> str:
    """The text of those of ``files`` that the session does not show."""
    return "\n\n".join(_unseen(work, files))


def _unseen(work: PhaseContext, files: Sequence[str]) -> list[str]:
    """Whole, or the outline and the parts that matter of one that is long; not of a model that can read what it still needs."""
    known, found = work.seen(), []
    can_read = work.takes_tools
    for path in files:
        text, parts = work.view.texts.get(path), None if can_read else work.view.outlines.get(path)
        if path in known or (text is None and parts is None):
            continue
        section = content(path, text) if text is not None else outline(path, parts or "")
        if section.text and shown(section) not in work.session.opening:
            found.append(shown(section))
        if text is not None:
            work.session.show(path, text)
    return found

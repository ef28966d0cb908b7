"""Which stack's rules hold for a run, or none.

In this order: what the user chose; what people replied to a plan; what the manifests of a project that is there prove, or that
they prove none; what the model says, null included. Words of the task are only a hint to the model.
"""

from __future__ import annotations

from agent import stacks
from agent.context import own_files
from agent.ports import JSONObject
from agent.projects import ProjectProfile
from agent.stacks import Inference, Stack
from agent.stacks.globs import matches
from agent.team import PhaseContext

GUESSED = 0.5
"""Confidence in a stack that the model suggests without saying how sure it is."""
KNOWN = 0.9
"""At least, in what a person says or a manifest proves."""


def know_stack(work: PhaseContext, chosen: Stack | None) -> None:
    """What is known before the model is asked; ``chosen`` is the stack of the task, where that names one."""
    if chosen is not None:
        _settle(work, chosen, 1.0, f"The user chose {chosen.id}.")
        return
    if work.spec.stack == stacks.NONE:
        _settle(work, None, 1.0, "The user chose none: no stack's rules hold.")
        return
    before = _hint(work)
    replied = stacks.said_in_replies(work.feedback, before.stack)
    if replied is None and work.profile.parts:
        _settle(work, *_proven(work.profile))
        return
    found = replied or before
    why = "; ".join(found.evidence[:4])
    if replied or found.proved:
        stack = stacks.get(found.stack) if found.stack else None
        said = f"The stack is {stack.id}" if stack else "No stack's rules hold"
        _settle(work, stack, max(found.confidence, KNOWN), f"{said}: {why}.")
    elif why:
        likely = f"{found.stack} ({found.confidence:.0%})" if found.stack else "none of the catalogue"
        work.evidence = f"A hint from words and names of files alone, which may be wrong: {likely}; {why}."


def _proven(profile: ProjectProfile) -> tuple[Stack | None, float, str]:
    """A project that is there has the stack that a dependency of it proves, and else none, whatever anybody guesses."""
    if profile.stack:
        return stacks.get(profile.stack), 1.0, f"The stack is {profile.stack}: {profile.stack_evidence}."
    return None, 1.0, "The repository's manifests prove none of the stacks, so no stack's rules hold."


def take_proposal(work: PhaseContext, analysis: JSONObject) -> None:
    """What the model answers, as sure as it says; where it leaves the stack out, the hint."""
    if work.stack_id is not None:
        return
    named, sure = analysis["stack"], analysis.get("stack_confidence")
    if named == "":
        hint = _hint(work)
        named, sure = hint.stack, hint.confidence
    proposed = {stack.id: stack for stack in stacks.catalogue()}.get((named or "").strip().lower())
    if proposed is not None and not _may_be(proposed, work):
        proposed, sure = None, None
    _settle(work, proposed, sure if sure is not None else GUESSED, work.evidence)


def _may_be(stack: Stack, work: PhaseContext) -> bool:
    """Code that is there is of a stack only where its files speak for it, whatever is said."""
    files = work.view.files
    return not own_files(files) or any(matches(glob, path) for glob, _ in stack.signals.files for path in files)


def _hint(work: PhaseContext) -> Inference:
    """An empty repository with a README speaks for nothing: words decide there."""
    files = work.view.files if own_files(work.view.files) else ()
    return stacks.infer(work.spec.text, files, manifests=work.view.texts)


def _settle(work: PhaseContext, stack: Stack | None, confidence: float, evidence: str) -> None:
    work.stack, work.no_stack, work.confidence, work.evidence = stack, stack is None, confidence, evidence

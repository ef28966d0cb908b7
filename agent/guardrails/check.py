"""Runs every check over one answer. A check is a function of the ``CheckedAnswer`` that yields findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.guardrails import constraints, dependencies, elision, layout, secrets, syntax
from agent.guardrails.answer import AppliedChange, CheckedAnswer
from agent.guardrails.result import GuardrailFinding, GuardrailResult
from agent.patch import Edits, FileBlock, preview
from agent.patch.elision import elisions
from agent.ports import TaskSpec
from agent.stacks import Stack

OF_A_FILE = (
    layout.unsafe_paths, layout.not_here, layout.duplicates, layout.forbidden_files, syntax.syntax, dependencies.forbidden,
    secrets.secrets, elision.elided_code,
)  # fmt: skip
OF_THE_WHOLE = (layout.mixed_stacks, dependencies.undeclared)
"""What another file of the change may still put right."""
WARNINGS = (layout.nothing_new, syntax.not_judged)


def check(edits: Sequence[Edits], *, root: Path, stack: Stack, spec: TaskSpec, whole: bool = True) -> GuardrailResult:
    """Checks ``edits``, several answers as one change, against the tree at ``root``, the rules of ``stack`` and the constraints
    of ``spec``.

    Files that the stack requires may be in the answer or in the tree already. Where an existing repository is patched, one
    that it never had is only a warning, as its layout is its own. Nothing is written. ``whole`` False: more edits may
    follow, so only what can be said of each file is judged.
    """
    error = next((answer.error for answer in edits if answer.error is not None), None)
    if error is not None:
        return GuardrailResult((GuardrailFinding("format", error.detail, error.hint, line=error.line or None),))
    found = [_files(answer, root) for answer in edits]
    if None in found:
        return GuardrailResult(())
    files = [file for part in found for file in part or ()]
    blocks = [file for file in files if isinstance(file, FileBlock)]
    answer = CheckedAnswer(blocks, root, stack, spec, [path for path in files if isinstance(path, str)])
    if not whole:
        return GuardrailResult(tuple(finding for rule in OF_A_FILE for finding in rule(answer)))
    return _all(answer)


def check_change(
    texts: Mapping[str, tuple[str | None, str | None]], *, root: Path, stack: Stack, spec: TaskSpec
) -> GuardrailResult:
    """Checks a change that is made already: ``texts`` maps the changed paths to what they were and are at ``root``."""
    blocks = [FileBlock(path, now.replace("\r\n", "\n")) for path, (_, now) in texts.items() if now is not None]
    return _all(AppliedChange(blocks, root, stack, spec, {path: before for path, (before, _) in texts.items()}))


def _all(answer: CheckedAnswer) -> GuardrailResult:
    errors = [finding for rule in (*OF_A_FILE, *OF_THE_WHOLE) for finding in rule(answer)]
    errors += constraints.constraints(answer)
    warnings = [finding for rule in WARNINGS for finding in rule(answer)]
    missing = layout.missing_files(answer)
    (warnings if answer.spec.output_mode == "patch_existing" else errors).extend(missing)
    return GuardrailResult(tuple(errors), tuple(warnings))


def _leaves_out(edits: Edits) -> bool:
    """True where a whole file stands for lines of the one before, which only the edit engine knows."""
    return any(next(elisions(file.content.split("\n"), file.names[0]), None) is not None for file in edits.files)


def _files(edits: Edits, root: Path) -> Sequence[FileBlock | str] | None:
    """The files as they would be once the answer is applied, of one that is gone the path; None where edits don't fit, which
    the edit engine explains."""
    whole = all(file.operation == "write" for file in edits.files)
    sent = [FileBlock(file.names[0], file.content, file.line) for file in edits.files if whole]
    if whole and not _leaves_out(edits):
        return sent
    result, files = preview(root, edits)
    if not result.success:
        return sent or None
    made = [FileBlock(file.path, file.text) for file in files if file.text is not None]
    return [*made, *(file.path for file in files if file.action == "deleted")]

"""Which files the answer names: safe paths, each once, those the stack needs and none that it forbids."""

from __future__ import annotations

from collections.abc import Iterator

from agent.context.missing_content import is_pointer, submodules
from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.result import GuardrailFinding
from agent.patch import unsafe_reason
from agent.patch.paths import folded
from agent.stacks import catalogue
from agent.stacks.globs import matches


def unsafe_paths(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    for block in answer.blocks:
        reason = unsafe_reason(block.path)
        if reason is not None:
            hint = "Use a plain path inside the project, such as `src/name.py`."
            yield GuardrailFinding("unsafe_path", f"This path can't be used because {reason}.", hint, block.path)


def not_here(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """A submodule is another repository, and a pointer is not the file: neither can be changed from here."""
    modules = submodules(answer.root)
    for block in answer.safe:
        module = next((path for path in modules if f"{block.path}/".startswith(f"{path}/")), None)
        if module is not None:
            message = f"This path is inside the submodule {module}, a repository of its own that is not checked out."
            yield GuardrailFinding(
                "inside_submodule", message, "Leave it out; say in your summary what should change there.", block.path
            )
        elif is_pointer(answer.text_before(block.path)):
            message = "Git LFS stores this file's content elsewhere; the repository has only a pointer to it."
            hint = "Leave it as it is; put the content in another file, or say in your summary what a person should change."
            yield GuardrailFinding("lfs_pointer", message, hint, block.path)


def duplicates(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    seen: dict[str, str] = {}
    for block in answer.safe:
        twin = seen.setdefault(folded(block.path), block.path)
        if twin is not block.path:
            what = "twice" if twin == block.path else f"under two spellings ({twin})"
            yield GuardrailFinding(
                "duplicate_path", f"The answer contains this file {what}.", "Send each file once.", block.path
            )


def missing_files(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    for glob in answer.stack.files_required:
        if not any(matches(glob, path) for path in answer.paths):
            wanted = " or ".join(part.strip().removeprefix("**/") for part in glob.split("|"))
            yield GuardrailFinding("missing_file", f"A {answer.stack.title} project needs {wanted}.", f"Add {wanted}.")


def forbidden_files(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    for block in answer.created:
        if any(matches(glob, block.path) for glob in answer.stack.files_forbidden):
            message = f"A {answer.stack.title} project must not contain this file."
            yield GuardrailFinding("forbidden_file", message, "Leave it out.", block.path)


def mixed_stacks(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """A file that only another stack has; a repository that has such files already may get more. Where no stack's rules hold,
    there is no other."""
    others = [stack for stack in catalogue() if stack.id != answer.stack.id] if answer.stack.files_required else []
    foreign = [block for block in answer.created if not answer.stack.is_marked_by(block.path)]
    for stack in others:
        marked = [block for block in foreign if stack.is_marked_by(block.path)]
        # last, for a repository has thousands of files
        if not marked or any(stack.is_marked_by(path) for path in answer.existing):
            continue
        for block in marked:
            message = f"This file belongs to {stack.title}; the project is {answer.stack.title}."
            yield GuardrailFinding("mixed_stacks", message, f"Use {answer.stack.title} only.", block.path)


def nothing_new(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    blocks = answer.safe
    if blocks and all(answer.text_before(block.path) == block.content for block in blocks):
        yield GuardrailFinding(
            "no_change", "The answer changes nothing.", "Send the files with the change that the task asks for."
        )

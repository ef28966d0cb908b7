"""What to tell a model whose edits were refused: the reason, the file's real lines, and what to send instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from agent.patch.model import Format
from agent.patch.result import FileChange, HunkResult, PatchResult

MAX_TOLD = 30
"""Refused edits that one prompt tells of."""

_ADVICE = {
    "ambiguous": "Add unchanged lines around the edit, exactly as in the file, until they occur in one place only.",
    "no_context": "Show at least two unchanged lines before and after what you add.",
    "too_little": "Show unchanged lines with text in them before and after the change.",
    "not_found": "Copy the unchanged and removed lines from the file as it is, character by character.",
    "unreadable": "Start every line of the hunk with a space, a minus or a plus, and copy the others from the file as it is.",
    "indentation": "Copy the lines with the file's own indentation.",
    "overlap": "Send one edit for these lines.",
    "no_change": "Mark removed lines with a minus and added lines with a plus, or leave the edit out.",
    "missing_file": "Write the path as in the list of files, relative to the project; send a new file whole.",
    "exists": "Send an edit of the existing file, or choose another name.",
    "stale_file": "Read the file as it is now and base the edit on that.",
    "not_whole": "Use `*** Delete File: path` in a patch envelope, or show every line of the file as removed.",
    "unclear_path": "Write the path relative to the project, the same on both header lines.",
    "elided_code": "Send every line of what you replace, or only the lines that change as SEARCH/REPLACE blocks.",
    "empty_file": "Send the whole file below its FILE line; to delete it, send `*** Delete File: path` in a patch envelope.",
    "mixed_formats": "Put the whole file in a fence of four backquotes, or send one format only.",
    "prose_in_file": "Put the whole file, and nothing else, in a fence below its FILE line.",
    "unsafe_path": "Write the path relative to the project, with / between its names.",
    "case_collision": "Use one spelling of the name, that of the project where it has the file.",
    "duplicate_path": "Send each file once, with all of its changes.",
    "path_conflict": "Choose a name at which nothing of another kind stands.",
    "not_new": "Start the diff with the file's own path, or send a new file under another name.",
    "not_readable": "Leave the file as it is, and say that it could not be read.",
    "not_writable": "Leave the file as it is, and say that it could not be written.",
    "symlink": "Leave the link as it is; edit the file that it leads to, by that file's own path.",
    "submodule": "Leave it as it is: it is a repository of its own.",
    "not_text": "Leave the file as it is.",
    "binary_patch": "Leave the file as it is.",
}
_HOW: dict[Format, str] = {
    "manifest": "whole files: `FILE: path` alone on a line, then the whole file",
    "search_replace": "SEARCH/REPLACE blocks: the path alone on a line, `<<<<<<< SEARCH`, the lines as they are, `=======`, "
    "the new lines, `>>>>>>> REPLACE`; an empty SEARCH part creates a new file",
    "unified": "one unified diff: `--- a/path`, `+++ b/path`, hunks from `@@` on with three unchanged lines around each "
    "change; a new file is a diff from /dev/null",
    "envelope": "one patch: `*** Begin Patch`, for each file `*** Update File: path` with hunks from `@@` on, `*** Add File: "
    "path` with lines from `+` on or `*** Delete File: path`, then `*** End Patch`",
}


def advice(code: str) -> str:
    """What to send instead, for a refusal's code."""
    return _ADVICE.get(code, "Send a corrected edit.")


def explain(file: FileChange) -> list[str]:
    """One paragraph for each refused edit of the file."""
    return [_paragraph(file, hunk) for hunk in file.hunks if hunk.status == "refused"]


def findings(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The refusals of a result in its JSON form, as findings {code, path, message, hint} for the next prompt."""
    found = [
        {
            "code": hunk["code"] or file["code"],
            "path": file["path"],
            "message": f"{hunk['reason']}.",
            "hint": _hint(file["code"], hunk),
        }
        for file in result["files"]
        for hunk in file["hunks"]
        if hunk["status"] == "refused"
    ]
    return found or [{"code": "format", "message": result["reason"], "hint": ""} for _ in range(1) if result.get("reason")]


def for_model(result: PatchResult) -> str:
    """Everything that was refused, for the next prompt; empty where nothing was."""
    texts = [text for file in result.files for text in explain(file)]
    more = [f"{len(texts) - MAX_TOLD} more edits were refused."] if len(texts) > MAX_TOLD else []
    return "\n\n".join([*texts[:MAX_TOLD], *more])


def next_format(form: Format, failures: int, *, whole: bool = True) -> Format:
    """The format to answer in after so many refusals in ``form`` on end: two switch it to whole files, or where those can't be
    sent (``whole`` False: the model has not seen all of a file) to blocks."""
    if failures < 2:
        return form
    return "manifest" if whole else "search_replace"


def ask_for(form: Format) -> str:
    """To answer in ``form`` after edits that did not fit, in one sentence."""
    return f"Your edits have failed to apply twice. Answer now with {_HOW[form]}."


def how_to_answer(form: Format) -> str:
    """To answer in ``form``, in one sentence: the end of a prompt."""
    return f"Answer with {_HOW[form]}."


def _paragraph(file: FileChange, hunk: HunkResult) -> str:
    return f"{file.path}: {hunk.reason}. {_hint(file.code, asdict(hunk))}"


def _hint(code: str, hunk: Mapping[str, Any]) -> str:
    parts = [f"It could belong at line {', '.join(map(str, hunk['candidates']))}."] if hunk["candidates"] else []
    parts.append(advice(hunk["code"] or code))
    if hunk["nearest"]:
        parts.append("The file has:\n" + "\n".join(hunk["nearest"]))
    return " ".join(parts)

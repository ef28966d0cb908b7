"""Calls as other agents' tools are called, which models send from habit: understood here, and never offered.

Only for native calls, which name a tool for certain: in a text these words may mean anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.ports import JSONObject
from agent.tools.catalogue import TOOLS, canonical

EDITORS = ("str_replace_editor", "str_replace_based_edit_tool", "text_editor")
"""They do what their argument ``command`` says: view, create, str_replace, insert."""
_TOOLS: Mapping[str, str] = {
    **dict.fromkeys((*EDITORS, "str_replace", "replace_in_file", "search_replace", "edit_file", "file_edit"), "edit"),
    **dict.fromkeys(("create", "create_file", "write", "write_file", "write_to_file", "apply_patch", "apply_diff"), "edit"),
    **dict.fromkeys(("bash", "shell", "terminal", "execute", "execute_command", "run_command", "run_shell_command"), "run"),
    **dict.fromkeys(("view", "view_file", "open_file", "cat"), "read"),
    **dict.fromkeys(("grep", "ripgrep", "search_files", "grep_search", "search_code"), "search"),
    **dict.fromkeys(("ls", "list_dir", "list_directory"), "list"),
    **dict.fromkeys(("submit", "done", "complete", "task_complete", "attempt_completion"), "finish"),
}
_EDIT: Mapping[str, str] = {
    **dict.fromkeys(("file_path", "filepath", "filename", "file", "target_file"), "path"),
    **dict.fromkeys(("old_str", "old_string", "old_text", "search", "find"), "old"),
    **dict.fromkeys(("new_str", "new_string", "new_text", "insert_text", "replace", "replacement"), "new"),
    **dict.fromkeys(("file_text", "contents", "text"), "content"),
    **dict.fromkeys(("diff", "input", "blocks"), "patch"),
}
_FINISH: Mapping[str, str] = dict.fromkeys(("result", "message", "answer", "description"), "summary")


def meant(name: str, arguments: JSONObject) -> tuple[str, JSONObject]:
    """The tool that a call means, and its arguments by that tool's names; both as they are where nothing is known of them."""
    said = name.rpartition(".")[2].lower()
    tool = canonical(_TOOLS.get(said, said))
    if tool not in TOOLS:
        return name, arguments
    if said in EDITORS and arguments.get("command") == "view":
        return "read", _viewed(arguments)
    if tool in ("edit", "finish"):
        arguments = _by_its_names(arguments, _EDIT if tool == "edit" else _FINISH)
    if tool == "edit":
        # of an editor that does what it is told: what it does is said by the other arguments as well
        arguments = {key: value for key, value in arguments.items() if key != "command"}
    return tool, arguments


def _viewed(arguments: JSONObject) -> JSONObject:
    path, lines = str(arguments.get("path", "")), arguments.get("view_range")
    if isinstance(lines, list) and len(lines) == 2 and all(isinstance(line, int) and line > 0 for line in lines):
        path = f"{path}:{lines[0]}-{lines[1]}"
    return {"paths": [path]}


def _by_its_names(arguments: JSONObject, names: Mapping[str, str]) -> JSONObject:
    """What the tool knows by its own name comes first."""
    found = {key: value for key, value in arguments.items() if key not in names}
    for key, value in arguments.items():
        if key in names:
            found.setdefault(names[key], value)
    return found

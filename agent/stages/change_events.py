"""The events of what becomes of a change's files: applied, refused, reverted, formatted; each of the result that its journal
step has recorded."""

from __future__ import annotations

from agent.ports import JSONObject, StepEvent


def reverted(result: JSONObject) -> StepEvent | None:
    files = [{"path": path, "action": "reverted"} for path in result["files"]]
    return StepEvent("patch_applied", {"files": files}, f"{counted(len(files), 'file')} reverted") if files else None


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def patched(result: JSONObject) -> StepEvent:
    if result["success"]:
        changed = [file for file in result["files"] if file["action"] != "unchanged"]
        told = " ".join([f"{counted(len(changed), 'file')} written", *result.get("notes", ())])
        return StepEvent("patch_applied", {"files": [_shown(file) for file in changed]}, told)
    hunks = [{"path": file["path"], "code": file["code"], "reason": _reasons(file)} for file in refused_files(result)]
    reason = "; ".join(f"{hunk['path']}: {hunk['reason']}" for hunk in hunks) or result["reason"]
    return StepEvent(
        "patch_refused", {"reason": reason, "hunks": hunks}, f"{counted(len(hunks), 'file')} refused, nothing written"
    )


def refused_files(result: JSONObject) -> list[JSONObject]:
    return [file for file in result["files"] if file["action"] == "refused"]


def _shown(file: JSONObject) -> JSONObject:
    return {key: file[key] for key in ("path", "action", "match_level", "added", "removed")}


def _reasons(file: JSONObject) -> str:
    return "; ".join(hunk["reason"] for hunk in file["hunks"] if hunk["reason"])


def formatted(result: JSONObject) -> StepEvent:
    data = {key: result[key] for key in ("tool", "files", "unavailable", "failed")}
    absent = "".join(f"; {key}: {', '.join(result[key])}" for key in ("unavailable", "failed") if result[key])
    return StepEvent("files_formatted", data, f"{counted(len(result['files']), 'file')} reformatted{absent}")

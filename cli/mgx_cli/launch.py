"""Creates a task from the command line or a JSON task file, and starts its run (CONTRACT: JSON task file)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mgx_cli.api import Api
from mgx_cli.errors import UsageError
from mgx_cli.ids import find_project
from mgx_cli.link_lookup import find_link
from mgx_cli.task_location import TaskLocation
from mgx_cli.text_input import read_all, read_file

_FILE_KEYS = {
    "task": str,
    "target_stack": str,
    "project_type": str,
    "output_mode": str,
    "strict_requirements": bool,
    "constraints": list,
    "existing_project_path": str,
}
NAME_LENGTH = 80


@dataclass(frozen=True)
class TaskRequest:
    """A task that is not sent yet. The server chooses defaults for empty fields."""

    text: str
    stack: str = ""
    project: str = ""
    project_type: str = ""
    output_mode: str = ""
    strict_requirements: bool | None = None
    constraints: Sequence[str] = ()
    repo: str = ""
    always_ask: bool = False

    def body(self, project_id: str | None, repository_id: str, place: TaskLocation) -> dict[str, Any]:
        """The body of POST /api/tasks."""
        fields = {
            "name": name_of(self.text),
            "description": self.text,
            "project_id": project_id,
            "stack": self.stack or None,
            "project_type": self.project_type or None,
            "output_mode": self.output_mode or ("generate_new" if place.create else "patch_existing"),
            "strict_requirements": self.strict_requirements,
            "repository_id": repository_id,
        }
        return {
            **{name: value for name, value in fields.items() if value is not None},
            "constraints": list(self.constraints),
            "config": {
                name: True for name, wanted in (("allow_dirty", place.allow_dirty), ("always_ask", self.always_ask)) if wanted
            },
        }


def from_text(text: str) -> TaskRequest:
    """Raises UsageError for an empty text."""
    if not text.strip():
        raise UsageError("The task is empty.", hint='Describe what you want: mgx task "Create a FastAPI health endpoint"')
    return TaskRequest(text.strip())


def from_stdin() -> TaskRequest:
    """Reads standard input: a JSON task file if it begins with a brace, otherwise the text of the task."""
    text = _stdin()
    return from_document(text, "standard input") if text.lstrip().startswith("{") else from_text(text)


def from_file(name: str) -> TaskRequest:
    """A task from a JSON file, or from standard input for ``-``. Raises UsageError if it can't be read or is not valid."""
    if name == "-":
        return from_document(_stdin(), "standard input")
    try:
        return from_document(read_file(Path(name)), name)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The task file {name} can't be read: {error}.") from error


def from_document(text: str, source: str) -> TaskRequest:
    """A task from JSON; ``source`` names it in messages. Raises UsageError if it is not valid."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{source} is not valid JSON: {error}.") from error
    if not isinstance(data, dict):
        raise UsageError(f"{source} must contain a JSON object with the key task.")
    unknown = sorted(set(data) - set(_FILE_KEYS))
    if unknown:
        raise UsageError(f"{source} has the unknown key {unknown[0]!r}.", hint=f"Known keys: {', '.join(_FILE_KEYS)}")
    for key, kind in _FILE_KEYS.items():
        if data.get(key) is not None and not isinstance(data[key], kind):
            raise UsageError(f"{source}: {key} must be of type {kind.__name__}, not {type(data[key]).__name__}.")
    if not all(isinstance(entry, str) for entry in data.get("constraints") or []):
        raise UsageError(f"{source}: constraints must be strings.")
    return replace(
        from_text(data.get("task") or ""),
        stack=data.get("target_stack") or "",
        project_type=data.get("project_type") or "",
        output_mode=data.get("output_mode") or "",
        strict_requirements=data.get("strict_requirements"),
        constraints=tuple(data.get("constraints") or ()),
        repo=data.get("existing_project_path") or "",
    )


def from_workflow(name: str, workflows: Mapping[str, Mapping[str, Any]], source: Path | None) -> TaskRequest:
    """A task from the ``workflows`` of mgx.yaml. Raises UsageError for an unknown or invalid workflow."""
    if name not in workflows:
        known = ", ".join(sorted(workflows)) or "none"
        raise UsageError(f"There is no workflow {name!r} in {source or 'mgx.yaml'}.", hint=f"Known workflows: {known}")
    workflow = workflows[name]
    constraints = workflow.get("constraints") or []
    if not isinstance(constraints, list):
        raise UsageError(f"{source}: the constraints of workflow {name} must be a list.")
    request = from_text(str(workflow.get("task") or ""))
    return replace(request, stack=str(workflow.get("stack") or ""), constraints=tuple(str(entry) for entry in constraints))


def start(
    api: Api, request: TaskRequest, place: TaskLocation, *, model: str, auto_approve: bool, profile: bool = False
) -> dict[str, Any]:
    """Links the repository if needed, creates the task and its first run. Returns the run."""
    project_id = find_project(api, request.project) if request.project else None
    link = find_link(api, place, project_id)
    if link is None:
        link = _connect(api, place, project_id)
    else:
        place = replace(place, create=False)
        project_id = project_id or link.get("project_id")
    task = api.post("/api/tasks", request.body(project_id, link["id"], place))
    body: dict[str, Any] = {"task_id": task["id"], "auto_approve": auto_approve}
    if model:
        body["model"] = model
    if profile:
        body["profile"] = True
    run: dict[str, Any] = api.post("/api/runs", body)
    return run


def _connect(api: Api, place: TaskLocation, project_id: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {"url": place.url, "provider": "git"}
    if project_id:
        body["project_id"] = project_id
    if place.create:
        body["create"] = True
    if place.allow_dirty:
        body["allow_dirty"] = True
    link: dict[str, Any] = api.post("/api/repositories/connect", body)
    return link


def name_of(text: str) -> str:
    """The first line of a task, shortened at a word boundary."""
    line = " ".join(text.strip().splitlines()[0].split())
    if len(line) <= NAME_LENGTH:
        return line
    return line[: NAME_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _stdin() -> str:
    if sys.stdin.isatty():
        raise UsageError(
            "Standard input is a terminal, but the task is read from it.",
            hint='Pipe the task in, or give it as text: mgx task "…"',
        )
    return read_all()

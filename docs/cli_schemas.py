"""What ``--json`` prints, command by command, as one JSON Schema document: docs/cli.schema.json.

Rows are the API's own, from its OpenAPI 3.1 components, which are JSON Schema 2020-12; what the CLI makes itself stands here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
ANY: Schema = {}
STREAMING = ("task", "attach", "logs")
"""Print a line for each event, and (but for ``logs``) one of the type ``run`` at the end."""


def row(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def rows(name: str) -> Schema:
    return record(items={"type": "array", "items": row(name)})


def record(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields)}


def array(of: Schema) -> Schema:
    return {"type": "array", "items": of}


RUN, PLAN = row("RunRow"), {"type": "object"}
EVENT_OR_RUN: Schema = {"anyOf": [row("Event"), record(type={"const": "run"}, run=RUN), RUN]}
FILES = array(record(path=TEXT, added=NUMBER, removed=NUMBER))
COMMANDS: dict[str, Schema] = {
    "task": EVENT_OR_RUN, "attach": EVENT_OR_RUN, "logs": row("Event"), "init": record(files=array(TEXT)),
    "project list": rows("ProjectRow"), "project show": row("ProjectRow"), "project create": row("ProjectRow"),
    "project update": row("ProjectRow"), "stacks": rows("Stack"),
    "list": rows("RunRow"), "notification": rows("RunRow"),
    "status": {"anyOf": [RUN, row("Timing")]}, "plan": PLAN, "steer": RUN, "approve": RUN,
    "reject": RUN, "cancel": RUN, "continue": EVENT_OR_RUN, "retry": EVENT_OR_RUN, "resume": EVENT_OR_RUN,
    "changes": row("ChangesRow"),
    "diff": {"anyOf": [record(run_id=TEXT, diff=TEXT), record(run_id=TEXT, files=FILES, binary=array(TEXT))]},
    "apply": record(run_id=TEXT, repository=TEXT, files=FILES,
                    state={"enum": ["empty", "there", "fits", "applied", "reversed"]}),
    "open": record(run_id=TEXT, url=TEXT),
    "up": record(pid=NUMBER, base_url=TEXT), "down": record(stopped=FLAG), "allow": record(directory=TEXT),
    "setup": record(server=TEXT, username=TEXT, workspace=row("WorkspaceBrief")),
    "login": record(server=TEXT, me=row("Me"), file=TEXT), "logout": record(server=TEXT, removed=FLAG),
    "whoami": record(server=TEXT, embedded=FLAG, token=TEXT, me=row("Me")),
    "workspace list": rows("WorkspaceRow"), "workspace create": row("WorkspaceRow"), "workspace members": rows("MemberRow"),
    "workspace invite": row("NewInvitation"), "workspace join": row("WorkspaceBrief"), "workspace leave": record(left=TEXT),
    "member list": rows("MemberRow"), "member role": row("MemberRow"), "member remove": record(removed=TEXT),
    "user invite": row("NewInvitation"), "usage": row("WorkspaceUsage"), "audit": rows("AuditRow"),
    "token list": rows("ApiTokenRow"), "token create": row("NewApiToken"), "token revoke": record(revoked=TEXT),
    "repo list": rows("RepositoryRow"), "repo show": row("RepositoryRow"), "repo test": row("RepositoryTested"),
    "repo link": row("RepositoryRow"), "repo refresh": {"anyOf": [row("RepositoryRow"), record(queued=NUMBER)]},
    "repo webhook": row("WebhookSetUp"), "repo unlink": record(unlinked=TEXT),
    "model list": rows("ModelConnectionRow"), "model show": row("ModelConnectionRow"),
    "model create": row("ModelConnectionRow"), "model update": row("ModelConnectionRow"), "model delete": record(deleted=TEXT),
    "model default": row("ModelConnectionRow"),
    "model test": row("ConnectionTest"),
    "budget list": rows("BudgetRow"), "budget create": row("BudgetRow"), "budget update": row("BudgetRow"),
    "budget delete": record(deleted=TEXT),
    "config get": record(key=TEXT, value=ANY), "config set": record(key=TEXT, value=ANY),
    "config list": record(server=TEXT, workspace=TEXT, allow_insecure_http=FLAG, tokens={"type": "object"}, file=TEXT,
                          project_file=TEXT, server_here=ANY),
    "doctor": record(
        checks=array(record(name=TEXT, level={"enum": ["ok", "warn", "fail"]}, detail=TEXT, advice=TEXT)), ok=FLAG
    ),
    "version": record(version=TEXT, python=TEXT, checkout=TEXT),
}  # fmt: skip
"""Command → what it prints: one document, or each line where it streams."""


def document(components: dict[str, Schema]) -> str:
    """``components`` are those of the API's OpenAPI document."""
    error = record(type={"const": "error"}, error=record(detail=TEXT, exit_code=NUMBER))
    local = json.loads(json.dumps(components).replace("#/components/schemas/", "#/$defs/"))
    return json.dumps(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "What mgx COMMAND --json prints",
            "description": "Of a command: properties.COMMAND. Where something is wrong, the last line is of the type error.",
            "type": "object",
            "properties": {"error": error, **dict(sorted(COMMANDS.items()))},
            "$defs": {name: local[name] for name in sorted(_reached(local))},
        },
        indent=1,
        ensure_ascii=False,
    )


def _reached(components: dict[str, Schema]) -> set[str]:
    """What the commands' schemas refer to, directly or not."""
    found: set[str] = set()
    todo = list(_names(COMMANDS))
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _names(components[name])
    return found


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for entry in value.values():
            yield from _names(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _names(entry)

"""``mgx project``: the projects of the workspace and what they ask for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.errors import NoAccess, Usage
from mgx_cli.output import put, put_json, put_table, say
from mgx_cli.session import open_api

app = application()
projects = application()
HELP = """List, make and change projects.

\b
Example:
  mgx project list
"""
app.add_typer(projects, name="project", no_args_is_help=True, help=HELP)
Stack = Annotated[str | None, typer.Option(metavar="ID", help="The stack of tasks that name none (mgx stacks).")]
Review = Annotated[
    bool | None,
    typer.Option("--review-changes/--no-review-changes", help="Whether runs wait for you to accept their changes."),
]
Policy = Annotated[str | None, typer.Option(metavar="admins|developers", help="Who approves plans and changes.")]


@projects.command(name="list")
def list_projects(context: typer.Context, as_json: AsJson = False) -> None:
    """List the projects.

    \b
    Example:
      mgx project list
    """
    found = list(open_api(context).items("/api/projects", {}))
    if as_json:
        put_json({"items": found})
        return
    put_table(
        ("PROJECT", "NAME", "STACK", "APPROVAL", "REVIEWS CHANGES"),
        [
            (
                str(row["slug"]),
                str(row.get("name") or "-"),
                str(row.get("default_stack") or "-"),
                str(row.get("approval_policy") or "-"),
                "yes" if row.get("review_changes") else "no",
            )
            for row in found
        ],
    )


@projects.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    stack: Stack = None,
    review_changes: Review = None,
    approval_policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Make a project.

    \b
    Example:
      mgx project create Shop --stack fastapi --review-changes
    """
    body = {"name": name, **_given(stack, review_changes, approval_policy)}
    _tell(open_api(context).post("/api/projects", body), as_json, "made")


@projects.command()
def update(
    context: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Its short name (mgx project list).", show_default=False)],
    stack: Stack = None,
    review_changes: Review = None,
    approval_policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Change a project.

    \b
    Examples:
      mgx project update shop --review-changes
      mgx project update shop --approval-policy developers
    """
    body = _given(stack, review_changes, approval_policy)
    if not body:
        raise Usage("Nothing to change.", hint="See: mgx project update --help")
    api = open_api(context)
    _tell(api.patch(f"/api/projects/{_find(api, project)['id']}", body), as_json, "changed")


def _given(stack: str | None, review_changes: bool | None, approval_policy: str | None) -> dict[str, Any]:
    wanted = {"default_stack": stack, "review_changes": review_changes, "approval_policy": approval_policy}
    return {name: value for name, value in wanted.items() if value is not None}


def _find(api: Api, name: str) -> dict[str, Any]:
    for row in api.items("/api/projects", {}):
        if name in (row["slug"], row["id"]):
            return dict(row)
    raise NoAccess(f"There is no project {name} that you can see.", hint="See: mgx project list")


def _tell(row: dict[str, Any], as_json: bool, done: str) -> None:
    if as_json:
        put_json(row)
        return
    put(str(row["slug"]))
    say(f"Project {row['slug']} is {done}.")

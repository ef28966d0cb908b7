"""``mgx project``: the projects of the workspace and their settings."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mgx_cli import completion_values
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.errors import NoAccess, UsageError
from mgx_cli.output import one_line, put, put_json, put_table, say
from mgx_cli.session import open_api
from mgx_cli.wrap import put_line

app = application()
projects = application()
HELP = """List, create and change projects.

\b
Example:
  mgx project list
"""
app.add_typer(projects, name="project", no_args_is_help=True, help=HELP)
Stack = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="The stack for tasks that name none (mgx stacks); none: no stack's rules.",
        autocompletion=completion_values.stacks,
    ),
]
Review = Annotated[
    bool | None,
    typer.Option("--review-changes/--no-review-changes", help="Whether changes must be reviewed before delivery."),
]
Ask = Annotated[
    bool | None,
    typer.Option(
        "--always-ask/--no-always-ask",
        help="Whether runs started with --yes pause too where the task contradicts itself or an assumption changes the result.",
    ),
]
Remarks = Annotated[
    str | None,
    typer.Option(
        metavar="asked|always|commands",
        help="Which remarks of reviewers without a command are work: those that ask for something, all but praise, none.",
    ),
]
Policy = Annotated[str | None, typer.Option(metavar="admins|developers", help="Who approves plans and changes.")]
Base = Annotated[
    str | None, typer.Option(metavar="BRANCH", help="The branch that runs start from; '' for the repository's default.")
]
Prefix = Annotated[str | None, typer.Option(metavar="TEXT", help="Prefix of the branches of runs: TEXT/task/run-1.")]
Template = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Template of commit messages; may contain {subject}, {body}, {summary}, {task_name} and {run_number}. Default: "
        "the style of the repository's own commits.",
    ),
]
Author = Annotated[str | None, typer.Option(metavar="'NAME <ADDRESS>'", help="Author of its commits; '' for the server's.")]
CoAuthor = Annotated[
    str | None,
    typer.Option(metavar="none|requester", help="Who is named as co-author; the requester by their e-mail address."),
]
ProgramRuns = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="How many runs reviews and comments of other programs may begin on one pull request within a day.",
    ),
]
Draft = Annotated[bool | None, typer.Option("--draft/--no-draft", help="Whether pull requests are opened as drafts.")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="NAME", help="Label for its pull requests; repeat for more.")
]
NoLabels = Annotated[bool, typer.Option("--no-labels", help="Remove all labels.")]
Reviewers = Annotated[
    list[str] | None,
    typer.Option("--reviewer", metavar="ACCOUNT|ORG/TEAM", help="Reviewer of its pull requests; repeat for more."),
]
NoReviewers = Annotated[bool, typer.Option("--no-reviewers", help="Remove all reviewers.")]
Commands = Annotated[
    list[str] | None,
    typer.Option(
        "--command",
        metavar="[DIR:]KIND=LINE",
        help="A command used before the repository's own, e.g. test='uv run pytest'; kinds: install, test, test_one, lint, "
        "format, build. Repeat for more.",
    ),
]
NoCommands = Annotated[bool, typer.Option("--no-commands", help="Use the repository's own commands.")]
Found = Annotated[
    str,
    typer.Argument(
        metavar="PROJECT",
        help="The project's short name (mgx project list).",
        show_default=False,
        autocompletion=completion_values.projects,
    ),
]
SHOWN = (
    ("name", "name"),
    ("description", "description"),
    ("id", "id"),
    ("repository", "repo_full_name"),
    ("default branch", "default_branch"),
    ("stack", "default_stack"),
    ("approval", "approval_policy"),
    ("reviews changes", "review_changes"),
    ("always asks", "always_ask"),
    ("review remarks", "review_remarks"),
    ("runs of programs", "program_runs"),
    ("branch prefix", "run_branch_prefix"),
    ("commit template", "commit_template"),
    ("commit author", "commit_author"),
    ("co-author", "commit_co_author"),
    ("draft", "pr_draft"),
    ("labels", "pr_labels"),
    ("reviewers", "pr_reviewers"),
    ("commands", "commands"),
)
"""The labels of settings in ``show``."""
EMPTY = {
    "repo_full_name": "none: mgx repo link",
    "default_branch": "the repository's default",
    "default_stack": "inferred for each task",
    "commit_author": "the server's",
    "commands": "the repository's own",
}


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
def show(context: typer.Context, project: Found, as_json: AsJson = False) -> None:
    """Show all settings of a project.

    \b
    Example:
      mgx project show shop
    """
    row = _find(open_api(context), project)
    if as_json:
        put_json(row)
        return
    for title, name in SHOWN:
        value = row.get(name)
        if value or name != "description":
            put_line([(f"{title:<17}", "cyan"), (_shown(value) or EMPTY.get(name, "-"), "")])


@projects.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Display name of the project.", show_default=False)],
    stack: Stack = None,
    review_changes: Review = None,
    always_ask: Ask = None,
    approval_policy: Policy = None,
    review_remarks: Remarks = None,
    program_runs: ProgramRuns = None,
    default_branch: Base = None,
    branch_prefix: Prefix = None,
    commit_template: Template = None,
    commit_author: Author = None,
    co_author: CoAuthor = None,
    draft: Draft = None,
    label: Labels = None,
    reviewer: Reviewers = None,
    command: Commands = None,
    as_json: AsJson = False,
) -> None:
    """Create a project.

    \b
    Examples:
      mgx project create Shop --stack fastapi --review-changes
      mgx project create Shop --label mgx --reviewer octocat --reviewer acme/backend
    """
    body = _given(
        name=name, default_stack=stack, review_changes=review_changes, always_ask=always_ask, approval_policy=approval_policy,
        review_remarks=review_remarks, program_runs=program_runs, default_branch=default_branch,
        run_branch_prefix=branch_prefix, commit_template=commit_template, commit_author=commit_author,
        commit_co_author=co_author, pr_draft=draft,
        pr_labels=label or None, pr_reviewers=reviewer or None, commands=_commands(command) if command else None,
    )  # fmt: skip
    _tell(open_api(context).post("/api/projects", body), as_json, "made")


@projects.command()
def update(
    context: typer.Context,
    project: Found,
    stack: Stack = None,
    review_changes: Review = None,
    always_ask: Ask = None,
    approval_policy: Policy = None,
    review_remarks: Remarks = None,
    program_runs: ProgramRuns = None,
    default_branch: Base = None,
    branch_prefix: Prefix = None,
    commit_template: Template = None,
    commit_author: Author = None,
    co_author: CoAuthor = None,
    draft: Draft = None,
    label: Labels = None,
    no_labels: NoLabels = False,
    reviewer: Reviewers = None,
    no_reviewers: NoReviewers = False,
    command: Commands = None,
    no_commands: NoCommands = False,
    as_json: AsJson = False,
) -> None:
    """Change a project. Labels, reviewers and commands replace the present ones.

    \b
    Examples:
      mgx project update shop --review-changes
      mgx project update shop --approval-policy developers
      mgx project update shop --label mgx --label bot --no-reviewers
      mgx project update shop --command test='uv run pytest -q' --command web:test='pnpm test'
      mgx project update shop --commit-author 'Shop Bot <bot@example.com>' --co-author requester
    """
    body = _given(
        default_stack=stack, review_changes=review_changes, always_ask=always_ask, approval_policy=approval_policy,
        review_remarks=review_remarks, program_runs=program_runs, default_branch=default_branch,
        run_branch_prefix=branch_prefix, commit_template=commit_template, commit_author=commit_author,
        commit_co_author=co_author, pr_draft=draft,
        pr_labels=_list(label, no_labels, "label"), pr_reviewers=_list(reviewer, no_reviewers, "reviewer"),
        commands={} if no_commands else _commands(command) if command else None,
    )  # fmt: skip
    if not body:
        raise UsageError("No change was given.", hint="See: mgx project update --help")
    api = open_api(context)
    _tell(api.patch(f"/api/projects/{_find(api, project)['id']}", body), as_json, "changed")


def _given(**wanted: Any) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _list(values: list[str] | None, none: bool, option: str) -> list[str] | None:
    if values and none:
        raise UsageError(f"--{option} and --no-{option}s exclude each other.", hint="See: mgx project update --help")
    return [] if none else values or None


def _commands(given: list[str]) -> dict[str, Any]:
    """``KIND=LINE`` or ``DIR:KIND=LINE`` as the API has them."""
    found: dict[str, Any] = {}
    for entry in given:
        name, equals, line = entry.partition("=")
        directory, _, kind = name.rpartition(":")
        if not equals or not kind or not line.strip():
            raise UsageError(f"This is not a command: {entry}", hint="Write it as KIND=LINE, for example: test='uv run pytest'")
        into = found.setdefault("parts", {}).setdefault(directory.strip("/"), {}) if directory else found
        into[kind] = line
    return found


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{kind}: {line}" for kind, line in _lines(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(one_line(entry) for entry in value) if isinstance(value, list) else one_line(value or "")


def _lines(commands: dict[str, Any], place: str = "") -> list[tuple[str, str]]:
    """Each with the directory and the language that it is for, as ``web/node:test``."""
    own = [(f"{place}:{kind}" if place else kind, one_line(line)) for kind, line in commands.items() if isinstance(line, str)]
    below = [(f"{place}/{name}" if place else f"({name})", given) for name, given in (commands.get("ecosystems") or {}).items()]
    below += list((commands.get("parts") or {}).items())
    return own + [line for name, given in below for line in _lines(given, name)]


def _find(api: Api, name: str) -> dict[str, Any]:
    for row in api.items("/api/projects", {}):
        if name in (row["slug"], row["id"]):
            return dict(row)
    raise NoAccess(f"The project {name} does not exist or you do not have access to it.", hint="See: mgx project list")


def _tell(row: dict[str, Any], as_json: bool, done: str) -> None:
    if as_json:
        put_json(row)
        return
    put(str(row["slug"]))
    say(f"Project {row['slug']} was {done}.")

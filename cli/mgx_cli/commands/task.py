"""``mgx task``: create a task, start a run, and watch it until it ends or needs a person."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli import completion_values, embedded, launch, task_location
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, Verbose, application
from mgx_cli.config import ProjectFile, configured_server
from mgx_cli.errors import CLIError, InterruptedByUser, UsageError
from mgx_cli.ids import short
from mgx_cli.output import put, put_json, say
from mgx_cli.repository_storage import allow_with_storage
from mgx_cli.session import options_of
from mgx_cli.task_location import TaskLocation

app = application()


@app.command()
def task(
    context: typer.Context,
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="What you want done; - reads it from standard input.", show_default=False),
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json-file", metavar="FILE", help="A JSON task file; - is standard input.")
    ] = None,
    workflow: Annotated[str | None, typer.Option(metavar="NAME", help="A task defined in mgx.yaml.")] = None,
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="The project it belongs to.", autocompletion=completion_values.projects)
    ] = None,
    repo: Annotated[str | None, typer.Option(metavar="PATH|URL|OWNER/NAME", help="An existing repository.")] = None,
    new: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Create a new project in DIR, which must be empty or not exist.")
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="The stack to use (mgx stacks); none: no stack's rules. Default: inferred.",
            autocompletion=completion_values.stacks,
        ),
    ] = None,
    constraint: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A rule to follow, such as 'no extra libraries'. May be repeated.")
    ] = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="The model to use.", autocompletion=completion_values.models)] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan without asking.")] = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Work from the last commit and ignore uncommitted changes.")
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Record flame graphs; see mgx status --timing.")] = False,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Whether to watch the run.")] = True,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Turn a task into a reviewed commit on a branch.

    The team works on the git repository around the current directory. In an empty directory it creates a new project. Your
    checkout is not changed: the result is a branch. --json prints one line per event, and the run as the last line.

    \b
    Examples:
      mgx task "Create a FastAPI health endpoint"
      mgx task "Add paging to the list of orders" --repo ~/src/shop --constraint "no extra libraries"
      mgx task "A to-do service" --new todo --stack fastapi --yes
      mgx task --json-file task.json --json
    """
    project_file = ProjectFile.nearest(Path.cwd())
    request = _task_request(text, json_file, workflow, project_file)
    request = replace(
        request,
        stack=stack or request.stack or project_file.stack,
        project=project or request.project or project_file.project,
        constraints=(*request.constraints, *(constraint or ())),
        always_ask=project_file.always_ask,
    )
    place = task_location.choose(repo=repo or request.repo or None, new=new, cwd=Path.cwd(), allow_dirty=allow_dirty)
    api, started = _start(context, request, place, model=model, yes=yes, profile=profile)
    say(f"Run #{started.get('run_number')} started: {short(started['id'])}", "dim")
    if not follow:
        if as_json:
            put_json(started)
        else:
            put(str(started["id"]))
        return
    from mgx_cli.follow import follow as watch

    sys.exit(watch(api, started, as_json=as_json, verbose=verbose, place=None if place.create else place.path))


def _task_request(
    text: str | None, json_file: str | None, workflow: str | None, project_file: ProjectFile
) -> launch.TaskRequest:
    given = [value for value in (text, json_file, workflow) if value is not None]
    if len(given) != 1:
        raise UsageError(
            "The task is missing." if not given else "Give the task only once: as TEXT, with --json-file or with --workflow.",
            hint='Example: mgx task "Create a FastAPI health endpoint"',
        )
    if json_file is not None:
        return launch.from_file(json_file)
    if workflow is not None:
        return launch.from_workflow(workflow, project_file.workflows, project_file.path)
    return launch.from_stdin() if text == "-" else launch.from_text(text or "")


def _start(
    context: typer.Context, request: launch.TaskRequest, place: TaskLocation, *, model: str, yes: bool, profile: bool
) -> tuple[Api, dict[str, Any]]:
    """Starts the run. A directory created for it is removed again if the server refuses."""
    options = options_of(context)
    made = place.path is not None and place.create and not place.path.exists()
    try:
        server = configured_server(options, Path.cwd()) or embedded.server(options, examine=True)
        if made and place.path is not None:
            place.path.mkdir(parents=True)
        if server.embedded and place.path is not None:
            allow_with_storage(place.path, yes=yes)
        api = Api(server)
        return api, launch.start(api, request, place, model=model, auto_approve=yes, profile=profile)
    except OSError as error:
        raise CLIError(f"{place.path} can't be used: {error}.") from error
    except KeyboardInterrupt:
        raise InterruptedByUser(
            "Interrupted before the run's id was received.", hint="To see whether it was started: mgx list"
        ) from None
    except CLIError:
        if made and place.path is not None:
            with contextlib.suppress(OSError):
                place.path.rmdir()
        raise

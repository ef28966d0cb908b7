"""Commands that start a run after a finished one: on its branch, or of its task once more."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from mgx_cli import completion_values
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RunName, Verbose, application
from mgx_cli.errors import UsageError
from mgx_cli.follow import follow as watch
from mgx_cli.ids import find_run, short
from mgx_cli.output import put, put_json, say
from mgx_cli.session import open_api

app = application()
Model = Annotated[
    str,
    typer.Option(metavar="NAME", help="The model to use. Default: that of the run.", autocompletion=completion_values.models),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan without asking.")]


@app.command(name="continue")
def continue_run(
    context: typer.Context,
    run: RunName,
    message: Annotated[
        str, typer.Option("--message", "-m", metavar="TEXT", help="What should change. Required.", show_default=False)
    ] = "",
    model: Model = "",
    yes: Yes = False,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Whether to watch the new run.")] = True,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Have more done on the branch and pull request of a finished run.

    The team knows what was done there. It works on the branch as it was pushed, with the commits of others, and not on
    uncommitted changes of your checkout. After the pull request was merged, the run gets a new branch.

    \b
    Examples:
      mgx continue 01a2056e -m "cover empty lists, too"
      mgx continue 01a2056e -m "use the existing settings module" --yes
    """
    if not message.strip():
        raise UsageError("Say what should change.", hint=f'Example: mgx continue {run} -m "cover empty lists, too"')
    api, new = _start(context, run, "continue", message=message, model=model, yes=yes)
    if not follow:
        _tell(new, as_json)
        return
    say(f"Run #{new.get('run_number')} started: {short(new['id'])}", "dim")
    sys.exit(watch(api, new, as_json=as_json, verbose=verbose))


@app.command()
def retry(
    context: typer.Context,
    run: RunName,
    message: Annotated[
        str, typer.Option("--message", "-m", metavar="TEXT", help="Feedback for the new plan.", show_default=False)
    ] = "",
    model: Model = "",
    yes: Yes = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Watch the new run.")] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Start a new run for the task of a finished one. To go on from what that one did, use mgx continue.

    \b
    Examples:
      mgx retry 01a2056e
      mgx retry 01a2056e -m "do not add a dependency for it" --model large --yes
      mgx retry 01a2056e --follow
    """
    api, new = _start(context, run, "retry", message=message, model=model, yes=yes)
    if not follow:
        _tell(new, as_json)
        return
    sys.exit(watch(api, new, as_json=as_json, verbose=verbose))


def _start(
    context: typer.Context, name: str, action: str, *, message: str, model: str, yes: bool
) -> tuple[Api, dict[str, Any]]:
    api = open_api(context)
    run = find_run(api, name)
    given = {"message": message.strip(), "model": model, "auto_approve": yes}
    body = {key: value for key, value in given.items() if value}
    return api, api.post(f"/api/runs/{run['id']}/{action}", body or None)


def _tell(run: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(run)
        return
    put(str(run["id"]))
    say(f"Run #{run.get('run_number')} was started. Watch it with: mgx attach {short(run['id'])}")

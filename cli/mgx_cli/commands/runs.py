"""Commands to read runs and to decide on them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli import git_answers
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, RunName, RunOrLast, Verbose, application
from mgx_cli.errors import InterruptedByUser, NoAccess, UsageError
from mgx_cli.follow import follow as watch
from mgx_cli.follow import stream_lines, tell_wait
from mgx_cli.ids import find_run, short
from mgx_cli.output import clean, one_line, paint, put, put_json, say
from mgx_cli.run_state import asks_for, is_final
from mgx_cli.session import open_api

app = application()
QUIET = 3600.0
"""The longest silence of a followed log, in seconds: a command of the run may take long."""
Message = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="A message to the team about the plan.")]


@app.command()
def logs(
    context: typer.Context,
    run: RunOrLast = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing until the run ends or waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a run's log, as text or as one JSON line per event.

    With --follow it ends when the run is over (0), waits for you (with the exit code of mgx attach) or your access ends (5).

    \b
    Examples:
      mgx logs -f
      mgx logs 01a2056e -f
      mgx logs 01a2056e --json | jq -r .type
    """
    api = open_api(context)
    found = find_run(api, run)
    path = f"/api/runs/{found['id']}"
    try:
        if as_json and follow:
            sys.exit(stream_lines(api, found))
        elif as_json:
            for line in api.lines(f"{path}/events", {}, "application/x-ndjson"):
                put(line)
        else:
            for line in api.lines(f"{path}/logs", {"follow": "true"} if follow else {}, "text/plain", timeout=QUIET):
                if follow and _is_wait(line):
                    sys.exit(tell_wait(api, found))
                put(clean(line))
    except KeyboardInterrupt:
        raise InterruptedByUser("Stopped reading.", hint=f"The run continues. See: mgx attach {short(found['id'])}") from None


@app.command()
def diff(
    context: typer.Context,
    run: RunOrLast = None,
    stat: Annotated[bool, typer.Option("--stat", help="Only the files, with the number of their lines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a run's change as a diff for git apply. On a terminal it is shown in your pager (MGX_PAGER, PAGER, less).

    \b
    Examples:
      mgx diff
      mgx diff --stat
      mgx diff 01a2056e | git apply --check
    """
    api = open_api(context)
    found = find_run(api, run)
    raw = api.text(f"/api/runs/{found['id']}/diff", "text/x-diff")
    if stat:
        _stat(found, raw, as_json)
    elif as_json:
        put_json({"run_id": found["id"], "diff": raw.decode("utf-8", "replace")})
    elif sys.stdout.isatty():
        from mgx_cli import pager

        lines = raw.decode("utf-8", "replace").splitlines()
        pager.show([paint(clean(line), _diff_style(line), sys.stdout) for line in lines])
        if found.get("pr_url"):
            say(f"Pull request: {one_line(found['pr_url'])}")
    else:
        sys.stdout.buffer.write(raw)


@app.command()
def approve(context: typer.Context, run: RunName, message: Message = "", as_json: AsJson = False) -> None:
    """Approve a run's plan.

    A message is passed to the team, such as the answers to open questions.

    \b
    Examples:
      mgx approve 01a2056e
      mgx approve 01a2056e -m "yes, check the database too"
    """
    body: dict[str, Any] = {"approved": True, **({"feedback": message} if message else {})}
    _decide(context, run, body, as_json, "was approved. Watch it with: mgx attach {}")


@app.command()
def reject(context: typer.Context, run: RunName, message: Message = "", as_json: AsJson = False) -> None:
    """Reject a run's plan. With a message the plan is drafted again; without one the run ends.

    \b
    Examples:
      mgx reject 01a2056e
      mgx reject 01a2056e -m "use the existing settings module"
    """
    body: dict[str, Any] = {"approved": False, **({"feedback": message} if message else {})}
    _decide(context, run, body, as_json, "is drafting a new plan. Watch it with: mgx attach {}" if message else "was rejected.")


@app.command()
def cancel(context: typer.Context, run: RunName, as_json: AsJson = False) -> None:
    """Cancel a run. Everything it has started is stopped within two seconds.

    \b
    Example:
      mgx cancel 01a2056e
    """
    _act(context, run, "cancel", as_json, "cancelled")


@app.command()
def steer(
    context: typer.Context,
    run: RunName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The message to the team.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Send a message to the team, for its next step.

    A paused run reads it when resumed. While a plan or changes await your decision, send it with the decision.

    \b
    Examples:
      mgx steer 01a2056e "keep the old route, too"
      mgx steer 01a2056e "stop adding dependencies"
    """
    api = open_api(context)
    found = find_run(api, run)
    answer = api.post(f"/api/runs/{found['id']}/steer", {"message": text})
    _tell(
        answer,
        as_json,
        "reads your message when resumed: mgx resume {}" if asks_for(answer, "resume") else "received your message.",
    )


@app.command()
def resume(
    context: typer.Context,
    run: RunName,
    message: Annotated[
        str,
        typer.Option(
            "--message", "-m", metavar="TEXT", help="A message to the team. Required as the answer if it asked a question."
        ),
    ] = "",
    max_tokens: Annotated[
        int | None, typer.Option(metavar="N", help="New limit of tokens for this run. Requires the role admin.")
    ] = None,
    max_cost_usd: Annotated[
        str | None, typer.Option("--max-cost-usd", metavar="USD", help="New limit of cost for this run, in USD.")
    ] = None,
    max_calls: Annotated[int | None, typer.Option(metavar="N", help="New limit of model calls for this run.")] = None,
    max_seconds: Annotated[
        int | None, typer.Option(metavar="N", help="New limit of working time for this run, in seconds.")
    ] = None,
    plan_again: Annotated[
        bool, typer.Option("--plan-again", help="Plan again from what is done so far. For a run of an earlier server version.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Watch the run.")] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Resume a paused run. If it asked a question, it plans again with your answer.

    \b
    Examples:
      mgx resume 01a2056e
      mgx resume 01a2056e -m "only the prices that are None"
      mgx resume 01a2056e --max-tokens 4000000 --follow
      mgx resume 01a2056e --plan-again
    """
    caps = {"max_tokens": max_tokens, "max_cost_usd": max_cost_usd, "max_calls": max_calls, "max_seconds": max_seconds}
    budget = {name: cap for name, cap in caps.items() if cap is not None}
    said = {"message": message, "budget": budget, "plan_again": plan_again}
    body = {name: value for name, value in said.items() if value} or None
    _act(
        context, run, "resume", as_json, "was resumed. Watch it with: mgx attach {}", follow=follow, verbose=verbose, body=body
    )


@app.command()
def attach(
    context: typer.Context,
    run: RunOrLast = None,
    after: Annotated[int, typer.Option(min=0, metavar="SEQ", help="Skip the events up to this number.")] = 0,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Watch a run from its beginning until it ends or needs you.

    \b
    Examples:
      mgx attach 01a2056e
      mgx attach 01a2056e --json --after 40
    """
    api = open_api(context)
    found = find_run(api, run)
    if after > 0 and after >= int(found.get("last_seq") or 0) and is_final(found):
        raise UsageError(
            f"Run #{found.get('run_number')} has ended with {found.get('last_seq')} events. There are none after {after}."
        )
    sys.exit(watch(api, found, after=after, as_json=as_json, verbose=verbose))


def _is_wait(line: str) -> bool:
    """Whether the line `<time> <type> <sentence>` of a followed log is not an event, but says that the run waits. Raises
    NoAccess for `access_ended`, which ends the log before its run ends."""
    _, _, rest = line.partition(" ")
    kind, _, sentence = rest.partition(" ")
    if kind == "access_ended":
        raise NoAccess(sentence, hint="The run continues. Sign in with: mgx login")
    return kind == "waiting"


def _decide(context: typer.Context, name: str, body: dict[str, Any], as_json: bool, done: str) -> None:
    api = open_api(context)
    run = find_run(api, name)
    answer = api.post(f"/api/runs/{run['id']}/approve", {**body, "plan_version": run.get("plan_version")})
    _tell(answer if answer.get("id") else run, as_json, done)


def _act(
    context: typer.Context,
    name: str,
    action: str,
    as_json: bool,
    done: str,
    *,
    follow: bool = False,
    verbose: bool = False,
    body: dict[str, Any] | None = None,
) -> None:
    api: Api = open_api(context)
    run = find_run(api, name)
    answer = api.post(f"/api/runs/{run['id']}/{action}", body)
    now = answer if answer.get("id") else run
    if not follow:
        _tell(now, as_json, done)
        return
    sys.exit(watch(api, now, after=int(run.get("last_seq") or 0), as_json=as_json, verbose=verbose))


def _tell(run: dict[str, Any], as_json: bool, done: str) -> None:
    if as_json:
        put_json(run)
        return
    put(str(run["id"]))
    say(f"Run #{run.get('run_number')} {done.format(short(run['id']))}")


def _stat(run: dict[str, Any], raw: bytes, as_json: bool) -> None:
    from mgx_cli.apply_patch import Change, read_change

    # in a directory of a repository git would leave out what is elsewhere in it
    top = git_answers.ask(Path.cwd(), "rev-parse", "--show-toplevel").output
    change = read_change(Path(top.rstrip("\n")) if top else Path.cwd(), raw) if raw.strip() else Change([], [], [])
    files, binary = change.files, change.binary
    if as_json:
        put_json({"run_id": run["id"], "files": files, "binary": binary})
        return
    width = max((len(one_line(path)) for path in [*(file["path"] for file in files), *binary]), default=0)
    for file in files:
        put(f"{one_line(file['path']).ljust(width)}  +{file['added']} −{file['removed']}")
    for path in binary:
        put(f"{one_line(path).ljust(width)}  binary")
    added, removed = (sum(int(file[name]) for file in files) for name in ("added", "removed"))
    count = len(files) + len(binary)
    say(f"{count} {'file' if count == 1 else 'files'}, +{added} −{removed}")


def _diff_style(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")

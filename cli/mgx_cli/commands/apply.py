"""``mgx apply``: apply a run's change to the current checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli import git_answers
from mgx_cli.api import Api
from mgx_cli.apply_patch import SHOWN, Change, DoesNotApply, conflicts, read_change, working_tree, write
from mgx_cli.commands.shared import AsJson, RunOrLast, application
from mgx_cli.errors import ApiError, NotInState, UsageError
from mgx_cli.ids import find_run, short
from mgx_cli.last_run import addresses, place_of, run_link
from mgx_cli.output import one_line, put, put_json, say
from mgx_cli.run_state import label, next_commands, waits_for_person
from mgx_cli.session import open_api

app = application()


@app.command()
def apply(
    context: typer.Context,
    run: RunOrLast = None,
    repo: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The checkout to write to. Default: the one around the current directory."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check whether the change applies; write nothing.")] = False,
    reverse: Annotated[bool, typer.Option("--reverse", "-R", help="Revert the change.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Apply it even if the run was for another repository.")] = False,
    as_json: AsJson = False,
) -> None:
    """Apply a run's change to a checkout, completely or not at all, without committing.

    Uncommitted changes elsewhere are kept. If the change does not apply, the files are listed and nothing is written
    (exit code 1). If it is already applied, nothing is done (exit code 0). A run of another repository is refused: this one is
    known by its address, its remotes, and the commit that the run started from.

    \b
    Examples:
      mgx apply 01a2056e
      mgx apply 01a2056e --check
      mgx apply 01a2056e --repo ~/src/shop
      mgx apply 01a2056e --reverse
    """
    top = working_tree(Path.cwd() if repo is None else repo.expanduser())
    api = open_api(context)
    found = find_run(api, run)
    if not force:
        _refuse_elsewhere(api, found, top)
    diff = _diff_of(api, found)
    change = read_change(top, diff) if diff.strip() else Change([], [], [])
    _refuse_names_only(change, found)
    state = _bring(top, diff, change, check=check, reverse=reverse)
    if as_json:
        put_json({"run_id": found["id"], "repository": str(top), "state": state, "files": change.files})
        return
    for file in change.files if state in ("applied", "reversed", "fits") else ():
        put(f"{one_line(file['path'])}  +{file['added']} −{file['removed']}")
    _tell(state, top, found, change, reverse)


def _refuse_elsewhere(api: Api, run: dict[str, Any], top: Path) -> None:
    """Raises UsageError if the run's repository is known and is not the one of ``top``."""
    link = run_link(api, run)
    if link is None or place_of(str(link.get("clone_url") or "")) in addresses(top):
        return
    base = str(run.get("base_sha") or "")
    if base and git_answers.ask(top, "cat-file", "-e", f"{base}^{{commit}}").output is not None:
        return
    name = one_line(link.get("repo_full_name") or link.get("clone_url"))
    raise UsageError(
        f"Run #{run.get('run_number')} is of another repository ({name}) than {top}. Nothing was written.",
        hint=f"Give its checkout: mgx apply {short(run['id'])} --repo PATH   To apply it here anyway: --force",
    )


def _bring(top: Path, diff: bytes, change: Change, *, check: bool, reverse: bool) -> str:
    """Returns ``empty``, ``there`` (nothing left to do), ``fits`` (only checked), ``applied`` or ``reversed``."""
    if not change.files:
        return "empty"
    against = conflicts(top, diff, reverse=reverse)
    if against and not conflicts(top, diff, reverse=not reverse):
        return "there"
    if against:
        listed = "".join(f"\n  {one_line(': '.join(filter(None, found.values())))}" for found in against[:SHOWN])
        more = f"\n  and {len(against) - SHOWN} more" if len(against) > SHOWN else ""
        raise DoesNotApply(
            f"The change does not apply to {top}. Nothing was written:{listed}{more}",
            against,
            hint="Commit or stash your changes in these files, or check out the commit the run started from, and try again."
            if against[0]["path"]
            else "",
        )
    if check:
        return "fits"
    write(top, diff, change, reverse=reverse)
    return "reversed" if reverse else "applied"


def _diff_of(api: Api, run: dict[str, Any]) -> bytes:
    try:
        return api.text(f"/api/runs/{run['id']}/diff", "text/x-diff")
    except ApiError as error:
        if error.problem.get("code") != "no_diff":
            raise
        name = short(run["id"])
        see = next_commands(run, name)[0] if waits_for_person(run) else f"mgx status {name}"
        raise NotInState(
            f"Run #{run.get('run_number')} has no change to apply: it is {label(run)}.",
            hint=f"The change is available when the run delivers. See: {see}",
        ) from error


def _refuse_names_only(change: Change, run: dict[str, Any]) -> None:
    if not change.binary:
        return
    names = ", ".join(one_line(path) for path in change.binary[:SHOWN]) + (" and others" if change.binary[SHOWN:] else "")
    where = run.get("branch_name")
    raise DoesNotApply(
        f"The change contains binary files, which are not part of the diff: {names}. Nothing was written.",
        [{"path": path, "reason": "binary"} for path in change.binary],
        hint=f"Merge the run's branch instead: git fetch, then git merge {one_line(where)}" if where else "",
    )


def _tell(state: str, top: Path, run: dict[str, Any], change: Change, reverse: bool) -> None:
    name, number = short(run["id"]), run.get("run_number")
    if state == "empty":
        say(f"Run #{number} changed nothing.")
    elif state == "there":
        say(f"The change of run #{number} is {'not applied in' if reverse else 'already applied in'} {top}.")
    elif state == "fits":
        say(f"The change applies. Nothing was written. To write it: mgx apply {name}{' --reverse' if reverse else ''}")
    elif state == "reversed":
        say(f"Reverted in {top}.")
    else:
        say(f"Applied to {top}, not committed. Next:\n  git status && git diff\n  git add PATHS && git commit\n"
            f"  mgx apply {name} --reverse   reverts it")  # fmt: skip
    if change.links and state in ("applied", "fits") and not reverse:
        say(f"The change creates symbolic links: {', '.join(one_line(path) for path in change.links[:SHOWN])}", "yellow")

"""``mgx repo``: the repositories linked to the workspace."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from mgx_cli import secrets_input
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application, put_done
from mgx_cli.errors import ExitCode, NoAccess, UsageError
from mgx_cli.ids import find_project, shortest
from mgx_cli.output import one_line, put, put_json, put_table, say
from mgx_cli.refresh import ask_for_all, wait_for_all
from mgx_cli.render import age
from mgx_cli.session import open_api
from mgx_cli.wrap import put_line

app = application()
repos = application()
HELP = """Link and manage repositories.

\b
Example:
  mgx repo link octocat/shop --token-env GITHUB_TOKEN
"""
app.add_typer(repos, name="repo", no_args_is_help=True, help=HELP)

Where = Annotated[
    str, typer.Argument(metavar="REPOSITORY", help="owner/name on GitHub, a git URL, or a local path.", show_default=False)
]
Link = Annotated[str, typer.Argument(metavar="LINK", help="A link's name, its id or a prefix of it.", show_default=False)]
Api_ = Annotated[
    str | None, typer.Option("--api-url", metavar="URL", help="API of a GitHub Enterprise server: https://HOST/api/v3")
]
Installation = Annotated[
    int | None,
    typer.Option(metavar="ID", help="Installation of the server's GitHub App. The token then only proves your access."),
]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help="Read the token from standard input.")]
TokenEnv = Annotated[str | None, typer.Option(metavar="VARIABLE", help="Take the token from this environment variable.")]
RIGHTS = ("read", "write", "admin")
NAME_WIDTH = 40
ERROR_WIDTH = 60
"""Characters in a table; `mgx repo show` has all of them."""


@repos.command(name="list")
def list_links(context: typer.Context, as_json: AsJson = False) -> None:
    """List the linked repositories.

    \b
    Example:
      mgx repo list
    """
    rows = list(open_api(context).items("/api/repositories"))
    if as_json:
        put_json({"items": rows})
        return
    if not rows:
        say("No repositories. Link one with: mgx repo link octocat/shop --token-stdin")
        return
    _table(rows, errors=True)


@repos.command()
def show(context: typer.Context, link: Link, as_json: AsJson = False) -> None:
    """Show the state, permissions and webhook of a repository. After an error it says what to do.

    \b
    Example:
      mgx repo show octocat/shop
    """
    row = _find(open_api(context), link)
    if as_json:
        put_json(row)
        return
    name, seen = one_line(row["repo_full_name"]), age(row.get("last_validated_at"))
    rows = [
        ("repository", f"{name}{' (primary link of its project)' if row.get('is_primary') else ''}"),
        ("id", str(row["id"])),
        ("service", " at ".join(filter(None, [str(row["provider"]), one_line(row.get("api_base_url") or "")]))),
        ("clone url", one_line(row.get("clone_url") or "-")),
        ("branch", one_line(row.get("default_branch") or "no commits yet")),
        ("status", str(row["status"])),
        ("last look", f"{seen} ago" if seen else "never"),
        ("credential", _credential(row)),
        ("rights", _rights(row)),
        *(("missing", f"{right}, {one_line(what)}") for right, what in (row.get("missing_permissions") or {}).items()),
        ("webhook", one_line(row.get("webhook_url") or "not available for plain git")),
    ]
    for title, value in rows:
        put_line([(f"{title:<12}", "cyan"), (value, "")])
    if row.get("last_error"):
        put_line([("error       ", "red bold"), (one_line(row["last_error"]), "")])
        put_line(
            [
                ("next        ", "cyan"),
                (f"mgx repo refresh {name}, or link it again with a new token: mgx repo link {name}", ""),
            ]
        )


@repos.command(name="test")
def try_out(
    context: typer.Context,
    repository: Where,
    api_url: Api_ = None,
    installation: Installation = None,
    token_stdin: TokenStdin = False,
    token_env: TokenEnv = None,
    as_json: AsJson = False,
) -> None:
    """Check whether the server can access a repository. It says with which permissions, and stores nothing.

    \b
    Example:
      mgx repo test octocat/shop --token-env GITHUB_TOKEN
    """
    found = open_api(context).post("/api/repositories/test", _named(repository, api_url, installation, token_stdin, token_env))
    if as_json:
        put_json(found)
        return
    branch = found.get("default_branch") or "no commits yet"
    put(f"{one_line(found['repo_full_name'])}  {one_line(branch)}  {_rights(found)}")


@repos.command()
def link(
    context: typer.Context,
    repository: Where,
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="The project to link it to. Default: the default project.")
    ] = None,
    primary: Annotated[
        bool | None,
        typer.Option("--primary/--no-primary", help="Use it for tasks that name no repository. Default for the first link."),
    ] = None,
    webhook: Annotated[
        bool, typer.Option("--webhook", help="Set up a webhook for issues, comments, reviews and checks.")
    ] = False,
    api_url: Api_ = None,
    installation: Installation = None,
    token_stdin: TokenStdin = False,
    token_env: TokenEnv = None,
    as_json: AsJson = False,
) -> None:
    """Link a repository to a project. The token is prompted for on a terminal and is never an argument.

    \b
    Examples:
      mgx repo link octocat/shop --token-env GITHUB_TOKEN --webhook
      mgx repo link octocat/shop --api-url https://github.example.com/api/v3 --token-stdin
      mgx repo link https://git.example.com/team/shop.git --token-stdin
    """
    api = open_api(context)
    body = _named(repository, api_url, installation, token_stdin, token_env)
    if "credential" not in body and sys.stdin.isatty() and "/" in repository and not repository.startswith((".", "/", "file:")):
        token = secrets_input.ask("Token (empty for none): ", option="--token")
        body |= {"credential": token} if token else {}
    if project is not None:
        body["project_id"] = find_project(api, project)
    if primary is not None:
        body["is_primary"] = primary
    row = api.post("/api/repositories/connect", body)
    hook = api.post(f"/api/repositories/{row['id']}/webhook", {}) if webhook else None
    if as_json:
        put_json({**row, **({"webhook": hook} if hook else {})})
        return
    _table([row])
    for right, what in (row.get("missing_permissions") or {}).items():
        say(f"Missing: {right}, {one_line(what)}.")
    if hook:
        _say_hook(hook)


@repos.command()
def refresh(
    context: typer.Context,
    link: Annotated[
        str | None, typer.Argument(metavar="[LINK]", help="A link's name, its id or a prefix of it.", show_default=False)
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Check all links, within the rate limits of their services.")
    ] = False,
    project: Annotated[str | None, typer.Option(metavar="NAME", help="With --all: only links of this project.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="With --all: wait until all links are checked.")] = True,
    as_json: AsJson = False,
) -> None:
    """Check a linked repository again, or all of them. Exits with 1 if one can't be reached.

    \b
    Examples:
      mgx repo refresh octocat/shop
      mgx repo refresh --all --no-wait
    """
    if everything == (link is not None):
        raise UsageError("Give either a link or --all.", hint="See: mgx repo list")
    api = open_api(context)
    if everything:
        _refresh_all(api, None if project is None else find_project(api, project), wait=wait, as_json=as_json)
        return
    assert link is not None
    row = api.post(f"/api/repositories/{_find(api, link)['id']}/refresh", {})
    if as_json:
        put_json(row)
    else:
        _table([row])
    if row["status"] != "connected":
        say(one_line(row.get("last_error") or "The repository can't be reached."))
        raise typer.Exit(ExitCode.FAILED)


@repos.command()
def webhook(context: typer.Context, link: Link, as_json: AsJson = False) -> None:
    """Set up the webhook of a repository, with a new secret. It reports issues, comments, reviews, checks and merges.

    \b
    Example:
      mgx repo webhook octocat/shop
    """
    api = open_api(context)
    hook = api.post(f"/api/repositories/{_find(api, link)['id']}/webhook", {})
    if as_json:
        put_json(hook)
        return
    _say_hook(hook)


@repos.command()
def unlink(context: typer.Context, link: Link, as_json: AsJson = False) -> None:
    """Unlink a repository. Its credential is deleted; its runs keep their history.

    \b
    Example:
      mgx repo unlink octocat/shop
    """
    api = open_api(context)
    row = _find(api, link)
    api.delete(f"/api/repositories/{row['id']}")
    put_done({"unlinked": row["id"]}, as_json, f"{one_line(row['repo_full_name'])} was unlinked.")


def _refresh_all(api: Api, project_id: str | None, *, wait: bool, as_json: bool) -> None:
    queued = ask_for_all(api, project_id)
    lost = wait_for_all(api, project_id, queued) if wait else []
    if as_json:
        put_json({"queued": queued, **({"errors": lost} if wait else {})})
    elif lost:
        _table(lost, errors=True)
    elif not wait:
        say(f"{queued} links will be checked. See the results with: mgx repo list")
    if lost:
        raise typer.Exit(ExitCode.FAILED)


def _named(
    repository: str, api_url: str | None, installation: int | None, token_stdin: bool, token_env: str | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"url": repository}
    if api_url is not None:
        body |= {"api_base_url": api_url, "provider": "github"}
    if installation is not None:
        body["installation_id"] = installation
    token = secrets_input.given(token_stdin, token_env, option="--token")
    if token is not None:
        body["credential"] = token
    return body


def _find(api: Api, name: str) -> dict[str, Any]:
    rows = list(api.items("/api/repositories"))
    named = [row for row in rows if row["repo_full_name"] == name]
    found = named or [row for row in rows if len(name) >= 6 and str(row["id"]).startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name!r} is linked {len(found)} times. Give a link's id.", hint="See: mgx repo list")
    raise NoAccess(f"No repository {name!r} is linked in this workspace.", hint="See: mgx repo list")


def _table(rows: list[dict[str, Any]], *, errors: bool = False) -> None:
    width = shortest(str(row["id"]) for row in rows)
    failed = errors and any(row.get("last_error") for row in rows)
    cells = [
        (
            str(row["id"])[:width],
            f"{one_line(row['repo_full_name'], NAME_WIDTH)}{' *' if row.get('is_primary') else ''}",
            str(row["provider"]),
            one_line(row.get("default_branch") or "-"),
            str(row["status"]),
            _rights(row),
            age(row.get("last_validated_at")) or "never",
            *((one_line(row.get("last_error") or "-", ERROR_WIDTH),) if failed else ()),
        )
        for row in rows
    ]
    header = ("ID", "REPOSITORY", "PROVIDER", "BRANCH", "STATUS", "RIGHTS", "LAST LOOK")
    put_table((*header, "ERROR") if failed else header, cells)
    if failed:
        say("For what to do about an error, see: mgx repo show NAME")


def _rights(row: dict[str, Any]) -> str:
    held = row.get("permissions") or {}
    return ", ".join(right for right in RIGHTS if held.get(right)) or "-"


def _credential(row: dict[str, Any]) -> str:
    if row.get("installation_id"):
        return f"the server's GitHub App, installation {row['installation_id']}"
    return "stored" if row.get("has_credential") else "none"


def _say_hook(hook: dict[str, Any]) -> None:
    if hook["installed"]:
        say(f"The webhook is set up. The service sends events to {one_line(hook['url'])}.")
        return
    say(f"The webhook could not be created: {one_line(hook.get('reason') or 'the service refused.')}")
    say("Add it manually in the repository's settings, with the content type application/json:")
    put(f"url     {one_line(hook['url'])}")
    put(f"secret  {one_line(hook['secret'] or '')}")

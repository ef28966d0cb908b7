"""The user's settings and the project's mgx.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mgx_cli import pre_commit
from mgx_cli.commands.shared import AsJson, application
from mgx_cli.config import PROJECT_FILE, SETTABLE, ProjectFile, UserFile, configured_server, server_address, token_prefix
from mgx_cli.errors import UsageError
from mgx_cli.output import put, put_json, say
from mgx_cli.session import options_of
from mgx_cli.token_store import IN_KEYRING

app = application()
settings = application()
app.add_typer(
    settings,
    name="config",
    no_args_is_help=True,
    help="Read and change your settings (server, workspace, allow_insecure_http).",
)

Key = Annotated[str, typer.Argument(metavar="KEY", help=f"One of {', '.join(SETTABLE)}.", show_default=False)]


@settings.command(name="get")
def get(key: Key, as_json: AsJson = False) -> None:
    """Print one setting of your configuration file.

    \b
    Example:
      mgx config get server
    """
    value = getattr(UserFile.load(), _known(key))
    if as_json:
        put_json({"key": key, "value": value})
    else:
        put(_shown(value))


@settings.command(name="set")
def set_(
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value; an empty one removes it.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Change one setting of your configuration file. Tokens are set by mgx login.

    \b
    Examples:
      mgx config set server https://mgx.example.com
      mgx config set workspace acme
    """
    user = UserFile.load()
    if _known(key) == "allow_insecure_http":
        if value not in ("true", "false"):
            raise UsageError("allow_insecure_http must be true or false.")
        user.allow_insecure_http = value == "true"
    elif key == "server":
        user.server = server_address(value, "config set server") if value else ""
    else:
        user.workspace = value
    user.save()
    if as_json:
        put_json({"key": key, "value": getattr(user, key)})


@settings.command(name="list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Print all settings of your configuration file. It also says which server is used in this directory.

    \b
    Example:
      mgx config list
    """
    user = UserFile.load()
    here = configured_server(options_of(context), Path.cwd())
    document: dict[str, Any] = {name: getattr(user, name) for name in SETTABLE}
    document |= {
        "tokens": {
            server: "in the keyring" if token == IN_KEYRING else token_prefix(token) for server, token in user.tokens.items()
        },
        "file": str(user.path),
        "project_file": str(ProjectFile.nearest(Path.cwd()).path or ""),
        "server_here": {"address": here.base_url, "source": here.source} if here else None,
    }
    if as_json:
        put_json(document)
        return
    for name in (*SETTABLE, "file", "project_file"):
        put(f"{name:<20} {_shown(document[name]) or '-'}")
    for server, prefix in document["tokens"].items():
        put(f"{'token':<20} {prefix}  {server}")
    put(f"{'server here':<20} {f'{here.base_url}  ({here.source})' if here else 'the embedded one'}")


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The directory of the project.")] = Path(),
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="The project on the server. Default: its default project.")
    ] = None,
    stack: Annotated[str | None, typer.Option(metavar="ID", help="The stack (mgx stacks), or none. Default: inferred.")] = None,
    server: Annotated[str | None, typer.Option(metavar="URL", help="The server. Default: each user's own setting.")] = None,
    hooks: Annotated[
        str | None,
        typer.Option(
            "--pre-commit",
            metavar="KIND",
            help="Also write a .pre-commit-config.yaml: auto, python, javascript, php or dotnet.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an mgx.yaml with the project's settings and frequent tasks.

    \b
    Examples:
      mgx init
      mgx init ~/src/shop --project shop --stack fastapi
      mgx init --pre-commit auto
    """
    if not path.is_dir():
        raise UsageError(f"{path} is not a directory.")
    address = server_address(server, "--server") if server else None
    texts = {path / PROJECT_FILE: _project_text(project, stack, address)}
    if hooks is not None:
        texts[path / pre_commit.FILE] = _hooks(hooks, path, stack)
    for target in texts:
        if target.exists() and not force:
            raise UsageError(f"{target} already exists.", hint="Edit it, or replace it with --force.")
    for target, text in texts.items():
        try:
            target.write_text(text, "utf-8")
        except OSError as error:
            raise UsageError(f"{target} can't be written: {error}.") from error
        if not as_json:
            put(str(target))
    if as_json:
        put_json({"files": [str(target) for target in texts]})
        return
    say("Commit it to share it with everybody who works on the project.")


def _hooks(kind: str, path: Path, stack: str | None) -> str:
    found = pre_commit.fitting(path, stack) if kind == "auto" else kind
    if found is None:
        raise UsageError(
            f"The kind of hooks for {path} can't be detected.", hint=f"Give it: --pre-commit {'|'.join(pre_commit.KINDS)}"
        )
    if found not in pre_commit.KINDS:
        raise UsageError(f"Unknown kind of hooks: {kind!r}.", hint=f"Use auto, {', '.join(pre_commit.KINDS)}.")
    return pre_commit.text_of(found)


def _project_text(project: str | None, stack: str | None, server: str | None) -> str:
    def entry(name: str, value: str | None, example: str) -> str:
        return f"{name}: {json.dumps(value)}" if value else f"# {name}: {example}"

    return "\n".join(
        [
            "# Settings of MGX Agent for this directory and all below it. Do not put tokens here: use mgx login.",
            "",
            "# The project on the server that tasks belong to.",
            entry("project", project, "default"),
            "# The stack of this code (mgx stacks); none: no stack's rules. Default: inferred.",
            entry("stack", stack, "fastapi"),
            "# Commands used before those that the repository names otherwise (docs: project profiles).",
            "# commands:",
            "#   test: uv run pytest",
            "# Pause with a question where a task contradicts itself, also with --yes.",
            "# always_ask: true",
            "# The server. Default: each user's own setting.",
            entry("server", server, "https://mgx.example.com"),
            "",
            "# Frequent tasks: mgx task --workflow tidy",
            "workflows:",
            "  tidy:",
            "    task: Remove unused imports and dead code. Change no behaviour.",
            '    constraints: ["no extra libraries"]',
            "",
        ]
    )


def _known(key: str) -> str:
    if key not in SETTABLE:
        hint = "Use: mgx login" if key.startswith("token") else f"Settings: {', '.join(SETTABLE)}"
        raise UsageError(f"Unknown setting {key!r}.", hint=hint)
    return key


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

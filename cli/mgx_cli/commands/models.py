"""``mgx model``: the model endpoints of the workspace."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from mgx_cli import completion_values, secrets_input
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application, put_done
from mgx_cli.errors import ExitCode, NoAccess, UsageError
from mgx_cli.output import one_line, put, put_json, put_table, say
from mgx_cli.render import age, number
from mgx_cli.session import open_api

app = application()
models = application()
HELP = """The model endpoints of the workspace.

\b
Example:
  mgx model create main --model gpt-5 --key-env OPENAI_API_KEY
"""
app.add_typer(models, name="model", no_args_is_help=True, help=HELP)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The connection's name or id.", show_default=False, autocompletion=completion_values.models
    ),
]
Model = Annotated[str | None, typer.Option(metavar="MODEL", help="The endpoint's name for its model.")]
BaseUrl = Annotated[str | None, typer.Option(metavar="URL", help="Address of the endpoint. Empty: the provider's own.")]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="ROLE=MODEL", help="Another model for team_leader, engineer, tester or reviewer."),
]
KeyStdin = Annotated[bool, typer.Option("--key-stdin", help="Read the API key from standard input.")]
KeyEnv = Annotated[str | None, typer.Option(metavar="VARIABLE", help="Take the API key from this environment variable.")]
PriceIn = Annotated[str | None, typer.Option(metavar="USD", help="Price per million input tokens; 0 if free.")]
PriceOut = Annotated[str | None, typer.Option(metavar="USD", help="Price per million output tokens; 0 if free.")]
PriceCachedIn = Annotated[
    str | None, typer.Option(metavar="USD", help="Price per million input tokens from the provider's cache.")
]
ContextTokens = Annotated[int | None, typer.Option(metavar="N", help="Size of the context window: prompt and answer together.")]
MaxOutputTokens = Annotated[int | None, typer.Option(metavar="N", help="The longest answer, in tokens.")]
EditFormat = Annotated[
    str | None, typer.Option(metavar="FORMAT", help="manifest, search_replace, unified or envelope. Default: by the model.")
]
NativeTools = Annotated[
    bool | None, typer.Option("--native-tools/--no-native-tools", help="Whether it supports tool calls. Default: detected.")
]
RequestsPerMinute = Annotated[int | None, typer.Option(metavar="N", help="Limit of requests per minute.")]
TokensPerMinute = Annotated[int | None, typer.Option(metavar="N", help="Limit of tokens per minute.")]
Fallback = Annotated[str | None, typer.Option(metavar="NAME", help="The connection to use when this one fails.")]
Default = Annotated[bool, typer.Option("--default", help="Use this connection for runs that name no model.")]

FIELDS = (
    "model", "base_url", "price_in", "price_out", "price_cached_in", "context_tokens", "max_output_tokens", "edit_format",
    "native_tools", "requests_per_minute", "tokens_per_minute",
)  # fmt: skip
"""Options that are fields of the same name."""


@models.command(name="list")
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the model connections.

    \b
    Example:
      mgx model list
    """
    api = open_api(context)
    rows = list(api.items("/api/models"))
    if as_json:
        put_json({"items": rows})
        return
    if not rows:
        own = one_line(api.get("/api/me").get("server_model") or "not named")
        say(f"No connections: runs use the server's own model ({own}).")
        say("Add one with: mgx model create main --kind openai --model gpt-5")
        return
    cells = [
        (
            f"{row['name']}{' *' if row.get('is_default') else ''}", str(row["kind"]), str(row.get("model") or "-"),
            str(row.get("base_url") or "-"), _prices(row), _tested(row),
        )
        for row in rows
    ]  # fmt: skip
    put_table(("NAME", "KIND", "MODEL", "URL", "USD IN/OUT", "TEST"), cells)


@models.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a model connection. The API key is never shown.

    \b
    Example:
      mgx model show main
    """
    api = open_api(context)
    row = _find(api, name)
    if as_json:
        put_json(row)
        return
    _put(row, _names(api) if row.get("fallback_id") else {})


@models.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.", show_default=False)],
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="openai (for any OpenAI-compatible endpoint), anthropic or offline.")
    ] = "openai",
    model: Model = None,
    base_url: BaseUrl = None,
    role: Roles = None,
    key_stdin: KeyStdin = False,
    key_env: KeyEnv = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    price_cached_in: PriceCachedIn = None,
    context_tokens: ContextTokens = None,
    max_output_tokens: MaxOutputTokens = None,
    edit_format: EditFormat = None,
    native_tools: NativeTools = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    fallback: Fallback = None,
    default: Default = False,
    as_json: AsJson = False,
) -> None:
    """Create a model connection. The API key is prompted for on a terminal and is never an argument.

    \b
    Examples:
      mgx model create main --kind openai --model gpt-5 --price-in 1.25 --price-out 10 --default
      mgx model create claude --kind anthropic --model claude-sonnet-4-5 --key-env ANTHROPIC_API_KEY
      mgx model create local --model qwen3-coder --base-url http://127.0.0.1:11434/v1 --price-in 0 --price-out 0
    """
    api = open_api(context)
    given = {field: context.params[field] for field in FIELDS}
    body: dict[str, Any] = {"name": name, "kind": kind, "is_default": default, **_fields(api, given, role, fallback)}
    key = secrets_input.given(key_stdin, key_env)
    if key is None and kind != "offline" and sys.stdin.isatty():
        key = secrets_input.ask("API key (empty for none): ")
    if key:
        body["api_key"] = key
    row = api.post("/api/models", body)
    if as_json:
        put_json(row)
        return
    put(f"{one_line(row['name'])}  {row['id']}")
    say(f"Test it with: mgx model test {one_line(row['name'])}")


@models.command()
def update(
    context: typer.Context,
    name: Name,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="Another name.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="openai, anthropic or offline.")] = None,
    model: Model = None,
    base_url: BaseUrl = None,
    role: Roles = None,
    key_stdin: KeyStdin = False,
    key_env: KeyEnv = None,
    ask_key: Annotated[bool, typer.Option("--ask-key", help="Prompt for a new API key.")] = False,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    price_cached_in: PriceCachedIn = None,
    context_tokens: ContextTokens = None,
    max_output_tokens: MaxOutputTokens = None,
    edit_format: EditFormat = None,
    native_tools: NativeTools = None,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    fallback: Fallback = None,
    unset: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="Clear a field, such as price_in or fallback.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a model connection. Other fields are kept; a new address requires the key again.

    \b
    Examples:
      mgx model update main --price-in 1.25 --price-out 10
      mgx model update main --role reviewer=gpt-5-mini --fallback claude
      mgx model update main --unset native_tools
    """
    api = open_api(context)
    given = {"name": rename, "kind": kind} | {field: context.params[field] for field in FIELDS}
    body = _fields(api, given, role, fallback)
    for field in unset or []:
        field = field.replace("-", "_")
        body[{"fallback": "fallback_id", "role": "role_models"}.get(field, field)] = {} if field.startswith("role") else None
    key = secrets_input.ask("New API key: ") if ask_key else secrets_input.given(key_stdin, key_env)
    if key is not None:
        body["api_key"] = key
    if not body:
        raise UsageError("No change was given.", hint="See: mgx model update --help")
    _answer(api.patch(f"/api/models/{_find(api, name)['id']}", body), as_json)


@models.command()
def delete(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Delete a model connection.

    \b
    Example:
      mgx model delete old
    """
    api = open_api(context)
    row = _find(api, name)
    api.delete(f"/api/models/{row['id']}")
    put_done({"deleted": row["id"]}, as_json, f"Deleted {one_line(row['name'])}.")


@models.command()
def default(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Make a connection the default for runs that name no model.

    \b
    Example:
      mgx model default main
    """
    api = open_api(context)
    _answer(api.patch(f"/api/models/{_find(api, name)['id']}", {"is_default": True}), as_json)


@models.command(name="test")
def try_out(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Test a connection with a few real calls. Exits with 1 if it fails.

    \b
    Example:
      mgx model test main
    """
    api = open_api(context)
    row = _find(api, name)
    say(f"Testing {one_line(row.get('model') or row['kind'])}. This takes at most 15 s …", "dim")
    found = api.post(f"/api/models/{row['id']}/test")
    if as_json:
        put_json(found)
    else:
        for result in found.get("models") or [found]:
            put(f"{'ok' if result['ok'] else 'FAILED':<7} {one_line(result['detail'])}", "green" if result["ok"] else "red")
            if result.get("hint"):
                say(f"        {one_line(result['hint'])}")
    if not found["ok"]:
        raise typer.Exit(ExitCode.FAILED)


def _find(api: Api, name: str) -> dict[str, Any]:
    for row in api.items("/api/models"):
        if name in (row["name"], row["id"]):
            return row
    raise NoAccess(f"There is no model connection {name!r} in this workspace.", hint="See: mgx model list")


def _names(api: Api) -> dict[str, str]:
    return {row["id"]: row["name"] for row in api.items("/api/models")}


def _fields(api: Api, given: dict[str, Any], roles: list[str] | None, fallback: str | None) -> dict[str, Any]:
    body = {field: value for field, value in given.items() if value is not None}
    if roles:
        body["role_models"] = dict(_role(text) for text in roles)
    if fallback:
        body["fallback_id"] = _find(api, fallback)["id"]
    return body


def _role(text: str) -> tuple[str, str]:
    role, equals, model = text.partition("=")
    if not equals or not role or not model:
        raise UsageError(f"--role {text!r} is not of the form ROLE=MODEL.", hint="For example: --role reviewer=gpt-5-mini")
    return role, model


def _answer(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(row)
        return
    _put(row, {})


def _put(row: dict[str, Any], names: dict[str, str]) -> None:
    roles = row.get("role_models") or {}
    shown = {
        "name": f"{row['name']}{' (default)' if row.get('is_default') else ''}",
        "id": row["id"],
        "kind": row["kind"],
        "model": row.get("model"),
        "roles": ", ".join(f"{role}: {model}" for role, model in sorted(roles.items())),
        "url": row.get("base_url"),
        "key": "stored" if row.get("has_api_key") else "none",
        "prices": f"{_prices(row)} USD per million tokens in/out" if _prices(row) != "-" else "unknown: cap tokens, not USD",
        "window": f"{number(row['context_tokens'])} tokens" if row.get("context_tokens") else "",
        "answers": f"{number(row['max_output_tokens'])} tokens at most" if row.get("max_output_tokens") else "",
        "edits": row.get("edit_format"),
        "tools": "not known" if row.get("native_tools") is None else "native" if row["native_tools"] else "in words",
        "limits": ", ".join(
            f"{number(row[field])} {what} a minute"
            for field, what in (("requests_per_minute", "requests"), ("tokens_per_minute", "tokens"))
            if row.get(field)
        ),
        "fallback": names.get(str(row.get("fallback_id")), row.get("fallback_id")),
        "test": f"{_tested(row)}: {(row.get('last_test') or {}).get('detail', '')}" if row.get("last_test") else "never",
    }
    for label, value in shown.items():
        if value:
            put(f"{label:<9} {one_line(value)}")


def _prices(row: dict[str, Any]) -> str:
    prices = [row.get("price_in"), row.get("price_out")]
    return "-" if None in prices else "/".join(f"{float(str(price)):g}" for price in prices)


def _tested(row: dict[str, Any]) -> str:
    if not row.get("last_test"):
        return "-"
    return f"{'ok' if row['last_test']['ok'] else 'failed'}, {age(row.get('last_tested_at'))} ago"

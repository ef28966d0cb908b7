"""``mgx budget``: limits on what the workspace's runs may spend."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mgx_cli import completion_values
from mgx_cli.api import Api
from mgx_cli.commands.shared import AsJson, application, put_done
from mgx_cli.errors import CLIError, NoAccess, UsageError
from mgx_cli.ids import find_project, shortest
from mgx_cli.output import one_line, put_json, put_table, say
from mgx_cli.render import cost as money
from mgx_cli.render import number
from mgx_cli.session import open_api

app = application()
budgets = application()
HELP = """Limits on what runs may spend.

\b
Example:
  mgx budget create --max-cost-usd 20
"""
app.add_typer(budgets, name="budget", no_args_is_help=True, help=HELP)

BudgetId = Annotated[str, typer.Argument(metavar="ID", help="The budget's id, or the beginning of it.", show_default=False)]
MaxTokens = Annotated[int | None, typer.Option(metavar="N", help="Input and output tokens.")]
MaxCost = Annotated[str | None, typer.Option("--max-cost-usd", metavar="USD", help="Cost of model calls.")]
MaxCalls = Annotated[int | None, typer.Option(metavar="N", help="Model calls.")]
MaxSeconds = Annotated[int | None, typer.Option(metavar="N", help="Seconds of work. Waiting for people does not count.")]


@budgets.command(name="list")
def list_budgets(context: typer.Context, as_json: AsJson = False) -> None:
    """List the budgets and how much of them is used.

    \b
    Example:
      mgx budget list
    """
    api = open_api(context)
    rows = list(api.items("/api/budgets"))
    if as_json:
        put_json({"items": rows})
        return
    if not rows:
        say("No budgets: spending is not limited. Create one with: mgx budget create --max-cost-usd 20")
        return
    _table(api, rows)


@budgets.command()
def create(
    context: typer.Context,
    project: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The project it applies to. Default: the whole workspace.",
            autocompletion=completion_values.projects,
        ),
    ] = None,
    period: Annotated[str, typer.Option(metavar="PERIOD", help="month (calendar month, UTC) or total.")] = "month",
    max_tokens: MaxTokens = None,
    max_cost_usd: MaxCost = None,
    max_calls: MaxCalls = None,
    max_seconds: MaxSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Limit what runs may spend. A run that would exceed a limit pauses until the budget is raised.

    \b
    Examples:
      mgx budget create --max-cost-usd 20
      mgx budget create --project shop --period total --max-tokens 5000000
    """
    api = open_api(context)
    body = {"period": period, **_limits(max_tokens, max_cost_usd, max_calls, max_seconds)}
    if project is not None:
        body["project_id"] = find_project(api, project)
    _answer(api, api.post("/api/budgets", body), as_json)
    _warn_of_prices(api, max_cost_usd)


@budgets.command()
def update(
    context: typer.Context,
    budget: BudgetId,
    max_tokens: MaxTokens = None,
    max_cost_usd: MaxCost = None,
    max_calls: MaxCalls = None,
    max_seconds: MaxSeconds = None,
    unset: Annotated[list[str] | None, typer.Option(metavar="LIMIT", help="Remove a limit, such as max_calls.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a budget's limits. Resume paused runs with mgx resume.

    \b
    Examples:
      mgx budget update 01a2056e --max-cost-usd 50
      mgx budget update 01a2056e --unset max_calls
    """
    api = open_api(context)
    taken: dict[str, Any] = {name.replace("-", "_"): None for name in unset or []}
    body = {**_limits(max_tokens, max_cost_usd, max_calls, max_seconds), **taken}
    if not body:
        raise UsageError("No change was given.", hint="See: mgx budget update --help")
    _answer(api, api.patch(f"/api/budgets/{_find(api, budget)['id']}", body), as_json)
    _warn_of_prices(api, max_cost_usd)


@budgets.command()
def delete(context: typer.Context, budget: BudgetId, as_json: AsJson = False) -> None:
    """Delete a budget.

    \b
    Example:
      mgx budget delete 01a2056e
    """
    api = open_api(context)
    row = _find(api, budget)
    api.delete(f"/api/budgets/{row['id']}")
    put_done({"deleted": row["id"]}, as_json, "Deleted.")


def _warn_of_prices(api: Api, max_cost_usd: str | None) -> None:
    """A limit in USD does not see the calls of a model whose price nobody knows."""
    if max_cost_usd is None:
        return
    try:
        rows = list(api.items("/api/models"))
    except CLIError:  # the budget stands; the warning is all that is missing
        return
    unpriced = [row for row in rows if row.get("kind") != "offline" and None in (row.get("price_in"), row.get("price_out"))]
    for row in unpriced:
        name = one_line(row["name"])
        say(
            f"The model connection {name} has no price of its own. Calls without a known price do not count towards a limit in "
            f"USD.\n  mgx model update {name} --price-in USD --price-out USD   or limit tokens too: --max-tokens N",
            "yellow",
        )


def _limits(tokens: int | None, cost: str | None, calls: int | None, seconds: int | None) -> dict[str, Any]:
    limits = {"max_tokens": tokens, "max_cost_usd": cost, "max_calls": calls, "max_seconds": seconds}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _find(api: Api, name: str) -> dict[str, Any]:
    found = [row for row in api.items("/api/budgets") if str(row["id"]).startswith(name.lower())] if len(name) >= 6 else []
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name!r} matches {len(found)} budgets. Give more of the id.", hint="See: mgx budget list --json")
    raise NoAccess(f"No budget matches {name!r}.", hint="Give at least six characters of its id. See: mgx budget list")


def _answer(api: Api, row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        put_json(row)
        return
    _table(api, [row])


def _table(api: Api, rows: list[dict[str, Any]]) -> None:
    projects = {row["id"]: row.get("slug") or row.get("name") for row in api.items("/api/projects")}
    width = shortest(str(row["id"]) for row in rows)
    cells = [
        (
            str(row["id"])[:width],
            str(projects.get(row.get("project_id"), "-")) if row.get("project_id") else "whole workspace",
            str(row["period"]),
            _of(row, "tokens"),
            _of(row, "cost_usd"),
            _of(row, "calls"),
            _of(row, "seconds"),
        )
        for row in rows
    ]
    put_table(("ID", "PROJECT", "PERIOD", "TOKENS", "USD", "CALLS", "SECONDS"), cells)


def _of(row: dict[str, Any], name: str) -> str:
    used, limit = (row.get("used") or {}).get(name, 0), row.get(f"max_{name}")
    shown = money(used) if name == "cost_usd" else number(round(float(str(used))))
    if limit is None:
        return shown
    return f"{shown} of {money(limit) if name == 'cost_usd' else number(limit)}"

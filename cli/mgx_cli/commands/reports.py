"""``mgx usage`` and ``mgx audit``: what the workspace has spent, and who changed what in it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from mgx_cli.commands.shared import AsJson, application
from mgx_cli.commands.workspaces import current_workspace
from mgx_cli.errors import CLIError
from mgx_cli.output import one_line, put_json, put_ndjson, put_table, say
from mgx_cli.render import cost, number
from mgx_cli.session import open_api

app = application()


@app.command()
def usage(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="A date or RFC 3339 time. Default: 30 days before --to.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="The same. Default: now.")] = None,
    bucket: Annotated[str, typer.Option(metavar="SIZE", help="hour, day, week or month.")] = "day",
    as_json: AsJson = False,
) -> None:
    """Show what the workspace's runs have used: tokens, model calls and cost.

    \b
    Examples:
      mgx usage
      mgx usage --from 2026-11-01 --bucket week
      mgx usage --json | jq -r .totals.cost_usd
    """
    api = open_api(context)
    found = api.get(f"/api/workspaces/{current_workspace(api)['id']}/usage", {"from": since, "to": until, "bucket": bucket})
    if as_json:
        put_json(found)
        return
    rows = [*found["buckets"], {**found["totals"], "start": "total"}]
    put_table(
        ("FROM", "RUNS", "CALLS", "CACHED", "TOKENS IN", "TOKENS OUT", "COST"),
        [
            (
                str(row["start"])[: 16 if bucket == "hour" else 10].replace("T", " "),
                *_numbers(row),
                cost(row["cost_usd"]) or "$0",
            )
            for row in rows
        ],
    )
    if unpriced := found["totals"].get("unpriced_calls"):
        say(f"{number(unpriced)} calls have no price: their cost is not included. Set prices with: mgx model update", "yellow")


@app.command()
def audit(
    context: typer.Context,
    action: Annotated[str | None, typer.Option(metavar="ACTION", help="Only this action, such as member.joined.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Number of entries, newest first.")] = 20,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only what happened at this RFC 3339 time or later.")
    ] = None,
    export: Annotated[bool, typer.Option("--export", help="Print every entry as NDJSON, the oldest first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show who changed what in the workspace. Admins only.

    \b
    Examples:
      mgx audit
      mgx audit --action token.created --json
      mgx audit --export --since 2026-01-01T00:00:00Z > audit.ndjson
    """
    if export:
        for line in open_api(context).lines("/api/audit/export", {"action": action, "since": since}, "application/x-ndjson"):
            if (entry := json.loads(line)).get("error"):
                raise CLIError(
                    "Your access ended before the last entry: the export is not complete.", hint="Sign in with: mgx login"
                )
            put_ndjson(entry)
        return
    rows = list(open_api(context).items("/api/audit", {"action": action, "since": since}, most=limit))
    if as_json:
        put_json({"items": rows})
        return
    if not rows:
        say("No entries.")
        return
    put_table(
        ("TIME", "WHO", "FROM", "ACTION", "WHAT"),
        [
            (
                str(row["created_at"])[:19].replace("T", " "),
                one_line((row.get("user") or {}).get("username") or (row.get("detail") or {}).get("by") or "-", 30),
                one_line(row.get("address") or "-", 45),
                str(row["action"]),
                _detail(row),
            )
            for row in rows
        ],
    )


def _numbers(row: dict[str, Any]) -> list[str]:
    return [number(row[name]) for name in ("runs", "calls", "cached_calls", "tokens_in", "tokens_out")]


def _detail(row: dict[str, Any]) -> str:
    told = (f"{name}: {value}" for name, value in (row.get("detail") or {}).items() if name != "by")
    return one_line(", ".join(told) or row["object_type"], 80)

"""What holds of a run after every fault: it ends, its events are 1..N, GitHub has one of everything, it was paid once, three
accounts agree, and nothing is left behind."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psutil
import psycopg
from psycopg.rows import dict_row

from agent.models import ModelSettings

from ..support.github import GitHub
from ..support.patience import wait_for
from ..support.scripted_openai import usage_of
from ..support.whole_server import Server

ONCE = ("run_queued", "plan_ready", "approved", "patch_applied", "commit_created", "push_succeeded", "completion")
OURS = ("fetch.lock", "mgx.lock")
"""Locks of mirrors, held or not; git's own, once left, are in the way."""
SETTLED = "settled_at IS NOT NULL AND NOT cached"


def check(
    server: Server, github: GitHub, repo: str, run_id: str, *, requests: list[dict[str, Any]], lost: int, revised: bool
) -> None:
    """``requests`` are those that the model had for the run; of its answers ``lost`` may have been for nothing."""
    with psycopg.connect(server.state["database_url"], row_factory=dict_row) as database:
        run = _row(database, "SELECT * FROM task_runs WHERE id = %s", run_id)
        assert run["status"] == "completed", (run["status"], run["error"])
        _events(database, run_id, "pr_updated" if revised else "pr_opened")
        _money(database, run, requests, lost)
    _github(github, repo, run, revised)
    wait_for(lambda: not orphans(server))
    wait_for(lambda: not leftovers(server, run_id))


def _row(database: Any, sql: str, *values: Any) -> dict[str, Any]:
    found: dict[str, Any] | None = database.execute(sql, values).fetchone()
    assert found is not None
    return found


def _events(database: Any, run_id: str, of_pull_request: str) -> None:
    rows = database.execute("SELECT seq, type FROM events WHERE run_id = %s ORDER BY seq", [run_id]).fetchall()
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    seen = Counter(row["type"] for row in rows)
    once = (*ONCE, of_pull_request)
    assert {kind: seen[kind] for kind in once} == dict.fromkeys(once, 1)
    assert seen["pr_opened"] + seen["pr_updated"] == 1


def _money(database: Any, run: dict[str, Any], requests: list[dict[str, Any]], lost: int) -> None:
    """No recorded call was made again, whatever the model may bill is in the ledger, and ledger, meter and usage say the same.

    A request that got no answer is repeated within its call: what it may cost is counted with the call's own."""
    steps = _row(
        database,
        "SELECT count(*) AS n, count(finished_at) AS ended FROM run_steps WHERE run_id = %s AND kind = 'model'",
        run["id"],
    )
    assert steps["n"] == steps["ended"], "every call that began was recorded in the end"
    answered = [request for request in requests if request["_answer"]]
    assert len(answered) <= steps["n"] + lost, f"{len(answered)} answers for {steps['n']} recorded calls"
    spent = _row(
        database,
        f"SELECT count(*) FILTER (WHERE NOT cached) AS calls, "
        f"coalesce(sum(tokens_in) FILTER (WHERE {SETTLED}), 0) AS tokens_in, "
        f"coalesce(sum(tokens_out) FILTER (WHERE {SETTLED}), 0) AS tokens_out, "
        "coalesce(sum(reserved_tokens) FILTER (WHERE settled_at IS NULL), 0) AS reserved_tokens "
        "FROM ledger_entries WHERE run_id = %s",
        run["id"],
    )
    assert len(requests) <= spent["calls"] * (1 + ModelSettings.max_retries), "each request belongs to a call that was reserved"
    assert spent["tokens_in"] + spent["tokens_out"] + spent["reserved_tokens"] >= _bill(requests), "all of the bill is known"
    meter = _row(database, "SELECT * FROM meters WHERE scope = 'run' AND scope_id = %s AND period = ''", run["id"])
    accounts = ("calls", "tokens_in", "tokens_out")
    assert {name: meter[name] for name in accounts} == {name: int(spent[name]) for name in accounts}
    assert {name: run["usage"][name] for name in accounts} == {name: meter[name] for name in accounts}
    assert meter["reserved_tokens"] == spent["reserved_tokens"], "what is reserved is what the open entries reserve"


def _bill(requests: list[dict[str, Any]]) -> int:
    """Tokens: the model's server may bill each prompt that it had, and each answer that it began."""
    usage = [usage_of(request["messages"], request["_answer"]) for request in requests]
    return sum(
        one["prompt_tokens"] + (one["completion_tokens"] if request["_answer"] else 0)
        for one, request in zip(usage, requests, strict=True)
    )


def _github(github: GitHub, repo: str, run: dict[str, Any], revised: bool) -> None:
    branches = github.git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads/mgx").split()
    assert branches == [run["branch_name"]]
    commits = github.git(repo, "rev-list", f"main..{branches[0]}").split()
    assert len(commits) == 1 + revised
    assert run["commit_sha"] in commits
    pulls = github.api("GET", f"/repos/{repo}/pulls?state=all")
    assert [pull["head"]["ref"] for pull in pulls] == branches
    comments = github.api("GET", f"/repos/{repo}/issues/{pulls[0]['number']}/comments")
    said = Counter(comment["body"] for comment in comments)
    assert not [text for text, times in said.items() if times > 1], said


def orphans(server: Server) -> list[str]:
    """Processes of this server that its supervisor does not have."""
    state = server.state
    below = psutil.Process(state["pid"]).children(recursive=True)
    ours = {state["pid"], *(process.pid for process in below)}
    found = []
    for process in psutil.process_iter():
        try:
            foreign = process.environ().get("MGX_DATA_DIR") != str(server.data) or process.status() == psutil.STATUS_ZOMBIE
            if not foreign and process.pid not in ours and psutil.Process().pid != process.pid:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except psutil.Error:
            continue
    return found


def leftovers(server: Server, run_id: str) -> list[str]:
    """Files that a dead process has left and nobody needs."""
    runs, mirrors = server.data / "runs" / run_id, server.data / "mirrors"
    locks = [str(path) for path in mirrors.rglob("*.lock") if path.name not in OURS] if mirrors.is_dir() else []
    return [*([str(runs)] if runs.exists() else []), *locks]

"""A watch ends when the run stands still and all of its events were seen: the state says so, not the name of an event."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from mgx_cli import watching
from mgx_cli.follow import stream_lines

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin, with_state

WAYS = (("attach", "--json"), ("logs", "-f", "--json"))


def shown(done: Any) -> list[str]:
    return [line["type"] for line in map(json.loads, done.stdout.splitlines()) if line["type"] != "run"]


def stored(server: Standin, run_id: str) -> list[str]:
    return [event["type"] for event in server.events[run_id]]


@pytest.fixture
def rejected_once(mgx: Mgx, server: Standin) -> str:
    """A finished run whose first plan was rejected, and which paused on its way."""
    mgx("task", "health", "--no-follow")
    (run,) = server.runs.values()
    mgx("reject", run["id"], "-m", "use POST")
    server.emit(run["id"], [("paused", {"reason": "budget"}, "paused"), ("resumed", {"by": "ada"}, "resumed")])
    mgx("approve", run["id"])
    assert stored(server, run["id"])[-1] == "completion"
    return str(run["id"])


def test_a_finished_run_is_shown_to_its_end(mgx: Mgx, server: Standin, rejected_once: str) -> None:
    assert {"rejected", "paused"} < set(stored(server, rejected_once))
    for way in WAYS:
        done = mgx(*way[:1], rejected_once, *way[1:])
        assert (done.returncode, shown(done)) == (0, stored(server, rejected_once)), way
    watched = mgx("attach", rejected_once)
    assert watched.returncode == 0 and "mgx/health/run-1" in watched.stdout


def test_an_end_without_an_event_of_that_name_is_an_end(mgx: Mgx, server: Standin) -> None:
    """As of a server whose last event is of another kind: all changes rejected, or a type that this mgx does not know."""
    for kind in ("changes_decided", "archived", "model_call"):
        server.runs.clear()
        mgx("task", "health", "--no-follow")
        (run,) = server.runs.values()
        server.emit(run["id"], [(kind, {"by": "ada", "round": 1}, "ada rejected the changes.")])
        run["status"] = "rejected"
        for way in WAYS:
            done = mgx(*way[:1], run["id"], *way[1:])
            assert (done.returncode, shown(done)) == (3 if way[0] == "attach" else 0, stored(server, run["id"])), (kind, way)
        assert mgx("attach", run["id"]).returncode == 3


def test_a_rejection_with_words_does_not_end_a_watch(mgx: Mgx, server: Standin) -> None:
    mgx("task", "hang", "--no-follow")
    (run,) = server.runs.values()
    server.plan(run)

    def decide() -> None:
        server.emit(run["id"], [("rejected", {"feedback": "Use POST."}, "ada rejected the plan.")])
        server.plan(run)
        server.carry_out(run)

    run["status"] = "planning"  # the decision was made, and its event is on the way
    timer = threading.Timer(0.5, decide)
    timer.start()
    try:
        done = mgx("logs", run["id"], "-f", "--json")
    finally:
        timer.join()
    assert shown(done) == stored(server, run["id"])


@pytest.mark.parametrize("task", ["budget", "ask", "review", "x"])
def test_a_log_that_waits_says_for_what(server: Standin, monkeypatch: pytest.MonkeyPatch, capsys: Any, task: str) -> None:
    """Once, and goes on: the stream ends here with the third heartbeat."""
    server.tasks["t"] = {"id": "t", "name": "x", "description": task}
    run = server.new_run(server.tasks["t"], auto_approve=task in ("budget", "review"))
    frames = [*server.events[run["id"]], {"type": "live"}, *[{"type": "heartbeat"}] * 3]
    monkeypatch.setattr(watching, "events", lambda *_, **__: (frame for frame in frames))

    class OneRun:
        def get(self, path: str) -> dict[str, Any]:
            return with_state(run)

    code = stream_lines(OneRun(), run)  # type: ignore[arg-type]
    assert code == (7 if task == "budget" else 4)
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == len(server.events[run["id"]])
    (line,) = told.err.splitlines()
    command = {"budget": "resume", "ask": "resume", "review": "changes", "x": "approve"}[task]
    assert "waits for a person" in line and f"mgx {command} " in line


def test_a_followed_text_log_says_what_it_waits_for_beside_the_log(mgx: Mgx, server: Standin) -> None:
    mgx("task", "health", "--no-follow")
    (run_id,) = server.runs
    server.waiting = "2026-11-22T12:00:00Z waiting Run #1 is awaiting approval. Approve it.\nnever read\n"
    done = mgx("logs", run_id, "-f")
    assert done.returncode == 4
    assert "waits for a person. To go on: mgx approve" in done.stderr
    assert "never read" not in done.stdout
    assert " waiting Run" not in done.stdout


def test_a_watch_goes_on_while_the_store_of_the_server_is_away(mgx: Mgx, server: Standin) -> None:
    """The run is resumed by the server itself: nobody is asked, and the watch ends with the run."""
    hint = "The run goes on by itself as soon as the store answers."
    for way in (("attach",), ("attach", "--json"), ("logs", "-f", "--json")):
        server.runs.clear()
        mgx("task", "hang", "--no-follow")
        (run,) = server.runs.values()
        server.emit(run["id"], [("paused", {"reason": "storage", "hint": hint}, "The artifact store does not answer.")])
        run.update(status="paused", pause_reason="storage", error={"detail": "The artifact store does not answer."})

        def go_on(run: Any = run) -> None:
            run.update(status="executing", pause_reason="", error=None)
            server.emit(run["id"], [("resumed", {"by": "MGX"}, "The artifact store answers again: the run goes on.")])
            server.carry_out(run)

        timer = threading.Timer(1.0, go_on)
        timer.start()
        try:
            done = mgx(way[0], run["id"], *way[1:])
        finally:
            timer.join()
        assert done.returncode == 0, (way, done.stderr)
        if way == ("attach",):
            assert hint in done.stderr
            assert "mgx resume" not in done.stderr
        else:
            assert shown(done) == stored(server, run["id"])

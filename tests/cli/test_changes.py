"""Words to a team at work, its questions, and a change that waits for decisions."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from mgx_cli.hunks import file_line

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import Standin

Start = Callable[..., Terminal]


@pytest.fixture
def run_id(mgx: Mgx, server: Standin) -> str:
    """A run whose changes wait."""
    done = mgx("task", "Please review", "--yes")
    assert done.returncode == 4, done.stderr
    assert "mgx changes" in done.stderr
    return next(iter(server.runs))


def sent(server: Standin, run_id: str) -> list[dict[str, object]]:
    return server.bodies(f"/api/runs/{run_id}/changes")


def test_a_file_that_decides_how_tests_are_run_is_marked() -> None:
    file = {"path": "conftest.py", "action": "created", "added": 1, "removed": 0, "binary": False, "state": "pending"}
    said = ["".join(text for text, _ in file_line({**file, "test_configuration": marked})) for marked in (True, False)]
    assert said[0] == f"{said[1]}  configures how tests are run"


def test_following_a_run_ends_where_its_changes_wait(mgx: Mgx, run_id: str) -> None:
    done = mgx("attach", run_id)
    assert done.returncode == 4
    assert "app/main.py  +2 −1" in done.stderr
    assert f"mgx changes {run_id[:8]}" in done.stderr.replace(run_id, run_id[:8])


def test_changes_are_shown_by_file_and_hunk(mgx: Mgx, run_id: str) -> None:
    done = mgx("changes", run_id)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "modified  app/main.py  +2 −1  undecided"
    assert lines[1] == "   1  @@ -1,2 +1,2 @@  undecided"
    assert "      -x = 1" in lines
    assert "\x1b" not in done.stdout
    assert "created   logo.png  undecided" in lines
    assert "--accept-all" in done.stderr
    assert len(mgx("changes", run_id, "--stat").stdout.splitlines()) == 2
    assert [file["path"] for file in json.loads(mgx("changes", run_id, "--json").stdout)["files"]] == [
        "app/main.py",
        "logo.png",
    ]


def test_the_status_of_a_change_that_waits_names_the_next_step(mgx: Mgx, run_id: str) -> None:
    done = mgx("status", run_id)
    assert f"Next: mgx changes {run_id.replace('-', '')[:8]}" in done.stderr


def test_hunks_are_rejected_with_a_word_and_the_rest_accepted(mgx: Mgx, server: Standin, run_id: str) -> None:
    done = mgx("changes", run_id, "--reject", "app/main.py:2", "-m", "no new route", "--accept-all")
    assert done.returncode == 0, done.stderr
    rejected = {"path": "app/main.py", "hunk": 1, "accepted": False, "comment": "no new route"}
    assert sent(server, run_id)[-1] == {"round": 1, "decisions": [rejected], "done": True, "accept_rest": True}
    assert "continues with your comments" in done.stderr


def test_decisions_one_by_one_are_kept_until_done(mgx: Mgx, server: Standin, run_id: str) -> None:
    first = mgx("changes", run_id, "--accept", "app/main.py", "--reject", "logo.png")
    assert first.returncode == 0
    assert "created   logo.png  rejected" in first.stdout
    assert "Everything is decided" in first.stderr
    assert sent(server, run_id)[-1]["done"] is False
    assert "continues with your comments" in mgx("changes", run_id, "--done").stderr


def test_a_hunk_that_is_named_counts_more_than_its_file(mgx: Mgx, server: Standin, run_id: str) -> None:
    """The server takes decisions in order, whichever option it was that they came by."""
    for whole, one in (("--reject", "--accept"), ("--accept", "--reject")):
        assert mgx("changes", run_id, one, "app/main.py:2", whole, "app/main.py").returncode == 0
        assert sent(server, run_id)[-1]["decisions"] == [
            {"path": "app/main.py", "accepted": whole == "--accept"},
            {"path": "app/main.py", "hunk": 1, "accepted": one == "--accept"},
        ]
    before = len(sent(server, run_id))
    for part in ("app/main.py", "app/main.py:1", "logo.png"):
        done = mgx("changes", run_id, "--accept", part, "--reject", part, "--accept-all")
        assert done.returncode == 2 and "with --accept and with --reject" in done.stderr
    assert len([body for body in sent(server, run_id)[before:] if body]) == 0
    twice = mgx("changes", run_id, "--reject", "logo.png", "--reject", "logo.png")
    assert twice.returncode == 0 and len(sent(server, run_id)[-1]["decisions"]) == 1  # type: ignore[arg-type]


def test_what_is_no_part_of_the_change_is_said(mgx: Mgx, server: Standin, run_id: str) -> None:
    for part, told in (("nope.py", "has no file nope.py"), ("app/main.py:3", "has no hunk 3"), ("app/main.py:0", "no hunk 0")):
        done = mgx("changes", run_id, "--reject", part)
        assert done.returncode == 2
        assert told in done.stderr
    assert mgx("changes", run_id, "-m", "hello").returncode == 2
    assert not [body for body in sent(server, run_id) if body]


def test_a_person_at_a_terminal_is_asked_hunk_by_hunk(terminal: Start, server: Standin, run_id: str) -> None:
    mgx = terminal("changes", run_id)
    mgx.until("Accept this hunk?")
    mgx.type("?\n")
    mgx.until("skip this hunk")
    mgx.type("y\n")
    mgx.until("@@ -40,1 +40,2 @@")
    mgx.type("n\n")
    mgx.until("What should be there instead?")
    mgx.type("keep it\n")
    mgx.until("Accept this file?")
    mgx.type("y\n")
    mgx.until("and continue?")
    mgx.type("y\n")
    assert mgx.end() == 0
    bodies = [body for body in sent(server, run_id) if body]
    assert [body["decisions"] for body in bodies[:-1]] == [
        [{"path": "app/main.py", "accepted": True, "comment": "", "hunk": 0}],
        [{"path": "app/main.py", "accepted": False, "comment": "keep it", "hunk": 1}],
        [{"path": "logo.png", "accepted": True, "comment": ""}],
    ]
    assert bodies[-1] == {"round": 1, "done": True}


@pytest.mark.parametrize(("key", "accepted"), [("a", True), ("d", False)])
def test_all_of_a_file_includes_what_was_skipped(
    terminal: Start, server: Standin, run_id: str, key: str, accepted: bool
) -> None:
    mgx = terminal("changes", run_id)
    mgx.until("Accept this hunk?")
    mgx.type("?\n")
    mgx.until("all undecided hunks in the file, skipped ones too")
    mgx.type("s\n")
    mgx.until("@@ -40,1 +40,2 @@")
    mgx.type(f"{key}\n")
    if not accepted:
        mgx.until("What should be there instead?")
        mgx.type("keep it\n")
    mgx.until("Accept this file?")
    mgx.type("s\n")
    assert mgx.end() == 0
    assert {place: said["accepted"] for place, said in server.decisions.items()} == {
        ("app/main.py", 0): accepted, ("app/main.py", 1): accepted,
    }  # fmt: skip
    assert "1 undecided" in mgx.seen, "the skipped file"


def test_all_of_a_file_leaves_alone_what_was_decided_here_or_by_somebody_else(
    terminal: Start, server: Standin, run_id: str
) -> None:
    for here in (True, False):
        server.decisions.clear()
        mgx = terminal("changes", run_id)
        mgx.until("Accept this hunk?")
        mgx.type("n\n" if here else "s\n")
        if here:
            mgx.until("What should be there instead?")
            mgx.type("keep it\n")
        mgx.until("@@ -40,1 +40,2 @@")
        server.decisions["app/main.py", 0] = {"accepted": False, "comment": "keep it"}
        mgx.type("a\n")
        mgx.until("Accept this file?")
        mgx.type("q\n")
        assert mgx.end() == 0
        assert {place: said["accepted"] for place, said in server.decisions.items()} == {
            ("app/main.py", 0): False, ("app/main.py", 1): True,
        }  # fmt: skip


def test_leaving_the_questions_keeps_what_was_decided(terminal: Start, server: Standin, run_id: str) -> None:
    mgx = terminal("changes", run_id)
    mgx.until("Accept this hunk?")
    mgx.type("y\n")
    mgx.until("@@ -40,1 +40,2 @@")
    mgx.type("\x04")
    assert mgx.end() == 0
    assert "2 undecided" in mgx.seen
    assert server.runs[run_id]["status"] == "awaiting_changes"


def test_a_question_ends_the_watch_with_its_words_and_how_to_answer(mgx: Mgx, server: Standin) -> None:
    done = mgx("task", "Please ask", "--yes")
    assert done.returncode == 4
    assert "Question: Which prices?" in done.stderr
    run = next(iter(server.runs))
    assert "mgx resume" in done.stderr and '-m "your answer"' in done.stderr
    assert mgx("resume", run, "-m", "all of them").returncode == 0
    assert server.bodies(f"/api/runs/{run}/resume") == [{"message": "all of them"}]


def test_steering_says_who_hears_it(mgx: Mgx, server: Standin) -> None:
    mgx("task", "Please hang", "--yes", "--no-follow")
    run = next(iter(server.runs))
    done = mgx("steer", run, "keep the old route")
    assert done.returncode == 0, done.stderr
    assert "received your message" in done.stderr
    assert server.bodies(f"/api/runs/{run}/steer") == [{"message": "keep the old route"}]
    server.runs[run]["status"] = "paused"
    assert "reads your message when resumed" in mgx("steer", run, "and more").stderr


def test_a_project_asks_for_a_review_of_changes(mgx: Mgx, server: Standin) -> None:
    assert "default" in mgx("project", "list").stdout
    done = mgx("project", "update", "default", "--review-changes")
    assert (done.returncode, done.stdout) == (0, "default\n"), done.stderr
    assert mgx("project", "create", "Shop", "--review-changes", "--stack", "fastapi").returncode == 0
    assert server.bodies("/api/projects")[-1] == {"name": "Shop", "default_stack": "fastapi", "review_changes": True}
    assert mgx("project", "update", "default").returncode == 2
    assert mgx("project", "update", "nope", "--review-changes").returncode == 5

"""Reading runs and deciding about them, without a terminal."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.cli.conftest import MGX, Mgx
from tests.cli.standin import DIFF, Standin
from tests.support.patience import SOON


@pytest.fixture
def run_id(mgx: Mgx) -> str:
    return mgx("task", "Create a health endpoint", "--no-follow").stdout.strip()


def test_list_shows_runs_and_says_what_to_do_without_any(mgx: Mgx, server: Standin) -> None:
    empty = mgx("list")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "mgx task" in empty.stderr
    mgx("task", "First task", "--no-follow")
    mgx("task", "Second task", "--yes")
    listed = mgx("list").stdout
    assert listed.index("Second task") < listed.index("First task")
    assert "awaiting_approval" in listed
    document = json.loads(mgx("list", "--json", "--status", "completed").stdout)
    assert [run["status"] for run in document["items"]] == ["completed"]


def test_a_long_list_is_read_page_by_page(mgx: Mgx, server: Standin) -> None:
    for number in range(250):
        server.new_run({"id": "t", "name": f"task {number}", "description": "hang"}, False)
    document = json.loads(mgx("list", "--all", "--json", "-n", "230").stdout)
    assert len({run["id"] for run in document["items"]}) == 230


def test_a_run_is_named_by_id_beginning_or_number(mgx: Mgx, run_id: str) -> None:
    for name in (run_id, run_id.upper(), run_id.replace("-", ""), run_id[:6], run_id[:13], "1", "#1"):
        done = mgx("status", name, "--json")
        assert json.loads(done.stdout)["id"] == run_id, (name, done.stderr)


def test_a_name_of_no_run_and_of_several(mgx: Mgx, server: Standin, run_id: str) -> None:
    assert mgx("status", "ffffffff").returncode == 5
    assert mgx("status", "99").returncode == 5
    assert mgx("status", str(uuid.uuid4())).returncode == 5
    assert mgx("status", "what?").returncode == 2
    other = server.new_run({"id": "t", "name": "another", "description": "hang"}, False)
    other["run_number"] = 1
    short = mgx("status", "0a1b")  # digits alone would be a run's number
    assert short.returncode == 2
    assert "too short" in short.stderr
    several = mgx("status", "1")
    assert several.returncode == 2
    assert "2 tasks have a run #1. Give its id" in several.stderr
    assert run_id in several.stderr
    assert other["id"] in several.stderr


def test_status_shows_plan_and_result(mgx: Mgx, run_id: str) -> None:
    waiting = mgx("status", run_id)
    assert "Write the route" in waiting.stdout
    assert "mgx approve" in waiting.stderr
    mgx("approve", run_id)
    assert "mgx/health/run-1" in mgx("status", run_id).stdout


def test_approve_then_attach_replays_the_whole_run(mgx: Mgx, run_id: str) -> None:
    done = mgx("approve", "1", "--json")
    assert json.loads(done.stdout)["status"] == "completed"
    watched = mgx("attach", run_id[:8])
    assert watched.returncode == 0
    assert "reading the task" in watched.stderr
    assert "mgx/health/run-1" in watched.stdout
    assert "reading the task" not in mgx("attach", run_id, "--after", "2").stderr
    assert mgx("attach", run_id, "--after", "500").returncode == 2
    again = mgx("approve", "1")
    assert again.returncode == 8
    assert "error: Run #1 is completed" in again.stderr


def test_reject_ends_the_run_and_with_a_message_plans_again(mgx: Mgx, server: Standin, run_id: str) -> None:
    assert mgx("reject", run_id, "-m", "smaller").returncode == 0
    assert server.runs[run_id]["plan_version"] == 2
    assert mgx("reject", run_id).returncode == 0
    assert server.runs[run_id]["status"] == "rejected"
    assert mgx("attach", run_id).returncode == 3


def test_cancel_retry_resume(mgx: Mgx, server: Standin, run_id: str) -> None:
    assert mgx("cancel", run_id).returncode == 0
    assert mgx("attach", run_id).returncode == 3
    new = mgx("retry", run_id).stdout.strip()
    assert new != run_id
    assert mgx("retry", run_id, "--follow").returncode == 0
    assert mgx("resume", new).returncode == 0
    raised = mgx("resume", new, "--max-tokens", "5000", "--max-cost-usd", "2.50")
    assert raised.returncode == 0, raised.stderr
    assert server.bodies(f"/api/runs/{new}/resume")[-1] == {"budget": {"max_tokens": 5000, "max_cost_usd": "2.50"}}


def test_continue_sends_what_should_change_and_watches(mgx: Mgx, server: Standin, run_id: str) -> None:
    mgx("approve", run_id)
    said = mgx("attach", run_id).stderr
    assert f'mgx continue {run_id[:13]} -m "what should change"' in said
    path = f"/api/runs/{run_id}/continue"
    nothing = mgx("continue", run_id, "-m", " ")
    assert (nothing.returncode, server.bodies(path)) == (2, [])
    assert f"mgx continue {run_id} -m" in nothing.stderr
    asked = mgx("continue", run_id[:8], "-m", "cover empty lists")
    assert asked.returncode == 4, "its plan waits"
    assert "mgx approve" in asked.stderr
    done = mgx("continue", run_id, "-m", "and None", "--model", "large", "--yes")
    assert (done.returncode, "mgx/health/run-1" in done.stdout) == (0, True), done.stderr
    plain = mgx("continue", run_id, "-m", "more", "--no-follow", "--json")
    assert json.loads(plain.stdout)["id"] in server.runs
    assert server.bodies(path) == [
        {"message": "cover empty lists"}, {"message": "and None", "model": "large", "auto_approve": True}, {"message": "more"},
    ]  # fmt: skip


def test_retry_takes_a_model_a_message_and_yes(mgx: Mgx, server: Standin, run_id: str) -> None:
    mgx("cancel", run_id)
    new = mgx("retry", run_id, "--model", "large", "--yes", "-m", "no new dependency")
    assert (new.returncode, new.stdout.strip() in server.runs) == (0, True), new.stderr
    assert f"mgx attach {new.stdout[:13]}" in new.stderr
    body = {"message": "no new dependency", "model": "large", "auto_approve": True}
    assert server.bodies(f"/api/runs/{run_id}/retry") == [body]


def test_logs_as_text_and_as_lines(mgx: Mgx, run_id: str) -> None:
    assert "analysis_start reading the task" in mgx("logs", run_id).stdout
    lines = [json.loads(line) for line in mgx("logs", run_id, "--json").stdout.splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    mgx("approve", run_id)
    assert "done" in mgx("logs", run_id, "-f").stdout
    lines = [json.loads(line) for line in mgx("logs", run_id, "-f", "--json").stdout.splitlines()]
    assert lines[-1]["type"] == "completion"


def test_a_followed_log_that_ends_with_the_right_is_exit_5(mgx: Mgx, server: Standin, run_id: str) -> None:
    server.access_ended = "2026-11-22T12:00:09Z access_ended Your token has ended, so nothing more is shown.\n"
    done = mgx("logs", run_id, "-f")
    assert done.returncode == 5
    assert "analysis_start reading the task" in done.stdout and "access_ended" not in done.stdout
    assert "error: Your token has ended, so nothing more is shown." in done.stderr
    assert "The run continues. Sign in with: mgx login" in done.stderr


def test_what_a_run_says_about_access_is_shown_as_its_words(mgx: Mgx, server: Standin, run_id: str) -> None:
    server.access_ended = "2026-11-22T12:00:09Z role_message access_ended is what it says\n"
    done = mgx("logs", run_id, "-f")
    assert done.returncode == 0
    assert "access_ended is what it says" in done.stdout


def test_a_diff_in_a_pipe_is_byte_for_byte(env: dict[str, str], run_id: str, repo: Path) -> None:
    done = subprocess.run([MGX, "diff", run_id], cwd=repo, env=env, capture_output=True, timeout=SOON)
    assert done.stdout == DIFF


def test_stacks(mgx: Mgx) -> None:
    assert "fastapi" in mgx("stacks").stdout
    assert json.loads(mgx("stacks", "--json").stdout)["items"][0]["id"] == "fastapi"


@pytest.mark.parametrize(
    ("status", "document", "code"),
    [
        (400, {"detail": "no"}, 2),
        (401, {"detail": "no"}, 5),
        (403, {"detail": "no"}, 5),
        (404, {"detail": "no"}, 5),
        (409, {"detail": "no", "code": "budget_exceeded"}, 7),
        (500, {"detail": "no"}, 1),
        (503, {"detail": "no"}, 6),
    ],
)
def test_a_refusal_has_its_exit_code(mgx: Mgx, server: Standin, status: int, document: dict[str, str], code: int) -> None:
    server.problem = (status, document)
    done = mgx("list", "--json")
    assert done.returncode == code
    assert "Refused: no" in done.stderr
    assert json.loads(done.stdout)["error"]["request_id"] == "req-1"


def test_no_server_there_is_exit_6(mgx: Mgx) -> None:
    done = mgx("list", MGX_SERVER="http://127.0.0.1:9")
    assert done.returncode == 6
    assert "mgx doctor" in done.stderr


def test_an_unknown_token_is_exit_5(mgx: Mgx) -> None:
    done = mgx("list", MGX_TOKEN="mgx_wrong_token_wrong_token")
    assert done.returncode == 5
    assert "mgx login" in done.stderr
    assert "wrong_token_wrong" not in done.stderr


def test_open_names_the_pull_request_or_else_the_runs_own_page(mgx: Mgx, server: Standin, run_id: str) -> None:
    own = f"{server.url}/runs/{run_id}"
    assert mgx("open", run_id).stdout.strip() == own
    server.runs[run_id]["pr_url"] = "https://git.example/o/r/pull/3"
    assert mgx("open", run_id).stdout.strip() == "https://git.example/o/r/pull/3"
    assert mgx("open", run_id, "--page").stdout.strip() == own
    server.runs[run_id]["pr_url"] = "file:///etc/passwd"
    assert mgx("open", run_id).returncode == 2

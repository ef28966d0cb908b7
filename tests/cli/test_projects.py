"""Projects from the command line: each setting is sent by its own option, lists can be emptied."""

from __future__ import annotations

import json

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin


def patches(server: Standin) -> list[dict[str, object]]:
    return [body for method, path, _, body in server.requests if method == "PATCH" and path.startswith("/api/projects/")]


def test_a_new_project_with_all_of_it(mgx: Mgx, server: Standin) -> None:
    done = mgx(
        "project", "create", "Shop", "--branch-prefix", "bots/mgx", "--commit-template", "{task_name}", "--commit-author",
        "Bot <bot@example.com>", "--co-author", "requester", "--no-draft", "--label", "mgx", "--label", "bot", "--reviewer",
        "acme/backend", "--default-branch", "trunk", "--always-ask", "--program-runs", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert server.bodies("/api/projects")[-1] == {
        "name": "Shop", "run_branch_prefix": "bots/mgx", "commit_template": "{task_name}",
        "commit_author": "Bot <bot@example.com>", "commit_co_author": "requester", "pr_draft": False,
        "pr_labels": ["mgx", "bot"], "pr_reviewers": ["acme/backend"], "default_branch": "trunk", "always_ask": True,
        "program_runs": 0,
    }  # fmt: skip


def test_what_is_not_named_stays_and_lists_can_be_emptied(mgx: Mgx, server: Standin) -> None:
    assert mgx("project", "update", "default", "--draft", "--no-labels", "--commit-author", "").returncode == 0
    assert patches(server) == [{"pr_draft": True, "pr_labels": [], "commit_author": ""}]
    assert mgx("project", "update", "default", "--no-always-ask").returncode == 0
    assert patches(server)[-1] == {"always_ask": False}
    both = mgx("project", "update", "default", "--reviewer", "ada", "--no-reviewers")
    assert (both.returncode, "--no-reviewers" in both.stderr) == (2, True)


def test_show_has_every_setting(mgx: Mgx) -> None:
    shown = mgx("project", "show", "default").stdout
    lines = ("name             Default", "reviews changes  no", "always asks      no", "commit author    the server's")
    for line in (*lines, "labels           -"):
        assert line in shown
    assert json.loads(mgx("project", "show", "default", "--json").stdout)["slug"] == "default"
    assert mgx("project", "show", "nope").returncode == 5

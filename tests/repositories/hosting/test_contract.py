"""What every provider must hold (``repositories.hosting.base``), told against a real server. Another provider needs only other
``github`` and ``host`` fixtures."""

from __future__ import annotations

import pytest

from mgx_project.common.errors import NotAllowed, NotFound
from repositories.hosting.base import Login, PullRequestText
from tests.support.github import USERS, GitHub

from .conftest import HostOf

TEXT = PullRequestText("MGX: Ignore None - Run #1", "The plan.\n")


@pytest.fixture
def topic(github: GitHub, repo: str) -> str:
    """The head of the branch mgx/topic."""
    return github.push(repo, {"shop/prices.py": "x = 1\n"}, "change", branch="mgx/topic")


def test_a_repository_and_what_we_may_do_with_it(github: GitHub, repo: str, host: HostOf) -> None:
    found = host("dev").repository()
    assert (found.full_name, found.default_branch, found.private) == (repo, "main", True)
    assert found.permissions == {"read": True, "write": True, "admin": False}
    assert found.clone_url == f"{github.url}/{repo}.git"
    assert host("octocat").repository().permissions["admin"] is True


def test_a_state_that_is_known_is_not_told_again(github: GitHub, repo: str, host: HostOf) -> None:
    """A provider without conditional answers has no etag, and tells all each time."""
    mine = host("dev")
    first = mine.repository()
    if first.etag:
        assert mine.repository(first.etag) is None
    assert mine.repository("") == first
    github.api("PATCH", f"/repos/{repo}", {"archived": True})
    changed = mine.repository(first.etag)
    assert changed is not None
    assert (changed.archived, changed.id) == (True, first.id)
    assert changed.etag != first.etag or not first.etag


def test_the_id_is_of_the_repository_and_not_of_its_name(github: GitHub, repo: str, host: HostOf) -> None:
    github.repository(f"{repo}-other", {"a": "b\n"}, access={"dev": "read"})
    ids = [host("dev").repository().id, host("dev", f"{repo}-other").repository().id]
    assert all(ids)
    assert ids[0] != ids[1]


def test_who_may_not_see_it_is_told_that_there_is_none(host: HostOf) -> None:
    with pytest.raises(NotFound):
        host("stranger").repository()


def test_a_wrong_token_is_no_access(host: HostOf) -> None:
    with pytest.raises(NotAllowed) as raised:
        host("wrong-token").repository()
    assert "wrong-token" not in f"{raised.value} {raised.value.hint}"


def test_git_gets_in_with_the_same_rights(host: HostOf) -> None:
    login = host("dev").login()
    assert login == Login("x-access-token", USERS["dev"])
    assert USERS["dev"] not in repr(login)


def test_levels_of_accounts(host: HostOf) -> None:
    mine = host()
    assert [mine.level_of(login) for login in ("octocat", "dev", "stranger")] == ["admin", "write", "none"]


@pytest.mark.parametrize("level", ["triage", "maintain"])
def test_levels_between_the_old_ones_are_told_apart(github: GitHub, repo: str, host: HostOf, level: str) -> None:
    github.state.access[repo]["dev"] = level
    assert host().level_of("dev") == level


def test_long_words_are_cut_and_said(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    """What the service would refuse for its length is said as far as it goes, in one comment still."""
    long = "x" * 70_000
    text = PullRequestText("Long", long)
    made = [host("dev").open_pull_request(text, branch="mgx/topic", base="main", draft=True).number for _ in range(2)]
    assert made[0] == made[1]
    said = [host("dev").comment(made[0], long, marker="long") for _ in range(2)]
    assert said[0] == said[1]
    bodies = [github.api("GET", f"/repos/{repo}/pulls/{made[0]}")["body"]]
    bodies += [comment["body"] for comment in github.api("GET", f"/repos/{repo}/issues/{made[0]}/comments")]
    assert len(bodies) == 2
    assert all(65_000 <= len(body) <= 65_536 for body in bodies)


def test_what_a_review_says_beside_its_remarks(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    made = host("dev").open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True)
    review = {"event": "COMMENT", "body": "Say why.", "commit_id": topic}
    given = github.api("POST", f"/repos/{repo}/pulls/{made.number}/reviews", review)
    assert host().review_words(made.number, given["id"]) == "Say why."


def test_a_sign_on_a_comment_is_given_once(github: GitHub, repo: str, host: HostOf) -> None:
    issue = github.api("POST", f"/repos/{repo}/issues", {"title": "It crashes"})
    comment = github.api("POST", f"/repos/{repo}/issues/{issue['number']}/comments", {"body": "/mgx plan"})
    for _ in range(2):
        host("dev").react(comment["id"], "eyes")
    assert github.state.reactions[repo, comment["id"]] == {("dev", "eyes")}


def test_a_pull_request_is_opened_once(host: HostOf, topic: str) -> None:
    mine = host("dev")
    made = mine.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True)
    assert (made.state, made.branch, made.head_sha, made.draft) == ("open", "mgx/topic", topic, True)
    again = mine.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True)
    assert again == made
    assert mine.pull_request(made.number) == made


def test_labels_reviewers_and_text_are_kept_up_to_date(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    mine = host()
    made = mine.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False)
    better = PullRequestText("Better", "More.\n", labels=["mgx"], reviewers=["dev"])
    mine.open_pull_request(better, branch="mgx/topic", base="main", draft=False)
    there = github.api("GET", f"/repos/{repo}/pulls/{made.number}")
    assert (there["title"], there["body"]) == ("Better", "More.\n")
    assert [label["name"] for label in there["labels"]] == ["mgx"]
    assert [user["login"] for user in there["requested_reviewers"]] == ["dev"]


def test_a_comment_is_one_comment(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    mine = host("dev")
    number = mine.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True).number
    first = mine.comment(number, "Planning", marker="run-1")
    assert mine.comment(number, "Done", marker="run-1") == first
    assert mine.comment(number, "Another run", marker="run-2") != first
    said = [comment["body"] for comment in github.api("GET", f"/repos/{repo}/issues/{number}/comments")]
    assert [text.partition("\n")[0] for text in said] == ["Done", "Another run"]


def test_a_review_comment_is_answered_once_in_its_thread(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    mine = host()
    number = mine.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False).number
    remark = {"body": "Why?", "commit_id": topic, "path": "shop/prices.py", "line": 1, "side": "RIGHT"}
    made = github.api("POST", f"/repos/{repo}/pulls/{number}/comments", remark, token=USERS["dev"])
    found = mine.review_comments(number)
    assert [(comment.author, comment.path, comment.line, comment.body) for comment in found] == [
        ("dev", "shop/prices.py", 1, "Why?")
    ]
    answer = mine.reply(number, made["id"], "Because.", marker="run-2")
    assert mine.reply(number, made["id"], "Because.", marker="run-2") == answer
    threads = mine.review_comments(number)
    assert [comment.reply_to for comment in threads] == [0, made["id"]]


def test_red_checks_are_named_with_what_they_say(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    mine = host()
    assert mine.failed_checks(topic) == []
    for name, conclusion in (("lint", "success"), ("tests", "failure"), ("old", "cancelled")):
        run = {"name": name, "head_sha": topic, "status": "completed", "conclusion": conclusion}
        github.api("POST", f"/repos/{repo}/check-runs", {**run, "output": {"title": name, "summary": "1 failed"}})
    assert [(check.name, check.output) for check in mine.failed_checks(topic)] == [("tests", "tests\n1 failed")]


def test_a_merged_pull_request_says_so(github: GitHub, repo: str, host: HostOf, topic: str) -> None:
    mine = host()
    number = mine.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False).number
    github.api("PUT", f"/repos/{repo}/pulls/{number}/merge", {})
    assert mine.pull_request(number).state == "merged"


def test_our_comment_is_found_among_many(github: GitHub, repo: str, host: HostOf) -> None:
    """Whoever may comment could otherwise have us say everything again and again."""
    issue = github.api("POST", f"/repos/{repo}/issues", {"title": "busy", "body": ""})["number"]
    for number in range(505):
        github.api("POST", f"/repos/{repo}/issues/{issue}/comments", {"body": f"noise {number}"})
    first, second = (host().comment(issue, words, marker="ours") for words in ("one", "two"))
    assert first.id == second.id

"""What every provider's client must hold (``repositories.hosting.base``), told against a real server of each service."""

from __future__ import annotations

import socket

import pytest

from mgx_project.common.errors import NotAllowed, NotFound
from repositories.errors import HostBusy, HostFailed
from repositories.hosting.base import HostingClient, PullRequestText, SubmittedReview
from tests.support.forges.base import Forge

TEXT = PullRequestText("MGX: Ignore None - Run #1", "The plan.\n")


@pytest.fixture
def repo(forge: Forge) -> str:
    """octocat's and private; dev may write to it, stranger sees nothing of it."""
    return forge.repository()


@pytest.fixture
def topic(forge: Forge, repo: str) -> str:
    """The head of the branch mgx/topic."""
    return forge.push(repo, "mgx/topic")


@pytest.fixture
def owner(forge: Forge, repo: str) -> HostingClient:
    return forge.client(repo, forge.key("octocat"))


@pytest.fixture
def dev(forge: Forge, repo: str) -> HostingClient:
    return forge.client(repo, forge.key("dev"))


# the repository


def test_a_repository_and_what_we_may_do_with_it(forge: Forge, repo: str, owner: HostingClient, dev: HostingClient) -> None:
    found = dev.repository()
    assert (found.full_name, found.default_branch, found.private) == (repo, "main", True)
    assert found.permissions == {"read": True, "write": True, "admin": False}
    assert found.clone_url == forge.clone_url(repo)
    assert owner.repository().permissions["admin"] is True


def test_a_state_that_is_known_is_not_told_again(forge: Forge, repo: str, dev: HostingClient) -> None:
    """A provider without conditional answers has no etag, and tells all each time."""
    first = dev.repository()
    if first.etag:
        assert dev.repository(first.etag) is None
    assert dev.repository("") == first
    forge.archive(repo)
    changed = dev.repository(first.etag)
    assert changed is not None
    assert (changed.archived, changed.id) == (True, first.id)
    assert changed.etag != first.etag or not first.etag


def test_the_id_is_of_the_repository_and_not_of_its_name(forge: Forge, dev: HostingClient) -> None:
    ids = [dev.repository().id, forge.client(forge.repository(), forge.key("dev")).repository().id]
    assert all(ids)
    assert ids[0] != ids[1]


def test_git_gets_in_with_the_same_rights(forge: Forge, dev: HostingClient) -> None:
    login = dev.login()
    assert login.secret == forge.key("dev")
    assert forge.key("dev") not in repr(login)


def test_one_hook_is_made_or_brought_up_to_date(forge: Forge, repo: str, owner: HostingClient) -> None:
    for secret in ("first", "second"):
        owner.ensure_webhook("https://mgx.example/api/webhooks/x", secret)
    assert forge.hooks(repo) == ["https://mgx.example/api/webhooks/x"]


def test_levels_of_accounts(forge: Forge, repo: str, owner: HostingClient) -> None:
    assert [owner.level_of(account) for account in ("octocat", "dev", "stranger")] == ["admin", "write", "none"]
    for level in ("read", "maintain"):
        forge.set_level(repo, "dev", level)
        assert owner.level_of("dev") == level


@pytest.mark.parametrize("account", ["", "../octocat", "octo cat", "octocat/dev", "a" * 500, "é", "octocat\n"])
def test_what_is_not_an_account_is_not_asked_for(forge: Forge, owner: HostingClient, account: str) -> None:
    before = forge.asked()
    assert owner.level_of(account) == "none"
    assert forge.asked() == before


# pull requests


def test_a_pull_request_is_opened_once(dev: HostingClient, topic: str) -> None:
    made = dev.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True)
    assert (made.state, made.branch, made.head_sha, made.draft) == ("open", "mgx/topic", topic, True)
    again = dev.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True)
    assert again == made
    assert dev.pull_request(made.number) == made


def test_labels_reviewers_and_text_are_kept_up_to_date(forge: Forge, repo: str, owner: HostingClient, topic: str) -> None:
    made = owner.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False)
    better = PullRequestText("Better", "More.\n", labels=["mgx"], reviewers=["dev"])
    owner.open_pull_request(better, branch="mgx/topic", base="main", draft=False)
    there = forge.proposal(repo, made.number)
    assert (there.title, there.body) == ("Better", "More.\n")
    assert (list(there.labels), list(there.reviewers)) == (["mgx"], ["dev"])


def test_a_closed_or_merged_pull_request_says_so(forge: Forge, repo: str, owner: HostingClient, topic: str) -> None:
    first = owner.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False).number
    forge.close(repo, first)
    assert owner.pull_request(first).state == "closed"
    second = owner.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False).number
    assert second != first, "what is closed is not adopted"
    forge.merge(repo, second)
    assert owner.pull_request(second).state == "merged"


# talk


def test_a_comment_is_one_comment(forge: Forge, repo: str, dev: HostingClient, topic: str) -> None:
    number = dev.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True).number
    first = dev.comment(number, "Planning", marker="run-1")
    assert dev.comment(number, "Done", marker="run-1") == first
    assert dev.comment(number, "Another run", marker="run-2") != first
    assert forge.comments(repo, number) == ["Done", "Another run"]


def test_long_words_are_cut_and_said(forge: Forge, repo: str, dev: HostingClient, topic: str) -> None:
    """What the service would refuse for its length is said as far as it goes, in one comment still."""
    long = "x" * (forge.max_text + 5_000)
    text = PullRequestText("Long", long)
    made = [dev.open_pull_request(text, branch="mgx/topic", base="main", draft=True).number for _ in range(2)]
    assert made[0] == made[1]
    said = [dev.comment(made[0], long, marker="long") for _ in range(2)]
    assert said[0] == said[1]
    bodies = [forge.proposal(repo, made[0]).body, *forge.comments(repo, made[0])]
    assert len(bodies) == 2
    assert all(forge.max_text - 1_000 <= len(body) <= forge.max_text for body in bodies)


def test_our_comment_is_found_among_many(forge: Forge, repo: str, owner: HostingClient) -> None:
    """Whoever may comment could otherwise have us say everything again and again."""
    number = forge.issue(repo, "busy")
    for noise in range(505):
        forge.say(repo, number, f"noise {noise}")
    first, second = (owner.comment(number, words, marker="ours") for words in ("one", "two"))
    assert first.id == second.id


def test_a_sign_on_a_comment_is_given_once(forge: Forge, repo: str, dev: HostingClient) -> None:
    comment = forge.say(repo, forge.issue(repo, "It crashes"), "/mgx plan")
    for _ in range(2):
        dev.react(comment, "eyes")
    assert forge.reacted(repo, comment) == {"dev"}


def test_a_sign_on_a_remark_is_given_once(forge: Forge, repo: str, dev: HostingClient, topic: str) -> None:
    number = dev.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False).number
    remark = forge.remark(repo, number, topic, "shop/prices.py", 1, "Why?")
    for _ in range(2):
        dev.react(remark, "eyes", remark=True)
    assert forge.reacted(repo, remark) == {"dev"}
    assert len(dev.review_comments(number)) == 1


def test_a_review_comment_is_answered_once_in_its_thread(forge: Forge, repo: str, owner: HostingClient, topic: str) -> None:
    number = owner.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False).number
    made = forge.remark(repo, number, topic, "shop/prices.py", 1, "Why?")
    (found,) = owner.review_comments(number)
    assert (found.id, found.author, found.path, found.line, found.body) == (made, "dev", "shop/prices.py", 1, "Why?")
    answer = owner.reply(number, made, "Because.", marker="run-2")
    assert owner.reply(number, made, "Because.", marker="run-2") == answer
    threads = owner.review_comments(number)
    assert [(comment.reply_to, comment.is_ours) for comment in threads] == [(0, False), (made, True)]


def test_what_a_review_says_beside_its_remarks(forge: Forge, repo: str, owner: HostingClient, topic: str) -> None:
    number = owner.open_pull_request(TEXT, branch="mgx/topic", base="main", draft=True).number
    assert owner.review(number, forge.review(repo, number, topic, "Say why.")) == SubmittedReview("octocat", "Say why.", "none")


def test_red_checks_are_named_with_what_they_say(forge: Forge, repo: str, owner: HostingClient, topic: str) -> None:
    assert owner.failed_checks(topic) == []
    for name, red in (("lint", False), ("tests", True)):
        forge.check(repo, topic, name, red=red, output="1 failed")
    (failed,) = owner.failed_checks(topic)
    assert failed.name == "tests"
    assert "1 failed" in failed.output


# failures


def test_who_may_not_see_it_is_told_that_there_is_none(forge: Forge, repo: str) -> None:
    with pytest.raises(NotFound):
        forge.client(repo, forge.key("stranger")).repository()


def test_a_wrong_key_is_no_access(forge: Forge, repo: str) -> None:
    with pytest.raises(NotAllowed) as raised:
        forge.client(repo, "wrong-token").repository()
    assert "wrong-token" not in f"{raised.value} {raised.value.hint}"


def test_a_right_that_is_missing_is_no_access(forge: Forge, repo: str, topic: str) -> None:
    forge.set_level(repo, "dev", "read")
    with pytest.raises(NotAllowed):
        forge.client(repo, forge.key("dev")).open_pull_request(TEXT, branch="mgx/topic", base="main", draft=False)


def test_a_limit_says_how_long(forge: Forge, owner: HostingClient) -> None:
    forge.refuse(429, wait=7)
    with pytest.raises(HostBusy) as raised:
        owner.repository()
    assert raised.value.retry_after == 7


def test_a_service_that_fails_is_not_our_failure(forge: Forge, owner: HostingClient) -> None:
    forge.refuse(502)
    with pytest.raises(HostFailed) as raised:
        owner.repository()
    assert raised.value.code == "host_unavailable"


def test_nobody_there(forge: Forge) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}/api"
        with pytest.raises(HostFailed) as raised:
            forge.client("octocat/shop", "secret-token", api_url=nowhere).repository()
    assert raised.value.code == "unreachable"
    assert "secret-token" not in f"{raised.value}"

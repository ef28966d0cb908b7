"""A member's story in a browser, on a whole server: sign in, approve a plan, watch, reject a hunk, and the rest is delivered.

Needs Chromium (Debian: `apt install chromium`), as `chromium` or under the name in the variable CHROMIUM.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ..support.patience import SOON
from ..support.team_script import script
from .conftest import PASSWORD, Account, Accounts, Server, git

CHROMIUM = shutil.which(os.environ.get("CHROMIUM", "chromium"))
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)")
HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "".join(f"def price_{number}():\n    return {number}\n\n\n" for number in range(12))
CHANGED = LONG.replace("return 0\n", "return 100\n").replace("return 11\n", "return 111\n")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=SOON * 1000)
    with sync_playwright() as playwright:
        # Chromium's own sandbox can't be had by root, and shows only our server here
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as chromium:
            yield chromium


@dataclass
class Watched:
    """A page, and what no page may do: errors in its console, requests to other hosts, refusals of the policy."""

    page: Page
    host: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(SOON * 1000)
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda asked: self._check(asked.url))
        self.page.on("websocket", lambda socket: self._check(socket.url))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))

    def _check(self, url: str) -> None:
        if urlsplit(url).netloc != self.host and not url.startswith(("data:", "blob:")):
            self.wrong.append(url)


@pytest.fixture
def watched(server: Server, browser: Browser) -> Iterator[Watched]:
    context: BrowserContext = browser.new_context(base_url=server.state["base_url"], viewport={"width": 1440, "height": 900})
    seen = Watched(context.new_page(), urlsplit(server.state["base_url"]).netloc)
    yield seen
    context.close()


def sign_in(page: Page, account: Account) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(account.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def request(server: Server, account: Account, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = server.request(method, path, bearer=account.token, json=body)
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


def link(server: Server, account: Account, repository: Path) -> dict[str, Any]:
    """The repository in the account's own workspace, whose changes are reviewed."""
    server.embedded("allow", str(repository))
    found = request(server, account, "POST", "/api/repositories/connect", {"url": f"file://{repository}", "provider": "git"})
    request(server, account, "PATCH", f"/api/projects/{found['project_id']}", {"review_changes": True})
    return found


@pytest.fixture
def long_file(shop: Path) -> Path:
    """A repository with a file in which two places far from each other can be changed."""
    (shop / "shop/prices.py").write_text(LONG)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qam", "prices", cwd=shop)
    (shop / "tests/test_prices.py").write_text("def test_nothing():\n    pass\n")
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qam", "tests", cwd=shop)
    return shop


def test_a_member_approves_a_plan_rejects_one_hunk_and_the_rest_is_delivered(
    server: Server, accounts: Accounts, watched: Watched, long_file: Path
) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    linked = link(server, account, long_file)
    server.answer(script(code=f"FILE: shop/prices.py\n{CHANGED}", files=["shop/prices.py"]))
    task = {"description": f"Raise two prices {HOSTILE}", "repository_id": linked["id"], "output_mode": "patch_existing"}
    sign_in(page, account)
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    expect(page.locator("#live")).to_have_text("Live")

    # the plan comes into the inbox by itself, and is approved on the run's page
    made = request(server, account, "POST", "/api/tasks", task)
    run = request(server, account, "POST", "/api/runs", {"task_id": made["id"]})
    entry = page.locator(f"li[data-run='{run['id']}']")
    expect(entry).to_contain_text("Plan to approve")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    expect(page.locator("#status")).to_have_text("Awaiting Approval")
    page.get_by_role("button", name="Approve plan").click()

    # the run goes on while one looks at it, up to the review of its change: every hunk is undecided
    expect(page.locator("#status")).to_have_text("Awaiting Changes")
    hunks = page.locator(".hunk")
    expect(hunks).to_have_count(2)
    assert page.locator(".choice[aria-pressed=true]").count() == 0
    finish = page.get_by_role("button", name="Finish the review")
    expect(finish).to_be_disabled()
    hunks.nth(0).get_by_role("button", name="Reject").click()
    expect(hunks.nth(0)).to_have_attribute("data-state", "rejected")
    page.get_by_role("button", name="Accept all 1 undecided").click()
    expect(hunks.nth(1)).to_have_attribute("data-state", "accepted")
    finish.click()

    expect(page.locator("#status")).to_have_text("Completed")
    expect(page.locator("#next")).not_to_contain_text("Review the files")
    done = server.request("GET", f"/api/runs/{run['id']}", bearer=account.token).json()
    delivered = git("show", f"{done['branch_name']}:shop/prices.py", cwd=long_file)
    assert "return 111" in delivered and "return 100" not in delivered
    page.get_by_role("link", name="Conversation").click()
    expect(page.locator("#talk")).to_contain_text(f"Approved by {account.name}")
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    assert watched.wrong == []

"""A member's story in a browser, on a whole server: sign in, approve a plan, watch, reject a hunk, and the rest is delivered.

Needs Chromium (Debian: `apt install chromium`), as `chromium` or under the name in the variable CHROMIUM.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from ..support.patience import SOON
from ..support.team_script import script
from .conftest import CHECKOUT, PASSWORD, Account, Accounts, Server, git

CHROMIUM = shutil.which(os.environ.get("CHROMIUM", "chromium"))
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt install chromium)")
HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "".join(f"def price_{number}():\n    return {number}\n\n\n" for number in range(12))
CHANGED = LONG.replace("return 0\n", "return 100\n").replace("return 11\n", "return 111\n")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=SOON * 1000)
    with sync_playwright() as playwright:
        # without its own sandbox, as Playwright starts it unless told otherwise: root and most containers can't have one
        with playwright.chromium.launch(executable_path=CHROMIUM) as chromium:
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


def waiting_plan(server: Server, account: Account, repository: Path, name: str) -> dict[str, Any]:
    linked = link(server, account, repository)
    task = {"description": name, "repository_id": linked["id"], "output_mode": "patch_existing"}
    made = request(server, account, "POST", "/api/tasks", task)
    return request(server, account, "POST", "/api/runs", {"task_id": made["id"]})


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


def test_the_inbox_is_worked_through_by_keys(server: Server, accounts: Accounts, watched: Watched, shop: Path) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    sign_in(page, account)
    run = waiting_plan(server, account, shop, "Let total() ignore None")
    entry = page.locator(f"li[data-run='{run['id']}']")
    expect(entry).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")

    # rejected with a message, the plan comes back as another version
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.get_by_label("What should be different").fill("Keep the name of the function")
    page.get_by_role("button", name="Reject plan").click()
    expect(entry).to_have_attribute("data-version", "2")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("dialog").get_by_role("button", name="Approve plan")).to_be_focused()
    page.keyboard.press("Enter")
    expect(entry).to_contain_text("Changes to review")
    assert watched.wrong == []


def test_an_edited_plan_is_what_is_carried_out_and_an_old_one_is_refused(
    server: Server, accounts: Accounts, watched: Watched, shop: Path
) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    run = waiting_plan(server, account, shop, "Let total() ignore None")
    sign_in(page, account)
    page.goto(f"/runs/{run['id']}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Title of the step").fill("Filter the prices first")

    # somebody else edits it meanwhile: what is typed stays, and the decision on the old version is refused
    plan = server.request("GET", f"/api/runs/{run['id']}", bearer=account.token).json()["plan"]
    request(server, account, "PATCH", f"/api/runs/{run['id']}", {"plan": plan | {"summary": "Another summary."}})
    expect(page.get_by_text("Somebody else has changed this plan")).to_be_visible()
    expect(page.get_by_label("Title of the step")).to_have_value("Filter the prices first")
    page.get_by_role("button", name="Approve plan").click()
    expect(page.locator("#part-plan [role=alert]")).to_be_visible()
    assert server.request("GET", f"/api/runs/{run['id']}", bearer=account.token).json()["status"] == "awaiting_approval"

    page.reload()
    expect(page.get_by_text("Another summary.")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Title of the step").fill("Filter the prices first")
    page.get_by_role("button", name="Approve plan").click()
    expect(page.locator("#status")).not_to_have_text("Awaiting Approval")
    done = server.request("GET", f"/api/runs/{run['id']}", bearer=account.token).json()
    assert [step["title"] for step in done["plan"]["steps"]] == ["Filter the prices first"]
    assert [line for line in watched.wrong if "409" not in line] == []


def test_a_review_says_what_was_shown_and_typed(server: Server, accounts: Accounts, watched: Watched, long_file: Path) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    server.answer(script(code=f"FILE: shop/prices.py\n{CHANGED}", files=["shop/prices.py"]))
    run = waiting_plan(server, account, long_file, "Raise two prices")
    path = f"/api/runs/{run['id']}"
    sign_in(page, account)
    page.goto(f"/runs/{run['id']}")
    page.get_by_role("button", name="Approve plan").click()
    expect(page.locator("#status")).to_have_text("Awaiting Changes")
    message, hunks = page.locator("#changes-words"), page.locator(".hunk")
    message.fill("Well done")

    # what can't be sent is not taken away
    page.route(f"**{path}/changes", lambda route: route.abort())
    page.get_by_role("button", name="Accept all 2 undecided").click()
    expect(page.locator("#told")).to_contain_text("The server does not answer")
    page.unroute(f"**{path}/changes")
    expect(message).to_have_value("Well done")
    page.get_by_role("button", name="Accept all 2 undecided").click()
    expect(page.locator(".hunk[data-state=accepted]")).to_have_count(2)

    # somebody else decides otherwise, of which the page learns nothing: what is finished is what it shows
    decision = {"path": "shop/prices.py", "hunk": 0, "accepted": False, "comment": ""}
    request(server, account, "POST", f"{path}/changes", {"round": 1, "decisions": [decision]})
    expect(hunks.nth(0)).to_have_attribute("data-state", "accepted")
    finish = page.get_by_role("button", name="Finish the review")
    finish.click()
    expect(hunks.nth(0)).to_have_attribute("data-state", "rejected")
    assert server.request("GET", path, bearer=account.token).json()["status"] == "awaiting_changes"
    expect(message).to_have_value("Well done")
    message.fill("")
    finish.click()
    expect(page.locator("#status")).to_have_text("Completed")
    branch = server.request("GET", path, bearer=account.token).json()["branch_name"]
    delivered = git("show", f"{branch}:shop/prices.py", cwd=long_file)
    assert "return 111" in delivered and "return 100" not in delivered


def test_an_act_whose_answer_was_lost_is_done_once(server: Server, accounts: Accounts, watched: Watched, shop: Path) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    run = waiting_plan(server, account, shop, "Let total() ignore None")
    sign_in(page, account)
    page.goto(f"/runs/{run['id']}")
    page.get_by_role("button", name="Reject plan").click()
    expect(page.locator("#status")).to_have_text("Rejected")

    # the page follows the run, though the server was away when it was opened
    away = re.compile(r"/events\?after=0")
    page.route(away, lambda route: route.abort())
    page.reload()
    expect(page.locator("#live")).to_have_text("· connection lost; coming back")
    page.unroute(away)
    expect(page.locator("#live")).to_have_text("· live")

    def lose(route: Route) -> None:
        assert route.fetch().status == 201
        route.abort()

    page.route("**/retry", lose, times=1)
    page.get_by_role("button", name="Retry").click()
    again = page.locator("#act").get_by_role("button", name="Retry")
    again.click()
    expect(page.locator("#act [role=alert]")).to_contain_text("The server does not answer")
    again.click()
    expect(page.locator("#status")).to_have_text("Awaiting Approval")
    found = server.request("GET", f"/api/runs?task_id={run['task_id']}", bearer=account.token).json()
    assert [each["run_number"] for each in found["items"]] == [2, 1]


def test_a_draft_is_of_its_repository_whatever_is_linked_meanwhile(
    server: Server, accounts: Accounts, watched: Watched, shop: Path
) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    linked = link(server, account, shop)
    sign_in(page, account)
    page.goto("/tasks/new")
    page.get_by_label("Where").select_option(linked["id"])
    page.get_by_label("What should be done").fill("Let total() ignore None")
    request(server, account, "POST", "/api/projects", {"name": "a first one"})
    page.reload()
    expect(page.get_by_label("What should be done")).to_have_value("Let total() ignore None")
    expect(page.get_by_label("Where")).to_have_value(linked["id"])
    assert watched.wrong == []


def test_a_task_that_was_typed_survives_a_reload_and_starts_a_run(
    server: Server, accounts: Accounts, watched: Watched, shop: Path
) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    link(server, account, shop)
    sign_in(page, account)
    page.get_by_role("link", name="New task").first.click()
    page.wait_for_url("**/tasks/new")  # and its script, which keeps what is typed
    page.get_by_label("What should be done").fill("Let total() ignore prices that are None")
    page.get_by_label("Constraints, one a line").fill("No new dependencies\nKeep the signature")
    page.get_by_label("Tokens at most").fill("50000")
    page.reload()
    expect(page.get_by_label("What should be done")).to_have_value("Let total() ignore prices that are None")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Let total() ignore prices that are None")
    run = server.request("GET", f"/api/runs/{page.url.rsplit('/', 1)[1].partition('#')[0]}", bearer=account.token).json()
    task = server.request("GET", f"/api/tasks/{run['task_id']}", bearer=account.token).json()
    assert task["constraints"] == ["No new dependencies", "Keep the signature"] and task["output_mode"] == "patch_existing"
    assert run["budget"] == {"max_tokens": 50_000}
    page.goto("/tasks/new")
    expect(page.get_by_label("What should be done")).to_have_value("")
    assert watched.wrong == []


def test_a_session_that_ended_is_said_where_one_acts(server: Server, accounts: Accounts, watched: Watched, shop: Path) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    run = waiting_plan(server, account, shop, "Let total() ignore None")
    sign_in(page, account)
    page.goto(f"/runs/{run['id']}")
    button = page.get_by_role("button", name="Approve plan")
    expect(button).to_be_visible()
    page.context.clear_cookies()
    button.click()
    expect(page.locator("#part-plan [role=alert]")).to_contain_text("Your session has ended")
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


EVENTS = 10_000
MAKE_EVENTS = """
from mgx_project.common import clock
from runs.models import TaskRun
from tasks.models import Task
from workspaces.models import Event, Workspace
workspace = Workspace.objects.get(slug="{slug}")
task = Task.objects.for_workspace(workspace.pk).get()
ids = dict(workspace=workspace, task_id=task.pk, project_id=task.project_id)
run = TaskRun.objects.create(**ids, run_number=1, status="completed", last_seq={count})
Event.across_tenants.bulk_create([
    Event(**ids, run_id=run.pk, position=workspace.event_position + seq, seq=seq, type="role_message", created_at=clock.now(),
          data={{"role": "engineer", "action": "WriteCode"}}, message=f"Event number {{seq}} of the run")
    for seq in range(1, {count} + 1)
], batch_size=2000)
Workspace.objects.filter(pk=workspace.pk).update(event_position=workspace.event_position + {count})
print(f"run={{run.pk}}")
"""


def test_ten_thousand_events_are_read_without_ten_thousand_elements(
    server: Server, accounts: Accounts, watched: Watched
) -> None:
    page, account = watched.page, accounts.take(own_workspace=True)
    request(server, account, "POST", "/api/tasks", {"description": "A long one"})
    argv = [sys.executable, "-m", "mgx_project.embedded", "manage", "--data", str(server.data), "shell", "-v", "0", "-c"]
    program = MAKE_EVENTS.format(slug=account.name, count=EVENTS)
    done = subprocess.run([*argv, program], cwd=CHECKOUT, env=server.env, capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.partition("run=")[2].split()[0]
    sign_in(page, account)
    page.goto(f"/runs/{run_id}#conversation")
    talk = page.locator("#talk")
    expect(talk).to_have_attribute("data-replayed", str(EVENTS))
    expect(page.get_by_text(f"Event number {EVENTS} of the run", exact=True)).to_be_in_viewport()
    assert page.locator(".entry").count() < 500
    talk.evaluate("box => { box.scrollTop = 0; }")
    expect(page.get_by_text("Event number 1 of the run", exact=True)).to_be_in_viewport()
    assert page.locator(".entry").count() < 500
    assert watched.wrong == []

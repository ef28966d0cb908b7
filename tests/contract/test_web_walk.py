"""Every page of the web application, read from the URLconf: who may see it, and what it may load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import CallerInTests
from tests.contract.routes import PARAMETER
from tests.factories import TaskFactory, TaskRunFactory

pytestmark = pytest.mark.django_db
CHECKOUT = Path(__file__).resolve().parents[2]
ELSEWHERE = ("api/", "admin/")
OPEN = {
    "/sign-in", "/sign-out", "/unlock", "/docs", "/openapi.json", "/metrics", "/health", "/health/live", "/health/ready",
    "/health/status",
}  # fmt: skip
"""Not a member's pages: who is signed out needs them, or programs do."""
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
SCRIPT = {"X-Requested-With": "fetch"}


def pages(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """The paths of all pages, with ``{name}`` for each parameter."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from pages(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and not path.startswith(ELSEWHERE):
            yield "/" + PARAMETER.sub(lambda found: "{" + (found[1] or found[2]) + "}", path)


PAGES = sorted(set(pages()) - OPEN)
OF_A_RUN = [page for page in PAGES if "{run_id}" in page]
POSTED = {"/workspace"}


@pytest.fixture
def run_id(owner: CallerInTests) -> str:
    task = TaskFactory(workspace=owner.workspace, name="secret-of-the-tenant")
    return str(TaskRunFactory(workspace=owner.workspace, task=task, project_id=task.project_id).pk)


def browser_of(caller: CallerInTests) -> Client:
    client = Client(headers=BROWSER)
    client.force_login(caller.user)
    return client


def ask(client: Client, page: str, run_id: str, **options: Any) -> Any:
    path = page.format(run_id=run_id)
    return client.post(path, **options) if page in POSTED else client.get(path, **options)


def test_the_walk_sees_the_pages() -> None:
    assert {"/", "/runs", "/runs/{run_id}", "/runs/{run_id}/state", "/tasks/new", "/workspace"} <= set(PAGES)
    assert all(set(re.findall(r"\{(\w+)\}", page)) <= {"run_id"} for page in PAGES), "give the new parameter a row here"


@pytest.mark.parametrize("page", PAGES)
def test_who_is_signed_out_is_led_to_the_sign_in_and_a_script_is_told(page: str, run_id: str) -> None:
    answer = ask(Client(headers=BROWSER), page, run_id)
    assert answer.status_code == 302 and answer["Location"].startswith("/sign-in?next=/")
    told = ask(Client(headers=SCRIPT), page, run_id)
    assert (told.status_code, told.json()["code"]) == (401, "signed_out")


@pytest.mark.parametrize("page", OF_A_RUN)
def test_a_strangers_run_is_as_one_that_is_not_there(
    page: str, run_id: str, owner: CallerInTests, stranger: CallerInTests
) -> None:
    nobodys = str(stranger.workspace.pk)
    for options in ({}, {"headers": SCRIPT}):
        foreign, absent = (ask(browser_of(stranger), page, each, **options) for each in (run_id, nobodys))
        assert foreign.status_code == absent.status_code == 404
        assert b"secret-of-the-tenant" not in foreign.content
    assert b"secret-of-the-tenant" in ask(browser_of(owner), page, run_id).content


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_anything_of_another_tenant(page: str, run_id: str, stranger: CallerInTests) -> None:
    assert b"secret-of-the-tenant" not in ask(browser_of(stranger), page, run_id).content


@pytest.mark.parametrize("page", [*PAGES, "/sign-in"])
def test_a_page_loads_nothing_inline_and_nothing_from_elsewhere(page: str, run_id: str, owner: CallerInTests) -> None:
    answer = ask(Client(headers=BROWSER) if page == "/sign-in" else browser_of(owner), page, run_id)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    text = answer.content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", text)
    assert re.findall(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")", text) == []
    assert re.findall(r"(?:src|href)=\"(?!/)(?!#)[^\"]*\"", text) == []
    if page != "/sign-in":
        assert "no-store" in answer["Cache-Control"]


def test_modules_make_no_markup_of_text() -> None:
    """`web/dom.js` makes elements; a module that writes HTML would be a hole for text of models and repositories."""
    modules = [*CHECKOUT.glob("*/web/static/**/*.js")]
    assert len(modules) > 10
    banned = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://(?!\\)")
    assert [path.name for path in modules if banned.search(path.read_text("utf-8"))] == []

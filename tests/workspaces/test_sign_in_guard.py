"""Guessing passwords, by every way in: slowly, from wherever, and without locking anybody out for long."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.conftest import Api
from tests.factories import PASSWORD, UserFactory
from workspaces.models import SignInCount, User
from workspaces.sign_in_guard import ACCOUNT, SignInRefused, begin_attempt

pytestmark = pytest.mark.django_db
Ask = Callable[..., Any]


def by_api(username: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    return Api().post("/api/auth/token", {"username": username, "password": password}, REMOTE_ADDR=address, **headers)


def by_admin(username: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    form = {"username": username, "password": password}
    return Client().post("/admin/login/", form, REMOTE_ADDR=address, **headers)


def by_web(username: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    return Client().post("/sign-in", {"username": username, "password": password}, REMOTE_ADDR=address, **headers)


EACH_WAY = pytest.mark.parametrize("ask", [by_api, by_admin, by_web])


def said(answer: Any) -> str:
    """The refusal: of a problem document, or of the page."""
    if answer["Content-Type"] == "application/problem+json":
        return str(answer.json()["detail"])
    (found,) = re.findall(r'role="alert">([^<]+)<', answer.content.decode())
    return str(found)


def let_through(answers: list[Any]) -> int:
    return sum(answer.status_code != 429 for answer in answers)


def later(**time: int) -> None:
    """Locks and windows as they are when this much time has passed."""
    for row in SignInCount.objects.all():
        row.since -= timedelta(**time)
        row.locked_until = row.locked_until and row.locked_until - timedelta(**time)
        row.save()


@EACH_WAY
def test_forty_guesses_from_one_address_are_five(ask: Ask) -> None:
    user = UserFactory(is_staff=True)
    assert let_through([ask(user.username, f"guess {n}") for n in range(40)]) == 5


@EACH_WAY
def test_an_invented_address_of_a_header_changes_nothing(ask: Ask) -> None:
    user = UserFactory(is_staff=True)
    answers = [ask(user.username, "guess", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}") for n in range(40)]
    assert let_through(answers) == 5


@EACH_WAY
def test_many_accounts_from_one_address_are_limited_together(ask: Ask) -> None:
    assert let_through([ask(f"name{n}", "guess") for n in range(40)]) == 20


def test_many_addresses_get_no_further_than_the_limit_of_the_account() -> None:
    user = UserFactory()
    answers = [by_api(user.username, "guess", f"192.0.2.{n}") for n in range(1, 70)]
    assert let_through(answers) == ACCOUNT.failures
    assert by_api(user.username, PASSWORD, "203.0.113.1").status_code == 429


def test_one_host_with_many_ipv6_addresses_is_one_address() -> None:
    user = UserFactory()
    assert let_through([by_api(user.username, "guess", f"2001:db8::{n:x}") for n in range(1, 20)]) == 5


@EACH_WAY
def test_the_right_password_is_refused_in_a_lock_as_a_wrong_one_is(ask: Ask) -> None:
    user = UserFactory(is_staff=True)
    for _ in range(6):
        ask(user.username, "guess")
    wrong, right = ask(user.username, "guess"), ask(user.username, PASSWORD)
    assert wrong.status_code == right.status_code == 429
    assert 0 < int(right["Retry-After"]) <= 60
    assert said(right) == said(wrong)
    assert "_auth_user_id" not in getattr(right, "client", Client()).session


@EACH_WAY
def test_an_account_that_does_not_exist_is_answered_as_one_that_does(ask: Ask) -> None:
    user = UserFactory(is_staff=True)
    for _ in range(8):
        there, not_there = ask(user.username, "guess", "192.0.2.1"), ask("nobody", "guess", "192.0.2.2")
        assert there.status_code == not_there.status_code
        if there.status_code == 429:
            assert said(there) == said(not_there)


def test_a_lock_ends_by_itself_and_the_next_is_twice_as_long() -> None:
    user = UserFactory()
    waits = []
    for _ in range(3):
        while (answer := by_api(user.username, "guess")).status_code != 429:
            pass
        waits.append(int(answer["Retry-After"]))
        later(seconds=waits[-1] + 1)
    assert waits == [60, 120, 240]
    assert by_api(user.username, PASSWORD).status_code == 200


def test_asking_in_a_lock_does_not_make_it_longer() -> None:
    user = UserFactory()
    for _ in range(6):
        by_api(user.username, "guess")
    until = SignInCount.objects.get(key__startswith="pair:").locked_until
    for _ in range(20):
        by_api(user.username, "guess")
    assert SignInCount.objects.get(key__startswith="pair:").locked_until == until


def test_a_lock_of_one_address_leaves_the_owner_at_another_alone() -> None:
    user = UserFactory()
    for _ in range(10):
        by_api(user.username, "guess", "192.0.2.1")
    assert by_api(user.username, PASSWORD, "192.0.2.2").status_code == 200


def test_success_forgets_the_account_and_not_the_address() -> None:
    mine, other = UserFactory(), UserFactory()
    for round_ in range(4):
        for _ in range(4):
            assert by_api(other.username if round_ % 2 else mine.username, "guess").status_code == 401
        assert by_api(mine.username, PASSWORD).status_code == 200
        assert by_api(other.username, PASSWORD).status_code == 200
    assert SignInCount.objects.get(key="address:192.0.2.1").failures == 16
    assert not SignInCount.objects.filter(key__startswith="account:").exists()


def test_an_operator_unlocks_an_account_in_the_admin() -> None:
    user = UserFactory()
    for n in range(1, 60):
        by_api(user.username, "guess", f"192.0.2.{n}")
    assert by_api(user.username, PASSWORD, "203.0.113.1").status_code == 429
    operator = Client()
    operator.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = reverse("admin:workspaces_user_unlock", args=[user.pk])
    assert operator.get(page, follow=True).status_code == 200
    assert b"may sign in again" in operator.post(page, follow=True).content
    assert by_api(user.username, PASSWORD, "203.0.113.1").status_code == 200


def test_only_superusers_unlock() -> None:
    user = UserFactory()
    staff = Client()
    staff.force_login(UserFactory(is_staff=True))
    for _ in range(6):
        by_api(user.username, "guess")
    assert staff.post(reverse("admin:workspaces_user_unlock", args=[user.pk])).status_code == 403
    assert by_api(user.username, PASSWORD).status_code == 429


def test_an_operator_who_is_locked_out_unlocks_by_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    user = UserFactory(is_staff=True, is_superuser=True)
    for _ in range(6):
        by_admin(user.username, "guess")
    call_command("unlock_account", user.username.upper())
    assert "may sign in again" in capsys.readouterr().out
    assert by_admin(user.username, PASSWORD).status_code == 302


def test_what_was_typed_as_a_name_is_not_stored_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(6):
        by_api("my secret password", "guess")
    assert "sign-in locked" in caplog.text
    assert "secret" not in caplog.text + str(list(SignInCount.objects.values()))


def test_old_counts_are_removed() -> None:
    by_api("once", "guess")
    later(days=2)
    by_api(UserFactory().username, PASSWORD)
    assert not SignInCount.objects.filter(since__lt=timezone.now() - timedelta(days=1)).exists()


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_get_no_further_than_one_after_another() -> None:
    def attempt(_: int) -> bool:
        try:
            begin_attempt("somebody", "192.0.2.1")
        except SignInRefused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 5
    assert User.objects.count() == 0

"""A locked account is unlocked by a link that its owner gets by mail, from a real small mail server."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import dramatiq
import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mgx_project.embedded.ports import free_port
from tests.conftest import Api
from tests.factories import PASSWORD, UserFactory
from workspaces.actors import send_unlock_link
from workspaces.models import SignInCount
from workspaces.sign_in_guard import ACCOUNT, account_key

pytestmark = pytest.mark.django_db
QUEUE = "mgx:jobs:network.msgs"
Lock = Callable[[str], Any]


class Mailbox:
    """What the mail server was given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.refuses:
            return "451 try later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage) and mail["To"] == ", ".join(envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 kept"

    def link(self) -> str:
        body = self.mails[-1].get_content()
        found = re.search(r"http://\S+", body[body.index("confirm") :])
        assert found
        return found[0]


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.MGX_EMAIL_URL = f"smtp://127.0.0.1:{port}"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    controller.stop()


@pytest.fixture
def lock(django_capture_on_commit_callbacks: Any) -> Lock:
    """The last of many guesses at an account, which locks it: what it is answered."""

    def guess(username: str) -> Any:
        made = {"failures": ACCOUNT.failures, "since": timezone.now()}
        SignInCount.objects.get_or_create(key=account_key(username), defaults=made)
        with django_capture_on_commit_callbacks(execute=True):
            answer = sign_in(username, "guess", f"192.0.2.{random.randrange(1, 255)}")
        assert answer.status_code == 429
        return answer

    return guess


def sign_in(username: str, password: str, address: str = "203.0.113.1") -> Any:
    return Api().post("/api/auth/token", {"username": username, "password": password}, REMOTE_ADDR=address)


def wanted() -> list[Any]:
    """The mails that were asked for and that no worker has sent."""
    broker: Any = dramatiq.get_broker()
    messages = [dramatiq.Message.decode(data) for data in broker.client.hvals(QUEUE)]
    return [message for message in messages if message.actor_name == "send_unlock_link"]


def work() -> None:
    """What a worker does with them."""
    broker: Any = dramatiq.get_broker()
    for message in wanted():
        broker.client.hdel(QUEUE, message.options["redis_message_id"])
        broker.get_actor(message.actor_name).fn(*message.args)


@pytest.fixture(autouse=True)
def nothing_from_before() -> None:
    broker: Any = dramatiq.get_broker()
    for message in wanted():
        broker.client.hdel(QUEUE, message.options["redis_message_id"])


def test_the_owner_of_a_locked_account_unlocks_it_by_mail(mailbox: Mailbox, lock: Lock) -> None:
    user = UserFactory()
    refused = lock(user.username)
    assert "e-mail with a link" in refused.json()["hint"]
    assert mailbox.mails == []  # not while somebody waits for the refusal
    work()
    assert [mail["To"] for mail in mailbox.mails] == [user.email]
    assert sign_in(user.username, PASSWORD).status_code == 429
    path = mailbox.link().removeprefix("http://127.0.0.1:8000")
    browser = Client(enforce_csrf_checks=True)
    shown = browser.get(path)
    assert shown.status_code == 200
    assert sign_in(user.username, PASSWORD).status_code == 429  # looking at it is not enough
    token = path.partition("token=")[2]
    form = {"token": token, "csrfmiddlewaretoken": shown.cookies["csrftoken"].value}
    assert b"is unlocked" in browser.post("/unlock", form).content
    assert sign_in(user.username, PASSWORD).status_code == 200


def test_a_link_is_good_once_and_for_its_own_lock(mailbox: Mailbox, lock: Lock) -> None:
    user = UserFactory()
    lock(user.username)
    work()
    token = mailbox.link().partition("token=")[2]
    assert Client().post("/unlock", {"token": token}).status_code == 200
    assert Client().post("/unlock", {"token": token}).status_code == 404
    lock(user.username)
    assert Client().get("/unlock", {"token": token}).status_code == 404
    assert Client().post("/unlock", {"token": token}).status_code == 404
    assert sign_in(user.username, PASSWORD).status_code == 429


def test_a_link_ends_with_its_lock(mailbox: Mailbox, lock: Lock) -> None:
    user = UserFactory()
    lock(user.username)
    work()
    assert Client().get(f"/unlock?{mailbox.link().partition('?')[2]}").status_code == 200
    for row in SignInCount.objects.exclude(locked_until=None):
        row.locked_until -= ACCOUNT.lock + timedelta(seconds=1)
        row.save()
    assert Client().get(f"/unlock?{mailbox.link().partition('?')[2]}").status_code == 404


@pytest.mark.parametrize("token", ["", "x", "x:y:z", "eyJ4Ijox:1u:abc", "a" * 5000])
def test_a_forged_link_unlocks_nothing(token: str) -> None:
    assert Client().get("/unlock", {"token": token}).status_code == 404
    assert Client().post("/unlock", {"token": token}).status_code == 404


def test_an_account_that_does_not_exist_is_locked_as_one_that_does(mailbox: Mailbox, lock: Lock) -> None:
    user = UserFactory()
    answers, queries, asked = [], [], []
    for name in (user.username, "nobody-of-that-name"):
        before = len(wanted())
        with CaptureQueriesContext(connection) as captured:
            answers.append(lock(name))
        queries.append([re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in captured][-12:])
        asked.append(len(wanted()) - before)
    there, not_there = ({name: value for name, value in answer.json().items() if name != "request_id"} for answer in answers)
    assert there == not_there
    assert asked == [1, 1]  # a worker is asked in either case
    assert queries[0] == queries[1]
    work()
    assert [mail["To"] for mail in mailbox.mails] == [user.email]


def test_a_name_in_other_letters_is_the_same_account(mailbox: Mailbox, lock: Lock) -> None:
    user = UserFactory()
    lock(user.username.upper())
    work()
    assert [mail["To"] for mail in mailbox.mails] == [user.email]


def test_one_lock_is_one_mail(mailbox: Mailbox, lock: Lock) -> None:
    user = UserFactory()
    for _ in range(5):
        lock(user.username)
    assert len(wanted()) == 1


def test_nobody_is_written_to_who_has_no_address_or_no_lock_any_more(mailbox: Mailbox, lock: Lock) -> None:
    without, inactive, unlocked = UserFactory(email=""), UserFactory(is_active=False), UserFactory()
    for user in (without, inactive, unlocked):
        lock(user.username)
    call_command("unlock_account", unlocked.username)
    assert len(wanted()) == 3
    work()
    assert mailbox.mails == []


def test_a_mail_server_that_refuses_is_logged(mailbox: Mailbox, lock: Lock, caplog: pytest.LogCaptureFixture) -> None:
    mailbox.refuses = True
    user = UserFactory()
    lock(user.username)
    work()
    assert "was not sent" in caplog.text
    assert str(user.pk) in caplog.text


def test_without_a_mail_server_the_log_names_the_operators_command(lock: Lock, caplog: pytest.LogCaptureFixture) -> None:
    user = UserFactory()
    assert "unlock_account" in lock(user.username).json()["hint"]
    assert "manage.py unlock_account" in caplog.text
    assert wanted() == []


def test_a_worker_listens_to_its_queue() -> None:
    from repositories import actors as network

    assert send_unlock_link.queue_name == network.QUEUE


def test_the_address_of_the_mail_server_is_checked() -> None:
    from django.core.exceptions import ImproperlyConfigured

    from mgx_project.env import _mail_url

    assert _mail_url("smtp+tls://u:p@mail.example.org:587")
    with pytest.raises(ImproperlyConfigured, match="MGX_EMAIL_URL"):
        _mail_url("http://mail.example.org")


def test_the_refusal_does_not_depend_on_the_broker(mailbox: Mailbox, lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(connection: Any) -> None:
        raise redis.ConnectionError("there is no broker")

    broker: Any = dramatiq.get_broker()
    with monkeypatch.context() as patch:
        patch.setattr(broker.client.connection_pool.connection_class, "connect", away)
        broker.client.connection_pool.disconnect()
        answer = lock(UserFactory().username)
    assert answer.json()["code"] == "sign_in_refused"
    assert wanted() == []

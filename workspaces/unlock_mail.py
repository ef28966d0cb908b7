"""Mails the owner of a locked account a link that ends the lock. It works once, for that lock, while it lasts.

Who guesses must not learn from it which accounts there are: the web process asks for a mail in the same way for every name (see
`receivers.py`), and only the worker knows whether there is somebody to write to. A lock of the whole account is the only one
that is told, so that nobody's mailbox can be filled: the shortest is a quarter of an hour.
"""

from __future__ import annotations

import smtplib
import uuid
from datetime import datetime

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.urls import reverse

from . import sign_in_guard
from .models import User

log = structlog.stdlib.get_logger(__name__)
SALT = "mgx.unlock"
SUBJECT = "MGX Agent: your account is locked"
TEXT = """There were many failed attempts to sign in to your account {username} on {server}.
The account is locked until {until} UTC. Existing sessions are not affected.

To sign in now, open this link and confirm. It works once and expires with the lock:

{link}

If this was not you, you do not need to do anything. Use a long password that you do not use anywhere else.
"""


def send(user_id: uuid.UUID) -> None:
    """Sends the link; does nothing if the account, its address or the lock does not exist.

    A mail that can't be sent is logged and not retried: the lock ends by itself.
    """
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    until = sign_in_guard.locked_until(user.username) if user else None
    if user is None or until is None:
        return
    link = f"{settings.MGX_BASE_URL}{reverse('unlock')}?token={_token(user.username, until)}"
    text = TEXT.format(username=user.username, server=settings.MGX_BASE_URL, until=f"{until:%Y-%m-%d %H:%M}", link=link)
    try:
        send_mail(SUBJECT, text, settings.DEFAULT_FROM_EMAIL, [user.email])
    except (OSError, smtplib.SMTPException) as error:
        log.warning(
            "the link to unlock was not sent, an operator can unlock (unlock_account)", user_id=user.pk, error=repr(error)
        )


def lock_of(token: str) -> tuple[str, datetime] | None:
    """The key of the lock that a link is for (see `sign_in_guard`); None for an invalid link."""
    try:
        key, until = signing.loads(token, salt=SALT, max_age=sign_in_guard.LONGEST)
        return str(key), datetime.fromisoformat(until)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def _token(username: str, until: datetime) -> str:
    """Of this very lock: another one ends at another time."""
    return signing.dumps([sign_in_guard.account_key(username), until.isoformat()], salt=SALT)

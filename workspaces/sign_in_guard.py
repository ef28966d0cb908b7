"""Limits failed attempts to sign in: per account and address, per address, and per account over all addresses.

The one place where a password is checked (`sign_in_backend`) asks here first, so the API, the admin and every other form have
the same limits. An attempt counts before its password is looked at, so that many at once get no further than one after another,
and a refused one counts nothing, so that nobody can keep an account locked by asking. Every lock ends by itself. Whether an
account exists makes no difference: what is counted is the name that was typed.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from mgx_project.common import clock
from mgx_project.common.clients import address_group
from mgx_project.common.errors import TooManyRequests

from .models import SignInCount
from .signals import account_locked

log = structlog.stdlib.get_logger(__name__)
LONGEST = timedelta(hours=1)
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True)
class SignInLimit:
    """Allows ``failures`` within ``window``; the next one locks for ``lock``, and each further lock lasts twice as long."""

    failures: int
    window: timedelta
    lock: timedelta


PAIR = SignInLimit(5, timedelta(minutes=15), timedelta(minutes=1))
ADDRESS = SignInLimit(20, timedelta(minutes=5), timedelta(minutes=5))
ACCOUNT = SignInLimit(50, timedelta(hours=1), timedelta(minutes=15))
"""Over all addresses: too high for an owner's typing errors, and 50 attempts an hour for an attacker with many addresses."""


BY_OPERATOR = "An operator of this server can unlock an account (admin, Users; or manage.py unlock_account)."
BY_MAIL = "If the account exists, its owner gets an e-mail with a link that unlocks it. An operator can unlock it as well."


class SignInRefused(TooManyRequests):
    """``mailed``: the account itself is locked, and a mail was sent to its owner."""

    code = "sign_in_refused"

    def __init__(self, seconds: float, *, mailed: bool = False) -> None:
        minutes = math.ceil(seconds / 60)
        super().__init__(
            f"Too many attempts to sign in. Try again in {minutes} {'minute' if minutes == 1 else 'minutes'}.",
            hint=BY_MAIL if mailed else BY_OPERATOR,
        )
        self.retry_after = seconds


def begin_attempt(username: str, address: str) -> None:
    """Counts the attempt as a failure until `record_success` is called. Raises SignInRefused."""
    now = clock.now()
    limits = _keys(username, address)
    with transaction.atomic():
        SignInCount.objects.bulk_create([SignInCount(key=key, since=now) for key in sorted(limits)], ignore_conflicts=True)
        rows = list(SignInCount.objects.select_for_update().filter(key__in=limits).order_by("key"))
        locked = [row for row in rows if row.locked_until and row.locked_until > now]
        waits = [row.locked_until - now for row in locked if row.locked_until]
        if not waits:
            locked = [row for row in rows if _count(row, limits[row.key], now)]
            waits = [row.locked_until - now for row in locked if row.locked_until]
            SignInCount.objects.bulk_update(rows, ["failures", "since", "locks", "locked_until"])
            for row in locked:
                log.warning("sign-in locked", until=str(row.locked_until), key=row.key, address=address_group(address))
            if any(limits[row.key] is ACCOUNT for row in locked):
                _tell_owner(username)
    if waits:
        mailed = bool(settings.MGX_EMAIL_URL) and any(limits[row.key] is ACCOUNT for row in locked)
        raise SignInRefused(max(waits).total_seconds(), mailed=mailed)


def record_success(username: str, address: str) -> None:
    """Forgets what was counted for the account here. Not for the address: who has an account could guess others for ever."""
    pair, account, of_address = _keys(username, address)
    SignInCount.objects.filter(key__in=(pair, account)).delete()
    SignInCount.objects.filter(key=of_address, failures__gt=0).update(failures=F("failures") - 1)  # this attempt succeeded
    SignInCount.objects.filter(since__lt=clock.now() - FORGOTTEN).delete()  # names that were guessed once


def unlock(username: str) -> bool:
    """Clears the counts of the account, from every address. Returns whether there were any."""
    digest = _digest(username)
    pairs = SignInCount.objects.filter(key__startswith=f"pair:{digest}:")
    removed, _ = (pairs | SignInCount.objects.filter(key=account_key(username))).delete()
    return removed > 0


def locked_until(username: str) -> datetime | None:
    """When the lock of the account over all addresses ends; None if there is none."""
    row = SignInCount.objects.filter(key=account_key(username), locked_until__gt=clock.now()).first()
    return row.locked_until if row else None


def account_key(username: str) -> str:
    """The key of an account's count over all addresses. It does not reveal the name."""
    return f"account:{_digest(username)}"


def holds(key: str, until: datetime) -> bool:
    """Whether this lock of an account still exists."""
    return until > clock.now() and SignInCount.objects.filter(key=key, locked_until=until).exists()


@transaction.atomic
def end_lock(key: str, until: datetime) -> bool:
    """Ends this lock of an account and clears its counts. Returns False if the lock has already ended."""
    if until <= clock.now() or not SignInCount.objects.filter(key=key, locked_until=until).delete()[0]:
        return False
    SignInCount.objects.filter(key__startswith=f"pair:{key.removeprefix('account:')}:").delete()
    log.warning("sign-in unlocked by mail", key=key)
    return True


def _tell_owner(username: str) -> None:
    if settings.MGX_EMAIL_URL:
        account_locked.send(sender=None, username=username)
    else:
        log.warning("no mail is sent to the account's owner (MGX_EMAIL_URL is empty): unlock with manage.py unlock_account")


def _count(row: SignInCount, limit: SignInLimit, now: datetime) -> bool:
    """Whether this attempt causes a lock."""
    if now - row.since > FORGOTTEN:
        row.locks = 0
    if row.locked_until is not None or now - row.since > limit.window:
        row.failures, row.since, row.locked_until = 0, now, None
    row.failures += 1
    if row.failures <= limit.failures:
        return False
    row.locked_until = now + min(LONGEST, limit.lock * 2 ** min(row.locks, 10))
    row.locks = min(row.locks + 1, 100)
    return True


def _keys(username: str, address: str) -> dict[str, SignInLimit]:
    digest, group = _digest(username), address_group(address)
    return {f"pair:{digest}:{group}": PAIR, f"account:{digest}": ACCOUNT, f"address:{group}": ADDRESS}


def _digest(username: str) -> str:
    folded = unicodedata.normalize("NFKC", username).casefold().strip()
    return hashlib.sha256(folded.encode(errors="surrogatepass")).hexdigest()[:40]

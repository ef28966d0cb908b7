"""Revokes sessions and tokens when a password, account or membership changes, wherever the change is made."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import connections, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_migrate, post_save, pre_migrate, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from mgx_project.common import clock
from mgx_project.common.ids import uuid7
from mgx_project.common.json_values import storable
from mgx_project.common.own_session import require_own_session
from mgx_project.common.row_policies import grant_rights, make_roles

from .actors import send_unlock_link
from .audit import record_account
from .event_log import group
from .models import Departure, Membership, User
from .rights import announce_change, end_everything, end_in_workspace
from .signals import account_locked

SIGNED_IN_AT = "signed_in_at"
"""Session key: when the person signed in, as an RFC 3339 time."""
NAMESAKES = 5
"""Accounts whose names differ only in case share their count of failed attempts."""


@receiver(pre_migrate)
def migrations_take_as_long_as_they_take(sender: Any, using: str, plan: Any = (), **kwargs: Any) -> None:
    """The bound of migration 0009 is for what people and runs wait for."""
    if sender.label != User._meta.app_label:  # the signal is sent for each application
        return
    if plan:
        require_own_session(connections[using])
        connections[using].cursor().execute("SET statement_timeout = 0")
    make_roles(connections[using], settings.MGX_DATABASE_ROLE)


@receiver(post_migrate)
def others_do_not(using: str, **kwargs: Any) -> None:
    connections[using].cursor().execute("RESET statement_timeout")


@receiver(post_migrate)
def let_the_roles_in(using: str, sender: AppConfig, **kwargs: Any) -> None:
    """Of whichever application the last table is, the signal comes when all are there."""
    if sender.label == User._meta.app_label:
        grant_rights(connections[using])


@receiver(pre_save, sender=User)
def remember_what_was(instance: User, update_fields: frozenset[str] | None = None, **kwargs: Any) -> None:
    """Reads what `end_what_depended` compares with, only where it may change."""
    instance.before = None
    if not instance._state.adding and (update_fields is None or {"password", "is_active"} & set(update_fields)):
        instance.before = User.objects.filter(pk=instance.pk).values_list("password", "is_active").first()


@receiver(post_save, sender=User)
def end_what_depended(instance: User, created: bool, **kwargs: Any) -> None:
    if created or instance.before is None:
        return
    password, was_active = instance.before
    if password != instance.password and not instance.rehashing:
        end_everything(instance, reason="the password was changed")
    elif was_active and not instance.is_active:
        end_everything(instance, reason="the account was deactivated")


@receiver(pre_save, sender=Membership)
def old_sign_ins_do_not_come_back(instance: Membership, **kwargs: Any) -> None:
    if instance._state.adding:
        left = Departure.objects.filter(workspace_id=instance.workspace_id, user_id=instance.user_id)
        instance.not_before = left.values_list("at", flat=True).first()


@receiver(post_delete, sender=Membership)
def end_with_the_membership(instance: Membership, origin: Any = None, **kwargs: Any) -> None:
    announce_change([group("user", instance.user_id)])
    of = origin if isinstance(origin, Model) else getattr(origin, "model", None)
    if isinstance(of, Membership) or of is Membership:  # else the workspace or the account goes, and all of it with it
        end_in_workspace(user_id=instance.user_id, workspace_id=instance.workspace_id)
        Departure.objects.update_or_create(
            workspace_id=instance.workspace_id, user_id=instance.user_id, defaults={"at": clock.now()}
        )


@receiver(user_logged_in)
def remember_when(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is not None:
        request.session[SIGNED_IN_AT] = clock.now().isoformat()
        record_account(user=user, action="signed_in", account=user, detail={"with": "a password, for a browser"})


@receiver(user_logged_out)
def record_sign_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:  # whose session had ended already
        record_account(user=user, action="signed_out", account=user)


@receiver(account_locked)
def write_to_the_owner(username: str, **kwargs: Any) -> None:
    """Sends the mail through a worker. Unknown names take as long, so that the response time reveals nothing."""
    name = unicodedata.normalize("NFKC", storable(username)).strip()
    found = list(User.objects.filter(username__iexact=name, is_active=True).values_list("pk", flat=True)[:NAMESAKES])

    def ask_a_worker() -> None:
        for user_id in found or [uuid7()]:
            send_unlock_link.send(str(user_id))

    # the refusal does not depend on the broker: where that is away, it is logged and an operator unlocks
    transaction.on_commit(ask_a_worker, robust=True)

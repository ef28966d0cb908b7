"""Validation of links by ourselves: a day after the last one, or when somebody asks for all of them.

Durable, as what is due is in the rows: a validation is claimed by moving ``refresh_due_at`` on, and one that is lost with its
worker comes due again. What can wait never takes what runs need of a service's limits (``hosting.service_limits.sparing``).
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from mgx_project.common import tenant_wall
from mgx_project.common.errors import NotFound

from . import services
from .errors import HostBusy
from .fair_shares import THREADS, shares
from .hosting.service_limits import sparing
from .models import RepositoryLink

log = structlog.stdlib.get_logger(__name__)
CLAIM_TIMEOUT = timedelta(minutes=5)
"""Claim timeout: a worker that holds a link for longer is assumed dead."""
SLICE_SECONDS = 10.0
"""After this time a thread yields to other work in its queue."""
AT_A_TIME = THREADS // 2
"""Threads of a process that validate links; the others are for deliveries, whose senders wait."""
MAX_ROUND = 1_000
"""How many workspaces are remembered as served."""
_validating = threading.BoundedSemaphore(AT_A_TIME)
_served: set[uuid.UUID] = set()
"""The workspaces served in this round, which continues from one slice to the next, so that one with many slow links does not
delay the others."""


def _due() -> QuerySet[RepositoryLink]:
    links = RepositoryLink.across_tenants.filter(refresh_due_at__lte=Now())
    return links.exclude(status=RepositoryLink.Status.DISCONNECTED)


def is_due() -> bool:
    """Whether a link is due that one more thread of this process may validate. Reads a small index."""
    if not _validating.acquire(blocking=False):
        return False
    _validating.release()
    return bool(_due().exclude(workspace_id__in=shares.full()).exists())


def ask_for_all(*, workspace_id: uuid.UUID, project_id: uuid.UUID | None = None) -> int:
    """Makes all links of the workspace, or of a project, due now. Returns how many."""
    links = RepositoryLink.objects.for_workspace(workspace_id).exclude(status=RepositoryLink.Status.DISCONNECTED)
    if project_id is not None:
        links = links.filter(project_id=project_id)
    return int(links.update(refresh_due_at=Now(), refresh_asked_at=Now()))


def work_off() -> int:
    """Validates links that are due, one after the other, for some seconds; returns how many. `AT_A_TIME` threads do."""
    if not _validating.acquire(blocking=False):
        return 0
    try:
        ends, done = time.monotonic() + SLICE_SECONDS, 0
        while time.monotonic() < ends and (claimed := _claim()) is not None:
            link_id, workspace_id = claimed
            with bound_contextvars(workspace_id=workspace_id, link_id=link_id), tenant_wall.within(workspace_id):
                try:
                    revalidate(link_id)
                except DatabaseError:
                    raise
                except Exception:  # one link that breaks us must not keep all others waiting
                    log.exception("the validation of a link broke; it is due again", after=str(CLAIM_TIMEOUT))
                finally:
                    shares.give_back(workspace_id)
            done += 1
        return done
    finally:
        _validating.release()


@tenant_wall.across_tenants()
def _claim() -> tuple[uuid.UUID, uuid.UUID] | None:
    """The link that is due longest and its workspace, of which a share is taken (`repositories.fair_shares`).

    Of each workspace one before any gets a second; two workers never get the same.
    """
    with transaction.atomic():
        while (found := _next()) is not None:
            link_id, workspace_id = found
            if shares.take(workspace_id):
                break
        else:
            return None
        try:
            RepositoryLink.across_tenants.filter(pk=link_id).update(refresh_due_at=Now() + CLAIM_TIMEOUT)
        except BaseException:
            shares.give_back(workspace_id)
            raise
    if len(_served) >= MAX_ROUND:
        _served.clear()
    _served.add(workspace_id)
    return link_id, workspace_id


def _next() -> tuple[uuid.UUID, uuid.UUID] | None:
    due = _due().exclude(workspace_id__in=shares.full()).order_by("refresh_due_at").select_for_update(skip_locked=True)
    rows = due.values_list("pk", "workspace_id")
    served = list(_served)  # another thread may begin a new round meanwhile
    found: tuple[uuid.UUID, uuid.UUID] | None = rows.exclude(workspace_id__in=served).first()
    if found is None and served:
        _served.clear()
        found = rows.first()
    return found


def revalidate(link_id: uuid.UUID) -> None:
    """Validates a link that was claimed, and stores what was seen; puts it off where the service wants us to wait."""
    link = RepositoryLink.across_tenants.filter(pk=link_id).first()
    if link is None:
        return
    try:
        with sparing():
            found = services.validate(workspace_id=link.workspace_id, link_id=link_id)
        with transaction.atomic():
            services.lock_project(link.workspace_id, link.project_id)
            locked = RepositoryLink.across_tenants.select_for_update(of=("self",)).filter(pk=link_id).first()
            if locked is not None and _asked_with(locked) == _asked_with(link):
                services.refresh(link=locked, found=found)
    except NotFound:
        log.info("the link was unlinked while it was validated")
    except HostBusy as busy:
        _postpone(link, busy.retry_after or 60.0)


def _asked_with(link: RepositoryLink) -> tuple[object, ...]:
    """What a person may have changed during the validation: then theirs counts, which used that, and ours is dropped."""
    return link.provider, link.api_base_url, link.clone_url, link.installation_id, link.credential


def _postpone(link: RepositoryLink, seconds: float) -> None:
    """All that are due and come with the same credential wait together."""
    due = Q(refresh_due_at__lte=Now()) | Q(pk=link.pk)
    same = RepositoryLink.objects.for_workspace(link.workspace_id).filter(
        due, provider=link.provider, api_base_url=link.api_base_url, installation_id=link.installation_id
    )  # credentials are stored encrypted, each in its own way: they are compared here
    waiting = [row.pk for row in same.only("pk", "credential") if row.credential == link.credential]
    RepositoryLink.across_tenants.filter(due, pk__in=waiting).update(refresh_due_at=Now() + timedelta(seconds=seconds))
    log.info("the service wants fewer requests: links wait", api=link.api_base_url, links=len(waiting), seconds=round(seconds))

"""Linking repositories to projects. A link is created or refreshed only after the repository was validated."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from mgx_project.common import clock
from mgx_project.common.errors import Conflict, MGXError, NotAllowed, NotFound
from projects.models import Project
from projects.services import project_of
from workspaces import event_log
from workspaces.audit import record_audit
from workspaces.principal import Principal

from .checkout_source import mirror_of
from .errors import HostBusy
from .git import local_repositories
from .git.eviction import forget
from .hosting.provider import RepositoryRef
from .hosting.registry import PLAIN_GIT, host_of
from .models import RepositoryLink
from .references import renamed
from .signals import repository_relinked
from .validation import RepositoryState, probe

__all__ = [
    "RepositoryState", "change", "claim_installation", "connect", "connected", "disconnect", "lock_project", "probe", "prepare",
    "refresh", "validate", "with_stored_credential",
]  # fmt: skip
Status = RepositoryLink.Status
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


def claim_installation(named: RepositoryRef) -> RepositoryRef:
    """``named`` for the app's installation, without the token that proved the permission.

    The app's key opens every installation of it, of all tenants: only who administers the repository may have it act there, and
    only the one that is installed there acts. Raises NotAllowed.
    """
    host = host_of(replace(named, installation_id=None))
    if host is None or not named.credential or not host.repository().permissions["admin"]:
        raise NotAllowed(
            "To use the app's installation, give the token of an administrator of the repository. It is not stored.",
            code="installation_unproved",
            field="installation_id",
        )
    there = host.installation()
    if there != named.installation_id:
        known = f"Its installation is {there}." if there else "Install the app there first."
        raise NotAllowed(
            f"Installation {named.installation_id} of the app does not include {named.repo_full_name}.",
            code="installation_elsewhere",
            field="installation_id",
            hint=known,
        )
    return replace(named, credential="")


def prepare(named: RepositoryRef) -> None:
    """Initialises a repository in the empty directory ``named``. Raises Conflict."""
    path = local_repositories.path_of(named.clone_url)
    if path is None:
        raise Conflict(
            "A new project can only be created in a local directory. Create the repository on its host first.", code="not_local"
        )
    asyncio.run(local_repositories.prepare_new(path))


def lock_project(workspace_id: uuid.UUID, project_id: uuid.UUID) -> Project:
    """Locks the project, under which the primary link is chosen, before the link. Raises NotFound."""
    project: Project | None = Project.objects.for_workspace(workspace_id).select_for_update().filter(pk=project_id).first()
    if project is None:
        raise NotFound("This project does not exist or you do not have access to it.")
    return project


def with_stored_credential(*, principal: Principal, project_id: uuid.UUID | None, named: RepositoryRef) -> RepositoryRef:
    """``named`` with the credential of the link that is there already, when none was given. An address alone does not take its
    hosting service from a link."""
    project = project_of(principal.workspace_id, project_id)
    links = RepositoryLink.objects.for_workspace(principal.workspace_id).filter(project=project, clone_url=named.clone_url)
    link = links.exclude(status=Status.DISCONNECTED).first()
    if link is None:
        return named
    if named.provider == PLAIN_GIT != link.provider:
        named = replace(
            named,
            provider=link.provider,
            api_base_url=link.api_base_url,
            repo_full_name=link.repo_full_name,
        )
    return named if named.credential else replace(named, credential=link.credential)


@transaction.atomic
def connect(
    *, principal: Principal, project_id: uuid.UUID | None, named: RepositoryRef, seen: RepositoryState, is_primary: bool | None
) -> tuple[RepositoryLink, bool]:
    """Links ``named`` to the project (the default one when None). Returns the link, and whether it is new.

    A repository that is linked to the project already is refreshed, and gets the credential if there is one. For one that
    was linked before, what names its former links is told of the new one (`signals.repository_relinked`). The first link of a
    project becomes its primary one.
    """
    project = lock_project(principal.workspace_id, project_of(principal.workspace_id, project_id).pk)
    links = (
        RepositoryLink.objects.for_workspace(principal.workspace_id).filter(project=project).exclude(status=Status.DISCONNECTED)
    )
    url = renamed(named.clone_url, named.repo_full_name, seen.full_name) if seen.full_name else named.clone_url
    there = {known.clone_url: known for known in links.select_for_update().filter(clone_url__in=(url, named.clone_url))}
    link = there.get(url) or there.get(named.clone_url)
    made = link is None
    before = None if link is None else link.status
    if link is None:
        link = RepositoryLink(workspace_id=principal.workspace_id, project=project, clone_url=url)
    link.provider, link.repo_full_name, link.api_base_url = named.provider, named.repo_full_name, named.api_base_url
    if named.installation_id is not None:
        link.credential = ""  # git asks with the installation's tokens too
    else:
        link.credential = named.credential or link.credential
    link.installation_id = named.installation_id
    link.connected_by = principal.user
    _apply_state(link, seen)
    link.save()
    if is_primary or (made and is_primary is None and not links.filter(is_primary=True).exists()):
        _make_primary(link, project)
    elif link.is_primary:
        _tell_project(link, project)
    if made and (former := _former(link)):
        repository_relinked.send(sender=RepositoryLink, link=link, former=former)
    _audit(principal, link, "repository.connected" if made else "repository.connected_again")
    if made or before != link.status:
        _changed(link)
    return link, made


def _former(link: RepositoryLink) -> list[uuid.UUID]:
    """Disconnected links of the same repository to the project, the latest first. By the service's id of the repository where
    it is known: the name may be another repository's by now."""
    links = RepositoryLink.objects.for_workspace(link.workspace_id).filter(
        project_id=link.project_id, status=Status.DISCONNECTED, provider=link.provider, api_base_url=link.api_base_url
    )
    same = Q(clone_url=link.clone_url)
    if link.host_id:
        same = Q(host_id=link.host_id) | Q(host_id="") & same
    return list(links.filter(same).order_by("-updated_at").values_list("pk", flat=True))


def connected(workspace_id: uuid.UUID, link_id: uuid.UUID | str) -> RepositoryLink:
    """Raises NotFound for a link that is gone or disconnected."""
    link: RepositoryLink | None = RepositoryLink.objects.for_workspace(workspace_id).filter(pk=link_id).first()
    if link is None or link.status == Status.DISCONNECTED:
        raise NotFound("This repository link does not exist or you do not have access to it.")
    return link


def validate(*, workspace_id: uuid.UUID, link_id: uuid.UUID | str, credential: str | None = None) -> RepositoryState | MGXError:
    """Validates a linked repository, with another credential if given. A failure is returned, not raised.

    Raises NotFound for a deleted or disconnected link, and HostBusy, as a rate limit says nothing about the repository's state.
    """
    link = connected(workspace_id, link_id)
    if credential is not None:
        _set_credential(link, credential)
        link.etag = ""
    try:
        return probe(link)
    except HostBusy:
        raise
    except MGXError as error:
        return error


@transaction.atomic
def refresh(*, link: RepositoryLink, found: RepositoryState | MGXError, principal: Principal | None = None) -> RepositoryLink:
    """Writes down what a validation has shown. ``link`` is locked by the caller. ``principal`` asked for nothing else."""
    if link.status == Status.DISCONNECTED:
        return link
    before = (link.status, link.last_error, link.default_branch, link.repo_full_name)
    if isinstance(found, RepositoryState) and _is_linked_too(link, found):
        found = Conflict(
            f"{link.repo_full_name} was renamed to {found.full_name}, which is already linked to this project.",
            code="linked_twice",
            hint="Unlink one of the two.",
        )
    if isinstance(found, MGXError):
        _apply_failure(link, found)
    else:
        _apply_state(link, found)
    link.save()
    if principal is not None:
        _audit(principal, link, "repository.validated", status=link.status)
    if link.is_primary:
        _tell_project(link, lock_project(link.workspace_id, link.project_id))
    if before != (link.status, link.last_error, link.default_branch, link.repo_full_name):
        _changed(link)
    return link


@transaction.atomic
def change(*, principal: Principal, link: RepositoryLink, changes: dict[str, Any]) -> RepositoryLink:
    """``changes`` may hold is_primary, default_branch and credential. ``link`` is locked by the caller.

    Raises Conflict for a link that is disconnected.
    """
    if link.status == Status.DISCONNECTED:
        raise Conflict("This link is disconnected. Link the repository again.", code="disconnected")
    project = lock_project(link.workspace_id, link.project_id)
    if "default_branch" in changes:
        link.default_branch = changes["default_branch"]
    if "credential" in changes:
        _set_credential(link, changes["credential"])
    link.save()
    primary = changes.get("is_primary")
    if primary:
        _make_primary(link, project)
    elif primary is False and link.is_primary:
        link.is_primary = False
        link.save(update_fields=["is_primary", "updated_at"])
        _forget_primary(project)
    elif link.is_primary:
        _tell_project(link, project)
    _audit(principal, link, "repository.changed", fields=sorted(changes))
    _changed(link)
    return link


@transaction.atomic
def disconnect(*, principal: Principal, link: RepositoryLink) -> None:
    """Keeps the row for the history of its runs and deletes the credential. Idempotent."""
    if link.status == Status.DISCONNECTED:
        return
    project = lock_project(link.workspace_id, link.project_id)
    was_primary, link.is_primary = link.is_primary, False
    link.status, link.credential, link.webhook_secret, link.last_error = Status.DISCONNECTED, "", "", ""
    link.refresh_due_at = link.refresh_asked_at = None
    link.save()
    if was_primary:
        _forget_primary(project)
    transaction.on_commit(
        partial(forget, mirror_of(link)), robust=True
    )  # one that a run borrows from is removed later, by eviction
    _audit(principal, link, "repository.disconnected")
    _changed(link)


def _set_credential(link: RepositoryLink, credential: str) -> None:
    """A new credential replaces the app's installation."""
    link.credential = credential
    if credential:
        link.installation_id = None


def _apply_state(link: RepositoryLink, seen: RepositoryState) -> None:
    link.status, link.last_error = Status.CONNECTED, ""
    if not link.default_branch or link.default_branch == link.seen_branch:
        link.default_branch = seen.default_branch
    link.seen_branch, link.permissions = seen.default_branch, seen.permissions
    link.host_id, link.etag = seen.host_id or link.host_id, seen.etag
    link.failed_validations = 0
    link.last_validated_at = clock.now()
    link.refresh_due_at, link.refresh_asked_at = next_validation_at(link), None
    if seen.full_name and seen.full_name != link.repo_full_name:
        link.clone_url = renamed(link.clone_url, link.repo_full_name, seen.full_name)
        link.repo_full_name = seen.full_name


def _apply_failure(link: RepositoryLink, error: MGXError) -> None:
    link.status, link.last_error = Status.ERROR, f"{error.detail} {error.hint}".strip()
    link.etag = ""  # what is fine again must be seen whole
    link.failed_validations = min(link.failed_validations + 1, 100)
    link.refresh_due_at, link.refresh_asked_at = next_validation_at(link), None


def next_validation_at(link: RepositoryLink) -> datetime:
    """A day after the last validation; an hour after a failed one, doubled with each further failure up to a day.

    Spread over a twelfth of that by the link's id, so that links validated together do not stay together.
    """
    wait = DAY if not link.failed_validations else min(DAY, HOUR * 2 ** min(link.failed_validations - 1, 5))
    return clock.now() + wait + wait / 12 * ((link.pk.int % 1000) / 1000)


def _is_linked_too(link: RepositoryLink, seen: RepositoryState) -> bool:
    """Whether the name that the repository has now is another link of the project."""
    if not seen.full_name or seen.full_name == link.repo_full_name:
        return False
    url = renamed(link.clone_url, link.repo_full_name, seen.full_name)
    links = RepositoryLink.objects.for_workspace(link.workspace_id).filter(project_id=link.project_id, clone_url=url)
    return bool(links.exclude(status=Status.DISCONNECTED).exclude(pk=link.pk).exists())


def _make_primary(link: RepositoryLink, project: Project) -> None:
    others = (
        RepositoryLink.objects.for_workspace(link.workspace_id).filter(project=project, is_primary=True).exclude(pk=link.pk)
    )
    others.update(is_primary=False, updated_at=clock.now())
    link.is_primary = True
    link.save(update_fields=["is_primary", "updated_at"])
    _tell_project(link, project)


def _tell_project(link: RepositoryLink, project: Project) -> None:
    wanted = (link.pk, link.repo_full_name)
    if (project.primary_repository_id, project.repo_full_name) != wanted:
        project.primary_repository_id, project.repo_full_name = wanted
        project.save(update_fields=["primary_repository_id", "repo_full_name", "updated_at"])


def _forget_primary(project: Project) -> None:
    project.primary_repository_id, project.repo_full_name = None, ""
    project.save(update_fields=["primary_repository_id", "repo_full_name", "updated_at"])


def _audit(principal: Principal, link: RepositoryLink, action: str, **detail: Any) -> None:
    record_audit(
        principal=principal,
        action=action,
        object_type="repository",
        object_id=link.pk,
        detail={"repo_full_name": link.repo_full_name, **detail},
    )


def _changed(link: RepositoryLink) -> None:
    words = f"Repository {link.repo_full_name} is {link.status}." + (f" {link.last_error}" if link.last_error else "")
    event_log.record(
        workspace_id=link.workspace_id,
        project_id=link.project_id,
        repository_id=link.pk,
        type="repository_changed",
        data={"status": link.status, "repo_full_name": link.repo_full_name, "error": link.last_error},
        message=words,
    )

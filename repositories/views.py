"""Repository links: every member of the workspace may read them, admins may create and change them."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Case, Q, QuerySet, When
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.errors import MGXError
from projects.services import project_of
from workspaces.audit import record_audit
from workspaces.models import Role
from workspaces.viewsets import TenantViewSet

from . import scheduled_validation, services
from .actors import refresh_links
from .filters import RepositoryFilter
from .models import RepositoryLink
from .references import parse_reference
from .serializers import (
    RefreshAll,
    RefreshQueued,
    RepositoryChanges,
    RepositoryConnect,
    RepositoryName,
    RepositoryRow,
    RepositoryTested,
    WebhookSetUp,
)
from .webhooks import services as webhooks

NAME_FIELDS = ("url", "provider", "credential", "api_base_url", "installation_id")


class RepositoryViewSet(TenantViewSet):
    """Links between projects and git repositories. Lists leave out disconnected ones unless you filter for them."""

    model = RepositoryLink
    rows = RepositoryRow
    serializer_class = RepositoryChanges
    filterset_class = RepositoryFilter
    roles = {
        "test": Role.ADMIN, "connect": Role.ADMIN, "refresh": Role.ADMIN, "refresh_all": Role.ADMIN,
        "partial_update": Role.ADMIN, "destroy": Role.ADMIN, "webhook": Role.ADMIN,
    }  # fmt: skip
    asks_host = frozenset({"test", "connect", "partial_update", "refresh", "webhook"})

    def get_queryset(self) -> QuerySet[Any]:
        has_credential = Case(When(~Q(credential=""), then=True), default=False, output_field=BooleanField())
        rows = super().get_queryset().annotate(has_credential=has_credential)
        if self.action == "list" and "status" not in self.request.query_params:
            rows = rows.exclude(status=RepositoryLink.Status.DISCONNECTED)
        return rows

    def _locked(self, pk: str) -> RepositoryLink:
        services.lock_project(self.principal.workspace_id, self.read_row(pk)["project_id"])
        link: RepositoryLink = self.locked(pk)
        return link

    @extend_schema(request=RepositoryName, responses={200: RepositoryTested})
    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """Checks whether the repository can be read. Stores nothing."""
        named = parse_reference(**self.validated(RepositoryName))
        if named.installation_id is not None:
            named = services.claim_installation(named)
        seen = services.probe(named)
        return Response(
            {
                "ok": True,
                "repo_full_name": seen.full_name or named.repo_full_name,
                "default_branch": seen.default_branch,
                "permissions": seen.permissions,
            }
        )

    @extend_schema(request=RepositoryConnect, responses={200: RepositoryRow, 201: RepositoryRow})
    @action(detail=False, methods=["post"])
    def connect(self, request: Request) -> Response:
        """Links a repository to a project: 201 for a new link, 200 if it existed and was refreshed."""
        body = self.validated(RepositoryConnect)
        named = parse_reference(**{field: body[field] for field in NAME_FIELDS if field in body})
        project_id = body.get("project_id")
        named = services.with_stored_credential(principal=self.principal, project_id=project_id, named=named)
        if body["create"]:
            services.prepare(named)
        if named.installation_id is not None:
            named = services.claim_installation(named)
        seen = services.probe(named, allow_dirty=body["allow_dirty"])

        def respond() -> Response:
            link, made = services.connect(
                principal=self.principal,
                project_id=project_id,
                named=named,
                seen=seen,
                is_primary=body.get("is_primary"),
            )
            return self.answer_row(link.pk, http_status=status.HTTP_201_CREATED if made else status.HTTP_200_OK)

        return self.once(respond)

    def partial_update(self, request: Request, pk: str) -> Response:
        """A new credential is tested first. If it does not work, it is refused and the old one is kept."""
        changes = self.validated(partial=True)
        self.read_row(pk)
        found = None
        if "credential" in changes:
            found = services.validate(workspace_id=self.principal.workspace_id, link_id=pk, credential=changes["credential"])
            if isinstance(found, MGXError):
                raise found
        with transaction.atomic():
            link = self._locked(pk)
            if found is not None:
                services.refresh(link=link, found=found)
            services.change(principal=self.principal, link=link, changes=changes)
        return self.answer_row(pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Disconnects the repository and deletes its credential. Its runs keep their history."""
        with transaction.atomic():
            services.disconnect(principal=self.principal, link=self._locked(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=RefreshAll, responses={202: RefreshQueued})
    @action(detail=False, methods=["post"], url_path="refresh", url_name="refresh-all")
    def refresh_all(self, request: Request) -> Response:
        """Checks all links of the workspace, or of a project, as fast as the rate limits of their services allow."""
        project_id = self.validated(RefreshAll).get("project_id")
        if project_id is not None:
            project_of(self.principal.workspace_id, project_id)
        with transaction.atomic():
            queued = scheduled_validation.ask_for_all(workspace_id=self.principal.workspace_id, project_id=project_id)
            record_audit(
                principal=self.principal, action="repository.validation_asked", object_type="repository", object_id=None,
                detail={"links": queued, "project_id": project_id},
            )  # fmt: skip
            if queued:
                transaction.on_commit(refresh_links.send, robust=True)  # the reaper sees what is due
        return Response({"queued": queued}, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={200: RepositoryRow})
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: str) -> Response:
        """Checks the repository again. `status` and `last_error` of the response describe problems."""
        found = services.validate(workspace_id=self.principal.workspace_id, link_id=pk)
        with transaction.atomic():
            services.refresh(link=self._locked(pk), found=found, principal=self.principal)
        return self.answer_row(pk)

    @extend_schema(request=None, responses={200: WebhookSetUp})
    @action(detail=True, methods=["post"])
    def webhook(self, request: Request, pk: str) -> Response:
        """Sets up the webhook of the repository on the hosting service, with a new secret.

        If the credential may not create webhooks, the response has the values to enter manually. The secret is shown only once.
        """
        self.read_row(pk)
        link = services.connected(self.principal.workspace_id, pk)
        return Response(webhooks.set_up(principal=self.principal, link=link))

"""Repository links for operators: link, validate, set up webhooks, unlink. Credentials are never shown."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from mgx_project.common.errors import MGXError
from workspaces.admin.base import TenantAdmin
from workspaces.admin.confirm import ask, show_once
from workspaces.admin.filters import WorkspaceFilter
from workspaces.admin.operators import operator

from .. import services
from ..hosting.registry import provider_of
from ..models import RepositoryLink
from ..permission_warnings import missing
from ..webhooks.services import address_of, set_up
from .deliveries import newest_deliveries
from .link_form import LinkForm

Status = RepositoryLink.Status
LABELS = {Status.CONNECTED: "success", Status.ERROR: "danger", Status.DISCONNECTED: "warning"}
NEXT = "Validate again when this is fixed. To change the token, link the same repository again: the link is kept."


@admin.register(RepositoryLink)
class RepositoryLinkAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.WORK, order=40)
    list_display = (
        "repo_full_name",
        "project",
        "workspace",
        "provider",
        "is_primary",
        "state",
        "has_credential",
        "last_validated_at",
    )
    list_filter = (WorkspaceFilter, "status", "provider")
    list_select_related = ("workspace", "project")
    search_fields = ("repo_full_name", "clone_url")
    actions_detail: ClassVar[Any] = ("revalidate", "webhook", "unlink")
    fieldsets: Any = (
        (None, {"fields": ("repo_full_name", "status", "problem", "rights", "last_validated_at", "refresh_due_at")}),
        ("Webhook", {"classes": ["tab"], "fields": ("webhook_address", "hooked", "deliveries")}),
        (
            "Link",
            {
                "classes": ["tab"],
                "fields": (
                    "workspace", "project", "is_primary", "provider", "api_base_url", "clone_url", "default_branch",
                    "has_credential", "installation_id", "connected_by", "created_at", "updated_at",
                ),
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("workspace", "project", "connected_by")

    # what is shown

    @display(description="status", label=LABELS, ordering="status")
    def state(self, row: RepositoryLink) -> tuple[str, str]:
        return row.status, Status(row.status).label

    @admin.display(boolean=True, description="credential")
    def has_credential(self, row: RepositoryLink) -> bool:
        return bool(row.credential)

    @admin.display(boolean=True, description="webhook set up")
    def hooked(self, row: RepositoryLink) -> bool:
        return bool(row.webhook_secret)

    @admin.display(description="error")
    def problem(self, row: RepositoryLink) -> SafeString | str:
        if not row.last_error:
            return "-"
        return format_html('<p class="break-words"><b>{}</b></p><p>{}</p>', row.last_error, NEXT)

    @admin.display(description="rights")
    def rights(self, row: RepositoryLink) -> SafeString:
        held = ", ".join(right for right, has in row.permissions.items() if has) or "not known yet"
        lacking = format_html_join(
            "", '<li><b class="text-red-700 dark:text-red-400">{}</b> {}</li>',
            ((f"{right} is missing:", what) for right, what in missing(row.provider, row.permissions).items()),
        )  # fmt: skip
        return format_html("<p>{}</p><ul>{}</ul>", held, lacking)

    @admin.display(description="webhook address")
    def webhook_address(self, row: RepositoryLink) -> SafeString | str:
        if provider_of(row.provider) is None:
            return "Plain git has no webhooks."
        return format_html('<code class="break-all">{}</code>', address_of(row.provider, row.pk))

    @admin.display(description="newest deliveries")
    def deliveries(self, row: RepositoryLink) -> SafeString:
        return newest_deliveries(row)

    # linking

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        # not the form of the model: validation needs the network, and no transaction may be open meanwhile
        if not self.has_add_permission(request):
            return HttpResponse(status=403)
        form = LinkForm(request, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                link, made = form.link()
            except MGXError as error:
                form.refuse(error)
            else:
                done = "linked" if made else "already linked and was checked again"
                messages.success(request, f"{link.repo_full_name} is {done}.")
                return HttpResponseRedirect(self._page(link))
        context = {
            **self.admin_site.each_context(request),
            "title": "Link a repository",
            "form": form,
            "back": reverse("admin:repositories_repositorylink_changelist"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "admin/repositories/link.html", context, status=400 if form.errors else 200)

    # a link asks, a POST acts

    def has_linked_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return row is not None and row.status != Status.DISCONNECTED

    def has_hookable_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return row is not None and row.status != Status.DISCONNECTED and provider_of(row.provider) is not None

    @action(description="Validate again", icon="refresh", variant=ActionVariant.PRIMARY, permissions=["linked"])
    def revalidate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)

        def act() -> HttpResponse:
            found = services.validate(workspace_id=row.workspace_id, link_id=row.pk)
            with transaction.atomic():
                link = services.refresh(link=self._locked(row), found=found, principal=operator(request, row.workspace_id))
            told = messages.success if link.status == Status.CONNECTED else messages.error
            told(request, link.last_error or f"{link.repo_full_name} answers.")
            return HttpResponseRedirect(self._page(row))

        return ask(
            self, request, act, verb="Validate again", question=f"Validate {row.repo_full_name} again?", back=self._page(row),
            explanation="The server accesses the repository with the stored credential and updates the link.",
        )  # fmt: skip

    @action(description="Set up webhook", icon="webhook", permissions=["hookable"])
    def webhook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)

        def act() -> HttpResponse | str:
            hook = set_up(principal=operator(request, row.workspace_id), link=row)
            if hook["installed"]:
                return f"The webhook is set up. The service sends events to {hook['url']}."
            shown = (("Payload URL", hook["url"]), ("Secret", hook["secret"]))
            return show_once(
                self, request, shown, title="Add the webhook manually", back=self._page(row),
                explanation=f"{hook['reason']} Add it in the repository's settings with the content type application/json. "
                "The secret is shown only once.",
            )  # fmt: skip

        return ask(
            self, request, act, verb="Set up webhook", question=f"Set up the webhook of {row.repo_full_name}?",
            explanation="It gets a new secret. Deliveries signed with the old one will be refused.", back=self._page(row),
        )  # fmt: skip

    @action(description="Unlink", icon="link_off", variant=ActionVariant.DANGER, permissions=["linked"])
    def unlink(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)

        def act() -> str:
            with transaction.atomic():
                services.disconnect(principal=operator(request, row.workspace_id), link=self._locked(row))
            return f"{row.repo_full_name} is unlinked."

        return ask(
            self, request, act, verb="Unlink", question=f"Unlink {row.repo_full_name}?", back=self._page(row), variant="danger",
            explanation="Its credential and webhook secret are deleted. Its runs keep their history.",
        )  # fmt: skip

    def _row(self, request: HttpRequest, object_id: str) -> RepositoryLink:
        row: RepositoryLink | None = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def _locked(self, row: RepositoryLink) -> RepositoryLink:
        services.lock_project(row.workspace_id, row.project_id)
        locked: RepositoryLink = RepositoryLink.objects.for_workspace(row.workspace_id).select_for_update().get(pk=row.pk)
        return locked

    def _page(self, row: RepositoryLink) -> str:
        return reverse("admin:repositories_repositorylink_change", args=[row.pk])

"""The run page for operators: state, timeline and changes of a run, and the decisions about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, get_args

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from agent.errors import PauseReason
from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from mgx_project.common.errors import MGXError
from mgx_project.common.money import usd
from workspaces.admin.base import TenantAdmin
from workspaces.admin.filters import WorkspaceFilter
from workspaces.admin.operators import operator

from .. import services
from ..lifecycle.messages import MAX_CHARACTERS
from ..models import TaskRun
from ..models.run_state import STATES, RunAction, Tone
from .change_review import changes_page
from .live import events_after, state_of
from .panels import diff_page, log_page, plan_page, timeline, timing_page
from .proof import TONES, proof_page, verdict_of

COLOURS = {Tone.GOOD: "success", Tone.BAD: "danger", Tone.WARN: "warning", Tone.BUSY: "info"}
"""Unfold's names for them; a label of any other tone is grey."""
LABELS = {status: COLOURS[state.tone] for status, state in STATES.items() if state.tone in COLOURS}
DONE = {
    "Approve": "Approved. The team starts writing.",
    "Resume": "Resumed. The run continues where it stopped.",
    "Cancel": "Cancelled. Everything the run has started is stopped within two seconds.",
    "Retry": "This is the new run.",
    "Continue": "This is the new run. It goes on in the branch and pull request of the one before.",
}
Decision = Callable[..., TaskRun]


def tabs(groups: Mapping[str, str]) -> Any:
    """Fieldsets of space-separated field names; every group but the first one is a tab."""
    return tuple(
        (title or None, {"classes": ["tab"] if title else [], "fields": tuple(names.split())})
        for title, names in groups.items()
    )


class PauseFilter(admin.SimpleListFilter):
    """What paused runs wait for: those of ``worker`` are what workers have died of."""

    title = "reason of the pause"
    parameter_name = "pause_reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(name, name) for name in sorted(get_args(PauseReason))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pause_reason=self.value()) if self.value() else queryset


@admin.register(TaskRun)
class TaskRunAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.WORK, order=10, label="Runs")
    list_display = ("name", "state", "proved", "project", "workspace", "stack", "branch_name", "started_at", "completed_at")
    list_filter = (WorkspaceFilter, "status", PauseFilter, "git_status", "stack")
    list_select_related = ("workspace", "task__project")
    search_fields = ("=id", "task__name", "branch_name", "=commit_sha")
    actions_detail: ClassVar[Any] = ("approve", "reject", "changes", "resume", "continue_run", "cancel", "retry")
    change_form_outer_before_template = "admin/runs/live.html"
    fieldsets = tabs(
        {
            "": "task workspace problem started_at completed_at",
            "Plan": "plan_shown plan_version stack stack_confidence complexity",
            "Timeline": "events log",
            "Tests": "proof",
            "Diff": "diff",
            "Time": "timing",
            "Git": "git_status base_branch base_sha branch_name commit_sha pr_url message results",
            "Work": "auto_approve model budget profile pause_reason created_by account cancelled_by cancel_requested_at "
            "parent_run prompt_version last_seq fence lease_expires_at created_at updated_at",
        }
    )

    class Media:
        css: ClassVar[Any] = {"all": ("runs/live.css",)}
        js = ("runs/live.js",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("workspace", "task__project", "created_by", "parent_run")

    # what moves by itself

    def get_urls(self) -> Any:
        now = self.admin_site.admin_view(self.now)
        return [path("<uuid:object_id>/now", now, name="runs_taskrun_now"), *super().get_urls()]

    def now(self, request: HttpRequest, object_id: Any) -> JsonResponse:
        """The state of a run and its events `?after=` a number. Three queries."""
        run = self.get_object(request, str(object_id))
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        return JsonResponse({"state": self._state(run), "events": events_after(request, run)})

    def _state(self, run: TaskRun) -> dict[str, Any]:
        names = [name for name in self.actions_detail if _offers(run, action_of(name))]
        allowed = [self.get_unfold_action(name) for name in names]
        return state_of(run, allowed, self.used(run))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        return []  # they are in the live part of the page, where they follow the state

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        run = self.get_object(request, object_id)
        live = self._state(run) if run is not None and self.has_view_permission(request, run) else None
        extra = {"live": live, "live_url": reverse("admin:runs_taskrun_now", args=[run.pk]) if run is not None else ""}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    @admin.display(description="run", ordering="created_at")
    def name(self, run: TaskRun) -> str:
        return f"{run.task.name} #{run.run_number}"

    @admin.display(description="project")
    def project(self, run: TaskRun) -> str:
        return str(run.task.project)

    @display(description="status", label=LABELS, ordering="status")
    def state(self, run: TaskRun) -> tuple[str, str]:
        return run.status, run.get_status_display()

    @display(description="proof", label=TONES)
    def proved(self, run: TaskRun) -> tuple[str, str] | None:
        verdict, _ = verdict_of(run)
        return (verdict, verdict) if verdict else None

    @admin.display(description="what is proved")
    def proof(self, run: TaskRun) -> SafeString:
        return proof_page(run)

    @admin.display(description="error")
    def problem(self, run: TaskRun) -> SafeString | str:
        if not run.error:
            return "-"
        parts = (run.error.get(key, "") for key in ("code", "detail", "hint"))
        return format_html("<b>{}</b> {} <i>{}</i>", *parts)

    @admin.display(description="usage")
    def used(self, run: TaskRun) -> str:
        usage = run.usage
        if not usage:
            return "-"
        tokens_in, tokens_out, calls = (usage.get(name, 0) for name in ("tokens_in", "tokens_out", "calls"))
        cost = usage.get("cost_usd")
        paid = "cost unknown" if cost is None else usd(cost)
        return f"{tokens_in:,} tokens in, {tokens_out:,} out, {calls} calls, {paid}"

    @admin.display(description="plan")
    def plan_shown(self, run: TaskRun) -> SafeString:
        return plan_page(run.plan)

    @admin.display(description="newest events")
    def events(self, run: TaskRun) -> SafeString:
        return timeline(run)

    @admin.display(description="output of the team and its commands")
    def log(self, run: TaskRun) -> SafeString:
        return log_page(run)

    @admin.display(description="time spent")
    def timing(self, run: TaskRun) -> SafeString:
        return timing_page(run)

    @admin.display(description="changes")
    def diff(self, run: TaskRun) -> SafeString:
        return diff_page(run)

    # decisions: a link asks, a POST decides

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RunAction.APPROVE)

    def has_changes_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RunAction.CHANGES)

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RunAction.RESUME)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RunAction.CANCEL)

    def has_continue_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RunAction.CONTINUE)

    def has_retry_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, object_id, RunAction.RETRY)

    def _may(self, request: HttpRequest, object_id: Any, action: RunAction) -> bool:
        """A form that was opened in time may be sent too late: the answer to it says what stands."""
        run = self.get_object(request, str(object_id)) if object_id else None
        return run is not None and (_offers(run, action) or request.method == "POST")

    @action(description="Approve", icon="check", variant=ActionVariant.SUCCESS, permissions=["decide"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, "Approve", lambda p, run: services.decide_plan(
                principal=p, run_id=run.pk, approved=True, feedback=_feedback(request), plan_version=_version(request)
            ), variant="success", shows_plan=True,
            asks_feedback="Message to the team, such as answers to the open questions (optional)",
        )  # fmt: skip

    @action(description="Reject", icon="close", variant=ActionVariant.DANGER, permissions=["decide"])
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, "Reject", lambda p, run: services.decide_plan(
                principal=p, run_id=run.pk, approved=False, feedback=_feedback(request), plan_version=_version(request)
            ), variant="danger", shows_plan=True,
            asks_feedback="Feedback (with feedback the plan is drafted again, without it the run ends)",
        )  # fmt: skip

    @action(description="Decide on changes", icon="difference", variant=ActionVariant.SUCCESS, permissions=["changes"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        return changes_page(request, run)

    @action(description="Resume", icon="play_arrow", variant=ActionVariant.PRIMARY, permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, "Resume", lambda p, run: services.resume_run(
                principal=p, run_id=run.pk, message=_feedback(request)[:MAX_CHARACTERS]
            ), asks_feedback="Message to the team. Required if the run paused over a question: then it is the answer.",
        )  # fmt: skip

    @action(description="Cancel", icon="stop_circle", variant=ActionVariant.WARNING, permissions=["cancel"])
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, "Cancel", lambda p, run: services.cancel_run(principal=p, run_id=run.pk), variant="warning"
        )

    @action(description="Continue", icon="forum", variant=ActionVariant.PRIMARY, permissions=["continue"], url_path="continue")
    def continue_run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, "Continue", lambda p, run: services.continue_run(
                principal=p, run_id=run.pk, message=_feedback(request)
            ), asks_feedback="What should change on the run's branch and pull request",
        )  # fmt: skip

    @action(description="Retry", icon="replay", variant=ActionVariant.PRIMARY, permissions=["retry"])
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._decide(
            request, object_id, "Retry", lambda p, run: services.retry_run(
                principal=p, run_id=run.pk, message=_feedback(request)[:MAX_CHARACTERS]
            ), asks_feedback="Feedback for the new plan (optional)",
        )  # fmt: skip

    def _decide(
        self, request: HttpRequest, object_id: str, verb: str, decide: Decision, *, variant: str = "primary",
        shows_plan: bool = False, asks_feedback: str = "",
    ) -> HttpResponse:  # fmt: skip
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        back = reverse("admin:runs_taskrun_change", args=[run.pk])
        if request.method == "POST":
            try:
                decided = decide(operator(request, run.workspace_id), run)
            except MGXError as error:
                messages.error(request, f"{error.detail} {error.hint}".strip())
                return HttpResponseRedirect(back)
            again = "Rejected. The run has ended." if decided.is_final else "Rejected. The plan will be drafted again."
            messages.success(request, DONE.get(verb, again))
            return HttpResponseRedirect(reverse("admin:runs_taskrun_change", args=[decided.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {self.name(run)}",
            "question": f"{verb} run #{run.run_number} of “{run.task.name}”?",
            "plan": plan_page(run.plan) if shows_plan else "",
            "plan_version": run.plan_version,
            "asks_feedback": asks_feedback,
            "verb": verb,
            "variant": variant,
            "back": back,
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "admin/runs/decide.html", context)


def action_of(name: str) -> RunAction:
    """The action that a button's method is for: `continue` can't be the name of one."""
    return RunAction(name.removesuffix("_run"))


def _offers(run: TaskRun, action: RunAction) -> bool:
    return action in run.state.actions and (action is not RunAction.CONTINUE or run.has_branch)


def _feedback(request: HttpRequest) -> str:
    return request.POST.get("feedback", "")[:10_000]


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("plan_version", "")
    return int(text) if text.isdecimal() else None

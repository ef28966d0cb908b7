"""REST API of runs: translates between HTTP and `services`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.errors import NotFound
from mgx_project.common.etag import check_if_match
from mgx_project.common.pagination import WholeList
from mgx_project.common.query_parameters import whole_number
from mgx_project.common.routers import UUID
from workspaces.models import Event, Role
from workspaces.request_principal import credential_of
from workspaces.rights import Listening
from workspaces.viewsets import TenantViewSet

from . import artifacts, services
from .filters import RunFilter
from .lifecycle import change_review, change_set
from .models import Artifact, ChangeRound, TaskRun
from .reports import event_export
from .reports.timing import timing_of
from .serializers import (
    STATE_JSON,
    ArtifactRow,
    ChangedFileAnswer,
    ChangesInput,
    ChangesRow,
    ContinueInput,
    DecisionInput,
    EventSerializer,
    FileDecisionInput,
    NoInput,
    PlanInput,
    ResumeInput,
    RetryInput,
    RunInput,
    RunRow,
    SteerInput,
    TimingSerializer,
)

AFTER = OpenApiParameter("after", OpenApiTypes.INT, description="Only events with a greater `seq`.")
LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 1,000; without it all events come, as NDJSON.")
FOLLOW = OpenApiParameter("follow", OpenApiTypes.BOOL, description="Keep sending lines until the run ends.")
MAX_EVENTS = 1000
MAX_INT = 2**31 - 1


class RunViewSet(TenantViewSet):
    """Runs of this workspace: attempts at its tasks, newest first."""

    model = TaskRun
    rows = RunRow
    serializer_class = RunInput
    filterset_class = RunFilter
    roles: ClassVar = {"destroy": Role.ADMIN}

    @extend_schema(request=RunInput, responses={201: RunRow})
    def create(self, request: Request) -> Response:
        """Creates a run of a task, and a worker starts planning it. `auto_approve` skips the decision on the plan."""

        def respond() -> Response:
            run = services.create_run(principal=self.principal, **self.validated())
            return self.answer_row(run.pk, http_status=status.HTTP_201_CREATED)

        return self.once(respond)

    @extend_schema(request=PlanInput, responses=RunRow)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Replaces the plan while it awaits approval. With `If-Match`, only if nobody changed the run since (412)."""
        known = {"principal": self.principal, "run_id": self._pk(pk), **self.validated(PlanInput)}
        run = services.edit_plan(**known, check=lambda run: check_if_match(request, run.pk, run.updated_at))
        return self.answer_row(run.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes a run that has ended, with its journal and artifacts. Its events stay in the log."""
        services.delete_run(principal=self.principal, run_id=self._pk(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    # decisions

    @extend_schema(request=DecisionInput, responses=RunRow)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Decides on the plan. A rejection with `feedback` has it drafted again; one without ends the run. An approval passes
        `feedback` to the team."""
        return self._act(pk, lambda: services.decide_plan(**self._who(pk), **self.validated(DecisionInput)))

    @extend_schema(request=NoInput, responses=RunRow)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancels the run and everything it has started: at once if no worker holds it, otherwise within two seconds."""
        return self._act(pk, lambda: services.cancel_run(**self._who(pk), **self.validated(NoInput)))

    @extend_schema(request=ResumeInput, responses=RunRow)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Resumes a paused run where it was. One that paused over a loop gets two more rounds. One that paused over a question
        needs the answer as `message`, or by `steer` before, and plans again with it. `budget` replaces its own caps."""
        return self._act(pk, lambda: services.resume_run(**self._who(pk), **self.validated(ResumeInput)))

    @extend_schema(request=SteerInput, responses=RunRow)
    @action(detail=True, methods=["post"])
    def steer(self, request: Request, pk: str) -> Response:
        """Sends a message to the team. It is part of the prompt of the next model call and all later ones. A paused run reads
        it when resumed. At most 10 messages a minute and 100 a run; 409 while the run awaits your decision."""
        return self._act(pk, lambda: services.steer_run(**self._who(pk), **self.validated(SteerInput)))

    @extend_schema(request=RetryInput, responses={201: RunRow})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Creates a new run of the same task with this finished run as its parent. `message` is feedback for its plan."""
        created = status.HTTP_201_CREATED
        return self._act(pk, lambda: services.retry_run(**self._who(pk), **self.validated(RetryInput)), created)

    @extend_schema(request=ContinueInput, responses={201: RunRow})
    @action(detail=True, methods=["post"], url_path="continue")
    def continue_run(self, request: Request, pk: str) -> Response:
        """Creates a run that does what `message` says on the branch and pull request of this finished run, and knows what was
        done there. After the pull request was merged it works on a new branch. 409 for a run that has not ended or left no
        branch, and while another run of the task has not ended."""
        created = status.HTTP_201_CREATED
        return self._act(pk, lambda: services.continue_run(**self._who(pk), **self.validated(ContinueInput)), created)

    # the change before delivery

    @extend_schema(responses=ChangesRow)
    @action(detail=True, methods=["get"])
    def changes(self, request: Request, pk: str) -> Response:
        """The change as files and hunks, with the decision about each. It is available once a run of a project with
        `review_changes` has executed. At most 3,000 lines are returned; further hunks are `truncated`."""
        return self._shown(pk)

    @extend_schema(request=ChangesInput, responses=ChangesRow)
    @changes.mapping.post
    def decide_changes(self, request: Request, pk: str) -> Response:
        """Accepts or rejects files or single hunks while the run is awaiting_changes. Later decisions replace earlier ones
        until `done` is sent. A change that is accepted as a whole is then delivered. Otherwise rejected parts are removed,
        the team follows the comments, and the change is formatted, tested and reviewed again; the next round asks only about
        new parts. Rejecting everything without a comment ends the run."""
        self.read_row(pk)

        def respond() -> Response:
            services.decide_changes(**self._who(pk), **self.validated(ChangesInput))
            return self._shown(pk)

        return self.once(respond)

    @extend_schema(responses=ChangedFileAnswer)
    @action(detail=True, methods=["get"], url_path="changes/(?P<path>.+)")
    def changed_file(self, request: Request, pk: str, path: str) -> Response:
        """One file of the change, with up to 20,000 lines of its hunks."""
        return self._shown_file(pk, path)

    @extend_schema(request=FileDecisionInput, responses=ChangedFileAnswer)
    @changed_file.mapping.post
    def decide_changed_file(self, request: Request, pk: str, path: str) -> Response:
        """Decides on one file, or on one hunk of it."""
        self.read_row(pk)

        def respond() -> Response:
            given = self.validated(FileDecisionInput)
            entry: dict[str, Any] = {"path": path}
            entry |= {name: given.pop(name) for name in ("accepted", "hunk", "comment") if name in given}
            services.decide_changes(**self._who(pk), decisions=[entry], **given)
            return self._shown_file(pk, path)

        return self.once(respond)

    # what a run left

    @extend_schema(
        operation_id="runs_events_retrieve",  # clients that were generated have it as a method's name
        parameters=[AFTER, LIMIT],
        responses={
            (200, "application/json"): EventSerializer(many=True),
            (200, "application/x-ndjson"): OpenApiTypes.STR,
        },
    )
    @action(detail=True, methods=["get"], pagination_class=WholeList, filter_backends=())
    def events(self, request: Request, pk: str) -> HttpResponseBase:
        """The run's events in order. To page with `limit`, continue with `after`."""
        self.read_row(pk)
        after, limit = self._number("after", 0, MAX_INT), self._number("limit", 1, MAX_EVENTS)
        rows = self._events(pk).filter(seq__gt=after or 0)
        if limit is None:
            return HttpResponse(event_export.ndjson(rows), content_type="application/x-ndjson")
        return self.get_paginated_response(event_export.envelopes(rows, limit))

    @extend_schema(parameters=[FOLLOW, AFTER], responses={(200, "text/plain"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"])
    def logs(self, request: Request, pk: str) -> HttpResponseBase:
        """One text line per event. With `follow=true` lines are sent as they happen, until the run ends. A line of the type
        `waiting` says what a run that stands still waits for. The last line is `access_ended` if the token, sign-in or
        membership ends before."""
        self.read_row(pk)
        after = self._number("after", 0, MAX_INT) or 0
        if request.query_params.get("follow") in {"true", "1"}:
            listening = Listening(credential_of(request), self.principal.workspace_id)
            lines = event_export.follow(self._pk(pk), self._events(pk), after, listening)
            return StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")
        return HttpResponse(
            event_export.lines(self._events(pk).filter(seq__gt=after)), content_type="text/plain; charset=utf-8"
        )

    @extend_schema(responses=ArtifactRow(many=True))
    @action(detail=True, methods=["get"], pagination_class=WholeList, filter_backends=())
    def artifacts(self, request: Request, pk: str) -> Response:
        """The artifacts of the run."""
        self.read_row(pk)
        columns = ArtifactRow.columns()
        found = self._artifacts(pk).order_by("created_at").values(*columns.values())
        return self.get_paginated_response([ArtifactRow.render(row) for row in found])

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], url_path=f"artifacts/(?P<artifact_id>{UUID})")
    def artifact(self, request: Request, pk: str, artifact_id: str) -> HttpResponse:
        """The bytes of one artifact."""
        self.read_row(pk)
        found = self._artifacts(pk).filter(pk=artifact_id).first()
        if found is None:
            raise NotFound("This artifact does not exist or you do not have access to it.")
        return _download(found)

    @extend_schema(responses={(200, "text/x-diff"): OpenApiResponse(OpenApiTypes.STR)})
    @action(detail=True, methods=["get"])
    def diff(self, request: Request, pk: str) -> HttpResponse:
        """The change as a unified diff, available once the run delivers."""
        self.read_row(pk)
        found = self._artifacts(pk).filter(kind=Artifact.Kind.DIFF).first()
        if found is None:
            raise NotFound("This run has no diff yet. It is stored when the run delivers.", code="no_diff")
        return _download(found)

    @extend_schema(responses=TimingSerializer)
    @action(detail=True, methods=["get"])
    def timing(self, request: Request, pk: str) -> Response:
        """Where the run's time went, by phase and by step: model + sandbox + own is working time, the rest is waiting."""
        return Response(timing_of(TaskRun.objects.for_workspace(self.principal.workspace_id).get(pk=self._pk(pk))))

    # plumbing

    def _pk(self, pk: str) -> Any:
        return self.read_row(pk)["id"]

    def _who(self, pk: str) -> dict[str, Any]:
        return {"principal": self.principal, "run_id": self._pk(pk)}

    def _act(self, pk: str, do: Any, http_status: int = status.HTTP_200_OK) -> Response:
        self.read_row(pk)
        return self.once(lambda: self.answer_row(do().pk, http_status=http_status))

    def _shown(self, pk: str) -> Response:
        run, current, files = self._change(pk)
        return Response(
            {
                "run_id": run.pk,
                "status": run.status,
                "state": STATE_JSON[run.status],
                "round": current.number,
                "undecided": change_set.pending(current.decisions, files),
                "files": list(change_set.shown(current.decisions, files)),
            }
        )

    def _shown_file(self, pk: str, path: str) -> Response:
        _, current, files = self._change(pk)
        found = [file for file in files if file["path"] == path]
        if not found:
            raise NotFound(f"The change has no file {path}.", code="unknown_path")
        (shown,) = change_set.shown(current.decisions, found, lines=change_set.MAX_FILE_LINES)
        return Response({**shown, "round": current.number})

    def _change(self, pk: str) -> tuple[TaskRun, ChangeRound, list[dict[str, Any]]]:
        self.read_row(pk)
        run = TaskRun.objects.for_workspace(self.principal.workspace_id).get(pk=self._pk(pk))
        current = change_review.current_round(run)
        return run, current, change_set.load(current, briefly=True)

    def _events(self, pk: str) -> QuerySet[Event]:
        return Event.objects.for_workspace(self.principal.workspace_id).filter(run_id=pk).order_by("seq")

    def _artifacts(self, pk: str) -> QuerySet[Artifact]:
        mine: QuerySet[Artifact] = Artifact.objects.for_workspace(self.principal.workspace_id).filter(run_id=pk)
        return mine.exclude(kind=Artifact.Kind.TREE)

    def _number(self, name: str, least: int, most: int) -> int | None:
        text = self.request.query_params.get(name)
        return None if text is None else whole_number(name, text, least, most)


def _download(artifact: Artifact) -> HttpResponse:
    """The bytes, with headers that keep browsers from rendering them as a page of this site: model output is untrusted."""
    return HttpResponse(
        artifacts.load(artifact, briefly=True),
        content_type=artifact.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{artifact.name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )

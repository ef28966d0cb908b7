"""Serializers of tasks and stacks."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from mgx_project.common.bounded import BoundedDictField
from mgx_project.common.row_serializers import RowSerializer
from projects.validators import known_stack

from .models import Task
from .services import AUTO, stored_stack

NO_DESCRIPTION = "The description is empty. Describe in plain words what you want."


class RunCounts(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()


class TaskRow(RowSerializer):
    workspace_id = serializers.UUIDField()
    project_id = serializers.UUIDField()
    repository_id = serializers.UUIDField(allow_null=True)
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True)
    constraints = serializers.ListField(child=serializers.CharField())
    config = serializers.DictField()
    stack = serializers.CharField(help_text="An id from /api/stacks, `auto`, or `none`.")
    runs = RunCounts()
    success_rate = serializers.FloatField(
        allow_null=True, help_text="Share of finished runs that completed, 0..1; null before the first."
    )
    extra_columns = ("runs_total", "runs_succeeded", "runs_failed")
    computed = ("runs", "success_rate")
    heavy = ("description", "constraints", "config")

    class Meta:
        model = Task
        fields = (
            "id", "workspace_id", "project_id", "repository_id", "name", "description", "stack", "project_type", "output_mode",
            "constraints", "strict_requirements", "max_rounds", "max_revision_rounds", "priority", "config", "source",
            "created_by", "status", "runs", "success_rate", "last_run_at", "last_run_status", "last_error", "created_at",
            "updated_at",
        )  # fmt: skip

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        total, succeeded, failed = row.pop("runs_total"), row.pop("runs_succeeded"), row.pop("runs_failed")
        finished = succeeded + failed
        row["stack"] = row["stack"] or AUTO
        row["runs"] = {"total": total, "succeeded": succeeded, "failed": failed}
        row["success_rate"] = round(succeeded / finished, 4) if finished else None
        return row


class TaskChanges(serializers.ModelSerializer[Task]):
    description = serializers.CharField(
        max_length=100_000, error_messages={"blank": NO_DESCRIPTION, "required": NO_DESCRIPTION, "null": NO_DESCRIPTION}
    )
    repository_id = serializers.UUIDField(required=False, allow_null=True, help_text="A repository of the task's project.")
    stack = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        validators=[known_stack],
        help_text="An id from /api/stacks; `auto`: it is inferred; `none`: no stack's rules hold.",
    )
    constraints = serializers.ListField(child=serializers.CharField(max_length=1000), max_length=100, required=False)
    config = BoundedDictField(
        required=False,
        help_text="`parallel_steps` (1 to 8, default 1): how many independent parts of the plan are written concurrently, "
        "each by a model call that reads the whole context. `always_ask` (true): its runs pause with a question where the task "
        "contradicts itself, also where they are approved automatically.",
    )

    class Meta:
        model = Task
        fields: ClassVar[tuple[str, ...]] = (
            "name", "description", "repository_id", "stack", "project_type", "output_mode", "constraints",
            "strict_requirements", "max_rounds", "max_revision_rounds", "priority", "config",
        )  # fmt: skip

    def validate_stack(self, value: str) -> str:
        return stored_stack(value) if self.partial else value


class TaskInput(TaskChanges):
    name = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Derived from the description if omitted."
    )
    project_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Default: the project `default` of the workspace."
    )

    class Meta(TaskChanges.Meta):
        fields = (*TaskChanges.Meta.fields, "project_id", "source")


class StackSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    language = serializers.CharField()
    project_type = serializers.CharField()
    package_manager = serializers.CharField()
    files_required = serializers.ListField(child=serializers.CharField())
    files_forbidden = serializers.ListField(child=serializers.CharField())
    install = serializers.ListField(
        child=serializers.CharField(), help_text="Arguments of the command; empty if the stack has none."
    )
    test = serializers.ListField(child=serializers.CharField())
    build = serializers.ListField(child=serializers.CharField())
    lint = serializers.ListField(child=serializers.CharField())
    formatters = serializers.ListField(child=serializers.CharField())
    has_starter = serializers.BooleanField()
    tools = serializers.DictField(
        child=serializers.BooleanField(),
        help_text="The programs it needs, and whether each is installed on the server that answered.",
    )


class StackList(serializers.Serializer[Any]):
    items = StackSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)

"""Runs, their journal, decisions about them, and their artifacts."""

from .approval import Approval
from .artifact import Artifact
from .change_round import ChangeRound
from .file_to_remove import FileToRemove
from .outgoing_comment import OutgoingComment
from .processed_webhook import ProcessedWebhook
from .run import TaskRun
from .scheduled_job import ScheduledJob
from .steer import SteerMessage
from .step import RunStep

__all__ = [
    "Approval",
    "Artifact",
    "ChangeRound",
    "FileToRemove",
    "OutgoingComment",
    "ProcessedWebhook",
    "RunStep",
    "ScheduledJob",
    "SteerMessage",
    "TaskRun",
]

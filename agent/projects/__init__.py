"""What a repository is, found out from its own files: the project profile."""

from agent.projects.detect import detect
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectCommand, ProjectPart, ProjectProfile

__all__ = ["ProjectCommand", "ProjectFiles", "ProjectPart", "ProjectProfile", "detect"]

"""The stack catalogue: one TOML file per stack under ``catalogue/``. Adding a stack touches no code."""

from agent.stacks.inference import Inference, infer, infer_by_directory
from agent.stacks.model import FormatTool, Stack, UnknownStack
from agent.stacks.store import catalogue, get

__all__ = ["FormatTool", "Inference", "Stack", "UnknownStack", "catalogue", "get", "infer", "infer_by_directory"]

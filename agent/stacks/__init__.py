"""The stack catalogue: one TOML file per stack under ``catalogue/``. Adding a stack touches no code."""

from agent.stacks.facts import Facts, facts_of
from agent.stacks.inference import Inference, infer
from agent.stacks.model import NONE, FormatTool, Stack, UnknownStack
from agent.stacks.replies import said_in_replies
from agent.stacks.store import catalogue, get

__all__ = [
    "NONE", "Facts", "FormatTool", "Inference", "Stack", "UnknownStack", "catalogue", "facts_of", "get", "infer",
    "said_in_replies",
]  # fmt: skip

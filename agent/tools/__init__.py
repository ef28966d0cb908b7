"""The tools that a role may call: small ones that only read, and one that runs a shell line in the sandbox.

What a model asks for is not trusted: its mistakes are answered with a sentence that says what to do, never raised.
"""

from agent.tools.arguments import renamed
from agent.tools.catalogue import ALIASES, LOOKING, TOOLS, canonical, specs
from agent.tools.habits import meant
from agent.tools.result import MAX_RESULT, ToolResult
from agent.tools.toolbox import Toolbox

__all__ = ["ALIASES", "LOOKING", "MAX_RESULT", "TOOLS", "ToolResult", "Toolbox", "canonical", "meant", "renamed", "specs"]

"""The tools that a role may call: small ones that only read, and one that runs an allowed command in the sandbox.

What a model asks for is not trusted: its mistakes are answered with a sentence that says what to do, never raised.
"""

from agent.context.tools.catalogue import TOOLS, specs
from agent.context.tools.result import MAX_RESULT, ToolResult
from agent.context.tools.toolbox import Toolbox

__all__ = ["MAX_RESULT", "TOOLS", "ToolResult", "Toolbox", "specs"]

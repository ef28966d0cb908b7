"""What the team knows about a repository before and during its work: what is listed, read and mapped, and tools to see more.

Reads only, and never outside of the workdir: no links, no secrets. What is written into it goes through ``agent.patch``.
"""

from agent.context.collection import collect_context
from agent.context.opening import Section, sections
from agent.context.paths import is_secret, own_files
from agent.context.reading import read_text
from agent.context.view import Interest, View

__all__ = ["Interest", "Section", "View", "is_secret", "collect_context", "own_files", "read_text", "sections"]

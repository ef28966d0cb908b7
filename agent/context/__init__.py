"""What the team knows about a repository before and during its work: what is listed, read and mapped, and tools to see more.

Reads only, and never outside of the workdir: no links, no secrets. What is written into it goes through ``agent.patch``.
"""

from agent.context.paths import is_secret, own_files
from agent.context.view import Interest, View, collect_context, read_text

__all__ = ["Interest", "View", "is_secret", "collect_context", "own_files", "read_text"]

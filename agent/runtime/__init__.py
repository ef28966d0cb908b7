"""Brings MetaGPT up inside our process on our terms: workers and ``python -m agent`` call it once, before a team is hired."""

from agent.runtime.metagpt import bootstrap, is_ready

__all__ = ["bootstrap", "is_ready"]

"""Python projects: what their manifests, tests and configuration say."""

from agent.projects.python.part import part

__all__ = ["part"]

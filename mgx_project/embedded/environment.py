"""The environment of migrate, web and worker: the user's own, completed with what this installation generated."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.datadir import DataDirectory

SETTINGS = (
    "MGX_", "OPENAI_", "ANTHROPIC_", "S3_", "KAFKA_", "GITHUB_", "OTEL_", "DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL"
)  # fmt: skip
# These choose the server or are read by its clients; they don't change it.
NOT_SETTINGS = ("MGX_DATA_DIR", "MGX_HOME", "MGX_SERVER", "MGX_TOKEN", "MGX_WORKSPACE")


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
        env.pop("DATABASE_DIRECT_URL", None)
    if redis_url:
        env["REDIS_URL"] = redis_url
    for name, value in (
        ("MGX_SECRET_KEY", secrets.secret_key),
        ("MGX_ENCRYPTION_KEYS", secrets.encryption_keys),
        ("MGX_BASE_URL", f"http://127.0.0.1:{port}"),
        # its only user is at home in this network: models and git hosts of it are what a laptop works with
        ("MGX_ALLOWED_NETWORKS", "*"),
        ("MGX_GIT_SCHEMES", "https,ssh,http"),
        # and who pays, and whose disk it is
        ("MGX_SERVER_MODEL_FOR", "all"),
        ("MGX_WORKSPACE_CREATION", "anyone"),
        ("MGX_LIMIT_STORAGE_BYTES", "0"),
        ("MGX_LIMIT_REQUESTS_PER_MINUTE", "0"),
        ("MGX_RATE_PRINCIPAL", "0"),
        ("MGX_RATE_ANONYMOUS", "0"),
        ("MGX_RATE_FAILED", "0"),
        ("MGX_RATE_WEBHOOKS", "0"),
    ):
        env[name] = env.get(name) or value
    return env


def fingerprints(environ: Mapping[str, str], key: str) -> dict[str, str]:
    """A keyed digest of each setting in ``environ``: tells that one changed, not what it is."""
    return {
        name: hashlib.blake2b(value.encode(errors="surrogateescape"), key=key.encode()[:64], digest_size=8).hexdigest()
        for name, value in environ.items()
        if name.startswith(SETTINGS) and name not in NOT_SETTINGS
    }

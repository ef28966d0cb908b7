"""Reads the environment, and nothing else does. Each name is in `.env.example` and the docs; a test compares the three."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

MGX_ENV: str = env.str("MGX_ENV", default="development")
PRODUCTION = MGX_ENV == "production"


def _secret(name: str) -> str:
    """A secret has no default anywhere: the embedded server and compose generate theirs."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. `mgx up` and docker compose generate it. Otherwise set it to a random value of at least 50 "
            f"characters (for MGX_ENCRYPTION_KEYS: Fernet keys, comma-separated, newest first)."
        )
    return value


def key_or_file(key: str, name: str, path: str) -> str:
    """The key itself or what the file of ``path`` (the variable ``name``) holds; "" where there is neither. A key on one line
    may write its line breaks as \\n. Raises ImproperlyConfigured if the file can't be read."""
    if not path:
        return key
    try:
        return Path(path).expanduser().read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{name} can't be read: {error}.") from error


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to {' or '.join(choices)}.")
    return value


def _usd(name: str, text: str) -> Decimal:
    try:
        amount = Decimal(text or "0")
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise ImproperlyConfigured(
            f"{name} is {text!r}. Set it to an amount in USD such as 250 or 12.50, or to 0 for no limit."
        )
    return amount


def _count(name: str, number: int) -> int:
    if not 0 <= number <= 2**63 - 1:
        raise ImproperlyConfigured(f"{name} is {number}. Set it to a whole number, or to 0 for no limit.")
    return number


def _prices(name: str, entries: list[str]) -> dict[str, tuple[Decimal, Decimal] | None]:
    """Model → USD per million tokens in and out, None where no price is given."""
    found: dict[str, tuple[Decimal, Decimal] | None] = {}
    for entry in filter(None, map(str.strip, entries)):
        model, equals, prices = entry.partition("=")
        price_in, slash, price_out = prices.partition("/")
        if equals and not slash:
            raise ImproperlyConfigured(f"{name}: write {entry!r} as MODEL or as MODEL=IN/OUT, in USD per million tokens.")
        found[model] = (_usd(name, price_in), _usd(name, price_out)) if equals else None
    return found


def _mail_url(url: str) -> str:
    if url and url.partition("://")[0] not in ("smtp", "smtp+tls", "smtp+ssl"):
        raise ImproperlyConfigured(
            "MGX_EMAIL_URL must begin with smtp://, smtp+tls:// (STARTTLS) or smtp+ssl://, as in smtp+tls://user:password@host:587."
        )
    return url


def _database_url() -> str:
    url: str = env.str("DATABASE_URL", default="")
    if url:
        return url
    if not env.str("DB_HOST", default=""):
        raise ImproperlyConfigured("Set DATABASE_URL or DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD, or run `mgx up`.")
    user, password = quote(env.str("DB_USER", default="mgx"), safe=""), quote(env.str("DB_PASSWORD", default=""), safe="")
    where = f"{env.str('DB_HOST')}:{env.int('DB_PORT', default=5432)}"
    return f"postgres://{user}:{password}@{where}/{env.str('DB_NAME', default='mgx')}"


def _direct_url(url: str, usual: str) -> str:
    """``url`` with what it leaves out (user, password, name) as in ``usual``; "" where there is none."""
    if not url:
        return ""
    given, known = urlsplit(url), urlsplit(usual)
    if given.scheme not in ("postgres", "postgresql") or not given.hostname:
        raise ImproperlyConfigured(
            "DATABASE_DIRECT_URL must be like postgres://host:port, or a whole address as in DATABASE_URL."
        )
    account = known.netloc.rpartition("@")[0]
    place = given.netloc if "@" in given.netloc or not account else f"{account}@{given.netloc}"
    path = given.path if given.path.strip("/") else known.path
    return given._replace(netloc=place, path=path, query=given.query or known.query).geturl()


def _redis_url() -> str:
    url: str = env.str("REDIS_URL", default="")
    if url:
        return url
    if not env.str("REDIS_HOST", default=""):
        raise ImproperlyConfigured("Set REDIS_URL or REDIS_HOST, REDIS_PORT and REDIS_PASSWORD, or run `mgx up`.")
    password: str = env.str("REDIS_PASSWORD", default="")
    account = f":{quote(password, safe='')}@" if password else ""
    return f"redis://{account}{env.str('REDIS_HOST')}:{env.int('REDIS_PORT', default=6379)}/0"


SECRET_KEY = _secret("MGX_SECRET_KEY")
ENCRYPTION_KEYS: list[str] = [key.strip() for key in _secret("MGX_ENCRYPTION_KEYS").split(",") if key.strip()]
DATABASE_URL = _database_url()
DATABASE_ROLE = unquote(urlsplit(DATABASE_URL).username or "")
"""As which web, worker and relay sign in, also for a command that uses the direct address."""
DATABASE_DIRECT_URL = _direct_url(env.str("DATABASE_DIRECT_URL", default=""), DATABASE_URL)
REDIS_URL = _redis_url()

PORT: int = env.int("MGX_PORT", default=8000)
BASE_URL: str = env.str("MGX_BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
LOG_LEVEL: str = env.str("MGX_LOG_LEVEL", default="INFO").upper()
ALLOWED_HOSTS: list[str] = env.list("MGX_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
ALLOWED_ORIGINS: list[str] = env.list("MGX_ALLOWED_ORIGINS", default=[])
TRUSTED_PROXIES: list[str] = env.list("MGX_TRUSTED_PROXIES", default=[])
DATA_DIR: Path = Path(env.str("MGX_DATA_DIR", default="~/.local/share/mgx")).expanduser()
LOCAL_ROOTS: list[str] = env.list("MGX_LOCAL_ROOTS", default=[])
LOCAL_ROOTS_FILE: str = env.str("MGX_LOCAL_ROOTS_FILE", default="")
STATIC_ROOT: str = env.str("MGX_STATIC_ROOT", default="")
EMAIL_URL = _mail_url(env.str("MGX_EMAIL_URL", default=""))
EMAIL_FROM: str = env.str("MGX_EMAIL_FROM", default="mgx-agent@localhost")
METRICS_TOKEN: str = env.str("MGX_METRICS_TOKEN", default="")

S3_ENDPOINT_URL: str = env.str("S3_ENDPOINT_URL", default="")
S3_REGION: str = env.str("S3_REGION", default="us-east-1")
S3_BUCKET: str = env.str("S3_BUCKET", default="")
S3_ACCESS_KEY_ID: str = env.str("S3_ACCESS_KEY_ID", default="")
S3_SECRET_ACCESS_KEY: str = env.str("S3_SECRET_ACCESS_KEY", default="")

KAFKA_BOOTSTRAP_SERVERS: str = env.str("KAFKA_BOOTSTRAP_SERVERS", default="").strip()
KAFKA_TOPIC: str = env.str("KAFKA_TOPIC", default="mgx.events").strip() or "mgx.events"
KAFKA_SECURITY_PROTOCOL: str = env.str("KAFKA_SECURITY_PROTOCOL", default="").strip()
KAFKA_SASL_MECHANISM: str = env.str("KAFKA_SASL_MECHANISM", default="").strip()
KAFKA_SASL_USERNAME: str = env.str("KAFKA_SASL_USERNAME", default="")
KAFKA_SASL_PASSWORD: str = env.str("KAFKA_SASL_PASSWORD", default="")
KAFKA_CA_FILE: str = env.str("KAFKA_CA_FILE", default="").strip()

OTEL_EXPORTER_OTLP_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="").strip()
OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: str = env.str("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", default="").strip()
OTEL_EXPORTER_OTLP_TIMEOUT: float = env.float("OTEL_EXPORTER_OTLP_TIMEOUT", default=3.0)
OTEL_SERVICE_NAME: str = env.str("OTEL_SERVICE_NAME", default="mgx").strip() or "mgx"
# OpenTelemetry's SDK reads these itself
OTEL_EXPORTER_OTLP_HEADERS: str = env.str("OTEL_EXPORTER_OTLP_HEADERS", default="").strip()
OTEL_TRACES_SAMPLER: str = env.str("OTEL_TRACES_SAMPLER", default="parentbased_always_on").strip()
OTEL_TRACES_SAMPLER_ARG: str = env.str("OTEL_TRACES_SAMPLER_ARG", default="").strip()

GITHUB_API_URL: str = env.str("GITHUB_API_URL", default="https://api.github.com").rstrip("/")
GITHUB_APP_ID: str = env.str("GITHUB_APP_ID", default="")
GITHUB_APP_PRIVATE_KEY: str = env.str("GITHUB_APP_PRIVATE_KEY", default="", multiline=True)
GITHUB_WEBHOOK_SECRET: str = env.str("GITHUB_WEBHOOK_SECRET", default="")
GITHUB_APP_PRIVATE_KEY_PATH: str = env.str("GITHUB_APP_PRIVATE_KEY_PATH", default="")

# from a file, a line break often comes along, which no header can hold
MODEL: str = env.str("MGX_MODEL", default="offline").strip() or "offline"
OPENAI_API_KEY: str = env.str("OPENAI_API_KEY", default="").strip()
OPENAI_BASE_URL: str = env.str("OPENAI_BASE_URL", default="").strip()
ANTHROPIC_API_KEY: str = env.str("ANTHROPIC_API_KEY", default="").strip()
ANTHROPIC_BASE_URL: str = env.str("ANTHROPIC_BASE_URL", default="").strip()
SERVER_MODEL_FOR = _one_of("MGX_SERVER_MODEL_FOR", env.str("MGX_SERVER_MODEL_FOR", default="allowed"), ("allowed", "all"))
SERVER_MODELS = _prices("MGX_SERVER_MODELS", env.list("MGX_SERVER_MODELS", default=[]))
SERVER_MONTHLY_USD = _usd("MGX_SERVER_MONTHLY_USD", env.str("MGX_SERVER_MONTHLY_USD", default="0"))
SERVER_MONTHLY_TOKENS = _count("MGX_SERVER_MONTHLY_TOKENS", env.int("MGX_SERVER_MONTHLY_TOKENS", default=0))
MODEL_TIMEOUT_SECONDS: float = env.float("MGX_MODEL_TIMEOUT_SECONDS", default=600.0)
MODEL_STALL_SECONDS: float = env.float("MGX_MODEL_STALL_SECONDS", default=60.0)
CACHE_BACKEND: str = env.str("MGX_CACHE_BACKEND", default="none")
if CACHE_BACKEND not in ("none", "memory", "redis"):
    raise ImproperlyConfigured(f"MGX_CACHE_BACKEND is {CACHE_BACKEND!r}. Set it to none, memory or redis.")
CACHE_TTL_SECONDS: float = env.float("MGX_CACHE_TTL_SECONDS", default=86400.0)
MAX_ROUNDS: int = env.int("MGX_MAX_ROUNDS", default=5)
MAX_REVISION_ROUNDS: int = env.int("MGX_MAX_REVISION_ROUNDS", default=2)
DEFAULT_RUN_TOKENS: int = env.int("MGX_DEFAULT_RUN_TOKENS", default=2_000_000)
SANDBOX: str = env.str("MGX_SANDBOX", default="auto")
SANDBOX_UID: int = env.int("MGX_SANDBOX_UID", default=1_900_000_000)
GITHUB_PAT: str = env.str("GITHUB_PAT", default="")
ALLOWED_NETWORKS: list[str] = env.list("MGX_ALLOWED_NETWORKS", default=[])
GIT_HOSTS: list[str] = env.list("MGX_GIT_HOSTS", default=[])
GIT_SCHEMES: list[str] = env.list("MGX_GIT_SCHEMES", default=["https", "ssh"])
MIRRORS_MB: int = env.int("MGX_MIRRORS_MB", default=10_240)
REPOSITORY_MB: int = env.int("MGX_REPOSITORY_MB", default=4_096)
HISTORY_DEPTH: int = env.int("MGX_HISTORY_DEPTH", default=300)
GIT_SIGNING_KEY: str = env.str("MGX_GIT_SIGNING_KEY", default="", multiline=True)
GIT_SIGNING_KEY_PATH: str = env.str("MGX_GIT_SIGNING_KEY_PATH", default="")
GIT_AUTHOR_NAME: str = env.str("MGX_GIT_AUTHOR_NAME", default="MGX Agent")
GIT_AUTHOR_EMAIL: str = env.str("MGX_GIT_AUTHOR_EMAIL", default="mgx-agent@localhost")
KEEP_DAYS = _count("MGX_KEEP_DAYS", env.int("MGX_KEEP_DAYS", default=365))
KEEP_AUDIT_DAYS = _count("MGX_KEEP_AUDIT_DAYS", env.int("MGX_KEEP_AUDIT_DAYS", default=0))
LEASE_SECONDS: float = env.float("MGX_LEASE_SECONDS", default=15.0)
WORKER_SILENCE_SECONDS: float = env.float("MGX_WORKER_SILENCE_SECONDS", default=60.0)

CONNECTIONS_PER_ADDRESS = _count("MGX_CONNECTIONS_PER_ADDRESS", env.int("MGX_CONNECTIONS_PER_ADDRESS", default=500))
RATES: dict[str, int] = {
    "principal": _count("MGX_RATE_PRINCIPAL", env.int("MGX_RATE_PRINCIPAL", default=3000)),
    "anonymous": _count("MGX_RATE_ANONYMOUS", env.int("MGX_RATE_ANONYMOUS", default=600)),
    "failed": _count("MGX_RATE_FAILED", env.int("MGX_RATE_FAILED", default=300)),
    "webhooks": _count("MGX_RATE_WEBHOOKS", env.int("MGX_RATE_WEBHOOKS", default=3000)),
}
"""Requests per minute; 0: no limit."""
WORKSPACE_CREATION = _one_of("MGX_WORKSPACE_CREATION", env.str("MGX_WORKSPACE_CREATION", default="staff"), ("staff", "anyone"))
WORKSPACE_MONTHLY_USD = _usd("MGX_WORKSPACE_MONTHLY_USD", env.str("MGX_WORKSPACE_MONTHLY_USD", default="0"))
WORKSPACE_MONTHLY_TOKENS = _count("MGX_WORKSPACE_MONTHLY_TOKENS", env.int("MGX_WORKSPACE_MONTHLY_TOKENS", default=0))
LIMITS: dict[str, int] = {
    "running_runs": _count("MGX_LIMIT_RUNNING_RUNS", env.int("MGX_LIMIT_RUNNING_RUNS", default=3)),
    "queued_runs": _count("MGX_LIMIT_QUEUED_RUNS", env.int("MGX_LIMIT_QUEUED_RUNS", default=1000)),
    "projects": _count("MGX_LIMIT_PROJECTS", env.int("MGX_LIMIT_PROJECTS", default=500)),
    "members": _count("MGX_LIMIT_MEMBERS", env.int("MGX_LIMIT_MEMBERS", default=500)),
    "storage_bytes": _count("MGX_LIMIT_STORAGE_BYTES", env.int("MGX_LIMIT_STORAGE_BYTES", default=21474836480)),
    "requests_per_minute": _count("MGX_LIMIT_REQUESTS_PER_MINUTE", env.int("MGX_LIMIT_REQUESTS_PER_MINUTE", default=6000)),
}
"""Defaults for workspaces without limits of their own; 0: no limit."""

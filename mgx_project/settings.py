"""Django settings. The environment is read by `env.py` only; embedded, test and production differ only in what it holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import environ

from . import env
from .artifact_storage import artifact_storage
from .common import logs

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env.SECRET_KEY
MGX_ENCRYPTION_KEYS = env.ENCRYPTION_KEYS
DEBUG = False
ALLOWED_HOSTS = env.ALLOWED_HOSTS
MGX_VERSION = "0.1.0"
MGX_ENV = env.MGX_ENV
MGX_BASE_URL = env.BASE_URL
MGX_TRUSTED_PROXIES = env.TRUSTED_PROXIES
MGX_DATA_DIR = env.DATA_DIR
MGX_LOCAL_ROOTS = env.LOCAL_ROOTS
MGX_LOCAL_ROOTS_FILE = env.LOCAL_ROOTS_FILE
MGX_EMAIL_URL = env.EMAIL_URL
if env.EMAIL_URL:
    vars().update(environ.Env.email_url_config(env.EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.EMAIL_FROM
MGX_METRICS_TOKEN = env.METRICS_TOKEN
KAFKA_BOOTSTRAP_SERVERS = env.KAFKA_BOOTSTRAP_SERVERS
KAFKA_TOPIC = env.KAFKA_TOPIC
KAFKA_SECURITY_PROTOCOL = env.KAFKA_SECURITY_PROTOCOL
KAFKA_SASL_MECHANISM = env.KAFKA_SASL_MECHANISM
KAFKA_SASL_USERNAME = env.KAFKA_SASL_USERNAME
KAFKA_SASL_PASSWORD = env.KAFKA_SASL_PASSWORD
KAFKA_CA_FILE = env.KAFKA_CA_FILE
MGX_GITHUB_API_URL = env.GITHUB_API_URL
MGX_GITHUB_APP_ID = env.GITHUB_APP_ID
MGX_GITHUB_WEBHOOK_SECRET = env.GITHUB_WEBHOOK_SECRET
MGX_GITHUB_APP_PRIVATE_KEY = env.key_or_file(
    env.GITHUB_APP_PRIVATE_KEY, "GITHUB_APP_PRIVATE_KEY_PATH", env.GITHUB_APP_PRIVATE_KEY_PATH
)
MGX_GITHUB_PAT = env.GITHUB_PAT
MGX_ALLOWED_NETWORKS = env.ALLOWED_NETWORKS
MGX_GIT_HOSTS = env.GIT_HOSTS
MGX_GIT_SCHEMES = env.GIT_SCHEMES
MGX_MIRRORS_MB = env.MIRRORS_MB
MGX_REPOSITORY_MB = env.REPOSITORY_MB
MGX_HISTORY_DEPTH = env.HISTORY_DEPTH
MGX_GIT_SIGNING_KEY = env.key_or_file(env.GIT_SIGNING_KEY, "MGX_GIT_SIGNING_KEY_PATH", env.GIT_SIGNING_KEY_PATH)
MGX_MODEL = env.MODEL
MGX_OPENAI_API_KEY = env.OPENAI_API_KEY
MGX_OPENAI_BASE_URL = env.OPENAI_BASE_URL
MGX_ANTHROPIC_API_KEY = env.ANTHROPIC_API_KEY
MGX_ANTHROPIC_BASE_URL = env.ANTHROPIC_BASE_URL
MGX_SERVER_MODEL_FOR = env.SERVER_MODEL_FOR
MGX_SERVER_MODELS = env.SERVER_MODELS
MGX_SERVER_MONTHLY_USD = env.SERVER_MONTHLY_USD
MGX_SERVER_MONTHLY_TOKENS = env.SERVER_MONTHLY_TOKENS
MGX_MODEL_TIMEOUT_SECONDS = env.MODEL_TIMEOUT_SECONDS
MGX_MODEL_STALL_SECONDS = env.MODEL_STALL_SECONDS
MGX_CACHE_BACKEND = env.CACHE_BACKEND
MGX_CACHE_TTL_SECONDS = env.CACHE_TTL_SECONDS
MGX_MAX_ROUNDS = env.MAX_ROUNDS
MGX_MAX_REVISION_ROUNDS = env.MAX_REVISION_ROUNDS
MGX_DEFAULT_RUN_TOKENS = env.DEFAULT_RUN_TOKENS
MGX_SANDBOX = env.SANDBOX
MGX_SANDBOX_UID = env.SANDBOX_UID
MGX_GIT_AUTHOR = (env.GIT_AUTHOR_NAME, env.GIT_AUTHOR_EMAIL)
MGX_KEEP_DAYS = env.KEEP_DAYS
MGX_KEEP_AUDIT_DAYS = env.KEEP_AUDIT_DAYS
MGX_LEASE_SECONDS = env.LEASE_SECONDS
MGX_WORKER_SILENCE_SECONDS = env.WORKER_SILENCE_SECONDS
MGX_WORKSPACE_CREATION = env.WORKSPACE_CREATION
MGX_WORKSPACE_MONTHLY_USD = env.WORKSPACE_MONTHLY_USD
MGX_WORKSPACE_MONTHLY_TOKENS = env.WORKSPACE_MONTHLY_TOKENS
MGX_LIMITS = env.LIMITS
MGX_RATES = env.RATES
MGX_CONNECTIONS_PER_ADDRESS = env.CONNECTIONS_PER_ADDRESS

INSTALLED_APPS = [
    "mgx_project.runserver.DaphneApp",  # before staticfiles, which has another `runserver`
    "unfold.apps.BasicAppConfig",
    "mgx_project.admin_site.AdminApp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_dramatiq",
    "workspaces",
    "projects",
    "tasks",
    "repositories",
    "runs",
    "metrics",
]

MIDDLEWARE = [
    "mgx_project.common.request_id.RequestIdMiddleware",
    "mgx_project.common.traced_requests.TracedRequestMiddleware",
    "mgx_project.closed_wall.ClosedWallMiddleware",
    "mgx_project.common.http_metrics.HttpMetricsMiddleware",
    "mgx_project.scraped.ScrapedMiddleware",
    "mgx_project.common.trailing_slash.TrailingSlashMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "mgx_project.common.rates.middleware.RateLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "workspaces.sign_in_backend.RefusedSignInMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mgx_project.urls"
ASGI_APPLICATION = "mgx_project.asgi.application"
AUTHENTICATION_BACKENDS = ["workspaces.sign_in_backend.GuardedBackend"]
AUTH_USER_MODEL = "workspaces.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False  # every API path works with and without one; a redirect would lose a POST body

WEB = [BASE_DIR / name / "web" for name in ("mgx_project", "workspaces", "runs")]
"""The parts of the web application. Each has its templates and static files beside its views."""

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [part / "templates" for part in WEB],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": environ.Env.db_url_config(env.DATABASE_URL)}
DATABASES["default"] |= {
    "ENGINE": "mgx_project.tenant_database",
    "CONN_MAX_AGE": 0,
    "DISABLE_SERVER_SIDE_CURSORS": True,  # no session state: PgBouncer in transaction mode must do
    "OPTIONS": {
        "pool": {"min_size": 1, "max_size": 16, "timeout": 20},
        "prepare_threshold": None,
        "connect_timeout": 5,
        # a database server that is gone is noticed within a minute; what bounds waiting in it is set for the role (migrations)
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    },
}

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [env.REDIS_URL], "prefix": "mgx:ws"},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": env.REDIS_URL, "KEY_PREFIX": "mgx"}}
REDIS_URL = env.REDIS_URL
MGX_DATABASE_ROLE = env.DATABASE_ROLE

DRAMATIQ_BROKER = {
    "BROKER": "mgx_project.broker.WakingRedisBroker",
    "OPTIONS": {"url": env.REDIS_URL, "namespace": "mgx:jobs"},
    "MIDDLEWARE": [
        "mgx_project.actor_logs.ActorLogs",
        "dramatiq.middleware.ShutdownNotifications",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}
DRAMATIQ_AUTODISCOVER_MODULES = ("actors",)

STORAGES = {
    **artifact_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = env.STATIC_ROOT or None
STATICFILES_DIRS = [part / "static" for part in WEB if (part / "static").is_dir()]
WHITENOISE_USE_FINDERS = not STATIC_ROOT  # from the tree there is no collectstatic step

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

_HTTPS = env.BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CORS_ALLOWED_ORIGINS = env.ALLOWED_ORIGINS
# its own address too: behind a proxy that is not in MGX_TRUSTED_PROXIES a request looks like plain HTTP
CSRF_TRUSTED_ORIGINS = [*env.ALLOWED_ORIGINS, *([env.BASE_URL] if _HTTPS else [])]
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = (
    "accept", "authorization", "content-type", "idempotency-key", "if-match", "x-workspace-id", "x-workspace-slug",
)  # fmt: skip
CORS_EXPOSE_HEADERS = (
    "ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-Id",
)  # fmt: skip
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workspaces.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["workspaces.request_rates.CallerThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["mgx_project.common.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mgx_project.common.rendering.OrjsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mgx_project.common.rendering.OneFormat",
    "DEFAULT_SCHEMA_CLASS": "mgx_project.openapi.Schema",
    "EXCEPTION_HANDLER": "mgx_project.common.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ISSUER": "mgx",
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "MGX Agent",
    "DESCRIPTION": "Turns tasks in plain words into reviewed code. Errors are problem documents (RFC 9457).",
    "VERSION": MGX_VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api",
    "ENUM_NAME_OVERRIDES": {
        "ModelKind": "workspaces.models.ModelConnection.Kind",
        "ArtifactKind": "runs.models.Artifact.Kind",
        "Role": "workspaces.models.Role",
    },
}
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    "<rect width='16' height='16' rx='4' fill='%239810fa'/>"
    "<path d='M4 12V4l4 5 4-5v8' fill='none' stroke='white' stroke-width='2'/></svg>"
)
UNFOLD = {
    "SITE_TITLE": "MGX Agent",
    "SITE_HEADER": "MGX Agent",
    "SITE_SYMBOL": "smart_toy",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": ICON}],
}

logs.configure()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "mgx_project.common.logs.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "metagpt": {"level": "WARNING"},
        "uvicorn": {"handlers": ["stderr"], "propagate": False, "level": "INFO"},
        "uvicorn.access": {"handlers": [], "propagate": False, "level": "WARNING"},
    },
}

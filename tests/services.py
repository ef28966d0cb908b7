"""Pytest plugin: real PostgreSQL and Valkey for the session, unless DATABASE_URL and REDIS_URL name others.

Loaded by ``-p tests.services``, because pytest-django reads the settings, and so the environment, before any conftest. Each
pytest-xdist worker uses the session's servers with databases and a data directory of its own; what was fetched of packages
is the session's.
"""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.processes import Process
from mgx_project.embedded.services import Services
from tests.template_database import migrating

PREFIX = f"mgx-tests-{os.getuid()}-"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    # Importing and collecting make a million objects that stay: `pytest_collection_finish` switches it on again.
    gc.disable()
    # A shell starts a job in the background with Ctrl-C ignored, and every process that a test interrupts would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        _use_own_parts(worker)
    else:
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        try:
            _provide(stack, early_config)
        except EmbeddedError as error:
            raise pytest.UsageError(str(error)) from error
    return (yield)


def _provide(stack: ExitStack, config: pytest.Config) -> None:
    _remove_abandoned()
    directory = _session_directory()
    stack.callback(_remove, directory)
    secrets = Credentials.generate()
    # A model or data directory in the developer's environment would reach the tests.
    for name in [name for name in os.environ if name.startswith(("MGX_", "OPENAI_", "ANTHROPIC_", "S3_", "KAFKA_", "GITHUB_"))]:
        del os.environ[name]
    os.environ.update(
        MGX_ENV="test",
        MGX_DATA_DIR=str(directory / "data"),
        MGX_SECRET_KEY=secrets.secret_key,
        MGX_ENCRYPTION_KEYS=secrets.encryption_keys,
        # the servers that the tests start
        MGX_ALLOWED_NETWORKS="127.0.0.0/8,::1",
        MGX_GIT_SCHEMES="https,ssh,http",
        # what tests of limits and of the server's own model set for themselves
        MGX_WORKSPACE_CREATION="anyone",
        MGX_SERVER_MODEL_FOR="all",
        MGX_LIMIT_REQUESTS_PER_MINUTE="0",
        MGX_RATE_PRINCIPAL="0",
        MGX_RATE_ANONYMOUS="0",
        MGX_RATE_FAILED="0",
        MGX_RATE_WEBHOOKS="0",
    )
    _share_downloads(directory)
    (directory / "data").mkdir()
    # pytest keeps three sessions' and removes the fourth, some hundred thousand files, before it ends. `--basetemp` keeps them.
    if config.known_args_namespace.basetemp is None:
        config.option.basetemp = str(directory / "t")
    services = stack.enter_context(
        Services(
            directory,
            credentials=secrets,
            start_database=not os.environ.get("DATABASE_URL"),
            start_redis=not os.environ.get("REDIS_URL"),
        )
    )
    os.environ["DATABASE_URL"] = services.database_url or os.environ["DATABASE_URL"]
    os.environ["REDIS_URL"] = services.redis_url or os.environ["REDIS_URL"]
    if services.database_url:
        stack.enter_context(migrating(directory / "template"))


def _share_downloads(directory: Path) -> None:
    """What all caches of installed packages are filled from. npm would ask for each package again, were it not told to prefer
    what it has: an install from a warm cache takes 8 seconds then and not 26.
    """
    mine = Path(os.environ.get("NPM_CONFIG_USERCONFIG") or Path.home() / ".npmrc")
    settings = mine.read_text("utf-8") if mine.is_file() else ""
    (directory / "npmrc").touch(0o600)
    (directory / "npmrc").write_text(f"{settings}\nprefer-offline=true\n", "utf-8")
    os.environ["NPM_CONFIG_USERCONFIG"] = str(directory / "npmrc")
    os.environ["NPM_CONFIG_CACHE"] = str(directory / "npm")
    os.environ["UV_CACHE_DIR"] = str(directory / "uv")


def _use_own_parts(worker: str) -> None:
    """Redis' databases are numbered; pytest-django names PostgreSQL's after the worker."""
    server, _, _ = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"
    data = Path(os.environ["MGX_DATA_DIR"]) / worker
    data.mkdir(exist_ok=True)
    os.environ["MGX_DATA_DIR"] = str(data)


def _session_directory() -> Path:
    """Named after this process, so that a later session can tell that it was abandoned."""
    me = Process.of(os.getpid())
    assert me is not None
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{me.pid}-{me.started}-"))


def _remove_abandoned() -> None:
    """A killed session can't remove its directory; its servers die with it."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid, started, _ = directory.name.removeprefix(PREFIX).split("-", 2)
        if not Process(int(pid), int(started)).alive():
            _remove(directory)


def _remove(directory: Path) -> None:
    """By a process that nobody waits for: the packages of a whole session are some hundred thousand files."""
    aside = Path(tempfile.mkdtemp(prefix="mgx-removed-"))
    with suppress(FileNotFoundError):  # another session was first to remove what was abandoned
        directory.rename(aside / directory.name)
    os.spawnlp(os.P_NOWAIT, "rm", "rm", "-rf", str(aside))

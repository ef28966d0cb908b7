"""Which commands make a server out of the two databases: one to migrate, one to set up, and those that stay."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.health import READY
from mgx_project.embedded.processes import Escalation, spawn

# A worker takes up to 15 seconds to hand its runs on; what it does not finish, another one continues.
STOP: Escalation = ((signal.SIGTERM, 25.0), (signal.SIGKILL, 5.0))

ASGI_SERVERS = ("uvicorn", "daphne")


@dataclass(frozen=True)
class ServiceCommand:
    """A program that stays, started in ``home``; the state and its log are called ``name``."""

    name: str
    title: str
    argv: tuple[str, ...]
    stop: Escalation = STOP


@dataclass(frozen=True)
class ServicePlan:
    """``migrate`` and ``setup`` run once at each start; ``setup`` prints a JSON object with ``token`` and ``workspace``."""

    home: Path
    migrate: tuple[str, ...]
    setup: tuple[str, ...]
    commands: tuple[ServiceCommand, ...]
    health: str = READY


@dataclass(frozen=True)
class ServerPlace:
    """What a plan is made for: the web port and the file in which the local user's token is kept."""

    port: int
    token_file: Path
    environ: Mapping[str, str]


MakePlan = Callable[[ServerPlace], ServicePlan]

HOME = Path(__file__).resolve().parents[2]


def django_plan(place: ServerPlace) -> ServicePlan:
    """This checkout: web by ``MGX_ASGI_SERVER`` (uvicorn by default, or daphne) and one worker process."""
    manage = (sys.executable, str(HOME / "manage.py"))
    return ServicePlan(
        home=HOME,
        migrate=(*manage, "migrate", "--noinput"),
        setup=(*manage, "embedded_setup", "--json", "--token-file", str(place.token_file)),
        commands=(
            ServiceCommand("web", "the web server", _web(place)),
            ServiceCommand("worker", "the worker", (*manage, "work", "--threads", "4")),
            *([ServiceCommand("relay", "the relay to Kafka", (*manage, "relay"))] if _publishes(place) else []),
        ),
    )


def _publishes(place: ServerPlace) -> bool:
    return bool(place.environ.get("KAFKA_BOOTSTRAP_SERVERS", "").strip())


def _web(place: ServerPlace) -> tuple[str, ...]:
    server = place.environ.get("MGX_ASGI_SERVER") or "uvicorn"
    if server not in ASGI_SERVERS:
        raise EmbeddedError(
            f"MGX_ASGI_SERVER is {server!r}, which is not supported.",
            hint=f"Set it to {' or '.join(ASGI_SERVERS)}, or unset it.",
        )
    return (sys.executable, "-m", "mgx_project.serve", "--server", server, "--port", str(place.port))


class CommandProgram:
    """A command of the plan as a child of the supervisor; readiness is asked of the whole server, not of one command."""

    def __init__(self, command: ServiceCommand, *, home: Path, log: Path, env: Mapping[str, str]) -> None:
        self.name, self.title, self.stop, self.log = command.name, command.title, command.stop, log
        self._command, self._home, self._env = command, home, env

    def spawn(self) -> subprocess.Popen[bytes]:
        return spawn(self._command.argv, log=self.log, env=self._env, cwd=self._home)

    def ready(self) -> bool:
        return True

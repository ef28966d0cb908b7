"""What the supervisor tells others: ``state.json`` (0600), replaced whole at every change.

It is a report, not a lock: whoever reads it must ask whether the supervisor that it names is alive.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from mgx_project.embedded.files import write_private
from mgx_project.embedded.processes import Process, boot_id

Status = Literal["starting", "ready", "stopping", "stopped", "failed"]


@dataclass
class ChildState:
    """``pid`` and ``started`` are 0 while it does not run; ``restarts`` since it last ran steadily."""

    pid: int = 0
    started: int = 0
    state: str = "running"
    restarts: int = 0
    last_exit: int | None = None

    @property
    def process(self) -> Process:
        return Process(self.pid, self.started)


@dataclass
class ServiceFailure:
    detail: str
    hint: str = ""
    log: str = ""


@dataclass
class State:
    """``pid`` and ``started`` identify the supervisor, ``home`` is its checkout, ``started_at`` is RFC 3339.

    ``base_url`` is where this machine reaches the server, empty until it is ready. ``settings`` are keyed digests.
    """

    pid: int
    started: int
    boot: str
    started_at: str
    home: str
    status: Status = "starting"
    stage: str = ""
    base_url: str = ""
    port: int = 0
    database_url: str = ""
    redis_url: str = ""
    token: str = ""
    workspace: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    children: dict[str, ChildState] = field(default_factory=dict)
    error: ServiceFailure | None = None

    @property
    def supervisor(self) -> Process:
        return Process(self.pid, self.started)

    def alive(self) -> bool:
        return self.boot == boot_id() and self.supervisor.alive()

    def leftovers(self) -> dict[str, Process]:
        """The children that still run, in the order in which they were started."""
        if self.boot != boot_id():
            return {}
        return {name: child.process for name, child in self.children.items() if child.pid and child.process.alive()}

    def to_json(self, *, secrets: bool = True) -> dict[str, Any]:
        data = asdict(self)
        if not secrets:
            for name in ("database_url", "redis_url", "token", "settings"):
                del data[name]
        return data

    def save(self, path: Path) -> None:
        write_private(path, json.dumps(self.to_json(), indent=2) + "\n")


def load(path: Path) -> State | None:
    """The state in ``path``; None when there is none. Fields that another version wrote are left out."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["children"] = {name: ChildState(**_known(ChildState, child)) for name, child in data["children"].items()}
        data["error"] = ServiceFailure(**_known(ServiceFailure, data["error"])) if data["error"] else None
        return State(**_known(State, data))
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _known(kind: type[State | ChildState | ServiceFailure], data: dict[str, Any]) -> dict[str, Any]:
    return {each.name: data[each.name] for each in fields(kind) if each.name in data}

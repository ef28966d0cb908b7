"""The process that owns a data directory: it starts everything, keeps it running, and stops it in reverse order."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime

from mgx_project.common.private_files import make_private
from mgx_project.embedded import health
from mgx_project.embedded.children import Child
from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.environment import (
    child_environment,
    fingerprints,
    has_database,
    has_redis,
)
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.files import tail, write_private
from mgx_project.embedded.plan import CommandProgram, MakePlan, ServerPlace, ServiceCommand, ServicePlan
from mgx_project.embedded.ports import free_port, is_free
from mgx_project.embedded.postgres import STOP as STOP_POSTGRES
from mgx_project.embedded.processes import TERMINATE, Process, boot_id
from mgx_project.embedded.services import Services
from mgx_project.embedded.state import ChildState, ServiceFailure, State, load
from mgx_project.embedded.wakeup import Stopping, Wakeup

READY_SECONDS = 90.0
STEP_SECONDS = 600.0
CHECK_SECONDS = 2.0
HELD_BY_ANOTHER = 75
"""Exit code (EX_TEMPFAIL of sysexits.h): another supervisor holds the data directory."""


class Supervisor:
    def __init__(self, data: DataDirectory, make_plan: MakePlan, environ: Mapping[str, str]) -> None:
        self._data = data
        self._make_plan = make_plan
        self._environ = environ
        self._children: list[Child] = []

    def run(self) -> int:
        """Returns when asked to stop (0), when the start failed (1) or when another one runs already (75)."""
        self._data.make()
        if not self._data.acquire():
            return HELD_BY_ANOTHER
        os.umask(0o077)  # its children have it too
        make_private(self._data.path)
        self._wakeup = Wakeup()
        previous = load(self._data.state)
        me = Process.of(os.getpid())
        assert me is not None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._state = State(pid=me.pid, started=me.started, boot=boot_id(), started_at=now, home="")
        self._services: Services | None = None
        code = 0
        try:
            if previous is not None:
                self._stop_leftovers(previous)
            self._start(previous.ports if previous else {})
            self._watch()
        except Stopping:
            _say("asked to stop")
        except EmbeddedError as error:
            _say(str(error))
            self._state.error = ServiceFailure(error.detail, error.hint, str(error.log or ""))
            code = 1
        except OSError as error:
            _say(f"{error}")
            self._state.error = ServiceFailure(f"{error}.", f"Check the disk with {self._data.path}.")
            code = 1
        finally:
            self._stop()
        return code

    def _stop_leftovers(self, previous: State) -> None:
        leftovers = previous.leftovers()
        if leftovers:
            self._stage("stopping what a killed supervisor left behind")
        for name, process in reversed(leftovers.items()):
            _say(f"stopping {name} (pid {process.pid}) of supervisor {previous.pid}")
            if not process.stop(STOP_POSTGRES if name == "postgres" else TERMINATE):
                raise EmbeddedError(f"{name} (pid {process.pid}), left behind by an earlier start, did not stop.")

    def _start(self, ports: dict[str, int]) -> None:
        port = self._web_port(ports.get("web", 0))
        plan = self._make_plan(ServerPlace(port=port, token_file=self._data.token, environ=self._environ))
        self._state.home, self._state.port = str(plan.home), port
        secrets = Credentials.load(self._data.secrets)
        services = self._services = Services(
            self._data.path,
            ephemeral=False,
            credentials=secrets,
            start_database=not has_database(self._environ),
            start_redis=not has_redis(self._environ),
            ports=ports,
            logs=self._data.logs,
        )
        services.start(self._stage, self._wakeup.sleep)
        env = child_environment(
            self._environ, self._data, secrets, port=port, database_url=services.database_url, redis_url=services.redis_url
        )
        self._state.database_url, self._state.redis_url = env.get("DATABASE_URL", ""), env.get("REDIS_URL", "")
        self._state.ports = {**services.ports, "web": port}

        self._stage("migrating the database")
        self._run_step("migrate", plan.migrate, plan, env)
        self._stage("starting web and worker")
        for command in plan.commands:
            child = Child(CommandProgram(command, home=plan.home, log=self._data.log(command.name), env=env))
            self._children.append(child)
            child.start()
            self._save()
        self._stage("preparing the local workspace")
        self._set_up(plan, env)
        self._stage("waiting for the server")
        self._wait_ready(plan, port)
        self._state.base_url = f"http://127.0.0.1:{port}"
        self._state.settings = fingerprints(self._environ, self._state.token)
        self._state.status = "ready"
        self._stage("ready")

    def _web_port(self, preferred: int) -> int:
        wanted = self._environ.get("MGX_PORT", "")
        if not wanted:
            return free_port(preferred)
        if not wanted.isdigit() or not 0 < int(wanted) < 65536:
            raise EmbeddedError(
                f"MGX_PORT is {wanted!r}, which is not a port.", hint="Set it to a number from 1 to 65535, or unset it."
            )
        if not is_free(int(wanted)):
            raise EmbeddedError(f"Port {wanted} (MGX_PORT) is already in use.", hint="Choose another port, or unset MGX_PORT.")
        return int(wanted)

    def _run_step(self, name: str, argv: tuple[str, ...], plan: ServicePlan, env: Mapping[str, str]) -> None:
        """Run a command to its end, its output in the log ``name``; raises EmbeddedError when it fails."""
        log = self._data.log(name)
        child = Child(CommandProgram(ServiceCommand(name, name, argv, TERMINATE), home=plan.home, log=log, env=env))
        child.start()
        deadline = time.monotonic() + STEP_SECONDS
        try:
            while not child.exited():
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"{name} did not end in {STEP_SECONDS:.0f} seconds.", log=log)
                self._check_children()
                self._wakeup.sleep(1.0)
        finally:
            child.end()
        if child.last_exit:
            raise EmbeddedError(f"{name} failed with exit code {child.last_exit}.", log=log)

    def _set_up(self, plan: ServicePlan, env: Mapping[str, str]) -> None:
        """The command's last line of output is a JSON object; its log is removed, because it holds the token."""
        log = self._data.log("setup")
        log.unlink(missing_ok=True)
        self._run_step("setup", plan.setup, plan, env)
        answer = next((line for line in reversed(tail(log)) if line.startswith("{")), "")
        try:
            told = json.loads(answer)
            token = str(told["token"])
        except (ValueError, KeyError, TypeError) as error:
            raise EmbeddedError("embedded_setup did not print a JSON object with a token.", log=log) from error
        log.unlink()
        write_private(self._data.token, token + "\n")
        self._state.token, self._state.workspace = token, str(told.get("workspace", ""))

    def _wait_ready(self, plan: ServicePlan, port: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            self._check_children()
            status, body = health.get(port, plan.health)
            if status == 200:
                return
            if time.monotonic() > deadline:
                detail = f"The server is not ready after {READY_SECONDS:.0f} seconds: {body[:500]}"
                raise EmbeddedError(detail, log=self._data.log("web"))
            self._wakeup.sleep(0.05)

    def _check_children(self) -> None:
        """During the start nothing is restarted: what ends now has a reason that a person must see."""
        for child in self._all():
            if child.exited():
                raise EmbeddedError(f"{child.program.title} ended while the server started.", log=child.program.log)

    def _watch(self) -> None:
        """Restart what ends, each child after its own delay, until a stop is asked for."""
        while self._data.still_held():
            pause = CHECK_SECONDS
            for child in self._all():
                before = child.process
                try:
                    due = child.revive()
                except (EmbeddedError, OSError) as error:
                    _say(f"could not restart {child.name}: {error}")
                    due = None
                if due is not None:
                    pause = min(pause, due)
                if child.process != before:
                    self._report(child)
            self._wakeup.sleep(pause)
        _say("the data directory was removed")

    def _report(self, child: Child) -> None:
        doing = f"runs as pid {child.process.pid}" if child.process else "restarts after a pause"
        _say(f"{child.name} ended with {child.last_exit} and {doing} (restart {child.restarts})")
        self._save()

    def _stop(self) -> None:
        self._state.status = "stopping"
        self._save()
        try:
            with ExitStack() as stack:
                if self._services is not None:
                    stack.callback(self._services.stop)
                for child in self._children:
                    stack.callback(child.end)
        except EmbeddedError as error:
            _say(str(error))
            self._state.error = ServiceFailure(error.detail, error.hint, str(error.log or ""))
        self._state.status = "failed" if self._state.error else "stopped"
        self._save()

    def _all(self) -> list[Child]:
        return [*(self._services.children if self._services else ()), *self._children]

    def _stage(self, stage: str) -> None:
        _say(stage)
        self._state.stage = stage
        self._save()

    def _save(self) -> None:
        self._state.children = {
            child.name: ChildState(
                pid=child.process.pid if child.process else 0,
                started=child.process.started if child.process else 0,
                state=child.state,
                restarts=child.restarts,
                last_exit=child.last_exit,
            )
            for child in self._all()
        }
        try:
            self._state.save(self._data.state)
        except OSError as error:
            # A full disk must not end the servers; the next change is written again.
            _say(f"could not write {self._data.state}: {error}")


def _say(text: str) -> None:
    """To the supervisor's log."""
    print(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text}", file=sys.stderr, flush=True)

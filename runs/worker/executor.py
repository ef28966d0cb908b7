"""Executes one phase of a claimed run: sets up its ports, and maps every outcome to a transition."""

from __future__ import annotations

import asyncio
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars

from agent.errors import AgentError, Cancelled, Paused, SandboxFailed, disk_failed
from agent.team import prompts
from mgx_project.common import tenant_wall, watcher
from mgx_project.common.async_db import is_away
from mgx_project.common.errors import MGXError
from mgx_project.common.store import StoreAway

from ..commits import until_committed
from ..errors import LeaseLost
from ..lifecycle import worker_transitions
from ..lifecycle.versions import prompts_of
from ..models import TaskRun
from ..models.run_state import RunPhase, Status
from . import traced
from .event_buffer import EventBuffer
from .event_sink import RunSink
from .execution import Db, Execution, Phase, phase_of
from .journal import Steps
from .lease import Lease, keeper
from .model_cache import model_cache
from .model_connection import choose_for
from .profiling import profiled
from .time_budget import working_time

log = structlog.stdlib.get_logger(__name__)


def work(run_id: uuid.UUID, statuses: Collection[Status], phase: Phase) -> TaskRun | None:
    """Claims a run and executes its phase. Returns the run afterwards, or None if there was nothing to claim.

    Does not raise for failures of the run: every outcome is a state. After a lost database connection the lease expires, and
    the run continues elsewhere.
    """
    with tenant_wall.across_tenants():
        run = worker_transitions.claim(run_id, statuses)
    return None if run is None else do(run, phase)


@dataclass(frozen=True)
class Following:
    """The phases that a worker goes on with under the same claim, and what it does with the run before each of them, which may
    not raise."""

    phases: Mapping[RunPhase, Phase]
    before_each: Callable[[TaskRun], None]


def do(run: TaskRun, phase: Phase, following: Following | None = None) -> TaskRun | None:
    """The phase of a claimed run; with ``following``, also the phases behind it, as long as it is nobody else's turn. Returns
    the run afterwards."""
    left: TaskRun | None = None
    ids = {"workspace_id": run.workspace_id, "task_id": run.task_id, "run_id": run.pk}
    with bound_contextvars(**ids, phase=phase.__name__), tenant_wall.within(run.workspace_id), keeper.hold(run) as lease:
        began = time.monotonic()
        traced.waited(run)
        try:
            left = asyncio.run(_guarded(run, lease, phase, following))
        except (DatabaseError, InterfaceError) as error:
            log.exception("the database failed; the run continues when its lease has expired")
            if is_away(error):
                keeper.let_go(lease)
        current = left or TaskRun.across_tenants.select_related("task__project").filter(pk=run.pk).first()
        status = None if current is None else current.status
        log.info("phase ended", status=status, seconds=round(time.monotonic() - began, 3), fence=lease.fence)
    return current


async def _guarded(run: TaskRun, lease: Lease, phase: Phase, following: Following | None) -> TaskRun | None:
    loop = asyncio.get_running_loop()
    # Work directories belong to one claim: a worker that lost its run can't disturb the one that has it now.
    directory = settings.MGX_DATA_DIR / "runs" / str(run.pk) / str(run.fence)
    executor = ThreadPoolExecutor(
        1, thread_name_prefix="run-db", initializer=_inherit, initargs=(get_contextvars(), run.workspace_id)
    )

    async def db(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await loop.run_in_executor(executor, partial(func, *args, **kwargs))

    try:
        end = await _outcome(run, lease, phase, following, db, directory)
        if isinstance(end, TaskRun):
            return end
        await db(until_committed, end)
    except LeaseLost as lost:
        log.info("the phase was left", reason=str(lost))
        keeper.let_go(lease)
    finally:
        await db(connections.close_all)
        executor.shutdown()
        await asyncio.to_thread(_remove, directory)
    return None


def _inherit(logged: Mapping[str, Any], workspace_id: uuid.UUID) -> None:
    """In a thread of its own, for as long as it lives."""
    bind_contextvars(**logged)
    tenant_wall.enter(workspace_id)


async def _outcome(
    run: TaskRun, lease: Lease, phase: Phase, following: Following | None, db: Db, directory: Path
) -> TaskRun | Callable[[], object]:
    """Executes the phase, and those that follow it, and returns the run as the last one left it; or else the transition for the
    outcome."""
    buffer = EventBuffer(run, lease.fence)
    sink = RunSink(run, buffer, phase_of(run), db)
    try:
        lease.bind()
        await asyncio.to_thread(_make, directory)
        model, on_server = await db(choose_for, run)
        try:
            async with working_time(run, lease, db) as clock, model_cache(run) as cache, AsyncExitStack() as held:
                work = Execution(
                    run, lease, db, directory, buffer, Steps(run), sink, traced.model(model), cache, held, clock,
                    goes_on=following is not None, on_server=on_server,
                )  # fmt: skip
                held.enter_context(prompts.using(prompts_of(run)))
                while True:
                    act = partial(profiled, work, phase) if run.profile else partial(phase, work)
                    run = await traced.phase(run, act)
                    if run.lease_expires_at is None:
                        return run
                    assert following is not None and run.state.phase is not None, f"a run that is {run.status} is held"
                    phase = following.phases[run.state.phase]
                    work.enter(run)
                    await db(following.before_each, run)
        finally:
            lease.unbind()
            await asyncio.gather(sink.close(), model.aclose())
    except (Cancelled, asyncio.CancelledError) as stop:
        return _stopped(run, lease, stop)
    except Paused as pause:
        return _paused(run, lease, pause)
    except SandboxFailed as dead:
        return partial(worker_transitions.pause, run.pk, lease.fence, "sandbox", dead.detail, dead.hint)
    except StoreAway as away:
        hint = "The run goes on by itself as soon as the store answers. Until then, the worker's log has the reason."
        return partial(worker_transitions.pause, run.pk, lease.fence, "storage", away.detail, hint)
    except (AgentError, MGXError) as error:
        return partial(worker_transitions.fail, run.pk, lease.fence, error.code, error.detail, error.hint)
    except OSError as error:
        failed = disk_failed(error)
        return _unexpected(run, lease) if failed is None else _paused(run, lease, failed)
    except (DatabaseError, InterfaceError) as error:
        if is_away(error):
            raise
        return _unexpected(run, lease)
    except Exception:
        return _unexpected(run, lease)


def _stopped(run: TaskRun, lease: Lease, stop: BaseException) -> Callable[[], object]:
    reason = lease.reason or (stop if isinstance(stop, LeaseLost) else None)
    if reason is None:
        return _unexpected(run, lease)
    if isinstance(reason, LeaseLost):
        return partial(_give_back, run.pk, lease)
    if isinstance(reason, Paused):
        return _paused(run, lease, reason)
    return partial(worker_transitions.finish_cancel, run.pk, lease.fence)


def _paused(run: TaskRun, lease: Lease, pause: Paused) -> Callable[[], object]:
    facts = (pause.reason, pause.detail, pause.hint, pause.needs)
    return partial(worker_transitions.pause, run.pk, lease.fence, *facts)


def _make(directory: Path) -> None:
    """Creates the claim's own directory, and removes what earlier claims left when their workers died.

    An earlier claim that ends just now removes the run's directory once it is empty, so between any two looks it may vanish:
    ``mkdir(exist_ok=True)`` raises FileExistsError then.
    """
    of_run = directory.parent
    of_run.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while not directory.is_dir():
        with suppress(FileNotFoundError):
            _make_one(of_run)
            for left in of_run.iterdir():
                if left.name.isdigit() and int(left.name) < int(directory.name):
                    shutil.rmtree(left, ignore_errors=True)
            _make_one(directory)


def _make_one(directory: Path) -> None:
    """Raises FileExistsError for a file that stands in the way; FileNotFoundError where the parent is gone."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        # lstat: a directory that has vanished since is the caller's to make again
        if not stat.S_ISDIR(directory.lstat().st_mode):
            raise


def _remove(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):  # a later claim of the run may be at work beside it
        directory.parent.rmdir()


def _give_back(run_id: uuid.UUID, lease: Lease) -> None:
    """A worker that is being stopped hands its run on at once; one that lost it has nothing to hand on. One that hung is to be
    killed: it must not hide that as it wakes up."""
    if not watcher.overdue():
        worker_transitions.release(run_id, lease.fence)


def _unexpected(run: TaskRun, lease: Lease) -> Callable[[], object]:
    log.exception("the run failed with an internal error")
    detail = "Internal error. See the server's log for details."
    return partial(
        worker_transitions.fail, run.pk, lease.fence, "internal", detail, "Retry the run. If it fails again, report a bug."
    )

"""Log lines name what they are about, and no longer than it lasts."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import dramatiq
import pytest
import structlog
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from dramatiq.brokers.stub import StubBroker
from structlog.contextvars import bind_contextvars, get_contextvars

from mgx_project.actor_logs import ActorLogs
from mgx_project.routing import websockets
from runs.views import RunViewSet
from tests.conftest import CallerInTests, MakeCaller
from tests.factories import TaskRunFactory
from tests.support.log_lines import logged
from tests.support.patience import SOON
from workspaces.consumers_base import EventStream

log = structlog.stdlib.get_logger(__name__)


@pytest.mark.django_db
def test_a_line_of_a_request_names_the_request_its_workspace_and_its_row(
    owner: CallerInTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: RunViewSet, pk: object) -> Any:
        raise RuntimeError("no row")

    monkeypatch.setattr(RunViewSet, "read_row", broken)
    run = TaskRunFactory(workspace=owner.workspace)
    owner.api.raise_request_exception = False
    with logged() as lines:
        answer = owner.api.get(f"/api/runs/{run.pk}")
    assert answer.status_code == 500
    ours, djangos = lines.all()
    assert (ours["logger"], djangos["logger"]) == ("mgx_project.common.problems", "django.request")
    for line in (ours, djangos):
        assert line["request_id"] == answer["X-Request-Id"]
        assert line["workspace_id"] == str(owner.workspace.pk)
        assert line["run_id"] == str(run.pk)
    assert get_contextvars() == {}, "nothing is left for what this thread does next"


@pytest.mark.django_db(transaction=True)
def test_a_line_of_a_socket_names_its_workspace_and_its_run(make_caller: MakeCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: EventStream, after: int) -> Any:
        raise RuntimeError("no rows")

    monkeypatch.setattr(EventStream, "_stored", broken)
    owner = make_caller()
    run = TaskRunFactory(workspace=owner.workspace)

    async def fail() -> None:
        socket = WebsocketCommunicator(websockets, f"/ws/runs/{run.pk}", [(b"authorization", f"Bearer {owner.token}".encode())])
        await socket.connect(timeout=SOON)
        assert (await socket.receive_output(timeout=SOON))["code"] == 1011

    with logged() as lines:
        asyncio.run(fail())
    (line,) = lines.of("a socket failed; its client reconnects with its cursor")
    assert (line["workspace_id"], line["run_id"]) == (str(owner.workspace.pk), str(run.pk))
    assert "no rows" in line["exception"]


def test_what_one_message_of_an_actor_binds_the_next_does_not_have() -> None:
    broker = StubBroker(middleware=[ActorLogs()])
    broker.emit_after("process_boot")

    @dramatiq.actor(broker=broker)
    def look(name: str) -> None:
        log.warning("looking")
        bind_contextvars(link_id=name)
        logging.getLogger("a.library").warning("found")

    worker = dramatiq.Worker(broker, worker_threads=1)
    with logged() as lines:
        worker.start()
        first, second = look.send("a"), look.send("b")
        broker.join("default")
        worker.stop()
    began, found = lines.of("looking"), lines.of("found")
    assert [(line["actor"], line["message_id"]) for line in began] == [("look", first.message_id), ("look", second.message_id)]
    assert [line["link_id"] for line in found] == ["a", "b"]
    assert not [line for line in began if "link_id" in line]


async def test_ids_reach_the_threads_that_work_for_a_task() -> None:
    with logged() as lines, structlog.contextvars.bound_contextvars(run_id="r"):
        await asyncio.to_thread(log.warning, "by asyncio")
        await sync_to_async(log.warning)("by asgiref")
    assert [line["run_id"] for line in lines.all()] == ["r", "r"]

"""`manage.py work`: one worker process, which is Dramatiq's Worker with our lease keeper, reaper and housekeeping beside it.

There are two Workers in it, with threads and a queue each: one for runs, one for what waits for other people's servers (looks,
deliveries, comments, mail). Dramatiq advises against two in a process; ours share no queue, and none of the middleware keeps
state of a worker.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from typing import Any

import dramatiq
import redis
import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from agent.runtime import bootstrap
from mgx_project.common import living_workers, tenant_wall, traces, watcher
from mgx_project.common.private_files import close_data_directory
from repositories import actors as network
from repositories.fair_shares import THREADS
from runs import actors
from runs.housekeeping import Housekeeping
from runs.reaper import Reaper
from runs.worker import leftovers, workdirs
from runs.worker.equipment import Equipment
from runs.worker.lease import keeper

log = structlog.stdlib.get_logger(__name__)
BEAT_SECONDS = 5
LOOK_MILLISECONDS = 250
"""How often a thread without work looks whether it is to end."""


class Command(BaseCommand):
    help = (
        "Execute runs until stopped (SIGTERM, SIGINT), when runs in progress are released to other workers; or drained "
        "(SIGUSR1), when no further run is taken and those in progress end their phases first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="runs executed at the same time (default: 4)")
        said = f"threads for repository checks, webhook deliveries and comments (default: {THREADS})"
        parser.add_argument("--network-threads", type=int, default=THREADS, help=said)

    def handle(self, *args: Any, threads: int, network_threads: int, **options: Any) -> None:
        tenant_wall.close()
        close_data_directory(settings.MGX_DATA_DIR)
        leftovers.hold_runtime()
        bootstrap(leftovers.runtime_directory())
        broker: Any = dramatiq.get_broker()  # ours
        broker.emit_after("process_boot")
        _make_room(threads, network_threads)
        workers = [_worker(broker, actors.QUEUE, threads), _worker(broker, network.QUEUE, network_threads)]
        workdirs.prune()
        equipment = Equipment()
        helpers = (Reaper(threads, network_threads), Housekeeping())
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: stop.set())
        signal.signal(watcher.DRAIN, lambda number, frame: keeper.drain())
        for worker in workers:
            worker.start()
        for helper in helpers:
            helper.start()
        if (beat := watcher.beat) is not None:
            beat.ask(settings.MGX_WORKER_SILENCE_SECONDS, well=lambda: not keeper.stuck)
        log.info("worker ready", threads=threads)
        self._beat_until(stop, threads, equipment)
        log.info("worker stopping: releasing its runs", runs=keeper.held)
        for helper in helpers:
            helper.stop()
        keeper.shut_down()
        broker.stop_waiting((actors.QUEUE, network.QUEUE))
        stopping = [threading.Thread(target=worker.stop, args=(15_000,)) for worker in workers]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        broker.close()
        database: Any = connection  # PostgreSQL's wrapper, which has a pool
        traces.close()
        database.close_pool()  # the interpreter would wait five seconds for its threads
        log.info("worker stopped")

    def _beat_until(self, stop: threading.Event, threads: int, equipment: Equipment) -> None:
        """Shows every few seconds that this process lives: to Redis (`/health/status` shows it) and in its directory."""
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=BEAT_SECONDS, socket_connect_timeout=BEAT_SECONDS)
        name = f"{socket.gethostname()}:{os.getpid()}"
        facts = {"pid": os.getpid(), "host": socket.gethostname(), "threads": threads, "started_at": int(time.time())}
        while not stop.is_set():
            leftovers.show_life()
            try:
                living_workers.beat(client, name, facts | equipment.facts() | {"busy": keeper.held}, BEAT_SECONDS * 3)
            except redis.RedisError as error:
                log.warning("Redis can't be reached, trying again", error=str(error))
            if keeper.drained:
                log.info("worker drained")
                break
            stop.wait(1.0 if keeper.closing else BEAT_SECONDS)
        try:
            living_workers.say_goodbye(client, name)
        except redis.RedisError as error:
            log.warning("Redis can't be reached", error=str(error))


def _worker(broker: dramatiq.Broker, queue: str, threads: int) -> dramatiq.Worker:
    worker = dramatiq.Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=LOOK_MILLISECONDS)
    worker.queue_prefetch = threads  # a wake-up waits in the queue, where other workers see it, not in this process
    return worker


def _make_room(threads: int, network_threads: int) -> None:
    """In the pool of database connections: two for each run, one for each other thread. Before the first is opened."""
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
    pool["max_size"] = max(pool["max_size"], 2 * threads + network_threads + 5)

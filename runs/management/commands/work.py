"""`manage.py work`: one worker process, which is Dramatiq's Worker with our lease keeper and reaper beside it."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from typing import Any

import dramatiq
import redis
from django.conf import settings
from django.core.management.base import BaseCommand

from agent.runtime import bootstrap
from mgx_project.common import watcher
from runs import actors, recovery, workdirs
from runs.lease import keeper
from workspaces import actors as account_actors

log = logging.getLogger(__name__)
BEAT_SECONDS = 5


class Command(BaseCommand):
    help = "Does the work of runs until it is told to stop (SIGTERM, SIGINT): then it hands its runs on and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=4, help="runs worked on at the same time (default: 4)")

    def handle(self, *args: Any, threads: int, **options: Any) -> None:
        os.umask(0o077)  # checkouts, mirrors and caches are nobody else's on this machine
        bootstrap(settings.MGX_DATA_DIR / "runtime" / str(os.getpid()))
        broker = dramatiq.get_broker()
        broker.emit_after("process_boot")
        worker = dramatiq.Worker(broker, queues={actors.QUEUE, account_actors.QUEUE}, worker_threads=threads)
        worker.queue_prefetch = threads  # a wake-up waits in the queue, where other workers see it, not in this process
        workdirs.prune()
        reaper = recovery.Reaper(threads)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: stop.set())
        worker.start()
        reaper.start()
        if (beat := watcher.beat) is not None:
            beat.ask(settings.MGX_WORKER_SILENCE_SECONDS, well=lambda: not keeper.stuck)
        log.info("worker ready: %s threads", threads)
        self._beat_until(stop, threads)
        log.info("worker stopping: handing %s runs on", keeper.held)
        reaper.stop()
        keeper.shut_down()
        worker.stop(timeout=15_000)
        broker.close()

    def _beat_until(self, stop: threading.Event, threads: int) -> None:
        """Says every few seconds that this worker lives (`/health/status` counts the keys)."""
        client = redis.Redis.from_url(settings.REDIS_URL)
        key = f"mgx:workers:{socket.gethostname()}:{os.getpid()}"
        facts = {"pid": os.getpid(), "host": socket.gethostname(), "threads": threads, "started_at": int(time.time())}
        while not stop.is_set():
            try:
                client.set(key, json.dumps(facts | {"busy": keeper.held}), ex=BEAT_SECONDS * 3)
            except redis.RedisError as error:
                log.warning("Redis can't be reached, trying again: %s", error)
            stop.wait(BEAT_SECONDS)
        try:
            client.delete(key)
        except redis.RedisError as error:
            log.warning("Redis can't be reached: %s", error)

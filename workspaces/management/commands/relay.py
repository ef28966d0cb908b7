"""`manage.py relay`: publishes the event log to Kafka until it is stopped. Any number of them may run; one publishes."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, close_old_connections

from mgx_project.common import tenant_wall

from ...kafka import BusProducer, BusRefused, KafkaException
from ...relay import Relay

log = structlog.stdlib.get_logger(__name__)
IDLE_SECONDS = 0.25
PAUSE_SECONDS = 5.0
"""After a refusal, which somebody must see to."""


class Command(BaseCommand):
    help = "Publish events to the Kafka topic KAFKA_TOPIC at KAFKA_BOOTSTRAP_SERVERS until stopped (SIGTERM, SIGINT)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set: there is nothing to publish to.")
        tenant_wall.close()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: stop.set())
        relay = Relay(BusProducer(settings.KAFKA_BOOTSTRAP_SERVERS, settings.KAFKA_TOPIC), settings.KAFKA_TOPIC, stop.is_set)
        log.info("relay ready", topic=settings.KAFKA_TOPIC)
        while not stop.is_set():
            began = time.monotonic()
            try:
                close_old_connections()
                if relay.work():
                    continue
                pause = IDLE_SECONDS
            except (DatabaseError, InterfaceError) as error:
                log.warning("the relay could not read or note what is published, trying again", error=str(error))
                pause = IDLE_SECONDS * 4
            except (BusRefused, KafkaException, BufferError) as error:
                log.error("the brokers refuse events; nothing is lost, and it is tried again", error=str(error))
                pause = PAUSE_SECONDS
            stop.wait(max(0.0, pause - (time.monotonic() - began)))
        relay.release()

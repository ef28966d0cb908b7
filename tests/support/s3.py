"""A real S3 server (SeaweedFS, from its wheel) on loopback, in a directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mgx_project.embedded.ports import free_port

ACCESS_KEY, SECRET_KEY, BUCKET = "test-access", "test-secret-key", "artifacts"
READY_SECONDS = 180.0
"""A hung server ends a test then; one that starts beside many others on two cores may take long."""


@dataclass(frozen=True)
class S3:
    url: str

    def client(self, secret: str = SECRET_KEY) -> object:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=secret,
            region_name="us-east-1",
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )


@contextmanager
def serve(directory: Path) -> Iterator[S3]:
    """Serves until the block ends, with the bucket BUCKET. The server is stopped by its pid."""
    directory.mkdir(parents=True)
    identity = {
        "name": "test",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (directory / "identities.json").write_text(json.dumps({"identities": [identity]}))
    names = ("master", "volume", "filer", "s3")
    ports: list[int] = []
    while len(ports) < len(names) * 2:
        ports += {free_port()} - set(ports)
    flags = [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
    flags += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[len(names) :], strict=True)]
    weed = Path(sys.executable).with_name("weed")
    argv = [
        str(weed), "mini", f"-dir={directory / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-admin.ui=false",
        "-webdav=false", "-s3.port.iceberg=0", f"-s3.config={directory / 'identities.json'}", "-metricsPort=0",
        "-master.electionTimeout=1s", f"-s3.localSocket={directory / 's3.sock'}", *flags,
    ]  # fmt: skip
    (directory / "data").mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    with (directory / "weed.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=directory, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        server = S3(f"http://127.0.0.1:{ports[3]}")
        _wait(server, process, directory / "weed.log")
        yield server
    finally:
        process.terminate()
        process.wait(15)
        shutil.rmtree(directory, ignore_errors=True)


def _wait(server: S3, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    client = server.client()
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]
            return
        except (BotoCoreError, ClientError):
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)

"""A real S3 server (SeaweedFS, from its wheel) on loopback, in a directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
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

from .patience import SOON

ACCESS_KEY, SECRET_KEY, BUCKET = "test-access", "test-secret-key", "artifacts"


@dataclass
class S3:
    url: str
    argv: list[str]
    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, str]:
        """Of the environment of a server that keeps its artifacts here."""
        return {
            "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": self.url, "S3_ACCESS_KEY_ID": ACCESS_KEY,
            "S3_SECRET_ACCESS_KEY": SECRET_KEY,
        }  # fmt: skip

    def start(self) -> None:
        """On the same ports and data as before."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        log = self.directory / "weed.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(self.argv, cwd=self.directory, env=env, stdout=output, stderr=subprocess.STDOUT)
        _wait(self, self.process, log)

    def stop(self) -> None:
        if self.process is not None:
            self.thaw()
            self.process.terminate()
            self.process.wait(SOON)
            self.process = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

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
    names = ("master", "volume", "filer", "s3", "admin")
    ports: list[int] = []
    while len(ports) < len(names) * 2:
        ports += {free_port()} - set(ports)
    flags = [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
    flags += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[len(names) :], strict=True)]
    weed = Path(sys.executable).with_name("weed")
    argv = [
        str(weed), "mini", f"-dir={directory / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-admin.ui=false",
        "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-metricsPort=0",
        f"-s3.config={directory / 'identities.json'}", "-master.electionTimeout=1s",
        f"-s3.localSocket={directory / 's3.sock'}", *flags,
    ]  # fmt: skip
    (directory / "data").mkdir()
    server = S3(f"http://127.0.0.1:{ports[3]}", argv, directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _wait(server: S3, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SOON
    client = server.client()
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)  # type: ignore[attr-defined]
            return
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"].startswith("BucketAlready"):
                return
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
            time.sleep(0.1)

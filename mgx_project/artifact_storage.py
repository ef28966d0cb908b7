"""Where artifacts of runs are kept: a directory of this machine, or a bucket of an S3 service where ``S3_BUCKET`` names one.

Another storage is any backend of Django's or django-storages', chosen here by a setting of its own (`env.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import env
from .common.store import BRIEF, DEFAULT

CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 2.0, 10.0, 2
"""How long a worker waits for a bucket, which may have to write a large file before it answers. A run whose store is away is
paused and goes on by itself: botocore's own five times 60 seconds would hold a worker for nothing."""
BRIEF_SECONDS = 0.9
"""As long as a request may wait for a server that hangs."""


def artifact_storage() -> dict[str, Any]:
    """The ``default`` of Django's STORAGES, and the same store for who can't wait long."""
    if not env.S3_BUCKET:
        return dict.fromkeys((DEFAULT, BRIEF), _directory())
    names = ("S3_BUCKET", "S3_REGION", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
    return bucket({name: getattr(env, name) for name in names})


def _directory() -> dict[str, Any]:
    return {
        "BACKEND": "mgx_project.durable_storage.DurableStorage",
        "OPTIONS": {
            "location": env.DATA_DIR / "artifacts",
            # also where a command of manage.py writes, whose umask is the operator's
            "directory_permissions_mode": 0o700,
            "file_permissions_mode": 0o600,
        },
    }


def bucket(values: Mapping[str, str]) -> dict[str, Any]:
    """``values``: of the variables S3_…, by name."""
    options = {
        "bucket_name": values["S3_BUCKET"],
        "region_name": values.get("S3_REGION") or "us-east-1",
        "endpoint_url": values.get("S3_ENDPOINT_URL") or None,
        "access_key": values.get("S3_ACCESS_KEY_ID") or None,
        "secret_key": values.get("S3_SECRET_ACCESS_KEY") or None,
        "file_overwrite": True,
        "querystring_expire": 300,
        # the service refuses bytes that are not those that were sent
        "object_parameters": {"ChecksumAlgorithm": "SHA256"},
    }
    waits = {
        DEFAULT: _waiting(connect=CONNECT_SECONDS, answer=ANSWER_SECONDS, tries=TRIES),
        BRIEF: _waiting(connect=BRIEF_SECONDS, answer=BRIEF_SECONDS, tries=1),
    }
    return {
        alias: {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options | waiting} for alias, waiting in waits.items()
    }


def _waiting(*, connect: float, answer: float, tries: int) -> dict[str, Any]:
    """Seconds until there is a connection, and without a byte of an answer."""
    from boto3.s3.transfer import TransferConfig  # loaded only where there is a bucket
    from botocore.config import Config

    return {
        "client_config": Config(
            connect_timeout=connect,
            read_timeout=answer,
            retries={"mode": "standard", "total_max_attempts": tries},
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            tcp_keepalive=True,
        ),
        "transfer_config": TransferConfig(num_download_attempts=tries, use_threads=False),
    }

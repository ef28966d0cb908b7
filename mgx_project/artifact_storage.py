"""Where artifacts of runs are kept: a directory of this machine, or a bucket of an S3 service where ``S3_BUCKET`` names one.

Another storage is any backend of Django's or django-storages', chosen here by a setting of its own (`env.py`).
"""

from __future__ import annotations

from typing import Any

from . import env


def artifact_storage() -> dict[str, Any]:
    """The ``default`` of Django's STORAGES."""
    return _bucket() if env.S3_BUCKET else _directory()


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


def _bucket() -> dict[str, Any]:
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.S3_BUCKET,
            "region_name": env.S3_REGION,
            "endpoint_url": env.S3_ENDPOINT_URL or None,
            "access_key": env.S3_ACCESS_KEY_ID or None,
            "secret_key": env.S3_SECRET_ACCESS_KEY or None,
            "signature_version": "s3v4",
            "addressing_style": "path",
            "file_overwrite": True,
            "querystring_expire": 300,
        },
    }

"""Creates the bucket ``S3_BUCKET`` on the object store when it is not there. Run by compose's one-shot service ``bucket`` while
the store starts: for ``WAIT_SECONDS`` one that does not answer yet is asked again."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mgx_project import env

WAIT_SECONDS = 120.0
PAUSE_SECONDS = 0.5


def main() -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return make()
        except (ConnectionError, HTTPClientError) as error:
            said = error
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
            said = error
        if time.monotonic() > until:
            sys.exit(f"The object store is not ready: {said}")
        time.sleep(PAUSE_SECONDS)


def make() -> None:
    """Raises botocore's errors."""
    client = boto3.client(
        "s3",
        endpoint_url=env.S3_ENDPOINT_URL or None,
        aws_access_key_id=env.S3_ACCESS_KEY_ID or None,
        aws_secret_access_key=env.S3_SECRET_ACCESS_KEY or None,
        region_name=env.S3_REGION,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )
    try:
        client.head_bucket(Bucket=env.S3_BUCKET)
        print(f"{env.S3_BUCKET} is there")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        # the first region has no name in this call
        where = {} if env.S3_REGION == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": env.S3_REGION}}
        client.create_bucket(Bucket=env.S3_BUCKET, **where)
        print(f"{env.S3_BUCKET} was created")


if __name__ == "__main__":
    main()

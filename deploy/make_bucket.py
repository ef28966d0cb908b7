"""Creates the bucket ``S3_BUCKET`` on the object store when it is not there. Run by compose's one-shot service ``bucket`` while
the store starts."""

from __future__ import annotations

import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from waiting import NotReady, wait

from mgx_project import env


def bucket() -> None:
    """Raises NotReady, and SystemExit where the store refuses."""
    try:
        make()
    except (ConnectionError, HTTPClientError) as error:
        raise NotReady(error) from error
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
            sys.exit(f"the object store refuses {env.S3_BUCKET}: {error}")
        raise NotReady(error) from error


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
    wait("the object store", bucket)

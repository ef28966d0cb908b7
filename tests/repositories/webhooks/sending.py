"""Deliveries as GitHub sends them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from django.test import Client

SECRET = "a webhook secret"
APP_SECRET = "the secret of the app"


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(
    link_id: object, payload: Any, *, event: str = "issues", delivery: str = "d-1", secret: str = SECRET, raw: bytes = b"",
    **headers: str,
) -> Any:  # fmt: skip
    """To the address of a link; to the app's for None. ``headers`` replace those that the service sends."""
    body = raw or json.dumps(payload).encode()
    sent = {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": signature(secret, body), **headers}
    path = "/api/webhooks/github" if link_id is None else f"/api/webhooks/github/{link_id}"
    return Client().post(path, body, content_type="application/json", headers=sent)


def deliver_to_app(payload: Any, *, secret: str = APP_SECRET, **options: Any) -> Any:
    return deliver(None, payload, secret=secret, **options)

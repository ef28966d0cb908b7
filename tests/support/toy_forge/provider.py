"""The toy service as a hosting provider: what `repositories/hosting/github/` is for GitHub."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from mgx_project.common.errors import BadRequest
from repositories.git.address import require_api
from repositories.hosting.base import HostingClient
from repositories.hosting.comment_text import CommentText
from repositories.hosting.payloads import json_object, known_fields, require_delivery_id, text
from repositories.hosting.provider import IncomingDelivery, Linked, PayloadPaths, RepositoryRef
from repositories.hosting.webhook_events import WebhookEvent

from .client import ToyClient
from .parsing import SHAPE, events, read_comment

STAMP = "Toy-Stamp"
_PATH = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


class ToyProvider:
    name = "toy"
    label = "Toy forge"
    headers = (STAMP,)
    payload_paths = PayloadPaths(
        actor="by__nick", action="what", title="thread__heading", numbers=("thread__no", "proposal__no")
    )
    app = None

    def check_settings(self) -> None:
        """It has none."""

    def client(self, linked: Linked) -> HostingClient:
        return ToyClient(linked.api_base_url, linked.repo_full_name, linked.credential)

    def server(self, linked: Linked) -> str:
        return linked.api_base_url.partition("://")[2].partition("/")[0]

    def recognises(self, url: str) -> bool:
        return url.startswith("toy:")

    def reference(self, url: str, *, credential: str, api_base_url: str) -> RepositoryRef:
        path = url.removeprefix("toy:")
        if not _PATH.fullmatch(path) or not api_base_url:
            raise BadRequest(f"{url!r} is not a project; write toy:owner/name and give the API's address.", field="url")
        require_api(api_base_url, secret=bool(credential))
        return RepositoryRef(self.name, f"{api_base_url.removesuffix('/v1')}/git/{path}", path, credential, api_base_url)

    def is_signed(self, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        now, _, digest = headers.get(STAMP, "").partition(";")
        wanted = base64.b64encode(hmac.new(secret.encode(), now.encode() + b"." + body, hashlib.sha512).digest())
        return hmac.compare_digest(wanted, digest.encode())

    def delivery(self, headers: Mapping[str, str], body: bytes) -> IncomingDelivery | None:
        payload = json_object(body)
        kind = text(payload, "kind")
        if kind == "hello":
            return None
        return IncomingDelivery(require_delivery_id(text(payload, "uid"), "uid"), kind, payload)

    def kept(self, delivery: IncomingDelivery) -> dict[str, Any] | None:
        if delivery.event not in SHAPE:
            return None
        return known_fields(
            delivery.payload, {"by": {"nick": None}, "what": None, "at": None, **SHAPE[delivery.event]}, long="words"
        )

    def comment_text(self, text: str) -> CommentText:
        return read_comment(text)

    def events(self, event: str, kept: Mapping[str, Any]) -> list[WebhookEvent]:
        return events(event, kept)


TOY = ToyProvider()

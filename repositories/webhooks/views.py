"""`POST /api/webhooks/github/{link_id}`, and `POST /api/webhooks/github` of our GitHub App: signed, without a token."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..errors import Unsigned
from . import services
from .installations import accept_of_app
from .signing import signed_by_app, signed_by_link

_described = extend_schema(
    parameters=[
        OpenApiParameter("X-GitHub-Event", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True),
        OpenApiParameter("X-GitHub-Delivery", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True),
        OpenApiParameter("X-Hub-Signature-256", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True),
    ],
    request=OpenApiTypes.OBJECT,
    auth=[],
    responses={202: OpenApiResponse(OpenApiTypes.OBJECT, description="Stored, already known, or of no interest.")},
)


class _WebhookView(APIView):
    """Accepts deliveries. They are processed later; the response only confirms that they are stored."""

    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    def read(self, request: Request) -> tuple[bytes, str]:
        """The body and its signature."""
        return request._request.body, request.headers.get("X-Hub-Signature-256", "")

    def delivered(self, request: Request) -> dict[str, Any] | None:
        """The content of a signed delivery; None for the service's ping."""
        event, delivery_id = request.headers.get("X-GitHub-Event", ""), request.headers.get("X-GitHub-Delivery", "")
        if event == "ping":
            return None
        return {
            "delivery_id": delivery_id,
            "event": event,
            "payload": services.checked(delivery_id, request._request.body),
        }

    def answer(self, *, accepted: bool) -> Response:
        return Response({"accepted": accepted}, status=status.HTTP_202_ACCEPTED)


class GitHubWebhookView(_WebhookView):
    """Deliveries of the webhook of one link."""

    @_described
    def post(self, request: Request, link_id: uuid.UUID) -> Response:
        """Accepts a delivery: 202, also if it was received before; 401 if it is not signed with the link's secret."""
        link = signed_by_link(link_id, *self.read(request))
        if link is None:
            raise Unsigned("The signature does not match this link's webhook secret. Set up the webhook again.")
        said = self.delivered(request)
        return self.answer(accepted=said is not None and services.accept(link, **said))


class GitHubAppWebhookView(_WebhookView):
    """Deliveries of the server's GitHub App, for all its installations."""

    @_described
    def post(self, request: Request) -> Response:
        """Accepts a delivery: 202, also if it was received before; 401 if it is not signed with `GITHUB_WEBHOOK_SECRET`."""
        if not signed_by_app(*self.read(request)):
            raise Unsigned("The signature does not match the app's webhook secret (GITHUB_WEBHOOK_SECRET).")
        said = self.delivered(request)
        return self.answer(accepted=said is not None and accept_of_app(**said) > 0)

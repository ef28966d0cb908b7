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
    responses={202: OpenApiResponse(OpenApiTypes.OBJECT, description="Kept, or known or of no interest.")},
)


class _WebhookView(APIView):
    """What deliveries mean is worked out later; the answer only says that they are kept."""

    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    def read(self, request: Request) -> tuple[bytes, str]:
        """The body and its signature."""
        return request._request.body, request.headers.get("X-Hub-Signature-256", "")

    def delivered(self, request: Request) -> dict[str, Any] | None:
        """What a signed delivery says, in the words of `accept`; None for the service's trial."""
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
    """Deliveries of the hook that one link has."""

    @_described
    def post(self, request: Request, link_id: uuid.UUID) -> Response:
        """A delivery: 202 at once, also when it was seen before; 401 unless the link's secret has signed it."""
        link = signed_by_link(link_id, *self.read(request))
        if link is None:
            raise Unsigned("The signature is not the one of this link's secret.")
        said = self.delivered(request)
        return self.answer(accepted=said is not None and services.accept(link, **said))


class GitHubAppWebhookView(_WebhookView):
    """Deliveries of the server's GitHub App, for all its installations."""

    @_described
    def post(self, request: Request) -> Response:
        """A delivery: 202 at once, also when it was seen before; 401 unless `GITHUB_WEBHOOK_SECRET` has signed it."""
        if not signed_by_app(*self.read(request)):
            raise Unsigned("The signature is not the one of the app's secret.")
        said = self.delivered(request)
        return self.answer(accepted=said is not None and accept_of_app(**said) > 0)

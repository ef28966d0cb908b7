"""`POST /api/webhooks/github/{link_id}`: signed by the link's secret instead of a token."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mgx_project.common.errors import BadRequest

from ..errors import Unsigned
from . import services

_HEADERS = [
    OpenApiParameter("X-GitHub-Event", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True),
    OpenApiParameter("X-GitHub-Delivery", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True),
    OpenApiParameter("X-Hub-Signature-256", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True),
]


class GitHubWebhookView(APIView):
    """Deliveries of GitHub. What they mean is worked out later; the answer only says that they are kept."""

    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    @extend_schema(
        parameters=_HEADERS,
        request=OpenApiTypes.OBJECT,
        auth=[],
        responses={202: OpenApiResponse(OpenApiTypes.OBJECT, description="Kept, or known or of no interest.")},
    )
    def post(self, request: Request, link_id: uuid.UUID) -> Response:
        """A delivery: 202 at once, also when it was seen before; 401 unless the link's secret has signed it."""
        body = request._request.body
        link = services.authentic(link_id, body, request.headers.get("X-Hub-Signature-256", ""))
        if link is None:
            raise Unsigned("The signature is not the one of this link's secret.")
        event = request.headers.get("X-GitHub-Event", "")
        if event == "ping":
            return Response({"accepted": False}, status=status.HTTP_202_ACCEPTED)
        try:
            payload = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise BadRequest(
                "The body is no JSON: the hook's content type must be application/json.", code="bad_delivery"
            ) from None
        delivery_id = request.headers.get("X-GitHub-Delivery", "")
        new = services.accept(link, delivery_id=delivery_id, event=event, payload=payload)
        return Response({"accepted": new}, status=status.HTTP_202_ACCEPTED)

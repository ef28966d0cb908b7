"""`POST /api/webhooks/<provider>/{link_id}`, and `POST /api/webhooks/<provider>` of our own app: signed, without a token."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mgx_project.common import tenant_wall

from ..errors import Unsigned
from ..hosting.provider import HostingProvider, IncomingDelivery
from . import services
from .installations import accept_of_app
from .signing import signed_by_app, signed_by_link


class _WebhookView(APIView):
    """Accepts deliveries. They are processed later; the response only confirms that they are stored."""

    provider: HostingProvider
    authentication_classes: Any = ()
    permission_classes: Any = ()
    throttle_classes: Any = ()

    def delivery(self, request: Request) -> IncomingDelivery | None:
        """The delivery in a signed request; None for the service's ping."""
        return self.provider.delivery(request.headers, request._request.body)

    def answer(self, *, accepted: bool) -> Response:
        return Response({"accepted": accepted}, status=status.HTTP_202_ACCEPTED)


class LinkWebhookView(_WebhookView):
    """Deliveries of the webhook of one link."""

    def post(self, request: Request, link_id: uuid.UUID) -> Response:
        """Accepts a delivery: 202, also if it was received before; 401 if it is not signed with the link's secret."""
        link = signed_by_link(self.provider, link_id, request.headers, request._request.body)
        if link is None:
            raise Unsigned("The signature does not match this link's webhook secret. Set up the webhook again.")
        tenant_wall.enter(link.workspace_id)
        delivery = self.delivery(request)
        return self.answer(accepted=delivery is not None and services.accept(self.provider, link, delivery))


class AppWebhookView(_WebhookView):
    """Deliveries of the server's own app, for all its installations."""

    def post(self, request: Request) -> Response:
        """Accepts a delivery: 202, also if it was received before; 401 if it is not signed with the app's secret."""
        app = self.provider.app
        if app is None or not signed_by_app(self.provider, request.headers, request._request.body):
            raise Unsigned("The signature does not match the app's webhook secret.")
        delivery = self.delivery(request)
        return self.answer(accepted=delivery is not None and accept_of_app(self.provider, app, delivery) > 0)


def view_of(provider: HostingProvider, view: type[_WebhookView]) -> Any:
    """``view`` for the deliveries of ``provider``, described with the headers that it sends."""
    headers = [OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, required=True) for name in provider.headers]
    described = extend_schema(
        parameters=headers,
        request=OpenApiTypes.OBJECT,
        auth=[],
        responses={202: OpenApiResponse(OpenApiTypes.OBJECT, description="Stored, already known, or of no interest.")},
    )
    mine: Any = type(view.__name__, (view,), {"provider": provider, "__doc__": view.__doc__, "__module__": view.__module__})
    return extend_schema_view(post=described)(mine).as_view()

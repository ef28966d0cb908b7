"""HTTP in Django: every request in one thread, from the first middleware to the last.

Django's ASGI handler runs the middleware on the event loop and sends each synchronous part of it (sessions, CSRF, static files
and the view itself) to a thread and back, which costs more than what they do. Views are synchronous but for a few, so
here the loop hands a request over once; an async view is awaited on the loop as before.
"""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase


class OneThreadHandler(ASGIHandler):
    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        return response

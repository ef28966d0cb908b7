from __future__ import annotations

import httpx
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from mgx_project.http import OneThreadHandler


def said(request: HttpRequest) -> HttpResponse:
    return HttpResponse("said")


async def awaited(request: HttpRequest) -> HttpResponse:
    return HttpResponse("awaited")


urlpatterns = [path("said", said), path("awaited", awaited)]


@pytest.mark.parametrize("view", ["said", "awaited"])
@override_settings(ROOT_URLCONF=__name__)
async def test_synchronous_and_async_views_answer_behind_the_same_middleware(view: str) -> None:
    transport = httpx.ASGITransport(OneThreadHandler())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(f"/{view}")
    assert answer.text == view
    assert answer.headers["X-Request-Id"]
    assert answer.headers["X-Frame-Options"] == "DENY"

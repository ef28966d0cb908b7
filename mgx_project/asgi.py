"""The ASGI application: HTTP by Django, WebSockets by Channels. Served by uvicorn (embedded, image) or daphne."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The tree is the server: its own `tasks` and `runs` come before anything installed under those names.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mgx_project.settings")

import django
from channels.routing import ProtocolTypeRouter

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402

from .body_limit import BodyLimit  # noqa: E402
from .common.clients import networks  # noqa: E402
from .forwarded import Forwarded  # noqa: E402
from .http import OneThreadHandler  # noqa: E402
from .routing import websockets  # noqa: E402

limited = BodyLimit(OneThreadHandler(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
router = ProtocolTypeRouter({"http": limited, "websocket": websockets})
application = Forwarded(router, trusted=networks(tuple(settings.MGX_TRUSTED_PROXIES)))

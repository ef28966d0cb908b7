"""Tickets that open WebSockets."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class WsTicketAnswer(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="Opens one WebSocket with ?ticket=…")
    expires_in = serializers.IntegerField(help_text="Seconds.")

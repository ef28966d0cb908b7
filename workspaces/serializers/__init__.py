"""Serializers: formats of requests and responses, without rules."""

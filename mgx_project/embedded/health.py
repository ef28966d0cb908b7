"""Asks the web process how it is, with a socket and nothing else: this runs in commands that must be quick."""

from __future__ import annotations

import socket

READY = "/health/ready"


def get(port: int, path: str = READY, *, seconds: float = 10.0) -> tuple[int, str]:
    """Status and body (at most 64 KiB) of ``GET path`` on 127.0.0.1:``port``; ``(0, reason)`` when nothing answers."""
    request = f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            connection.sendall(request.encode())
            while len(answer) < 64 << 10 and (part := connection.recv(16 << 10)):
                answer += part
    except OSError as error:
        return 0, f"no answer on port {port}: {error}"
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return 0, f"the service on port {port} is not an HTTP server"
    return int(words[1]), body.decode("utf-8", "replace")

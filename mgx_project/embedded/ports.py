"""Loopback ports."""

from __future__ import annotations

import os
import socket

# Below the ports that the kernel hands to outgoing connections (32768 and up on Linux, 49152 elsewhere): a client that keeps
# dialling a port whose server is being restarted could otherwise be given that port itself and connect to itself.
FIRST, LAST = 15000, 29999


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(preferred: int = 0) -> int:
    """``preferred`` when it is free, else another free port."""
    if preferred and is_free(preferred):
        return preferred
    while True:
        port = FIRST + int.from_bytes(os.urandom(4)) % (LAST - FIRST + 1)
        if is_free(port):
            return port

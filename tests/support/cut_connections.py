"""A network between a process and its database that is cut at a COMMIT: the proxy that the chosen threads connect through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from .patience import SOON

Cut = Literal["before", "unnoticed", "at once", "after"]
"""Of a COMMIT: it never leaves, and both sides see the end of the connection, or only the client does; it leaves, and the
connection ends just then, or when it was answered."""
CUTS: tuple[Cut, ...] = ("before", "unnoticed", "at once", "after")
_COMMIT = b"COMMIT\0"


class CutNetwork:
    """Counts the COMMITs that come by; the one for which ``left`` becomes 0 is cut. While ``away``, nobody gets through; it
    is back when ``back_after`` further connections were refused, of which 0 is never."""

    def __init__(self, host: str, port: int) -> None:
        self._database = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.left, self.cut = 0, CUTS[0]
        self.away, self.away_after = False, False
        self.refused, self.back_after = 0, 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def cut_next(self, cut: Cut, nth: int = 1, *, away_after: bool = False) -> None:
        self.cut, self.left, self.away_after = cut, nth, away_after

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(SOON)
        self._listener.close()
        for one in self._sockets:
            _end(one)
        for thread in self._threads:
            thread.join(SOON)
        for one in self._sockets:
            one.close()

    def _start(self, act: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=act, args=args, name="cut-network", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                if self.away:
                    self.refused += 1
                    self.back_after -= 1
                    self.away = self.back_after != 0
                    client.close()  # whoever sees this may read what is counted
                    continue
                server = socket.create_connection(self._database)
                self._sockets += [client, server]
                cutting = threading.Event()  # once set, what the server says is swallowed and is the end
                for pump in (self._ask, self._answer):
                    self._start(pump, client, server, cutting)

    def _ask(self, client: socket.socket, server: socket.socket, cutting: threading.Event) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                if _COMMIT in said:
                    self.left -= 1
                    if self.left == 0:
                        self.away = self.away_after
                        if self.cut == "after":
                            cutting.set()
                        elif self.cut == "at once":
                            cutting.set()  # first: an answer that came through would leave the next statement without a server
                            server.sendall(said)
                            _end(client)
                            _end(server)
                            return
                        elif self.cut == "unnoticed":
                            _end(client)
                            return
                        else:
                            break
                server.sendall(said)
        if not cutting.is_set():
            _end(client)
            _end(server)

    def _answer(self, client: socket.socket, server: socket.socket, cutting: threading.Event) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                if cutting.is_set():
                    break
                client.sendall(said)
        _end(client)
        _end(server)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def cut_network(chosen: Callable[[], bool] = lambda: True) -> Iterator[CutNetwork]:
    """New connections of threads for which ``chosen()`` go through it, and are not pooled."""
    settings = connection.settings_dict
    network = CutNetwork(settings["HOST"], int(settings["PORT"]))
    pool, parameters = DatabaseWrapper.pool, DatabaseWrapper.get_connection_params

    def through(self: Any) -> dict[str, Any]:
        found: dict[str, Any] = parameters(self)
        if chosen():
            found |= {"host": "127.0.0.1", "port": network.port, "sslmode": "disable", "gssencmode": "disable"}
        return found

    connection.close()
    DatabaseWrapper.pool = property(lambda self: None if chosen() else pool.fget(self))
    DatabaseWrapper.get_connection_params = through
    try:
        yield network
    finally:
        network.left = 0
        connection.close()
        DatabaseWrapper.pool, DatabaseWrapper.get_connection_params = pool, parameters
        network.close()

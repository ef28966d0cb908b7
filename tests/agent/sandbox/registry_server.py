"""A package registry on the loopback, for those whose protocol is files at addresses."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def serving(files: Callable[[str], Mapping[str, bytes]], *, elsewhere: str = "") -> Iterator[tuple[str, list[str]]]:
    """The address and the paths that were asked for. ``files`` gives what lies at which path, when it is told the address;
    ``elsewhere`` is the registry to which all other questions are sent ("": they are answered with 404)."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = known.get(self.path)
            self.send_response(200 if body is not None else 302 if elsewhere else 404)
            if body is None and elsewhere:
                self.send_header("Location", elsewhere + self.path)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    known = files(url)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

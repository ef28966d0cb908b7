"""A registry of npm packages on the loopback that knows one package, ``hello``, and sends all else to the real one."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INDEX_JS = "module.exports = 'hello';\n"
MANIFEST = {"name": "hello", "version": "1.0.0", "bin": {"hello": "cli.js"}, "scripts": {"postinstall": "node ran.js"}}
FILES = {
    "package.json": json.dumps(MANIFEST),
    "index.js": INDEX_JS,
    "cli.js": "#!/usr/bin/env node\nconsole.log('hello ran');\n",
    "ran.js": "require('fs').writeFileSync('RAN', String(Object.keys(require('os').networkInterfaces())));\n",
}
REAL = "https://registry.npmjs.org"


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in FILES.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@contextmanager
def serving(*, forward: bool = False) -> Iterator[tuple[str, list[str]]]:
    """The address and the paths that were asked for. ``forward`` sends questions about other packages to the real registry."""
    data, asked = archive(), list[str]()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == "/hello":
                version = {**MANIFEST, "dist": {"tarball": f"{url}/hello/-/hello-1.0.0.tgz", "integrity": integrity}}
                body = json.dumps({"name": "hello", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}).encode()
            else:
                body = data if self.path == "/hello/-/hello-1.0.0.tgz" else b""
            self.send_response(200 if body else 302 if forward else 404)
            if not body and forward:
                self.send_header("Location", REAL + self.path)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield url, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

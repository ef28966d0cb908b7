"""A supervisor whose web and worker are small programs: the real servers and the real supervisor, without Django.

``python -m tests.mgx_project.embedded.standin up|down|...`` takes the arguments of ``python -m mgx_project.embedded``. The
web program answers /health/ready with 200 while it can log in to both servers.
"""

from __future__ import annotations

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from mgx_project.embedded.__main__ import main
from mgx_project.embedded.plan import HOME, ServerPlace, ServiceCommand, ServicePlan
from mgx_project.embedded.valkey import Valkey

MODULE = "tests.mgx_project.embedded.standin"


def plan(place: ServerPlace) -> ServicePlan:
    me = (sys.executable, "-m", MODULE)
    return ServicePlan(
        home=HOME,
        migrate=(*me, "migrate"),
        setup=(*me, "setup", str(place.token_file)),
        commands=(ServiceCommand("web", "the web server", (*me, "web")), ServiceCommand("worker", "the worker", (*me, "work"))),
    )


def migrate() -> int:
    import psycopg

    if os.environ.get("STANDIN_FAILS"):
        print("migration 0007 is broken on purpose")
        return 1
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
    return 0


def setup(token_file: Path) -> int:
    kept = token_file.read_text().strip() if token_file.exists() else f"mgx_{os.urandom(8).hex()}"
    print(f'{{"token": "{kept}", "workspace": "local"}}')
    return 0


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        import psycopg

        redis = urlsplit(os.environ["REDIS_URL"])
        here = Path(os.devnull)
        valkey = Valkey(here, port=redis.port or 0, password=redis.password or "", log=here)
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2) as connection:
                connection.execute("SELECT 1")
            self.send_response(200 if valkey.ready() else 503)
        except psycopg.Error:
            self.send_response(503)
        self.end_headers()


def serve() -> int:
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["MGX_PORT"])), Health).serve_forever()
    return 0


def work() -> int:
    if os.environ.get("STANDIN_CRASHES") and Path(os.environ["MGX_DATA_DIR"], "crash").exists():
        return 3
    while True:
        time.sleep(60)


if __name__ == "__main__":
    command = sys.argv[1]
    if command == "setup":
        sys.exit(setup(Path(sys.argv[2])))
    if command in ("migrate", "web", "work"):
        sys.exit({"migrate": migrate, "web": serve, "work": work}[command]())
    sys.exit(main(make_plan=plan, module=MODULE))

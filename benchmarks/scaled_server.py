"""A server of several processes: web behind nginx, workers, and PgBouncer in transaction mode before PostgreSQL.

nginx and PgBouncer are Debian packages and run by the samples of ``deploy/``, with the addresses of this machine in them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from benchmarks.server import CHECKOUT, FOREIGN
from mgx_project.embedded.account import account_for
from mgx_project.embedded.children import Child
from mgx_project.embedded.credentials import Credentials
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.environment import child_environment
from mgx_project.embedded.files import write_private
from mgx_project.embedded.plan import STOP, CommandProgram, ServiceCommand
from mgx_project.embedded.ports import free_port
from mgx_project.embedded.processes import TERMINATE
from mgx_project.embedded.services import Services

NEEDED = ("pgbouncer", "nginx")
START_SECONDS = 120.0


def missing() -> list[str]:
    """Debian packages that this machine lacks."""
    return [name for name in NEEDED if not _program(name)]


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@dataclass
class ScaledServer:
    """``url`` is the proxy's, ``ports`` are those of web processes, ``direct`` is PostgreSQL's own address and ``pooled``
    PgBouncer's. A test may end ``webs`` and ``workers``."""

    data: Path
    url: str
    direct: str
    pooled: str
    env: dict[str, str]
    ports: list[int]
    webs: list[Child] = field(default_factory=list)
    workers: list[Child] = field(default_factory=list)
    others: dict[str, Child] = field(default_factory=dict)
    services: dict[str, Child] = field(default_factory=dict)
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, timeout=60)

    def socket_url(self, path: str) -> str:
        return self.url.replace("http", "ws", 1) + path

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
        return subprocess.run(argv, cwd=CHECKOUT, env=self.env | env, capture_output=True, text=True, check=False)

    def script(self, module: str, *arguments: object) -> subprocess.Popen[str]:
        """As `benchmarks.server.Server.script`: with the environment that web and worker have."""
        argv = [sys.executable, "-m", module, *map(str, arguments)]
        env = self.env | {"PYTHONPATH": str(CHECKOUT)}
        return subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def script_json(self, module: str, *arguments: object) -> Any:
        """What the script printed, as JSON. Raises CalledProcessError when it failed (its stderr is ours)."""
        process = self.script(module, *arguments)
        output, _ = process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, module)
        return json.loads(output)

    def query(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows by PostgreSQL itself, beside the pooler."""
        with psycopg.connect(self.direct, row_factory=dict_row, autocommit=True) as database:
            return database.execute(sql, parameters or None).fetchall()  # type: ignore[arg-type]

    def pooler(self, command: str) -> list[dict[str, Any]]:
        """What PgBouncer's console answers, as to SHOW STATS. Its commands return nothing."""
        console = urlsplit(self.pooled)._replace(path="/pgbouncer").geturl()
        with psycopg.connect(console, row_factory=dict_row, autocommit=True) as database:
            answer = database.execute(command)  # type: ignore[arg-type]
            return answer.fetchall() if answer.description else []

    def process(self, child: Child) -> psutil.Process:
        """That does the work: a worker's first process only watches it."""
        assert child.process is not None
        found = psutil.Process(child.process.pid)
        below = found.children() if child in self.workers else []
        return min(below, key=psutil.Process.create_time) if below else found  # it adopts what the worker leaves

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Until each web process says that it is ready, and as many workers as were started live. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        urls = [f"{self.url}/health/ready", *(f"http://127.0.0.1:{port}/health/ready" for port in self.ports)]
        while not all(map(_is_ready, urls)) or self._living() < len(self.workers):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{urls} and the workers were not ready; the logs are in {self.data}")
            time.sleep(0.1)

    def _living(self) -> int:
        """Workers that have shown a sign of life. 0 while nobody says so."""
        try:
            with self.client() as http:
                answer = http.get("/health/status")
        except httpx.TransportError:
            return 0
        return len(answer.json()["workers"]) if answer.status_code == 200 else 0


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def scaled_server(
    *, webs: int = 2, workers: int = 2, services: Services | None = None, direct: str = "", **settings: str
) -> Iterator[ScaledServer]:
    """Up, and down again whatever happened. ``services`` that run already are used, else own ones are started; ``direct`` is
    another database of them. ``settings`` are environment variables of the server. Raises RuntimeError where a package is
    missing."""
    if lacking := missing():
        raise RuntimeError(f"{' and '.join(lacking)} not found: apt install {' '.join(lacking)}")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | settings
    with tempfile.TemporaryDirectory(prefix="mgx-scaled-") as directory, ExitStack() as stack:
        data = DataDirectory(Path(directory))
        data.make()
        own = services or stack.enter_context(Services(data.path, ephemeral=False, logs=data.logs))
        direct = direct or own.database_url
        proxy_port, ports = free_port(), [free_port() for _ in range(webs)]
        start = _Starter(stack, data)
        bouncer, pooled = start.pgbouncer(direct)
        env = child_environment(
            environ,
            data,
            Credentials.load(data.secrets),
            port=proxy_port,
            database_url=pooled,
            redis_url=own.redis_url,
        )
        place = urlsplit(direct)
        env["DATABASE_DIRECT_URL"] = f"postgres://{place.hostname}:{place.port}"
        env["MGX_TRUSTED_PROXIES"] = "127.0.0.1"
        start.env = env
        running = ScaledServer(data.path, f"http://127.0.0.1:{proxy_port}", direct, pooled, env, ports)
        running.others["pgbouncer"] = bouncer
        running.services = {child.name: child for child in own.children}
        _prepare(running, data)
        manage = (sys.executable, str(CHECKOUT / "manage.py"))
        running.webs = [
            start.child(f"web-{n}", (sys.executable, "-m", "mgx_project.serve", "--port", str(port)))
            for n, port in enumerate(ports, 1)
        ]
        running.workers = [start.child(f"worker-{n}", (*manage, "work", "--threads", "4")) for n in range(1, workers + 1)]
        running.others["nginx"] = start.nginx(proxy_port, ports)
        running.wait_ready()
        yield running


def _prepare(running: ScaledServer, data: DataDirectory) -> None:
    for arguments in (("migrate", "--noinput"), ("embedded_setup", "--json", "--token-file", str(data.token))):
        done = running.manage(*arguments)
        if done.returncode:
            raise RuntimeError(f"{arguments[0]} failed: {done.stderr[-2000:]}")
    running.token = json.loads(done.stdout.splitlines()[-1])["token"]


@dataclass
class _Starter:
    stack: ExitStack
    data: DataDirectory
    env: Mapping[str, str] = field(default_factory=dict)

    def child(self, name: str, argv: tuple[str, ...], *, kill: bool = False) -> Child:
        command = ServiceCommand(name, name, argv, TERMINATE if kill else STOP)
        child = Child(CommandProgram(command, home=CHECKOUT, log=self.data.log(name), env=self.env or os.environ))
        child.start()
        self.stack.callback(child.end)
        return child

    def pgbouncer(self, direct: str) -> tuple[Child, str]:
        """By the sample of deploy/, before the server of ``direct``; and its URL."""
        place, port = urlsplit(direct), free_port()
        folder = self.data.path / "pgbouncer"
        folder.mkdir(mode=0o700)
        write_private(folder / "userlist.txt", f'"{place.username}" "{place.password}"\n')
        sample = (CHECKOUT / "deploy/pgbouncer/pgbouncer.ini").read_text("utf-8")
        for old, new in (
            ("mgx = host=127.0.0.1 port=5432 dbname=mgx", f"* = host={place.hostname} port={place.port}"),
            ("listen_port = 6432", f"listen_port = {port}\nadmin_users = {place.username}"),
            ("/etc/pgbouncer/userlist.txt", str(folder / "userlist.txt")),
        ):
            sample = _replaced(sample, old, new)
        write_private(folder / "pgbouncer.ini", sample)
        program = Path(_program("pgbouncer") or "")
        account = account_for(folder, program)  # like PostgreSQL, it refuses to run as root
        child = self.child("pgbouncer", (*account.prefix, str(program), str(folder / "pgbouncer.ini")), kill=True)
        return child, place._replace(netloc=f"{place.username}:{place.password}@127.0.0.1:{port}").geturl()

    def nginx(self, port: int, webs: list[int]) -> Child:
        """By the server block of deploy/, without TLS."""
        folder = self.data.path / "nginx"
        folder.mkdir(mode=0o700)
        sample = (CHECKOUT / "deploy/proxy/nginx.conf").read_text("utf-8")
        servers = "\n    ".join(f"server 127.0.0.1:{web} max_fails=1 fail_timeout=2s;" for web in webs)
        sample = _replaced(sample, "server 127.0.0.1:8000 max_fails=1 fail_timeout=2s;", servers)
        sample = _replaced(sample, "listen 443 ssl;", f"listen 127.0.0.1:{port};")
        sample = re.sub(r"(?m)^ *ssl_\w+ .*\n", "", sample)
        temporary = "".join(
            f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.geteuid() == 0 else ""
        whole = (
            f"{user}daemon off;\npid {folder}/pid;\nworker_processes 1;\nworker_rlimit_nofile 8192;\n"
            f"events {{ worker_connections 4096; }}\nhttp {{\n    access_log off;\n{temporary}{sample}\n}}\n"
        )
        write_private(folder / "nginx.conf", whole)
        argv = (_program("nginx") or "", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(self.data.log("nginx")))
        return self.child("nginx", argv, kill=True)


def _replaced(text: str, old: str, new: str) -> str:
    if old not in text:
        raise RuntimeError(f"the sample in deploy/ has no {old!r}")
    return text.replace(old, new)

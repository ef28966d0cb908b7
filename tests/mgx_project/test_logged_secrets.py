"""No log of a really started web process holds what somebody could sign in with, at the most talkative level."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from mgx_project.embedded.ports import free_port
from tests.factories import MembershipFactory
from tests.support.patience import SOON
from workspaces.models import Role

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "pw-canary-horse-battery"
COMMANDS = {
    "uvicorn": ("-m", "mgx_project.serve", "--server", "uvicorn", "--port"),
    "daphne": ("-m", "mgx_project.serve", "--server", "daphne", "--port"),
    # as an operator may start it, with the access log that it then has
    "plain uvicorn": ("-m", "uvicorn", "mgx_project.asgi:application", "--lifespan", "off", "--port"),
}


@dataclass
class Web:
    port: int
    log: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=SOON)

    def socket(self, path: str, **options: object) -> str:
        """The first frame, or how the handshake or the socket ended."""
        try:
            with connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=SOON, **options) as socket:  # type: ignore[arg-type]
                return str(socket.recv(timeout=SOON))
        except WebSocketException as error:
            return str(error)


@pytest.fixture(params=COMMANDS)
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Web]:
    """A web process on the database of the test."""
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    env = {**os.environ, "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}", "MGX_LOG_LEVEL": "DEBUG"}
    found = Web(free_port(), tmp_path / "log")
    with found.log.open("wb") as log:
        argv = [sys.executable, *COMMANDS[request.param], str(found.port)]
        process = subprocess.Popen(argv, env=env, stdout=log, stderr=log)
    try:
        while True:
            try:
                with found.client() as client:
                    client.get("/health/live")
                break
            except httpx.TransportError:
                assert process.poll() is None, found.log.read_text()
                time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(SOON)


def test_no_secret_is_logged(web: Web) -> None:
    membership = MembershipFactory(role=Role.OWNER)
    user, workspace = membership.user, membership.workspace
    hasher = PBKDF2PasswordHasher()
    user.password = hasher.encode(PASSWORD, "salt", 1000)
    user.is_staff = user.is_superuser = True
    user.save()
    secrets = [PASSWORD, "wrong-canary-password", "k-canary-of-a-model"]
    with web.client() as client:

        def ask(method: str, path: str, bearer: str = "", **options: object) -> httpx.Response:
            headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
            return client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]

        sign_in = {"username": user.username, "password": PASSWORD}
        assert ask("POST", "/api/auth/token", json={**sign_in, "password": "wrong-canary-password"}).status_code == 401
        pair = ask("POST", "/api/auth/token", json=sign_in).json()
        secrets += pair.values()
        token = ask("POST", "/api/tokens", pair["access"], json={"name": "t"}).json()["token"]
        invitation = ask("POST", f"/api/workspaces/{workspace.pk}/invitations", token, json={"role": "viewer"}).json()["token"]
        secrets += [token, invitation]
        assert ask("POST", "/api/invitations/accept", pair["access"], json={"token": invitation}).status_code == 409
        assert ask("GET", f"/api/tasks?token={token}&access={pair['access']}&password={PASSWORD}").status_code in {400, 401}
        assert ask("GET", f"/no/such/page/{invitation}").status_code == 404
        half = f'{{"token": "{invitation}'
        assert ask("POST", "/api/invitations/accept", pair["access"], content=half).status_code == 400
        model = {"name": "m", "provider": "openai", "model": "m", "api_key": "k-canary-of-a-model"}
        assert ask("POST", "/api/models", token, json=model).status_code in {201, 400}

        tickets = [ask("POST", "/api/auth/ws-ticket", token).json()["ticket"] for _ in range(3)]
        secrets += tickets
        assert "live" in web.socket(f"/ws/stream?after=0&ticket={tickets[0]}")
        assert "4401" in web.socket(f"/ws/stream?ticket={tickets[0]}&after=0")
        assert "4404" in web.socket(f"/ws/stream?ticket={tickets[1]}&workspace=nope")
        assert "4404" in web.socket(f"/ws/nowhere?ticket={tickets[2]}")
        assert "live" in web.socket("/ws/stream", subprotocols=[f"mgx.bearer.{token}"])
        assert "live" in web.socket("/ws/stream", additional_headers={"Authorization": f"Bearer {pair['access']}"})
        assert "4401" in web.socket(f"/ws/stream?token={token}")

        page = client.get("/admin/login/")
        form = {"username": user.username, "password": PASSWORD, "csrfmiddlewaretoken": page.cookies["csrftoken"]}
        assert client.post("/admin/login/?next=/admin/", data=form).status_code == 302
        secrets += [client.cookies["sessionid"], client.cookies["csrftoken"]]
        assert client.get("/admin/").status_code == 200
        assert ask("POST", "/api/auth/refresh", json={"refresh": pair["refresh"]}).status_code == 200
        assert ask("POST", "/api/auth/refresh", json={"refresh": pair["refresh"]}).status_code == 401
    text = web.log.read_text()
    assert [(secret, line[:300]) for secret in secrets for line in text.splitlines() if secret in line] == []
    assert "ticket" not in text or "ticket=[hidden]" in text

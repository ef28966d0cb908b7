"""The test of a connection makes a real call and says what a run would say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import CallerInTests, MakeCaller
from workspaces.models import AuditEntry, ModelConnection, Role

from ..support.scripted_openai import Call, Reply, Script, serve

pytestmark = pytest.mark.django_db
KEY = "sk-nobody-else-sees-this"


def made(owner: CallerInTests, url: str = "", **fields: Any) -> str:
    body = {"name": "m", "kind": "openai", "model": "scripted", "base_url": url, "api_key": KEY, **fields}
    answer = owner.api.post("/api/models", body)
    assert answer.status_code == 201, answer.content
    return f"/api/models/{answer.json()['id']}"


def tried(owner: CallerInTests, script: Script, **fields: Any) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """What the test answers, the connection afterwards, and what the endpoint was asked."""
    with serve(script) as server:
        path = made(owner, server.url, **fields)
        answer = owner.api.post(f"{path}/test")
        assert answer.status_code == 200, answer.content
        assert KEY not in answer.content.decode()
        return answer.json(), owner.api.get(path).json(), server.requests


def test_a_model_that_calls_the_tool_takes_tools(owner: CallerInTests) -> None:
    said, row, requests = tried(owner, lambda messages: Reply("", calls=[Call("ready", {})]))
    assert said["ok"], said
    assert said["native_tools"] is said["found_native_tools"] is True
    assert (said["model"], said["hint"], said["tokens"] > 0, said["latency_ms"] > 0) == ("scripted", "", True, True)
    assert row["native_tools"] is True
    assert (row["last_test"], bool(row["last_tested_at"])) == (said, True)
    assert len(requests) == 1
    assert requests[0]["tools"][0]["function"]["name"] == "ready"
    assert AuditEntry.objects.for_workspace(owner.workspace.pk).get(action="model.tested").detail["ok"] is True


def test_a_model_that_only_talks_is_offered_tools_in_words(owner: CallerInTests) -> None:
    said, row, _ = tried(owner, lambda messages: "Ready, of course!")
    assert (said["ok"], said["native_tools"], row["native_tools"]) == (True, False, False)
    assert "described in the prompt" in said["detail"]


def test_what_people_know_of_tools_stays(owner: CallerInTests) -> None:
    said, row, requests = tried(owner, lambda messages: "ready", native_tools=False)
    assert (said["ok"], said["found_native_tools"], row["native_tools"]) == (True, False, False)
    assert "tools" not in requests[0]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(f"Incorrect API key provided: {KEY}", status=401), "model_unauthorized"),
        (Reply("slow down", status=429, headers={"Retry-After": "60"}), "rate_limited"),
        (Reply("", status=302, headers={"Location": "http://169.254.169.254/"}), "model_refused"),
        (Reply("x", fault="html"), "model_garbage"),
    ],
)
def test_an_endpoint_that_does_not_work_is_an_answer(owner: CallerInTests, reply: Reply, code: str) -> None:
    said, row, _ = tried(owner, lambda messages: reply)
    assert (said["ok"], said["latency_ms"], row["native_tools"]) == (False, None, None)
    assert said["code"] == code, said
    assert said["detail"] and said["hint"]
    assert KEY not in str(said) + str(row)


def test_each_model_of_the_connection_is_tried(owner: CallerInTests) -> None:
    def script(messages: Any) -> Any:
        return "ready"

    said, _, requests = tried(owner, script, role_models={"reviewer": "small", "tester": "small", "engineer": "large"})
    assert {request["model"] for request in requests} == {"scripted", "small", "large"}
    assert [result["model"] for result in said["models"]] == ["scripted", "small", "large"]


def test_nobody_there_and_a_metadata_service(owner: CallerInTests) -> None:
    gone = owner.api.post(f"{made(owner, 'http://127.0.0.1:9/v1')}/test").json()
    assert not gone["ok"]
    assert "127.0.0.1" in gone["detail"]
    inside = owner.api.post(f"{made(owner, 'http://169.254.169.254/v1', name='n')}/test").json()
    assert (inside["ok"], inside["code"]) == (False, "address_refused")
    unset = owner.api.post(f"{made(owner, '', name='o', api_key='')}/test").json()
    assert (unset["ok"], unset["code"]) == (False, "model_unset")


def test_a_stalled_endpoint_is_not_waited_for_long(owner: CallerInTests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.worker.model_connection_test.SECONDS", 0.3)
    said, _, _ = tried(owner, lambda messages: Reply("x" * 100, fault="stall"))
    assert not said["ok"]
    assert said["code"] in {"model_stalled", "model_timeout"}


def test_the_offline_model_needs_no_endpoint(owner: CallerInTests) -> None:
    path = made(owner, kind="offline", model="", api_key="")
    assert owner.api.post(f"{path}/test").json()["ok"] is True


def test_another_endpoint_forgets_the_result(owner: CallerInTests) -> None:
    with serve(lambda messages: "ready") as server:
        path = made(owner, server.url)
        owner.api.post(f"{path}/test")
    assert owner.api.patch(path, {"name": "other"}).json()["last_test"]["ok"] is True
    changed = owner.api.patch(path, {"model": "another"}).json()
    assert (changed["last_test"], changed["last_tested_at"], changed["native_tools"]) == (None, None, None)


def test_admins_test_and_only_what_is_theirs(owner: CallerInTests, stranger: CallerInTests, make_caller: MakeCaller) -> None:
    path = made(owner, kind="offline", model="", api_key="")
    assert make_caller(Role.DEVELOPER, owner.workspace).api.post(f"{path}/test").status_code == 403
    assert stranger.api.post(f"{path}/test").status_code == 404
    assert owner.api.post(f"{path}/test", {"x": 1}).status_code == 400
    assert ModelConnection.objects.for_workspace(owner.workspace.pk).get().last_test is None

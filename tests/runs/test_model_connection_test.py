"""The test of a connection makes a real call and says what a run would say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import CallerInTests, MakeCaller
from workspaces.models import AuditEntry, ModelConnection, Role

from ..support import quirky_endpoint
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
    def script(messages: list[Any]) -> Reply | str:
        return "ready" if len(messages) > 2 or len(messages[1]["content"]) > 1_000 else Reply("", calls=[Call("ready", {})])

    said, row, requests = tried(owner, script)
    assert said["ok"], said
    assert said["native_tools"] is said["found_native_tools"] is True
    assert (said["model"], said["hint"], said["tokens"] > 0, said["latency_ms"] > 0) == ("scripted", "", True, True)
    assert row["native_tools"] is True
    assert (row["last_test"], bool(row["last_tested_at"])) == (said, True)
    assert requests[0]["tools"][0]["function"]["name"] == "ready"
    roles = [[message["role"] for message in request["messages"]] for request in requests]
    assert roles == [["system", "user"], ["system", "user", "assistant", "tool"], ["system", "user"]]
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


def quirky(owner: CallerInTests, model: str, **fields: Any) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """As `tried`, at the endpoint with the quirks of real ones."""
    with quirky_endpoint.serve() as endpoint:
        path = made(owner, endpoint.url, model=model, **fields)
        said = owner.api.post(f"{path}/test").json()
        return said, owner.api.get(path).json(), endpoint.requests


@pytest.mark.parametrize("model", ["no-system", "no-stream", "ignores-stream", "thinking", "signed", "all-at-once"])
def test_quirks_that_runs_get_along_with_are_no_fault(owner: CallerInTests, model: str) -> None:
    said, _, _ = quirky(owner, model)
    assert (said["ok"], said["hint"]) == (True, ""), said
    assert said["native_tools"] is (model in ("thinking", "signed"))


def test_a_second_turn_that_is_refused_means_tools_in_words(owner: CallerInTests) -> None:
    said, row, _ = quirky(owner, "forgetful")
    assert (said["ok"], said["native_tools"], row["native_tools"]) == (True, False, False)
    assert "does not support tool calls" in said["detail"]


def test_an_endpoint_that_cuts_prompts_is_found_out(owner: CallerInTests) -> None:
    said, row, _ = quirky(owner, "cut")
    assert said["ok"]
    assert "read 4,096 of about 12,600 tokens" in said["detail"]
    assert "--context-tokens 4096" in said["hint"]
    assert row["last_test"]["models"][0]["hint"] == said["hint"]


def test_a_window_that_is_known_is_kept_to(owner: CallerInTests) -> None:
    said, _, requests = quirky(owner, "cut", context_tokens=4_096)
    assert (said["ok"], said["hint"]) == (True, "")
    assert max(len(str(request["messages"])) for request in requests) < 5 * 4_096


def test_a_long_prompt_that_is_refused_names_the_setting(owner: CallerInTests) -> None:
    def script(messages: list[Any]) -> Reply | str:
        words = "This model's maximum context length is 8192 tokens."
        return Reply(words, status=400) if len(messages[1]["content"]) > 1_000 else "ready"

    said, _, _ = tried(owner, script)
    assert said["ok"]
    assert "maximum context length is 8192" in said["detail"]
    assert "--context-tokens" in said["hint"]


def test_the_long_prompt_is_tried_only_as_long_as_there_is_time(owner: CallerInTests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.worker.model_connection_test.SECONDS", 10.0)

    def script(messages: list[Any]) -> Reply | str:
        return Reply("x" * 100, fault="stall") if len(messages[1]["content"]) > 1_000 else "ready"

    said, _, _ = tried(owner, script)
    assert (said["ok"], said["hint"]) == (True, "")


def test_few_tokens_a_minute_are_not_spent_on_it(owner: CallerInTests) -> None:
    _, _, requests = tried(owner, lambda messages: "ready", tokens_per_minute=30_000)
    assert len(requests) == 1


def test_a_key_that_no_header_can_hold_is_not_stored(owner: CallerInTests) -> None:
    body = {"name": "m", "kind": "openai", "model": "m", "api_key": f"\u201c{KEY}\u201d"}
    refused = owner.api.post("/api/models", body)
    assert refused.status_code == 400
    assert "api_key holds a character" in refused.content.decode()
    assert "U+201C at position 1" in refused.content.decode()
    assert KEY not in refused.content.decode()
    assert owner.api.post("/api/models", {**body, "api_key": f" {KEY}\n"}).status_code == 201
    assert ModelConnection.objects.for_workspace(owner.workspace.pk).get().api_key == KEY

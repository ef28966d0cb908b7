"""A run is one trace on a collector, from the command that began it to each of its commands."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.otlp import Span
from tests.support.patience import wait_for

from .conftest import Server
from .test_cli import mgx

TASK = "Let total() ignore prices that are None, orchid-canary"


def test_a_task_of_the_command_line_is_one_complete_trace(server: Server, shop: Path) -> None:
    done = mgx(server, "task", TASK, "--yes", "--json", cwd=shop)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout.splitlines()[-1])["run"]
    spans = wait_for(lambda: _complete(server, run["id"]), told=lambda: [span.name for span in _of(server, run["id"])])

    first = spans[0]
    assert (first.name, first.service, first.parent, first.failed) == ("mgx task", "mgx-cli", "", False)
    names = [span.name for span in spans]
    for name in ("POST api/runs", "queue run", "wait for a worker", "run planning", "run executing", "run delivering"):
        assert names.count(name) == 1, names
    of_model = [span for span in spans if span.name == "chat scripted"]
    assert len(of_model) == run["usage"]["calls"] > 0
    assert sum(span.attributes["gen_ai.usage.input_tokens"] for span in of_model) == run["usage"]["tokens_in"]
    assert sum(span.attributes["gen_ai.usage.output_tokens"] for span in of_model) == run["usage"]["tokens_out"]
    by_id = {span.span: span for span in spans}
    assert {by_id[span.parent].name for span in of_model} == {"step model"}
    commands = [span for span in spans if span.name.startswith("command ")]
    assert commands and {by_id[span.parent].name for span in commands} <= {"step command", "step format", "step read"}
    assert all(span.began <= span.ended for span in spans)

    said = repr([(span.name, span.attributes) for span in spans])
    for canary in ("orchid-canary", "k-canary-secret", server.state["token"], "price for price in prices", str(shop)):
        assert canary not in said


def _complete(server: Server, run_id: str) -> list[Span]:
    """The run's trace, once the command and the last phase have ended and every parent is there."""
    spans = _of(server, run_id)
    ids = {span.span for span in spans}
    whole = all(span.parent in ids for span in spans if span.parent)
    return spans if whole and {"mgx task", "run delivering"} <= {span.name for span in spans} else []


def _of(server: Server, run_id: str) -> list[Span]:
    return server.collector.trace("mgx.run.id", run_id)

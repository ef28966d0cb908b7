"""MetaGPT in our process: nothing of it that evaluates text can be called, nothing of the user's is read or written."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from agent.runtime.finder import SEALED, SealedModule

FUNCTIONS = {
    "metagpt.actions.action_node": "ActionNode",
    "metagpt.actions.di.execute_nb_code": "ExecuteNbCode",
    "metagpt.actions.run_code": "RunCode",
    "metagpt.provider.human_provider": "HumanProvider",
    "metagpt.strategy.tot": "TreeofThought",
    "metagpt.utils.serialize": "deserialize_message",
}


@pytest.mark.parametrize("name", sorted(SEALED))
def test_a_sealed_module_can_be_named_but_not_used(name: str) -> None:
    with pytest.raises(SealedModule, match="is sealed"):
        getattr(importlib.import_module(name), FUNCTIONS[name])()


def test_a_stored_message_can_not_evaluate_its_mapping(tmp_path: Path) -> None:
    from metagpt.schema import Message

    evil = {"class": "X", "mapping": {"a": f"__import__('pathlib').Path('{tmp_path}/owned').touch()"}, "value": {}}
    with pytest.raises(SealedModule):
        Message(content="x", instruct_content=evil)
    assert not (tmp_path / "owned").exists()


def test_a_human_role_never_blocks_on_input() -> None:
    from metagpt.roles import Role

    with pytest.raises(SealedModule):
        Role(is_human=True)


PROBE = """
import json, pathlib, re, sys, time
started = time.perf_counter()
from agent.runtime import bootstrap
bootstrap(pathlib.Path(sys.argv[1]))
took = time.perf_counter() - started
bootstrap(pathlib.Path(sys.argv[1]))
from metagpt.logs import log_llm_stream, logger
log_llm_stream("a secret token")
logger.info("a secret prompt")
rss = re.search(r"VmRSS:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
print(json.dumps({"took": took, "mb": int(rss) / 1024,
                  "heavy": [name for name in ("pandas", "anthropic", "sklearn", "playwright") if name in sys.modules]}))
"""


def test_bootstrap_is_quiet_small_and_stays_in_its_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".metagpt").mkdir(parents=True)
    (home / ".metagpt/config2.yaml").write_text("llm: {api_type: openai, api_key: stolen, model: x}\n")
    runtime = tmp_path / "runtime"
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(runtime)], env={"HOME": str(home), "PYTHONPATH": "."}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    said = json.loads(run.stdout)
    assert said["heavy"] == []
    assert said["mb"] < 150
    assert sorted(path.name for path in runtime.rglob("*")) == ["config", "config2.yaml", "workspace"]
    assert [path.name for path in home.rglob("*")] == [".metagpt", "config2.yaml"]


def test_metagpt_imported_behind_our_back_is_an_error(tmp_path: Path) -> None:
    code = (
        "import sys, types, pathlib; sys.modules['metagpt.roles'] = types.ModuleType('metagpt.roles')\n"
        "from agent.runtime import bootstrap\n"
        f"bootstrap(pathlib.Path({str(tmp_path)!r}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "imported before agent.runtime.bootstrap: metagpt.roles" in run.stderr

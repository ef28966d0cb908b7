"""Runs over repositories that once stopped a worker for ever end, and the run of another tenant beside them does too.

They run in a process of their own that is ended when it has worked for long: nothing else stops what hangs inside of C.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import resource
import signal
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from agent.ports import TaskSpec
from agent.sandbox.node import npmrc, project
from agent.sandbox.requirements import collect
from agent.sandbox.secrets import secrets_in, without
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.support.team_script import script

PROCESSOR_SECONDS = 120
"""All of it takes about five; each of these repositories took minutes or for ever."""
EDIT = TaskSpec("Let total() ignore prices that are None. Use no extra packages, and read environment variables.")
CODE = "FILE: shop/prices.py\nimport decimal\n\n\ndef total(prices):\n    return sum(filter(None, prices))\n"
DEEP = 50_000
KEYS = 60
BEFORE = {"shop/prices.py": "def total(prices):\n    return sum(prices)\n"}
REPOSITORIES: dict[str, Mapping[str, str]] = {
    "requirements": {
        "requirements.txt": "a" + ">1  " * 40 + "@\n" + "b" + " " * 40_000 + "@\n" + "c; " + "(" * 900 + "\n",
        "shop/other.py": "\n" * 40_000 + "x = 1\n",
    },
    "Python's project file": {
        "pyproject.toml": "[project]\nname = 'x'\n" + "a." * DEEP + "a = 1\n",
        "uv.lock": "a = " + "[" * DEEP,
    },
    "nested project files": {"pyproject.toml": "a = " + "[" * DEEP, "poetry.lock": "version = " + "1" * DEEP},
    "npm": {
        "package.json": '{"dependencies": ' + '{"a":' * DEEP,
        "package-lock.json": "[" * DEEP,
        "tsconfig.json": "/* // \n" * DEEP,
        "src/a.vue": "<script " * DEEP,
        "src/b.ts": "{{ " * DEEP,
        ".gitmodules": "\n" * DEEP,
    },
    "secrets": {f"keys/{at}.pem": "".join(f"{at:04}{line:060}\n" for line in range(500)) for at in range(KEYS)},
}


def _run_both(hostile: Path, other: Path, told: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    told.send(asyncio.run(_both(hostile, other)))


async def _both(hostile: Path, other: Path) -> list[list[str]]:
    async def one(root: Path) -> list[str]:
        harness = Harness(root, ScriptedModel(script(code=CODE, files=["shop/prices.py"])))
        outcome = await harness.run(EDIT)
        return [file["path"] for file in outcome.files]

    async def installed(root: Path) -> list[str]:
        """What a real sandbox reads before it installs, and of what commands print."""
        wanted, manifest, secrets = collect(root), project.read(root, "", npmrc.Registry()), secrets_in(root)
        assert without(secrets, "a" * DEEP)
        return [*wanted.lines, *([] if manifest is None else manifest.files)][:1]

    ran, beside, _ = await asyncio.gather(one(hostile), one(other), installed(hostile))
    return [ran, beside]


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_a_hostile_repository_stops_neither_its_run_nor_another(tmp_path: Path, kind: str) -> None:
    hostile = make_repository(tmp_path / "hostile", {**BEFORE, **REPOSITORIES[kind]})
    other = make_repository(tmp_path / "other", {**BEFORE, "pyproject.toml": "[project]\nname = 'shop'\n"})
    context = multiprocessing.get_context("fork")
    hears, tells = context.Pipe(duplex=False)
    child = context.Process(target=_run_both, args=(hostile, other, tells))
    child.start()
    tells.close()
    try:
        ran = hears.recv()
    except EOFError:
        pytest.fail(f"The process was ended, as it is after {PROCESSOR_SECONDS} seconds of work.")
    finally:
        child.kill()
        child.join()
    assert ran == [["shop/prices.py"], ["shop/prices.py"]]
    assert "filter" in (hostile / "shop/prices.py").read_text()


def test_a_deep_answer_is_refused_and_said_why(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "shop", BEFORE)
    deep = "".join(
        f"FILE: {name}\n{text}\n"
        for name, text in {
            "a.json": "[" * DEEP, "b.json": "1" * DEEP, "c.toml": "a = " + "[" * DEEP, "d.toml": "a." * DEEP + "a = 1",
            "e.yml": "[" * DEEP, "f.py": "-" * DEEP + "1", "g.py": "x = f'" + "{a}" * DEEP + "'",
        }.items()
    )  # fmt: skip
    harness = Harness(root, ScriptedModel(script(code=deep, files=["shop/prices.py"], ReviseCode=[CODE])))
    outcome = asyncio.run(harness.run(EDIT))
    refused = {error["path"]: error["message"] for error in harness.sink.of("validation_failed")[0]["errors"]}
    assert json.dumps(refused).count("nested too deeply") == 4
    assert "limit" in refused["b.json"]
    assert "more than 32 parts" in refused["d.toml"]
    assert "an f-string has more than 20,000 characters" in refused["g.py"]
    assert [file["path"] for file in outcome.files] == ["shop/prices.py"]

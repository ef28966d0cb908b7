"""The command line on Windows: without the modules that only Unix has, with its paths, ends of lines and byte order marks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mgx_cli import plan_markdown
from mgx_cli.text_input import program

from tests.cli.conftest import MGX, Mgx
from tests.cli.standin import PLAN, TOKEN, Standin
from tests.cli.test_plan import editor

UNSET = {"MGX_SERVER": None, "MGX_TOKEN": None}
WRITTEN = {
    "as elsewhere": lambda text: text.encode(),
    "as on Windows": lambda text: f"\ufeff{text}".replace("\n", "\r\n").encode(),
}
"""A text in the bytes that an editor or a pipe makes of it."""

UNIX_ONLY = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "readline", "syslog")
"""Modules of the standard library that Windows' Python lacks, by the "Availability" of their pages."""
OF_EXTRAS = ("keyring",)
PROGRAM = f"""
import json, pkgutil, sys
sys.modules.update(dict.fromkeys({UNIX_ONLY + OF_EXTRAS!r}))
import mgx_cli
names = [module.name for module in pkgutil.walk_packages(mgx_cli.__path__, "mgx_cli.") if not module.name.endswith("__main__")]
for name in names:
    __import__(name)
print(json.dumps(names))
"""


def test_every_module_is_imported_without_what_only_unix_or_an_extra_has() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) > 50


@pytest.fixture(params=WRITTEN.values(), ids=list(WRITTEN))
def written(request: pytest.FixtureRequest) -> Callable[[str], bytes]:
    return request.param


def piped(text: bytes, env: dict[str, str], cwd: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """In the encoding that Python takes for a pipe on Windows, unless it is told."""
    environment = {**env, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    return subprocess.run([MGX, *arguments], input=text, env=environment, cwd=cwd, capture_output=True, check=False)


def test_settings_are_read(mgx: Mgx, server: Standin, home: Path, repo: Path, written: Callable[[str], bytes]) -> None:
    file = home / "config/mgx/config.toml"
    file.parent.mkdir(parents=True)
    file.write_bytes(written(f'server = "{server.url}"\n\n[tokens]\n"{server.url}" = "{TOKEN}"\n'))
    (repo / "mgx.yaml").write_bytes(written("stack: fastapi\ntest: pytest\n"))
    done = mgx("list", **UNSET)
    assert (done.returncode, "not known" in done.stderr) == (0, False), done.stderr


def test_a_task_file_is_read(mgx: Mgx, server: Standin, tmp_path: Path, written: Callable[[str], bytes]) -> None:
    file = tmp_path / "task.json"
    file.write_bytes(written('{"task": "Zähle Äpfel",\n "target_stack": "fastapi"}\n'))
    assert mgx("task", "--json-file", str(file), "--no-follow").returncode == 0
    assert server.bodies("/api/tasks")[-1]["description"] == "Zähle Äpfel"


@pytest.mark.parametrize("text", ["Zähle Äpfel\n", '{"task": "Zähle Äpfel"}\n'], ids=["text", "json"])
def test_a_piped_task_is_read(
    env: dict[str, str], repo: Path, server: Standin, text: str, written: Callable[[str], bytes]
) -> None:
    done = piped(written(text), env, repo, "task", "-", "--no-follow")
    assert done.returncode == 0, done.stderr
    assert server.bodies("/api/tasks")[-1]["description"] == "Zähle Äpfel"


def test_a_piped_secret_is_read(bare_env: dict[str, str], repo: Path, server: Standin, written: Callable[[str], bytes]) -> None:
    done = piped(written(f"{TOKEN}\n"), bare_env, repo, "login", "--server", server.url, "--token-stdin")
    assert done.returncode == 0, done.stderr
    assert server.requests[-1][2]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("arguments", [("task", "-", "--no-follow"), ("login", "--token-stdin")], ids=["task", "secret"])
def test_a_pipe_that_is_not_utf8_is_refused(
    env: dict[str, str], repo: Path, server: Standin, arguments: tuple[str, ...]
) -> None:
    done = piped("Zähle Äpfel\n".encode("utf-16"), env, repo, *arguments)
    assert done.returncode == 2
    assert done.stderr.decode("cp1252").startswith("error: Standard input is not UTF-8")


def test_a_plan_from_a_file_is_read(mgx: Mgx, server: Standin, tmp_path: Path, written: Callable[[str], bytes]) -> None:
    run_id = mgx("task", "health", "--no-follow").stdout.strip()
    file = tmp_path / "plan.md"
    file.write_bytes(written(plan_markdown.written({**PLAN, "summary": "Another one"})))
    assert mgx("plan", run_id, "--file", str(file)).returncode == 0
    saved = editor(tmp_path, f"file.write_bytes({written(plan_markdown.written({**PLAN, 'summary': 'A third one'}))!r})")
    assert mgx("plan", run_id, "--edit", EDITOR=saved).returncode == 0
    assert [body["plan"]["summary"] for body in server.bodies(f"/api/runs/{run_id}") if body] == ["Another one", "A third one"]


@pytest.mark.parametrize(
    ("system", "text", "words"),
    [
        ("nt", r'"C:\Program Files\Editor\edit.exe" --wait', [r"C:\Program Files\Editor\edit.exe", "--wait"]),
        ("nt", r"C:\tools\vim.exe -c 'set nowrap'", [r"C:\tools\vim.exe", "-c", "set nowrap"]),
        ("posix", r"/opt/my\ editor/edit --wait", ["/opt/my editor/edit", "--wait"]),
        ("posix", "less -R # not a comment", ["less", "-R", "#", "not", "a", "comment"]),
        ("posix", "  ", []),
    ],
)
def test_the_program_of_a_variable_is_read_as_its_system_writes_paths(
    monkeypatch: pytest.MonkeyPatch, system: str, text: str, words: list[str]
) -> None:
    monkeypatch.setattr(os, "name", system)
    assert program("EDITOR", text) == words


@pytest.mark.parametrize("variable", ["EDITOR", "VISUAL"])
def test_an_open_quote_in_a_variable_is_named(mgx: Mgx, variable: str) -> None:
    run_id = mgx("task", "health", "--no-follow").stdout.strip()
    done = mgx("plan", run_id, "--edit", **{variable: 'vi "'})
    assert (done.returncode, done.stderr.startswith(f"error: {variable} can't be read as a command")) == (2, True), done.stderr

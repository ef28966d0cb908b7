"""``python -m evals``, and the commands that docs/EVALUATION.md tells people to type."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evals.__main__ import main
from evals.cases import load
from tests.support.in_process import command as in_process
from tests.support.in_process import foreign_environment
from tests.support.scripted_openai import serve

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs/EVALUATION.md").read_text("utf-8")
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if "python -m evals" in line
]
OF_REPOSITORIES = [command for command in COMMANDS if "python -m evals.repositories" in command]


def evals(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return in_process(main, arguments, env=environment)


def test_list_shows_every_case() -> None:
    argv = [sys.executable, "-m", "evals", "list"]
    shown = subprocess.run(argv, cwd=TOP, env=foreign_environment(), capture_output=True, text=True, timeout=300, check=False)

    assert shown.returncode == 0
    assert [row.split()[0] for row in shown.stdout.splitlines()] == [case.id for case in load()]


def test_a_replay_writes_results_and_a_page(package_cache: Path, tmp_path: Path) -> None:
    done = evals(
        "run", "--replay", "--case", "unclear-missing-referent", "--out", str(tmp_path), XDG_CACHE_HOME=str(package_cache)
    )

    assert done.returncode == 0, done.stderr
    assert "1 of 1" in done.stdout
    assert "[1/1] unclear-missing-referent" in done.stderr
    assert json.loads((tmp_path / "results.json").read_text())["totals"]["solved"] == 1
    assert "unclear-missing-referent" in (tmp_path / "report.html").read_text()


def test_what_is_not_solved_is_exit_code_1(package_cache: Path, tmp_path: Path) -> None:
    out = str(tmp_path)
    done = evals("run", "--model", "offline", "--case", "api-close-incident", "--out", out, XDG_CACHE_HOME=str(package_cache))

    assert done.returncode == 1
    assert "NOT SOLVED" in done.stderr
    assert "can't work on existing code" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run",), "Say which model answers"),
        (("run", "--replay", "--case", "nope"), "There is no case nope"),
        (("run", "--model", "openai/x", "--max-cost", "1"), "A cap on cost needs prices"),
        (("run", "--model", "openai/x", "--price-in", "free"), "'free' is not an amount"),
        (("run", "--replay", "--jobs", "0"), "1 or more"),
    ],
)
def test_usage(arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as ended:
        code = ended.code

    assert code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", OF_REPOSITORIES)
def test_a_command_about_whole_projects_is_understood(command: str) -> None:
    """They fetch and build for minutes, so that here they only list what they would measure."""
    words = shlex.split(command.split("python -m evals.repositories", 1)[1])
    done = subprocess.run(
        [sys.executable, "-m", "evals.repositories", *words, "--list"], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in words if not word.startswith("-"))


@pytest.mark.slow
@pytest.mark.parametrize("command", [command for command in COMMANDS if "evals." not in command])
def test_a_command_of_the_docs_works(command: str, package_cache: Path, tmp_path: Path) -> None:
    """A model's part is played by a scripted endpoint that asks a question; a case or two stand for all."""
    words = [part for part in shlex.split(command.split("python -m evals", 1)[1]) if part != "…"]
    if "--case" not in words and words[0] != "list":
        words += ["--case", "contradiction-password-rules"]
    if words[0] == "run":
        words += ["--out", str(tmp_path / "out")]
    if "--record" in words:
        words[words.index("--record") + 1] = str(tmp_path / "recordings")
    question = json.dumps({"clear": False, "question": "Which?", "summary": "?", "complexity": "low", "stack": "fastapi"})
    with serve(lambda messages: question) as server:
        environment = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.url, "XDG_CACHE_HOME": str(package_cache)}
        if "--base-url" in words:
            words[words.index("--base-url") + 1] = server.url
        if any(word.startswith("anthropic/") for word in words):
            words[words.index("--model") + 1] = "openai/scripted"
        done = evals(*words, **environment)

    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    if words[0] == "run" and "contradiction-password-rules" in words:
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_docs_name_commands() -> None:
    assert len(COMMANDS) >= 6
    assert all(kind in PAGE for kind in ("case.toml", "solution.patch", "hidden/"))

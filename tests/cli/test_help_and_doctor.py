"""Help, version, doctor, and how long they take."""

from __future__ import annotations

import json
import math
import os
import resource
from pathlib import Path

import pytest
from mgx_cli import doctor
from mgx_cli.main import SECTIONS

from tests.cli.conftest import MGX, Mgx, leaves
from tests.support import forked_mgx

CHECKOUT = Path(__file__).resolve().parents[2]
COMMANDS = [name for section in SECTIONS.values() for name in section]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(mgx: Mgx, command: str) -> None:
    pages = [(command,)] if command != "config" else [("config", name) for name in ("get", "set", "list")]
    for page in pages:
        done = mgx(*page, "--help")
        assert done.returncode == 0
        assert "Example" in done.stdout
        assert f"mgx {' '.join(page)}" in done.stdout


def test_the_help_lists_every_command(mgx: Mgx) -> None:
    text = mgx("--help").stdout
    assert all(f"\n  {name} " in text for name in COMMANDS)


def test_the_reference_has_every_command_and_cuts_no_line() -> None:
    page, manual = (CHECKOUT / "docs/CLI.md").read_text("utf-8"), (CHECKOUT / "cli/man/mgx.1").read_text("utf-8")
    for path, _ in leaves():
        name = " ".join(path)
        assert f"\n{'#' * (2 + len(path))} mgx {name}\n" in page, name
        assert f"\n.SS mgx {name}\n" in manual, name
    assert [line for line in page.splitlines() if line.endswith("...") and not line.startswith("Usage: ")] == []


def test_every_argument_and_option_says_what_it_is() -> None:
    silent = [
        f"mgx {' '.join(path)} {parameter.name}"
        for path, command in leaves()
        for parameter in command.params
        if not getattr(parameter, "help", "")
    ]
    assert silent == []


def test_an_unknown_command_or_option_is_a_usage_error(mgx: Mgx) -> None:
    assert mgx("lst").returncode == 2
    assert mgx("list", "--nonsense").returncode == 2


def test_version(mgx_executable: Mgx) -> None:
    assert mgx_executable("version").stdout.startswith("mgx ")
    assert json.loads(mgx_executable("version", "--json").stdout)["version"]


def test_the_executable_exits_with_the_codes_of_the_contract(mgx_executable: Mgx) -> None:
    done = mgx_executable("lst")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")


def test_doctor_names_what_does_not_work(mgx: Mgx) -> None:
    done = mgx("doctor")
    assert done.returncode == 1
    assert "refused" in done.stdout
    checks = {check["name"]: check for check in json.loads(mgx("doctor", "--json").stdout)["checks"]}
    assert (
        checks["python"]["level"] == checks["git"]["level"] == checks["database"]["level"] == checks["token"]["level"] == "ok"
    )
    assert checks["broker"]["level"] == "fail"


def test_doctor_with_no_server_there_is_exit_6_and_without_any_a_warning(mgx: Mgx) -> None:
    assert mgx("doctor", MGX_SERVER="http://127.0.0.1:9").returncode == 6
    assert mgx("doctor", MGX_SERVER=None, MGX_TOKEN=None).returncode == 0


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("help",)])
def test_the_help_from_the_file_is_the_one_that_the_commands_give(
    mgx: Mgx, mgx_executable: Mgx, env: dict[str, str], repo: Path, arguments: tuple[str, ...]
) -> None:
    made = mgx(*arguments).stdout  # by `main`, whose text the file was made of
    assert mgx_executable(*arguments).stdout == made
    narrow = forked_mgx.execute([MGX, *arguments], cwd=repo, env={**env, "COLUMNS": "60", "TERMINAL_WIDTH": "60"}).stdout
    assert narrow.split() == made.split() and max(map(len, narrow.splitlines())) < 60


@pytest.mark.parametrize(("command", "times"), [("--help", 4), ("list", 9)])
def test_a_command_takes_at_most_so_many_times_what_the_interpreter_does(
    env: dict[str, str], repo: Path, command: str, times: int
) -> None:
    python = Path(MGX).with_name("python")
    plain = {name: value for name, value in env.items() if name != "COVERAGE_PROCESS_CONFIG"}

    def cpu_seconds(*argv: object) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert forked_mgx.execute([str(word) for word in argv], cwd=repo, env=plain).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # in turn, so that another load of the machine meets both; caches that others empty cost either of them some rounds
    bare = measured = math.inf
    for done in range(1, 41):
        bare, measured = min(bare, cpu_seconds(python, "-c", "pass")), min(measured, cpu_seconds(MGX, command))
        if done >= 7 and measured <= times * bare:
            break
    assert measured <= times * bare, f"{measured / bare:.1f} times"


@pytest.mark.parametrize(
    ("settings", "level", "words"),
    [
        ({}, "warn", "it writes a stack's starter"),
        ({"OPENAI_API_KEY": "k"}, "warn", "offline, though OPENAI_API_KEY is set"),
        ({"ANTHROPIC_API_KEY": "k"}, "warn", "offline, though ANTHROPIC_API_KEY is set"),
        ({"MGX_MODEL": "anthropic/m", "OPENAI_API_KEY": "k"}, "warn", "anthropic/m (MGX_MODEL) has no endpoint"),
        ({"MGX_MODEL": "anthropic/m", "ANTHROPIC_API_KEY": "k"}, "ok", "anthropic/m"),
        ({"MGX_MODEL": "openai/m"}, "warn", "openai/m (MGX_MODEL) has no endpoint"),
        ({"MGX_MODEL": "openai/m", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "ok", "openai/m"),
    ],
)
def test_doctor_says_which_model_the_embedded_server_has(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], level: str, words: str
) -> None:
    for name in ("MGX_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    check = doctor._embedded_model(connected=False)
    assert check.level == level
    assert words in check.detail


def test_doctor_says_who_uses_a_personal_token(mgx: Mgx) -> None:
    assert "GITHUB_PAT" not in mgx("doctor").stdout
    done = mgx("doctor", GITHUB_PAT="ghp_secret")
    assert "only the embedded server uses it" in done.stdout
    assert "ghp_secret" not in done.stdout + done.stderr


@pytest.mark.parametrize(("version", "level"), [("2.20.1", "warn"), ("2.36.9", "warn"), ("2.37.0", "ok"), ("3.0.0", "ok")])
def test_doctor_says_what_an_older_git_lacks(mgx: Mgx, tmp_path: Path, version: str, level: str) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\necho git version {version}\n")
    git.chmod(0o755)
    checks = json.loads(mgx("doctor", "--json", PATH=f"{git.parent}{os.pathsep}{os.environ['PATH']}").stdout)["checks"]
    found = next(check for check in checks if check["name"] == "git")
    assert found["level"] == level
    assert ("may connect to another one" in found["detail"]) == (version == "2.36.9")


def test_a_mistyped_command_is_guessed(mgx: Mgx) -> None:
    done = mgx("lsit")
    assert done.returncode == 2
    assert "mgx list" in done.stderr
    assert "mgx --help" in mgx("xyzzy").stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(mgx: Mgx, shell: str) -> None:
    done = mgx("completion", shell)
    assert done.returncode == 0, done.stderr
    assert f"_MGX_COMPLETE=complete_{shell}" in done.stdout
    assert mgx("completion", "tcsh").returncode == 2


@pytest.mark.parametrize(
    ("words", "at", "known"), [("mgx ap", 1, ["apply", "approve"]), ("mgx apply --re", 2, ["--repo", "--reverse"])]
)
def test_commands_and_options_are_completed(mgx: Mgx, words: str, at: int, known: list[str]) -> None:
    done = mgx(_MGX_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(at))
    assert done.stdout.split() == known

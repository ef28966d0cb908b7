"""From lines to commands: wrappers, and the configuration of task runners."""

from __future__ import annotations

import pytest

from agent.projects import ProjectFiles
from agent.projects.resolve import CommandResolver

NATIVE = '[env_run_base]\ncommands = [["pytest", { replace = "posargs", default = ["tests"], extend = true }]]\n'
WRAPPED = [
    ("uv run --group x --with 'a>1' pytest -q", "pytest -q"),
    ("uv run -m pytest -q", "python -m pytest -q"),
    ("uv run --frozen -- python -m pytest", "python -m pytest"),
    ("uv --project . run pytest", "pytest"),
    ("uvx --with x pytest@8 tests", "pytest tests"),
    ("poetry run pytest", "pytest"),
    ("poetry -C . run python -m unittest", "python -m unittest"),
    ("pdm run pytest -x", "pytest -x"),
    ("hatch run pytest", "pytest"),
    ("hatch run +py=3.12 test:pytest", "pytest"),
    ("hatch test", "pytest tests"),
    ("pipenv run python3 -m pytest", "python -m pytest"),
    ("python3.12 -m pytest", "python -m pytest"),
    (".venv/bin/pytest", "pytest"),
    ("venv/bin/python -m pytest", "python -m pytest"),
    ("./manage.py test --parallel", "python manage.py test --parallel"),
    ("python -b -W always -m pytest", "python -b -W always -m pytest"),
    ("python -m coverage run -m django test", "python -m django test"),
    ("TZ=UTC LANG=C pytest", "env TZ=UTC LANG=C pytest"),
    ("env TZ=UTC pytest", "env TZ=UTC pytest"),
    ("time pytest", "pytest"),
    ('pytest "$@"', "pytest"),
    ("pytest ${ARGS:-tests}", "pytest tests"),
    ("pytest tests/*.py", "sh -c pytest tests/*.py"),
]


def resolver(files: dict[str, str] | None = None) -> CommandResolver:
    return CommandResolver(ProjectFiles.of(files or {}), "python")


@pytest.mark.parametrize(("line", "command"), WRAPPED, ids=[line for line, _ in WRAPPED])
def test_wrappers_are_taken_off(line: str, command: str) -> None:
    (hit,) = resolver().line(line)
    assert " ".join(hit.argv) == command
    assert hit.known.purpose == "test"


@pytest.mark.parametrize(
    "line",
    [
        "", "uv run", "uv sync", "poetry install", "pip install pytest", "tox list", "tox", "make test", "nox", "hatch run",
        "npx vitest",
        "python -m django migrate", "python manage.py runserver", "pytest --help", "pytest `id`", "pytest $(id)",
        "pytest &", "(pytest)",
        "pytest 'not closed", "x" * 2_000, "coverage report", "python setup.py test", "echo pytest",
        "vitest --watch", "go test ./...",
    ],
)  # fmt: skip
def test_what_is_not_a_test_command_of_python_is_none(line: str) -> None:
    assert resolver().line(line, "test") == []


@pytest.mark.parametrize(
    ("files", "line", "command"),
    [
        ({"tox.ini": "[testenv]\ncommands =\n    coverage erase\n    pytest {posargs}\n"}, "tox -e py", "pytest"),
        ({"tox.ini": "[testenv]\ncommands = {envpython} -m pytest {tty:-q:}{posargs:tests}\n"}, "tox -e py", ""),
        ({"tox.ini": "[testenv]\ncommands = pytest --basetemp={envtmpdir} -q\n"}, "tox", "pytest -q"),
        ({"tox.ini": "[testenv]\ncommands = pytest --junitxml {envtmpdir}{/}x.xml tests\n"}, "tox", "pytest tests"),
        ({"tox.ini": "[testenv]\ncommands = pytest {envsitepackagesdir}/shop\n"}, "tox", ""),
        ({"tox.ini": "[testenv]\nchangedir = tests\ncommands = pytest\n"}, "tox", "pytest tests"),
        (
            {"tox.ini": "[testenv]\nsetenv =\n    A = {toxinidir}\n    COVERAGE_FILE = x\ncommands = pytest\n"},
            "tox", "env A=. pytest",
        ),
        ({"tox.ini": "[testenv]\ncommands =\n    cov: pytest --cov\n    !cov: pytest -q\n"}, "tox", "pytest -q"),
        ({"tox.ini": "[testenv]\ncommands =\n    cov: pytest --cov\n    !cov: pytest -q\n"}, "tox -e py-cov", "pytest --cov"),
        ({"tox.ini": "[base]\nrun = pytest -v\n[testenv]\ncommands = {[base]run}\n"}, "tox", "pytest -v"),
        ({"tox.ini": "[testenv]\ncommands = pytest\n[testenv:min]\ncommands = pytest -m min\n"}, "tox -e min", "pytest -m min"),
        (
            {"tox.ini": "[tox]\nenvlist = py{39,310}-{a,b}\n[testenv]\ncommands =\n a: pytest -a\n b: pytest -b\n"},
            "tox", "pytest -a",
        ),
        ({"setup.cfg": "[tox:tox]\nenvlist = py\n[testenv]\ncommands = python -m unittest\n"}, "tox", "python -m unittest"),
        ({"tox.toml": NATIVE}, "tox", "pytest tests"),
        ({"pyproject.toml": '[tool.tox]\nlegacy_tox_ini = """\n[testenv]\ncommands = pytest -q\n"""\n'}, "tox r", "pytest -q"),
        ({"pyproject.toml": '[tool.tox.env_run_base]\ncommands = [["pytest", "-q"]]\n'}, "tox -e 3.12", "pytest -q"),
    ],
)  # fmt: skip
def test_tox_environments(files: dict[str, str], line: str, command: str) -> None:
    found = [" ".join(hit.argv) for hit in resolver(files).line(line, "test")]
    assert found == ([command] if command else [])


NOX = """
import nox

ARGS = ["--strict-markers"]

@nox.session(python=["3.11", "3.12"])
def tests(session):
    session.install("pytest", ".")
    session.run("pytest", "-q", *ARGS, *session.posargs, env={"TZ": "UTC", "X": str(1)})

@nox.session(name="unit-only")
def unit(session: nox.Session) -> None:
    session.run("python", "-m", "pytest", *(session.posargs or ["tests"]))

@nox.session
def lint(session):
    session.run("ruff", "check", ".")
    session.run("black", "--check", "src")

@nox.session
def computed(session):
    session.run("pytest", f"--cov={session.name}", "-v")
    session.run(tool(), "pytest")

@nox.session
def handed(session):
    helper(session, 1)

def helper(session, number):
    session.run("pytest", *(["--lot"] if number else []), "--helper")
    handed(session)
"""


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("nox", ["env TZ=UTC pytest -q --strict-markers"]),
        ("nox -s tests-3.12", ["env TZ=UTC pytest -q --strict-markers"]),
        ("nox --session=unit-only", ["python -m pytest tests"]),
        ("nox -rs computed", ["pytest -v"]),
        ("nox -s helper", []),
        ("nox -s handed", ["pytest --helper"]),
        ("uvx nox -s tests -- -k one", ["env TZ=UTC pytest -q --strict-markers"]),
    ],
)
def test_nox_sessions(line: str, commands: list[str]) -> None:
    assert [" ".join(hit.argv) for hit in resolver({"noxfile.py": NOX}).line(line, "test")] == commands


def test_a_noxfile_is_never_run(tmp_path: object) -> None:
    files = {"noxfile.py": f"open({str(tmp_path)!r} + '/made', 'w')\n{NOX}"}
    assert resolver(files).line("nox")
    assert list(tmp_path.iterdir()) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("files", "line", "command"),
    [
        ({"Makefile": "PY ?= python3\ntest:\n\t$(PY) -m pytest \\\n\t  -q\n"}, "make test", "python -m pytest -q"),
        (
            {"Makefile": "test: unit\nunit: deps\n\t@pytest tests/unit\ndeps:\n\tpip install x\n"},
            "make test",
            "pytest tests/unit",
        ),
        ({"Makefile": "test:\nifeq ($(A),)\n\tpytest -q\nendif\n"}, "make test", "pytest -q"),
        ({"Makefile": "test:\n\tcd src && pytest\n"}, "make test", "pytest src"),
        ({"Makefile": "VENV := .venv\ncheck:\n\t$(VENV)/bin/pytest $(ARGS)\n"}, "make check", "pytest"),
        ({"GNUmakefile": "test:\n\ttox\n", "tox.ini": "[testenv]\ncommands = pytest -q\n"}, "make test", "pytest -q"),
        ({"justfile": "set shell := ['bash']\n\ntest *args:\n    uv run pytest {{args}}\n"}, "just test", "pytest"),
        (
            {"pyproject.toml": '[tool.hatch.envs.test.scripts]\nrun = "pytest {args:tests}"\n'},
            "hatch run test:run",
            "pytest tests",
        ),
        ({"pyproject.toml": '[tool.hatch.envs.default.scripts]\ntest = ["pytest -q"]\n'}, "hatch run test", "pytest -q"),
        ({"pyproject.toml": '[tool.pdm.scripts]\ntest = {cmd = ["pytest", "-q"]}\n'}, "pdm run test", "pytest -q"),
        ({"pyproject.toml": '[tool.pdm.scripts]\nall = {composite = ["t"]}\nt = "pytest -v"\n'}, "pdm all", "pytest -v"),
        (
            {"pyproject.toml": '[tool.poe.tasks.test]\nsequence = ["unit"]\n[tool.poe.tasks]\nunit = "pytest"\n'},
            "poetry run poe test",
            "pytest",
        ),
        ({"pyproject.toml": '[tool.taskipy.tasks]\ntest = "pytest -x"\n'}, "uv run task test", "pytest -x"),
        ({"Pipfile": '[scripts]\ntest = "python -m pytest"\n'}, "pipenv run test", "python -m pytest"),
        ({"scripts/test": '#!/bin/sh -e\nexport PREFIX="venv/bin/"\nset -x\n${PREFIX}pytest "$@"\n'}, "scripts/test", "pytest"),
        ({"test.sh": "pip install .\npytest tests\n"}, "bash ./test.sh", "pytest tests"),
    ],
)
def test_tasks_and_scripts(files: dict[str, str], line: str, command: str) -> None:
    assert [" ".join(hit.argv) for hit in resolver(files).line(line, "test")] == [command]


@pytest.mark.parametrize(
    "files",
    [
        {"Makefile": "test:\n\tmake test\n"},
        {"Makefile": "a: b\nb: a\ntest: a\n"},
        {"Makefile": "A = $(B)\nB = $(A)\ntest:\n\t$(A)\n"},
        {"Makefile": "test:\n\ttox\n", "tox.ini": "[testenv]\ncommands = make test\n"},
        {"tox.ini": "[a]\nx = {[a]x} {[a]x}\n[testenv]\ncommands = {[a]x}\n", "Makefile": "test:\n\ttox\n"},
        {
            "pyproject.toml": '[tool.pdm.scripts]\ntest = {composite = ["test", "other"]}\nother = "test"\n',
            "Makefile": "test:\n\tpdm run test\n",
        },
        {"a.sh": "./a.sh\nbash a.sh\n", "Makefile": "test:\n\t./a.sh\n"},
    ],
)
def test_tasks_that_call_each_other_end(files: dict[str, str]) -> None:
    assert resolver(files).line("make test") == []

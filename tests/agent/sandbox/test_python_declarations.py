"""What the tests of a project need, said in each format that Python projects use for it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox.requirements import Requirements, collect
from agent.sandbox.requirements.poetry import constraint

Files = dict[str, str]
PROJECT = '[project]\nname = "shop"\n'


def read(root: Path, files: Files, directory: str = "", commands: tuple[str, ...] = ()) -> Requirements:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return collect(root, directory=directory, commands=commands)


FORMATS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("declarations.toml").read_text())["format"]


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind["name"])
def test_what_is_declared_is_found(tmp_path: Path, kind: dict[str, Any]) -> None:
    found = read(tmp_path, kind["files"])

    assert (found.text().splitlines(), found.refused) == (kind["lines"], [])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0.3", ">=0.0.3,<0.0.4"), ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"), ("^3", ">=3,<4"), ("~1.2.3", ">=1.2.3,<1.3"), ("~1", ">=1,<2"),
        ("~1.2", ">=1.2,<1.3"), ("~=1.2", "~=1.2"), ("1.2", "==1.2"), ("1.*", "==1.*"),
        ("*", ""), (">=1, <2", ">=1,<2"), (">=1 <2 !=1.5.*", ">=1,<2,!=1.5.*"), ("^1 || ^2", ">=2,<3"),
        ("", ""), ("^1.0.0-beta.2", ">=1.0.0-beta.2,<2"),
    ],
)  # fmt: skip
def test_constraints_of_poetry_become_specifiers(said: str, expected: str) -> None:
    assert constraint(said) == expected


def test_many_extras_that_the_code_imports_are_left_to_what_says_which(tmp_path: Path) -> None:
    names = [f"lib{number}" for number in range(13)]
    extras = "".join(f'{name} = ["{name}"]\n' for name in names)
    code = "".join(f"import {name}\n" for name in names)
    files = {"pyproject.toml": f"{PROJECT}[project.optional-dependencies]\n{extras}", "shop.py": code}
    assert read(tmp_path, files).lines == []


WORKSPACE = {
    "pyproject.toml": PROJECT + 'dependencies = ["lib-a", "click"]\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    '[tool.uv.sources]\nlib-a = {workspace = true}\n[dependency-groups]\ndev = ["pytest"]\n',
    "packages/a/pyproject.toml": '[project]\nname = "lib_a"\ndependencies = ["lib.b[fast]", "rich"]\n[tool.uv.sources]\n'
    'lib-b = {path = "../b"}\n',
    "packages/b/pyproject.toml": '[project]\nname = "lib-b"\n[project.optional-dependencies]\nfast = ["orjson"]\n',
    "packages/c/pyproject.toml": '[project]\nname = "lib-c"\n',
}


def test_members_of_a_workspace_are_never_asked_of_an_index(tmp_path: Path) -> None:
    found = read(tmp_path, WORKSPACE)
    assert found.lines == ["orjson", "rich", "click", "pytest"]
    assert list(found.projects) == ["", "packages/a", "packages/b"]
    assert found.own == {"shop", "lib-a", "lib-b", "lib-c"}

    member = read(tmp_path, {}, directory="packages/a")
    assert member.lines == ["orjson", "rich", "pytest"]
    assert list(member.projects) == ["packages/a", "packages/b"]


LOCAL = {
    "poetry": '[tool.poetry.dependencies]\nlib = {path = "lib", develop = true}\n',
    "uv": '[project]\nname = "x"\ndependencies = ["lib"]\n[tool.uv.sources]\nlib = {path = "lib", editable = true}\n',
    "pdm": '[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/lib#egg=lib"]\n',
    "hatch": '[tool.hatch.envs.default]\ndependencies = ["lib @ {root:uri}/lib"]\n',
}


@pytest.mark.parametrize("kind", LOCAL)
def test_a_package_beside_comes_from_the_repository(tmp_path: Path, kind: str) -> None:
    found = read(
        tmp_path,
        {"pyproject.toml": LOCAL[kind], "lib/setup.cfg": "[metadata]\nname = lib\n[options]\ninstall_requires = six\n"},
    )

    assert (found.lines, found.refused) == (["six"], [])
    assert list(found.projects) == ["", "lib"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('[tool.poetry.dependencies]\nx = {git = "https://example.org/x"}\n', "it comes from an address, which is not fetched"),
        (
            '[project]\ndependencies = ["x"]\n[tool.uv.sources]\nx = {workspace = true}\n',
            "no member of the workspace has this name",
        ),
        ('[tool.poetry.dependencies]\nx = {path = "../../x"}\n', "it lies outside of the repository"),
        ('[tool.poetry.dependencies]\nx = {path = "x"}\n', "not a project of this repository"),
        ('[dependency-groups]\ndev = [{include-group = "none"}]\n', "it is not declared"),
        ('[tool.poetry.dependencies]\nx = "one or two"\n', "it can't be read"),
    ],
)
def test_what_is_not_taken_is_said_once(tmp_path: Path, line: str, reason: str) -> None:
    found = read(tmp_path, {"pyproject.toml": line})

    assert found.lines == []
    assert len(found.refused) == 1
    assert reason in found.refused[0]


def test_arguments_that_are_computed_are_named(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"setup.py": "import setuptools\nsetuptools.setup(install_requires=open('x').readlines(), name='x')\n"}
    )

    assert found.refused == ["setup.py: install_requires (it is computed; only literals are read)"]
    assert found.own == {"x"}


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("pip install -e '.[s3]' mock && pytest", ["orjson", "mock"]),
        ("python -m pip install -r more.txt", ["more"]),
        ("uv sync --extra s3 --group qa", ["orjson", "qa"]),
        ("uv run --with mock --group qa pytest --extra x", ["qa", "mock"]),
        ("poetry install --with qa -E s3", ["orjson", "qa"]),
        ("pdm install -G qa", ["qa"]),
        ("uv sync --all-extras", ["orjson"]),
        ("pytest -c x.ini", []),
        ("pip install 'x", []),
    ],
)
def test_commands_name_what_they_install(tmp_path: Path, command: str, lines: list[str]) -> None:
    text = PROJECT + '[project.optional-dependencies]\ns3 = ["orjson"]\n[dependency-groups]\nqa = ["qa"]\n'

    found = read(tmp_path, {"pyproject.toml": text, "more.txt": "more\n"}, commands=(command,))

    assert (found.lines, found.refused) == (lines, [])


def test_the_requirements_of_a_folder_are_its_own(tmp_path: Path) -> None:
    files = {"requirements.txt": "top\n", "backend/requirements.txt": "-r ../shared.txt\nbelow\n", "shared.txt": "shared\n"}
    assert read(tmp_path, files, directory="backend").lines == ["shared", "below"]


def test_a_lock_file_of_pipenv_and_of_the_top_pin(tmp_path: Path) -> None:
    default = '{"click": {"version": "==8.1.7"}, "x": {"git": "https://example.org"}}'
    lock = f'{{"default": {default}, "develop": {{"pytest": {{"version": "==8.0.0"}}}}}}'
    files = {"Pipfile.lock": lock, "app/requirements.txt": "click\n"}
    assert read(tmp_path, files, directory="app").pins == ["click==8.1.7", "pytest==8.0.0"]

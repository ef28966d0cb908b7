"""The formatters and linters that a Python project configures, and no others."""

from __future__ import annotations

import pytest

from tests.agent.projects.trees import PYTHON, top_of

HOOKS = """
repos:
- repo: https://github.com/astral-sh/ruff-pre-commit
  rev: v1
  hooks:
  - id: ruff
    args: [--fix, --exit-non-zero-on-fix, --line-length=100]
  - {id: ruff-format}
- repo: local
  hooks:
  - id: isort
    stages: [manual]
  - id: trailing-whitespace
"""


WORKFLOW = "jobs:\n  lint:\n    steps:\n    - run: uvx ruff check\n    - run: ruff format --diff\n"


@pytest.mark.parametrize(
    ("files", "formatters", "linters"),
    [
        ({}, [], []),
        ({"requirements.txt": "black\nruff\nflake8\n"}, [], []),
        ({"pyproject.toml": "[tool.ruff.format]\nquote-style = 'single'\n"}, ["ruff format"], []),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 120\n[tool.ruff.lint]\nselect = ['E']\n"}, [], ["ruff check"]),
        ({"ruff.toml": "[format]\n[lint]\n"}, ["ruff format"], ["ruff check"]),
        ({"pyproject.toml": "[tool.black]\n[tool.isort]\nprofile = 'black'\n"}, ["isort", "black"], []),
        ({"setup.cfg": "[isort]\nx = 1\n[flake8]\nx = 1\n"}, ["isort"], ["flake8"]),
        ({".style.yapf": "[style]\nuse_tabs = true\n", ".editorconfig": "[*.py]\nindent_style = tab\n"}, ["yapf"], []),
        ({".flake8": "", ".isort.cfg": "", "pyproject.toml": "[tool.autopep8]\n"}, ["isort", "autopep8"], ["flake8"]),
        ({".pre-commit-config.yaml": HOOKS}, ["ruff format"], ["ruff check"]),
        ({".pre-commit-config.yaml": "repos: [3, {hooks: x}, {hooks: [{id: [black]}, y]}]"}, [], []),
        ({"tox.ini": "[testenv:lint]\ncommands =\n    black --check -l 100 .\n    flake8 src\n"}, ["black"], ["flake8"]),
        ({"noxfile.py": "@nox.session\ndef lint(s):\n    s.run('ruff', 'format', '--check', '.')\n"}, ["ruff format"], []),
        ({"Makefile": "format:\n\tuv run black .\n\tuv run isort .\n"}, ["isort", "black"], []),
        ({".github/workflows/ci.yml": WORKFLOW}, ["ruff format"], ["ruff check"]),
    ],
)  # fmt: skip
def test_configured_tools(files: dict[str, str], formatters: list[str], linters: list[str]) -> None:
    part = top_of({**PYTHON, **files})
    assert [tool.name for tool in part.formatters] == formatters
    assert [tool.name for tool in part.linters] == linters
    assert {"formatters", "linters"} & set(part.evidence) == {
        kind for kind, tools in (("formatters", formatters), ("linters", linters)) if tools
    }


def test_options_that_say_how_code_should_look_are_kept() -> None:
    tox = {"tox.ini": "[testenv:lint]\ncommands = black --check --diff -l 100 --quiet .\n"}
    (black,) = top_of({**PYTHON, **tox}).formatters
    assert black.argv == ("black", "--quiet", "-l", "100")
    assert black.check == ("black", "--quiet", "--check", "-l", "100")
    (ruff,) = top_of({**PYTHON, ".pre-commit-config.yaml": HOOKS}).linters
    assert ruff.check[-1] == "--line-length=100"
    assert "--exit-non-zero-on-fix" not in ruff.check


def test_where_a_tool_is_configured_is_said() -> None:
    part = top_of({**PYTHON, ".pre-commit-config.yaml": HOOKS, "pyproject.toml": "[tool.ruff.format]\n"})
    assert part.evidence["formatters"] == "pyproject.toml: [tool.ruff.format]"
    assert part.evidence["linters"] == ".pre-commit-config.yaml: ruff"

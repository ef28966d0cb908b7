from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agent.stacks import Stack, UnknownStack, catalogue, get
from agent.stacks.__main__ import main
from agent.stacks.globs import matches

IDS = [
    *("ci-github-actions", "devops-docker", "dotnet-api", "express-ts", "fastapi"),
    *("laravel", "nestjs", "nextjs", "react-vite", "vue-vite"),
]


def test_all_ten_are_there() -> None:
    assert [stack.id for stack in catalogue()] == IDS


@pytest.mark.parametrize("stack", catalogue(), ids=lambda stack: stack.id)
def test_every_entry_is_complete(stack: Stack) -> None:
    assert stack.title
    assert stack.project_type in ("api", "webapp", "fullstack", "devops")
    assert stack.files_required
    assert stack.prompt_notes
    assert stack.signals.words
    assert stack.test or stack.lint
    assert not any(stack.is_marked_by(other) for other in ("README.md", "package.json", "src/main.ts"))


def test_an_unknown_stack_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownStack) as refused:
        get("django")
    assert refused.value.code == "unknown_stack"
    assert all(name in refused.value.hint for name in IDS)


def test_the_fastapi_starter_is_whole() -> None:
    files = get("fastapi").starter_files()

    assert {"app/main.py", "tests/test_main.py", "requirements.txt", "README.md", ".gitignore"} <= set(files)
    assert not any("cache" in path for path in files)


def test_nothing_is_read_on_import() -> None:
    code = "import builtins, pathlib; real = pathlib.Path.open; pathlib.Path.open = None; import agent.stacks"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert [entry["id"] for entry in json.loads(capsys.readouterr().out)] == IDS
    assert main(["infer", "Create a FastAPI health endpoint"]) == 0
    assert json.loads(capsys.readouterr().out)["stack"] == "fastapi"
    assert main(["infer", "hello"]) == 1


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.py", "a.py", True),
        ("*.py", "d/a.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "d/e/a.py", True),
        ("src/**/*.ts", "src/a.ts", True),
        ("a.txt|b.txt", "b.txt", True),
        ("requirements.txt", "old_requirements.txt.bak", False),
        ("bin/**", "bin/a/b", True),
        ("a?c", "abc", True),
        ("app/[...slug]/*", "app/[...slug]/page.tsx", True),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:
    assert matches(glob, path) is fits

"""A whole run on a repository of more than 2,000 files, made of installed packages: its prompts fit a small window."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from agent.ports import ModelProfile, TaskSpec
from agent.prompt_blocks import read_block
from agent.token_estimates import estimate_tokens
from tests.agent.harness import Harness, ScriptedModel
from tests.support.team_script import script

pytestmark = pytest.mark.slow

WINDOW = 16_000
DJANGO = Path(sysconfig.get_path("purelib")) / "django"
TARGET = "django/utils/text.py"
CODE = "FILE: django/utils/slugs.py\nLIMIT = 3\n"


class SmallModel(ScriptedModel):
    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, context_tokens=WINDOW, native_tools=False)


def make_git(root: Path) -> None:
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "All"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)


async def test_a_run_on_thousands_of_files_keeps_to_the_models_window(tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(DJANGO, root / "django", ignore=shutil.ignore_patterns("*.mo", "__pycache__"))
    make_git(root)
    assert len(list((root / "django").rglob("*.*"))) > 2_000
    model = SmallModel(script(code=CODE, files=["django/utils/slugs.py", TARGET]))
    harness = Harness(root, model)
    await harness.run(TaskSpec("slugify must keep Turkish letters", stack="fastapi"))
    prompts = ["\n".join(message["content"] for message in request.messages) for request in model.requests]
    assert max(estimate_tokens([prompt]) for prompt in prompts) < WINDOW
    first = read_block(prompts[0], "repository_map")
    assert any(line.startswith(f"{TARGET}: ") and " slugify" in line for line in first.splitlines())
    assert "(" in read_block(prompts[0], "repository_files"), "the list of files is folded"

"""The agent knows nothing of the server, and importing the pipeline costs neither Django nor MetaGPT."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

AGENT = Path(__file__).resolve().parents[2] / "agent"
SERVER = {"django", "rest_framework", "channels", "dramatiq", "mgx_project", "workspaces", "projects", "tasks", "runs",
          "repositories", "metrics", "mgx_cli"}  # fmt: skip


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names


def test_no_file_of_the_agent_imports_the_server() -> None:
    files = [path for path in AGENT.rglob("*.py") if "starters" not in path.parts]
    assert len(files) > 300
    assert not {str(path.relative_to(AGENT)): found for path in files if (found := imports_of(path) & SERVER)}


def test_the_pipeline_is_imported_without_django_metagpt_or_the_sdk() -> None:
    code = "import sys, agent.pipeline, agent.in_memory, agent.models; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=AGENT.parent)
    assert not set(run.stdout.split()) & (SERVER | {"metagpt", "openai", "anthropic", "tiktoken", "redis", "pandas", "git"})


def test_a_team_can_not_be_hired_before_the_bootstrap() -> None:
    code = "from agent.team import hire; hire(None)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=AGENT.parent)
    assert "Call agent.runtime.bootstrap(runtime_dir) once" in run.stderr

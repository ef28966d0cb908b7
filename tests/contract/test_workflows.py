"""The workflows on GitHub: what they run can't be changed by others, and they may do no more than they need."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
USES = re.compile(r"^\s*-? *uses: *(\S+)(.*)$", re.MULTILINE)
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
CHECK = str(Path(sys.executable).with_name("check-jsonschema"))


def jobs(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text("utf-8"))["jobs"])


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job["steps"]]


def test_there_are_workflows() -> None:
    assert {path.name for path in WORKFLOWS} >= {"audit.yml", "ci.yml", "release.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_the_version_beside_it(path: Path) -> None:
    used = USES.findall(path.read_text("utf-8"))
    assert len(used) == sum("uses" in step for step in steps(path))
    loose = [name for name, rest in used if not PINNED.fullmatch(name) or not re.fullmatch(r" # v\d+\.\d+\.\d+", rest)]
    assert loose == []


def test_an_action_is_used_at_one_commit() -> None:
    seen: dict[str, set[tuple[str, str]]] = {}
    for path in WORKFLOWS:
        for name, version in USES.findall(path.read_text("utf-8")):
            action, _, commit = name.partition("@")
            seen.setdefault(action, set()).add((commit, version))
    assert {action: commits for action, commits in seen.items() if len(commits) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_reads_unless_a_job_says_more(path: Path) -> None:
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {"contents": "read"}
    writing = [name for name, job in jobs(path).items() if "write" in (job.get("permissions") or {}).values()]
    for name in writing:
        assert jobs(path)[name]["if"] == "startsWith(github.ref, 'refs/tags/v')", name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_others_write_is_not_part_of_a_command(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


def test_the_command_line_is_tried_on_every_python_and_system_it_is_for() -> None:
    classifiers = tomllib.loads((ROOT / "cli/pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    pythons = [text.rpartition(" :: ")[2] for text in classifiers if "Python :: 3." in text]
    matrix = jobs(ROOT / ".github/workflows/ci.yml")["cli"]["strategy"]["matrix"]
    assert matrix["python"] == pythons
    ends = {(each["os"].partition("-")[0], each["python"]) for each in matrix["include"]}
    assert ends == {(system, python) for system in ("windows", "macos") for python in (pythons[0], pythons[-1])}


@pytest.mark.parametrize(
    ("job", "tool", "name"),
    [("image", "docker", "ghcr.io/ada-co/mgx-agent:1.2.3"), ("chart", "helm", "oci://ghcr.io/ada-co/charts")],
)
def test_what_a_registry_gets_is_named_in_lower_case(job: str, tool: str, name: str, tmp_path: Path) -> None:
    """The shell lines of the job for an owner with capitals. The program reads to the end, for a pipe that it leaves breaks."""
    program = tmp_path / "bin" / tool
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncat > /dev/null\nprintf "%s " "$0" "$@"; echo\n')
    program.chmod(0o755)
    given = {"GITHUB_REPOSITORY": "Ada-Co/MGX-Agent", "GITHUB_REPOSITORY_OWNER": "Ada-Co", "GITHUB_REF_NAME": "v1.2.3"}
    given |= {"GITHUB_ACTOR": "Ada", "RUNNER_TEMP": str(tmp_path), "TOKEN": "-", "PATH": f"{program.parent}:/usr/bin:/bin"}
    said = ""
    for step in jobs(ROOT / ".github/workflows/release.yml")[job]["steps"]:
        if "run" in step:
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            done = subprocess.run(
                shell, env=given, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
            )
            said += done.stdout
    assert name in said.split()
    assert "Ada-Co" not in said


@pytest.mark.skipif(not Path(CHECK).exists(), reason="check-jsonschema is in the group `tools`")
def test_the_forms_are_githubs() -> None:
    """By the schemas that come with check-jsonschema."""
    for schema, files in {"github-workflows": WORKFLOWS, "dependabot": [ROOT / ".github/dependabot.yml"]}.items():
        done = subprocess.run(
            [CHECK, "--builtin-schema", f"vendor.{schema}", *map(str, files)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_dependabot_watches_all_that_is_pinned() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"github-actions", "uv", "docker", "docker-compose", "npm"}
    assert all((ROOT / each["directory"].lstrip("/")).is_dir() for each in updates)

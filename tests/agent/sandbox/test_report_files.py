"""What a command reports in files comes back as text, bounded, and nothing else does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agent.sandbox import Limits, open_sandbox, report_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work/backend").mkdir(parents=True)
    return tmp_path / "work"


async def run(root: Path, script: str, *globs: str, directory: str = "") -> dict[str, str]:
    sandbox = open_sandbox(root, cache=root.parent / "cache", limits=Limits())
    result = await sandbox.run(("sh", "-c", script), reports=globs, directory=directory)
    assert result.ok, result.output_tail
    assert not any((root.parent / "cache/reports").iterdir())
    return dict(result.reports)


async def test_reports_come_from_their_own_directory_and_from_the_workdir(root: Path) -> None:
    (root / "backend/old.xml").write_text("old")
    os.utime(root / "backend/old.xml", (time.time() - 60,) * 2)
    script = "echo one > /reports/a.xml; mkdir out; echo two > out/b.xml; echo no > out/c.txt; pwd"
    found = await run(root, script, "/reports/*.xml", "**/*.xml", directory="backend")
    assert found == {"/reports/a.xml": "one\n", "out/b.xml": "two\n"}


async def test_links_lead_nowhere(root: Path) -> None:
    secret = root.parent / "secret.xml"
    secret.write_text("secret")
    script = f"ln -s {secret} /reports/a.xml; ln -s {secret} b.xml; ln -s {root.parent} up"
    assert await run(root, script, "/reports/*.xml", "**/*.xml") == {}


async def test_a_part_that_became_a_link_is_not_read(root: Path) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere/a.xml").write_text("secret")
    (root / "backend").rmdir()
    (root / "backend").symlink_to(root.parent / "elsewhere")
    written = root.parent / "reports"
    written.mkdir()
    os.utime(root.parent / "elsewhere/a.xml", (time.time() + 60,) * 2)
    assert report_files.collect(root, "backend", written, ["*.xml"]) == {}
    assert report_files.collect(root.parent, "elsewhere", written, ["*.xml"]) == {"a.xml": "secret"}


async def test_reports_are_bounded_together(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_files, "MAX_BYTES", 10)
    assert await run(root, "printf 123456 > /reports/a; printf 123456 > /reports/b", "/reports/*") == {"/reports/a": "123456"}


async def test_without_a_wish_for_reports_there_is_no_place_for_them(root: Path) -> None:
    sandbox = open_sandbox(root, cache=root.parent / "cache")
    assert not (await sandbox.run(("test", "-e", "/reports"))).ok


async def test_a_report_does_not_tell_what_is_secret(root: Path) -> None:
    (root / ".env").write_text("TOKEN=s3cr3t-of-the-project\n")
    script = 'echo "failed with $(sed s/TOKEN=// .env)" > /reports/a.txt'
    assert await run(root, script, "/reports/*") == {"/reports/a.txt": "failed with [hidden]\n"}

"""A worker that has lost its run is slow to notice, and stands in the middle of an act while the new one does all of it."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from repositories.git.checkout import Checkout
from repositories.hosting.github.client import GitHubClient
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker import executor

from ..support.run_actors import work_on
from .conftest import types
from .hosted import Hosted, drive_to, team
from .test_durability import expire


def finish_elsewhere(run: TaskRun) -> None:
    """Another worker of this machine takes the run over and ends it, while the first one waits."""

    def work() -> None:
        try:
            taken = TaskRun.across_tenants.get(pk=run.pk)
            expire(taken)
            work_on(taken)
        finally:
            connections.close_all()

    other = threading.Thread(target=work)
    other.start()
    other.join()


@pytest.mark.parametrize(
    ("owner", "act", "when"),
    [
        (Checkout, "push", "after"),
        (GitHubClient, "open_pull_request", "before"),
        (GitHubClient, "_create", "after"),
        (GitHubClient, "_say", "after"),
    ],
)
def test_two_workers_make_one_of_everything(
    hosted: Hosted, scripted: Any, monkeypatch: pytest.MonkeyPatch, owner: type, act: str, when: str
) -> None:
    hosted.configure(pr_labels=["made-here"])
    real, stolen = getattr(owner, act), threading.Event()

    def steal(moment: str) -> None:
        if moment == when and not stolen.is_set():
            stolen.set()
            finish_elsewhere(run)

    async def slow(*args: Any, **kwargs: Any) -> Any:
        made = await real(*args, **kwargs)
        await asyncio.to_thread(steal, "after")
        return made

    def slow_too(*args: Any, **kwargs: Any) -> Any:
        steal("before")
        made = real(*args, **kwargs)
        steal("after")
        return made

    with scripted(team()):
        run = drive_to(hosted.start(), Status.DELIVERING)
        monkeypatch.setattr(owner, act, slow if owner is Checkout else slow_too)
        work_on(run)
    run.refresh_from_db()
    assert stolen.is_set()
    assert run.status == Status.COMPLETED, run.error
    (pull,) = hosted.pulls()
    assert (pull["html_url"], pull["head"]["sha"]) == (run.pr_url, hosted.head(run.branch_name))
    assert [label["name"] for label in pull["labels"]] == ["made-here"]
    told = types(run)
    for kind in ("branch_created", "commit_created", "push_succeeded", "pr_opened", "completion"):
        assert told.count(kind) == 1, told


def test_a_claim_finds_its_directory_while_earlier_ones_remove_their_own(tmp_path: Path) -> None:
    """Several at once, and a switch of threads after nearly every call, so that each gap between two looks is met."""
    run, failures = tmp_path / "run", []

    def claim(number: int) -> None:
        try:
            for _ in range(400):
                executor._make(run / str(number))
                executor._remove(run / str(number))
        except OSError as error:
            failures.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        claims = [threading.Thread(target=claim, args=(number,)) for number in range(1, 7)]
        for thread in claims:
            thread.start()
        for thread in claims:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not failures
    assert not run.exists()


@pytest.mark.parametrize("gap", ["the run's directory", "the claim's own"])
def test_a_directory_that_vanishes_between_two_looks_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gap: str
) -> None:
    """The interleaving itself: mkdir finds it there, and it is gone before anybody looks what it is."""
    directory = tmp_path / "runs" / "run" / "1"
    victim = directory.parent if gap == "the run's directory" else directory
    real, vanished = os.mkdir, []

    def mkdir(path: Any, mode: int = 0o777, **kwargs: Any) -> None:
        if Path(path) == victim and not vanished:
            vanished.append(path)
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        real(path, mode, **kwargs)

    monkeypatch.setattr(os, "mkdir", mkdir)
    executor._make(directory)
    assert vanished and directory.is_dir()


def test_a_file_in_the_way_of_a_claims_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("not a directory")
    with pytest.raises((FileExistsError, NotADirectoryError)):
        executor._make(tmp_path / "run" / "1")

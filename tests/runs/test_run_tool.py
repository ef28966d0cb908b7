"""A command that changes files is a step of the journal: what is kept enters the tree, the rest is undone, and a worker that
dies in the middle of it leaves nothing of it to the next one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from agent.checks.commands import Commands
from agent.in_memory import CancelFlag, LocalBudget
from agent.ports import CommandResult, Ports
from repositories.git.checkout import Checkout, RemoteSource
from runs.artifacts import ArtifactTrees
from runs.lifecycle import worker_transitions
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.worker.event_buffer import EventBuffer
from runs.worker.journal import RunJournal, Steps
from runs.worker.lease import Lease
from tests.agent.harness import PlainModel, RecordingSink

from .conftest import OLD, Tenant, git
from .test_durability import expire

KEY = "execute/write/0/t1/1/run/1"
PLANNED = ("shop/prices.py", "build/made.py", "shop/gone.py")


class Crash(BaseException):
    """The worker dies here."""


class Shell:
    """A sandbox whose command is a function of the workdir."""

    def __init__(self, root: Path, act: Callable[[Path], object]) -> None:
        self.root, self.act, self.ran = root, act, 0

    async def run(self, argv: Any, **_: Any) -> CommandResult:
        self.ran += 1
        self.act(self.root)
        return CommandResult(tuple(argv), 0, 1, "done\n")


def change(root: Path) -> None:
    (root / "shop/prices.py").write_text("kept = 1\n")
    (root / "build").mkdir()
    (root / "build/made.py").write_text("ignored_by_the_rules = 1\n")
    (root / "build/junk.py").write_text("x")
    (root / "poetry.lock").write_text("x")
    (root / ".gitignore").unlink()
    (root / "evil").symlink_to("/")


def claim(run: TaskRun, *states: Status) -> TaskRun:
    claimed = worker_transitions.claim(run.pk, set(states))
    assert claimed is not None
    return claimed


def in_workdir(run: TaskRun, source: Path, place: Path, act: Callable[[Path], object]) -> Any:
    """What ``run_line`` gives in a fresh clone at ``place``, as a worker has it, and the clone's files afterwards."""

    async def main() -> Any:
        checkout = await Checkout.create(place, RemoteSource(str(source)))

        async def db(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            return await sync_to_async(function, thread_sensitive=True)(*args, **kwargs)

        trees = ArtifactTrees(run, checkout, db)
        journal = RunJournal(run, Lease(run), trees, db, EventBuffer(run, run.fence), Steps(run))
        shell = Shell(checkout.root, act)
        ports = Ports(PlainModel(), RecordingSink(), journal, shell, LocalBudget(), CancelFlag())  # type: ignore[arg-type]
        commands = Commands(ports, "execute").step("write/0/t1/1/run")
        found = await commands.run_line("make", checkout.root, keep=lambda path: path in PLANNED, timeout=5)
        files = {
            path.relative_to(checkout.root).as_posix(): path.read_text()
            for path in sorted(checkout.root.rglob("*"))
            if path.is_file() or path.is_symlink()
        }
        checkout.close()
        return found, files, shell.ran

    return async_to_sync(main)()


def ignoring(shop: Path) -> dict[str, str]:
    (shop / ".gitignore").write_text("build/\n")
    (shop / "README.md").write_text("# Shop\n")
    git("add", "-A", cwd=shop)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "rules", cwd=shop)
    return {path: (shop / path).read_text() for path in git("ls-files", cwd=shop).split()}


def test_what_is_kept_is_in_the_tree_and_the_rest_is_undone(tenant: Tenant, shop: Path, tmp_path: Path) -> None:
    before = ignoring(shop)
    run = claim(tenant.run(), Status.QUEUED)
    found, files, ran = in_workdir(run, shop, tmp_path / "one", change)
    assert sorted(found["kept"]) == ["build/made.py", "shop/prices.py"] and ran == 1
    assert set(found["dropped"]) >= {"build/junk.py", "poetry.lock", ".gitignore", "evil"}
    after = {**before, "shop/prices.py": "kept = 1\n", "build/made.py": "ignored_by_the_rules = 1\n"}
    assert files == after
    assert RunStep.objects.for_workspace(run.workspace_id).get(key=KEY).tree

    expire(run)
    again, files, ran = in_workdir(claim(run, Status.PLANNING), shop, tmp_path / "two", change)
    assert (again, files, ran) == (found, after, 0), "recorded: nothing is run again, and the tree is the same"


def test_a_command_in_which_a_worker_died_runs_again_from_the_tree_before(tenant: Tenant, shop: Path, tmp_path: Path) -> None:
    before = ignoring(shop)
    run = claim(tenant.run(), Status.QUEUED)

    def die(root: Path) -> None:
        change(root)
        raise Crash

    with suppress(Crash):
        in_workdir(run, shop, tmp_path / "dead", die)
    step = RunStep.objects.for_workspace(run.workspace_id).get(key=KEY)
    assert step.finished_at is None and step.tree == ""
    expire(run)
    heir = claim(run, Status.PLANNING)

    def append(root: Path) -> None:
        assert (root / "shop/prices.py").read_text() == OLD, "nothing of the dead worker's is here"
        (root / "shop/prices.py").write_text(OLD + "once = 1\n")

    found, files, ran = in_workdir(heir, shop, tmp_path / "heir", append)
    assert (found["kept"], ran) == (["shop/prices.py"], 1)
    assert files == {**before, "shop/prices.py": OLD + "once = 1\n"}
    step.refresh_from_db()
    assert step.attempt == 2 and step.finished_at is not None


def test_where_nothing_is_kept_the_tree_stays_what_it_was(tenant: Tenant, shop: Path, tmp_path: Path) -> None:
    before = ignoring(shop)
    run = claim(tenant.run(), Status.QUEUED)
    found, files, _ = in_workdir(run, shop, tmp_path / "one", lambda root: (root / "x.lock").write_text("x"))
    assert (found["kept"], found["dropped"]) == ([], {"x.lock": "created"})
    assert files == before

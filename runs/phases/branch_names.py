"""Which name a run's branch gets: the first that other branches of the repository leave free."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from repositories.errors import GitCommandFailed
from repositories.git.branch_clashes import blocker

from ..models import TaskRun
from .commit import branch_name


def candidates(run: TaskRun) -> list[str]:
    """In the order of preference: below the project's prefix, then below others that say where they come from."""
    return list(
        dict.fromkeys(branch_name(run, distinct=distinct, prefix=each) for each in _prefixes(run) for distinct in (False, True))
    )


def _prefixes(run: TaskRun) -> Iterator[str]:
    wanted: str = run.task.project.run_branch_prefix
    yield wanted
    yield f"{wanted}-runs"
    yield f"{wanted.replace('/', '-')}-runs"
    yield "mgx-runs"
    yield f"mgx-{str(run.task_id)[-12:]}"


def choose(run: TaskRun, heads: Collection[str], *, tried: Collection[str] = ()) -> str:
    """The first of the `candidates` beside which ``heads`` can stay, and that was not ``tried`` before.

    Raises GitCommandFailed('branch_prefix_taken') if there is none.
    """
    names = [name for name in candidates(run) if name not in tried]
    found = next((name for name in names if not blocker(name, heads)), None)
    if found is None:
        taken = blocker((names or candidates(run))[0], heads)
        raise GitCommandFailed(
            f"No name is free for the branch of this run: {_because(run, taken) or 'each that was tried is taken.'}",
            code="branch_prefix_taken",
            hint=other_prefix(run),
        )
    return found


def note(run: TaskRun, name: str, heads: Collection[str]) -> str:
    """A sentence on why a branch's ``name`` does not begin with the project's prefix; "" if it does."""
    if name.startswith(f"{run.task.project.run_branch_prefix}/"):
        return ""
    reason = _because(run, blocker(candidates(run)[0], heads))
    return f"{reason} The branch of this run will be {name}. {other_prefix(run)}"


def other_prefix(run: TaskRun) -> str:
    project = run.task.project
    return (
        "To choose another prefix for the branches of the project's runs (run_branch_prefix): "
        f"mgx project update {project.slug} --branch-prefix TEXT"
    )


def _because(run: TaskRun, taken: str) -> str:
    return (
        f"The branch {taken} is there, so that none can be made below {run.task.project.run_branch_prefix}/." if taken else ""
    )

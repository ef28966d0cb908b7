"""The versions that a run is made with: of the team's prompts, and of the journal's format.

Both are fixed by the first claim and hold to the run's end, so that a server of the next release replays what is recorded. A
worker leaves a run of a newer version to newer workers, and pauses one of a version that is gone: that one can plan again from
its last tree (`runs.lifecycle.plan_again`).
"""

from __future__ import annotations

from agent.errors import Paused, PauseReason
from agent.prompt_versions import KEPT, VERSION

from ..models import TaskRun
from ..querysets import JOURNAL_FORMAT

READABLE = frozenset({1})
"""Formats of the journal of which a replay still works here."""
UNPINNED_PROMPTS = "11"
"""Those of the last release that pinned nothing: its runs have 0 for both, and this where no plan has named another."""
REASON: PauseReason = "version"
HINT = "Plan again from what is done so far: mgx resume {run} --plan-again. What is recorded stays, and is not paid again."


def pin(run: TaskRun) -> tuple[str, str]:
    """Fixes both with the run's first claim. Under the claim's lock and with its ``fence``; returns the fields to save."""
    if run.fence == 1:
        pin_newest(run)
    return "prompt_set", "journal_format"


def pin_newest(run: TaskRun) -> None:
    run.prompt_set, run.journal_format = int(VERSION), JOURNAL_FORMAT


def prompts_of(run: TaskRun) -> str:
    """The version of the prompts that ``run`` is made with. Raises Paused('version') where it is not kept any more, or the
    journal's format is not read any more."""
    found = str(run.prompt_set or run.prompt_version or UNPINNED_PROMPTS)
    if not run.prompt_set and found not in KEPT:
        found = UNPINNED_PROMPTS  # of a release that pinned nothing: a step that other prompts asked for pauses the run itself
    if found not in KEPT:
        raise gone(run, f"with version {found} of the prompts; this server has {' and '.join(KEPT)}")
    written = run.journal_format or 1
    if written not in READABLE:
        raise gone(run, f"with version {written} of the journal's format, which this server does not read")
    return found


def gone(run: TaskRun, why: str) -> Paused:
    return Paused(REASON, f"The run was begun {why}.", hint=HINT.format(run=str(run.pk)[:8]))


NOT_NEWER_SQL = f"prompt_set <= {int(VERSION)} AND journal_format <= {JOURNAL_FORMAT}"

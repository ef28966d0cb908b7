"""The pull request of a run, on services that have them: opened once, and updated by later runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from agent.errors import Paused
from agent.ports import Journal, JSONObject, StepEvent
from mgx_project.common.errors import MGXError
from repositories.checkout_source import Origin

from ..models.run import GitStatus
from ..notifications.pull_request_body import quoted, text_of
from ..worker.execution import Execution
from .commit import DeliverySettings
from .target_branch import TRANSIENT_CODES, Target, as_retryable


async def open_pull_request(
    work: Execution,
    journal: Journal,
    origin: Origin,
    target: Target,
    delivery: DeliverySettings,
    results: Mapping[str, Any],
    *,
    draft: bool,
) -> dict[str, Any]:
    """Opens or updates the pull request. Returns what is added to the run's results: ``pull_request`` {number, url, draft}, or
    ``pull_request_error`` if the service refuses one. The branch is already pushed. ``results`` are those of the delivery.

    An existing pull request keeps its labels, reviewers and draft state as people have set them.

    Raises Paused('provider') where waiting helps.
    """
    host, run = origin.host, work.run
    if host is None:
        return {}
    await work.db(run.refresh_from_db, fields=["results", "message", "usage", "commit_sha"])
    run.results = {**run.results, **results}
    draft = draft or run.results.get("draft", True)
    text = text_of(run, delivery.title)
    if not target.number:
        text = replace(text, labels=delivery.labels, reviewers=delivery.reviewers)

    async def act() -> JSONObject:
        made = await asyncio.to_thread(host.open_pull_request, text, branch=target.branch, base=target.base_branch, draft=draft)
        return {"number": made.number, "url": made.url, "draft": made.draft, "refused": list(made.refused)}

    def opened(result: JSONObject) -> StepEvent:
        data = {
            "pr_url": result["url"], "pr_number": result["number"], "draft": result["draft"],
            "branch_name": target.branch, "base_branch": target.base_branch, "repo_full_name": origin.name,
        }  # fmt: skip
        kind = "pr_updated" if result["number"] == target.number else "pr_opened"
        return StepEvent(kind, data, f"Pull request #{result['number']}: {result['url']}")

    inputs = {**asdict(text), "branch": target.branch, "base": target.base_branch, "draft": draft}
    try:
        found = await journal.step("deliver/pull_request", "git", inputs, act, announce=opened)
    except MGXError as error:
        said = f"The branch was pushed, but the pull request could not be opened: {error.detail}"
        if error.code in TRANSIENT_CODES:
            raise Paused("provider", said, hint=f"{error.hint} Then resume the run.".strip()) from error
        said = f"{said} {error.hint}".strip()
        await work.sink.emit("git_operation_failed", {"error": said}, said)
        return {"pull_request_error": said}
    for said in found["refused"]:
        await work.sink.emit("git_operation_failed", {"error": said}, said)
    work.buffer.note(pr_url=found["url"], pr_number=found["number"], git_status=GitStatus.PR_OPENED)
    await _answer_threads(work, journal, origin, found["number"])
    return {"pull_request": {key: found[key] for key in ("number", "url", "draft")}}


async def _answer_threads(work: Execution, journal: Journal, origin: Origin, number: int) -> None:
    """Replies in the thread of each remark that led to this revision. A refusal is shown but does not stop the run.

    Raises Paused('provider') where waiting helps.
    """
    host, run = origin.host, work.run
    threads = (run.revision or {}).get("threads", [])
    if host is None or not threads:
        return
    summary = quoted((run.plan or {}).get("summary", ""), 500)
    text = f"Changed in {run.commit_sha[:10]} by run #{run.run_number}: {summary}"

    async def act() -> JSONObject:
        for thread in threads:
            await asyncio.to_thread(host.reply, number, thread, text, marker=f"run-{run.pk}")
        return {"answered": len(threads)}

    try:
        await journal.step("deliver/answers", "git", {"threads": threads, "text": text}, act)
    except MGXError as error:
        if error.code in TRANSIENT_CODES:
            raise as_retryable(error) from error
        said = f"Could not reply in the threads of the review: {error.detail}"
        await work.sink.emit("git_operation_failed", {"error": said}, said)

"""Estimates the tokens, cost and time of a plan: from the workspace's finished runs, or a rough guess where those are too few.

The forecast is for the execute phase without revisions: what approving the plan costs. It is a step of the journal, for another
run may finish between a plan and its replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from agent.ports import ChatMessage, JSONObject, ModelRequest, RunStatistics
from agent.team import PhaseContext

FEWEST_RUNS = 3
"""Fewer earlier runs than this say nothing."""
TOKENS_PER_FILE = 900
SECONDS_PER_TOKEN = 0.02
SECONDS_FOR_TESTS = 10
CALLS_AHEAD = (("engineer", "WriteCode", 1.0), ("tester", "WriteTest", 0.5), ("reviewer", "ReviewCode", 0.5))
"""Each reads the context once and says so much of what the files will hold: in tests, and in a diff that is read."""
CENTS = Decimal("0.0001")


async def estimate(work: PhaseContext, plan: JSONObject) -> JSONObject:
    """``{tokens, cost_usd, seconds, basis}`` of ``plan``. A cost of None means that a price is unknown: never a guess."""
    stack = work.stack.id if work.stack else ""
    files = files_of(plan)

    async def act() -> JSONObject:
        return forecast(work, await work.ports.history.past(stack), files)

    return await work.ports.journal.step(f"{work.key}/estimate", "read", {"stack": stack, "files": files}, act)


def files_of(plan: JSONObject) -> int:
    """How many files a plan names; a plan that names none is about one."""
    return max(1, len({path for step in plan["steps"] for path in step.get("files", ())}))


def forecast(work: PhaseContext, past: RunStatistics, files: int) -> JSONObject:
    """The estimate for ``files`` files to write."""
    tokens, price = _guess(work, files)
    if past.runs < FEWEST_RUNS or past.tokens_per_file is None or past.seconds_per_file is None:
        return _said(tokens, price, TOKENS_PER_FILE * files * SECONDS_PER_TOKEN + SECONDS_FOR_TESTS, "a rough guess")
    if price is not None and past.cost_per_token is not None:
        price = past.cost_per_token  # what they paid counts the provider's cache; where our model has no price it says nothing
    return _said(round(past.tokens_per_file * files), price, past.seconds_per_file * files, f"from {past.runs} earlier runs")


def _guess(work: PhaseContext, files: int) -> tuple[int, Decimal | None]:
    """Tokens, and USD per token by the prices of the models that will be asked."""
    context: Sequence[ChatMessage] = [{"role": "user", "content": work.situation()}]
    written = TOKENS_PER_FILE * files
    calls = [
        work.ports.model.estimate(
            ModelRequest(
                f"{work.key}/estimate", role, action, context, work.spec.text, work.stack_id, max_tokens=round(share * written)
            )
        )
        for role, action, share in CALLS_AHEAD
    ]
    tokens = max(1, sum(call.tokens for call in calls))
    costs = [call.cost_usd for call in calls]
    if any(cost is None for cost in costs):
        return tokens, None
    return tokens, sum((cost for cost in costs if cost is not None), Decimal()) / tokens


def _said(tokens: int, price: Decimal | None, seconds: float, basis: str) -> JSONObject:
    cost = None if price is None else str((price * tokens).quantize(CENTS))
    return {"tokens": tokens, "cost_usd": cost, "seconds": max(1, round(seconds)), "basis": basis}

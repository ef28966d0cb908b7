"""Estimates the tokens, cost and time of a plan: from the workspace's finished runs, or a rough guess where those are too few.

The forecast is for the execute phase without revisions: what approving the plan costs. It is a step of the journal, for another
run may finish between a plan and its replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from agent.ports import CallEstimate, ChatMessage, JSONObject, ModelRequest, RunStatistics
from agent.team import PhaseContext

FEWEST_RUNS = 3
"""Fewer earlier runs than this say nothing."""
TOKENS_PER_FILE = 900
SECONDS_PER_TOKEN = 0.02
SECONDS_FOR_TESTS = 10
TURNS, TURNS_PER_FILE = 3, 1
"""Of the engineer, with the last one and those in which it looks and tries."""
GROWTH = 1_200
"""Tokens that a turn adds to every later prompt of the session: what was said, and results of tools."""
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
    """Tokens, and USD per token by the prices of the models that will be asked.

    The engineer's turns each send the session so far, which grows; the reviewer sends its opening and the change. A model
    without tools answers in one turn.
    """
    written = TOKENS_PER_FILE * files
    tools = work.ports.model.profile("engineer").takes_tools
    turns = TURNS + TURNS_PER_FILE * files if tools else 1
    opening: Sequence[ChatMessage] = [{"role": "user", "content": work.session.opening}]
    first = _call(work, "engineer", "WriteCode", work.session.messages, written)
    review = _call(work, "reviewer", "ReviewCode", opening, written // 2)
    ahead = first.tokens_in * turns + GROWTH * turns * (turns - 1) // 2 + first.tokens_out
    tokens = max(1, ahead + review.tokens + written)
    costs = [call.cost_usd for call in (first, review)]
    if any(cost is None for cost in costs):
        return tokens, None
    return tokens, sum((cost for cost in costs if cost is not None), Decimal()) / max(1, first.tokens + review.tokens)


def _call(work: PhaseContext, role: str, action: str, messages: Sequence[ChatMessage], written: int) -> CallEstimate:
    request = ModelRequest(f"{work.key}/estimate", role, action, messages, work.spec.text, work.stack_id, max_tokens=written)
    return work.ports.model.estimate(request)


def _said(tokens: int, price: Decimal | None, seconds: float, basis: str) -> JSONObject:
    cost = None if price is None else f"{(price * tokens).quantize(CENTS):f}"
    return {"tokens": tokens, "cost_usd": cost, "seconds": max(1, round(seconds)), "basis": basis}

"""The budget of the whole server: what all tenants together may spend per month on the server's own model endpoint.

It is the operator's money only: a call by a tenant's own connection is in no sum here. Each workspace has a running total of
its own (a meter of the scope `server`), so that nobody waits for another tenant to settle; only where such a budget is set,
reservations stand in one line while the totals are added up. What a tenant is told names no number, and nobody but the operator
hears that four fifths are used: both would tell of others.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import structlog
from django.conf import settings
from django.db import connection, transaction

from mgx_project.common import tenant_wall
from mgx_project.common.server_lock import ServerLock, take_server_lock

from .errors import CapReached

log = structlog.stdlib.get_logger(__name__)
WARN_AT = Decimal("0.8")
"""Of the budget, as with those of workspaces."""
ASK = "Ask the operator of this server, or add a model connection of your own (mgx model create); then resume the run."
UNPRICED = "The server's budget for its own models is set in USD, but this model's price is unknown."
USED_UP = "The server's budget of this month for its own models does not allow this call."
SPENT = """
SELECT coalesce(sum(tokens), 0), coalesce(sum(cost_usd), 0) FROM (
    SELECT tokens_in + tokens_out + reserved_tokens AS tokens, cost_usd + reserved_cost_usd AS cost_usd
    FROM meters WHERE scope = 'server' AND period = %(month)s
    UNION ALL
    SELECT tokens, cost_usd FROM server_former_spending WHERE period = %(month)s
) AS spent
"""


def is_capped() -> bool:
    return bool(_max_tokens() or _max_cost())


@tenant_wall.across_tenants()
def spent(month: str) -> tuple[int, Decimal]:
    """Tokens and USD of all tenants in ``month``, including reservations and deleted workspaces."""
    with connection.cursor() as cursor:
        cursor.execute(SPENT, {"month": month})
        tokens, cost = cursor.fetchone()
    return int(tokens), Decimal(cost)


def check_server(month: str, *, tokens: int, cost_usd: Decimal | None) -> None:
    """Call it last, when the reservation is in the meters: it holds the line until the transaction ends. Raises CapReached.

    The reservation that passes four fifths of the budget is told to the operator, in the log.
    """
    if _max_cost() and cost_usd is None:
        raise CapReached(UNPRICED, ASK)
    take_server_lock(ServerLock.BUDGET)
    uses = _uses(month)
    if any(used > limit for _, used, limit in uses):
        raise CapReached(USED_UP, ASK)
    for unit, used, limit in uses:
        before = used - (tokens if unit == "tokens" else cost_usd or 0)
        if before < limit * WARN_AT <= used:
            said = "the server's budget for its own models is nearly used: this is spent or reserved"
            facts = {"month": month, "used": f"{used:,}", "budget": f"{limit:,}", "unit": unit}
            transaction.on_commit(partial(log.warning, said, **facts), robust=True)


def check_server_room(month: str, *, tokens: int, cost_usd: Decimal | None) -> None:
    """For a call that is not reserved yet, without a place in the line. Raises CapReached."""
    if _max_cost() and cost_usd is None:
        raise CapReached(UNPRICED, ASK)
    if any(used + (tokens if unit == "tokens" else cost_usd or 0) > limit for unit, used, limit in _uses(month)):
        raise CapReached(USED_UP, ASK)


def used_shares(month: str) -> dict[str, float]:
    """What is spent or reserved of the server's budget, 1.0 for all of it, by the unit of each limit (`tokens`, `USD`)."""
    return {unit: float(used / limit) for unit, used, limit in _uses(month)} if is_capped() else {}


def _uses(month: str) -> list[tuple[str, Decimal, Decimal]]:
    """Unit, use and limit of each limit that is set."""
    tokens, cost = spent(month)
    uses = [("tokens", Decimal(tokens), Decimal(_max_tokens())), ("USD", cost, _max_cost())]
    return [use for use in uses if use[2]]


def _max_tokens() -> int:
    limit: int = settings.MGX_SERVER_MONTHLY_TOKENS
    return limit


def _max_cost() -> Decimal:
    return Decimal(settings.MGX_SERVER_MONTHLY_USD)

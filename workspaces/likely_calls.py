"""How long a model's answers are, for the reservation: most are far shorter than they may be.

What is reserved is what nineteen of twenty answers of that model in that role stayed below; an answer that passes it has the
budget asked for more while it comes (`agent.models.answer_room`), so no cap is passed for that.
"""

from __future__ import annotations

import time
import uuid

from django.db import connection

FIRST_GUESS = 4_000
"""Tokens, where little is known."""
LEAST = 500
ENOUGH, LAST = 5, 100
"""Answers that say something, and those that are looked at."""
REMEMBERED = 60.0
"""Seconds for which a process goes by what it has read."""
MOST_REMEMBERED = 1_000
_P95 = """
SELECT count(*), percentile_disc(0.95) WITHIN GROUP (ORDER BY tokens_out)
FROM (SELECT tokens_out FROM ledger_entries
      WHERE workspace_id = %s AND role = %s AND model = %s AND tokens_out > 0 AND NOT cached
      ORDER BY created_at DESC LIMIT %s) answers
"""
_remembered: dict[tuple[uuid.UUID, str, str], tuple[float, int]] = {}


def likely_answer(workspace_id: uuid.UUID, role: str, model: str) -> int:
    """In tokens."""
    key = (workspace_id, role, model)
    known = _remembered.get(key)
    if known is not None and time.monotonic() - known[0] < REMEMBERED:
        return known[1]
    with connection.cursor() as cursor:
        cursor.execute(_P95, [workspace_id, role, model, LAST])
        count, p95 = cursor.fetchone()
    likely = max(LEAST, int(p95)) if count >= ENOUGH else max(FIRST_GUESS, int(p95 or 0))
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key] = (time.monotonic(), likely)
    return likely

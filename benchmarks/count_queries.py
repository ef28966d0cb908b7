"""`count_queries TOKEN`: how many queries `GET /api/tasks` takes for 1 and for 100 rows; prints both as JSON."""

from __future__ import annotations

import json
import sys

from benchmarks.django_side import workspace


def main(token: str) -> list[int]:
    workspace()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {token}"})
    counts = []
    for limit in (1, 1, 100):  # the first call also writes the token's last use
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/tasks?limit={limit}")
        counts.append(len(queries))
    return counts[1:]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))

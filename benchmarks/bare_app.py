"""What a list and a new row cost without a framework: an ASGI application with the same SQL, psycopg and orjson, under uvicorn.

`bare_app PORT`: `GET /` answers with 100 tasks of the workspace that the bearer token is of, `POST /` makes one.
"""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from typing import Any

import orjson
import uvicorn
from psycopg_pool import AsyncConnectionPool

TOKEN = "SELECT workspace_id, user_id, role FROM api_tokens WHERE digest = %s AND (expires_at IS NULL OR expires_at > now())"
LIST = "SELECT * FROM tasks WHERE workspace_id = %s ORDER BY created_at DESC, id DESC LIMIT 100"


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    pool: AsyncConnectionPool = await _pool()
    token = dict(scope["headers"])[b"authorization"].removeprefix(b"Bearer ")
    async with pool.connection() as database, database.cursor() as cursor:
        await cursor.execute(TOKEN, [hashlib.sha256(token).hexdigest()])
        found = await cursor.fetchone()
        if found is None:
            raise PermissionError("no such token")
        workspace = found[0]
        if scope["method"] == "GET":
            await cursor.execute(LIST, [workspace])
            names = [column.name for column in cursor.description or ()]
            body = orjson.dumps([dict(zip(names, row, strict=True)) for row in await cursor.fetchall()], default=str)
        else:
            asked = orjson.loads((await receive())["body"])
            row = [uuid.uuid4(), workspace, asked["description"]]
            await cursor.execute("INSERT INTO bare_tasks VALUES (%s, %s, %s, now()) RETURNING id", row)
            body = orjson.dumps({"id": str(row[0])})
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    await send(head)
    await send({"type": "http.response.body", "body": body})


_opened: list[AsyncConnectionPool] = []


async def _pool() -> AsyncConnectionPool:
    if not _opened:
        _opened.append(AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=2, open=False))
        await _opened[0].open()
        async with _opened[0].connection() as database:
            await database.execute(
                "CREATE TABLE IF NOT EXISTS bare_tasks (id uuid PRIMARY KEY, workspace_id uuid, text text, made timestamptz)"
            )
    return _opened[0]


if __name__ == "__main__":
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", lifespan="off")

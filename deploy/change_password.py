"""Gives the database account of the server a new password: that of ``DB_PASSWORD`` in `.env`, or a generated one.

Run as ``docker compose run --rm change-password``. The new one is written down before the database learns it, so that an
interrupted change is finished by the next try. Web and worker read it when they start again.

Exit code 0 changed, 1 not (the reason is on standard error).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg
from make_secrets import PRIVATE, SHARED, Refused, check, put, token
from psycopg import sql


def change(directory: Path, given: str) -> str:
    """Returns what was done. Raises Refused, psycopg.Error."""
    known, drafted = directory / "app/DB_PASSWORD", directory / "app/.DB_PASSWORD.next"
    old = known.read_text(encoding="utf-8")
    if drafted.is_file() and _connects(drafted.read_text(encoding="utf-8")):
        new, said = drafted.read_text(encoding="utf-8"), "an interrupted change was finished"
    else:
        new, said = (given, "changed to the one in .env") if given not in ("", old) else (token(), "changed to a generated one")
        check("DB_PASSWORD", new)
        put(drafted, new, PRIVATE)
        with _connect(old) as connection:
            connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(sql.Literal(new)))
    put(directory / "postgres/DB_PASSWORD", new, SHARED)
    drafted.replace(known)
    return said


def _connect(password: str) -> psycopg.Connection:
    return psycopg.connect(
        host=os.environ.get("DB_HOST", "postgres"),
        port=int(os.environ.get("DB_PORT") or 5432),
        dbname=os.environ.get("DB_NAME") or "mgx",
        user=os.environ.get("DB_USER") or "mgx",
        password=password,
        connect_timeout=10,
    )


def _connects(password: str) -> bool:
    try:
        _connect(password).close()
    except psycopg.OperationalError:
        return False
    return True


def main() -> int:
    if os.environ.get("DATABASE_URL"):
        print("DATABASE_URL is set: change the password in that database, then in .env.", file=sys.stderr)
        return 1
    try:
        said = change(Path(os.environ.get("MGX_SECRETS_ROOT", "/secrets")), os.environ.get("DB_PASSWORD", "").strip())
    except (Refused, psycopg.Error) as error:
        print(f"The password was not changed: {error}", file=sys.stderr)
        return 1
    print(f"{said}; now: docker compose restart web web-b worker")
    return 0


if __name__ == "__main__":
    sys.exit(main())

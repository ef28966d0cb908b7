import sqlite3

TABLES = """
create table members (id integer primary key, name text not null);
create table books (id integer primary key, title text not null);
create table loans (id integer primary key, member integer not null, book integer not null, returned integer not null default 0);
"""


class Database:
    """SQLite in memory that counts its queries."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(TABLES)
        self.queries = 0

    def query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        self.queries += 1
        return self._connection.execute(sql, values).fetchall()

    def fill(self, table: str, rows: list[tuple[object, ...]]) -> None:
        marks = ", ".join("?" for _ in rows[0])
        self._connection.executemany(f"insert into {table} values ({marks})", rows)

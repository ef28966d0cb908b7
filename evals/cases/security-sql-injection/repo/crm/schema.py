import sqlite3

TABLES = """
create table customers (id integer primary key, name text not null, city text not null, secret_note text not null default '')
"""


def connect(path: str = ":memory:") -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    connection.executescript(TABLES)
    return connection

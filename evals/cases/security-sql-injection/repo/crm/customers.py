import sqlite3


def add(connection: sqlite3.Connection, name: str, city: str, note: str = "") -> int:
    cursor = connection.execute("insert into customers (name, city, secret_note) values (?, ?, ?)", (name, city, note))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def search(connection: sqlite3.Connection, text: str, order: str = "name") -> list[dict[str, object]]:
    """Customers whose name holds ``text``; ``order`` is a column: id, name or city."""
    query = f"select id, name, city from customers where name like '%{text}%' order by {order}"
    return [dict(row) for row in connection.execute(query)]


def in_city(connection: sqlite3.Connection, city: str) -> list[str]:
    rows = connection.execute("select name from customers where city = '" + city + "' order by name")
    return [row["name"] for row in rows]


def rename(connection: sqlite3.Connection, customer: int, name: str) -> bool:
    """Whether there was such a customer."""
    return connection.execute("update customers set name = '%s' where id = %s" % (name, customer)).rowcount == 1

import random

import pytest

from library.database import Database
from library.report import overview


def slow(database):
    """The report as it was, as the reference."""
    lines = []
    for loan in database.query("select distinct member from loans where returned = 0"):
        found = database.query("select name from members where id = ?", loan["member"])
        titles = []
        for row in database.query("select book from loans where member = ? and returned = 0 order by id", loan["member"]):
            book = database.query("select title from books where id = ?", row["book"])
            titles.append(book[0]["title"] if book else "(deleted)")
        lines.append({"member": loan["member"], "name": found[0]["name"] if found else "(deleted)", "titles": titles})
    return sorted(lines, key=lambda line: (-len(line["titles"]), line["name"], line["member"]))


@pytest.mark.parametrize(("members", "loans"), [(3, 10), (50, 400), (1500, 4000)])
def test_same_result_by_three_queries(members, loans):
    chance = random.Random(members)
    database = Database()
    database.fill("members", [(n, f"Name {chance.randrange(40)}") for n in range(1, members + 1) if n % 7])
    database.fill("books", [(n, f"Book {n}") for n in range(1, 200) if n % 5])
    database.fill("loans", [(n, chance.randrange(1, members + 1), chance.randrange(1, 205), n % 3 == 0) for n in range(1, loans + 1)])
    wanted = slow(database)
    database.queries = 0
    assert overview(database) == wanted
    assert database.queries <= 3


def test_nothing_borrowed():
    assert overview(Database()) == []

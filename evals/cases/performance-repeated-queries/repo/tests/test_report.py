from library.database import Database
from library.report import overview


def test_most_books_first():
    database = Database()
    database.fill("members", [(1, "Ada"), (2, "Grace"), (3, "Linus")])
    database.fill("books", [(1, "Emma"), (2, "Dune"), (3, "Ulysses")])
    database.fill("loans", [(1, 1, 1, 0), (2, 2, 3, 0), (3, 2, 2, 0), (4, 3, 1, 1)])
    assert overview(database) == [
        {"member": 2, "name": "Grace", "titles": ["Ulysses", "Dune"]},
        {"member": 1, "name": "Ada", "titles": ["Emma"]},
    ]

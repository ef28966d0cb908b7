from library.database import Database


def overview(database: Database) -> list[dict[str, object]]:
    """Members who have books at home, most books first, then by name, each with the titles in order of the loans.

    A book or a member that was deleted is shown as "(deleted)".
    """
    lines = []
    for loan in database.query("select distinct member from loans where returned = 0"):
        found = database.query("select name from members where id = ?", loan["member"])
        titles = []
        for row in database.query("select book from loans where member = ? and returned = 0 order by id", loan["member"]):
            book = database.query("select title from books where id = ?", row["book"])
            titles.append(book[0]["title"] if book else "(deleted)")
        lines.append({"member": loan["member"], "name": found[0]["name"] if found else "(deleted)", "titles": titles})
    return sorted(lines, key=lambda line: (-len(line["titles"]), line["name"], line["member"]))

import pytest

from crm.customers import add, in_city, rename, search
from crm.schema import connect


@pytest.fixture
def crm():
    connection = connect()
    add(connection, "Ada", "London", "VIP")
    add(connection, "O'Brien", "Cork")
    add(connection, "50% off", "Ostrava")
    add(connection, "a_b", "Brno")
    add(connection, "back\\slash", "Oslo")
    return connection


def names(rows):
    return [row["name"] for row in rows]


def test_a_quote_is_only_a_quote(crm):
    assert names(search(crm, "o'b")) == ["O'Brien"]
    assert in_city(crm, "' or '1'='1") == []
    assert search(crm, "' union select id, secret_note, city from customers --") == []


@pytest.mark.parametrize(("text", "found"), [("%", ["50% off"]), ("_", ["a_b"]), ("\\", ["back\\slash"]), ("0% O", ["50% off"])])
def test_wildcards_mean_themselves(crm, text, found):
    assert names(search(crm, text)) == found


@pytest.mark.parametrize("order", ["secret_note", "name; drop table customers", "(select 1)", "NAME desc", "", "1"])
def test_only_known_columns_sort(crm, order):
    with pytest.raises(ValueError):
        search(crm, "a", order)


@pytest.mark.parametrize("order", ["id", "name", "city"])
def test_known_columns_do(crm, order):
    rows = search(crm, "", order)
    assert [row[order] for row in rows] == sorted(row[order] for row in rows)
    assert len(rows) == 5


def test_rename_takes_any_name_for_one_customer(crm):
    evil = "x' where 1=1 --"
    assert rename(crm, 1, evil)
    assert names(search(crm, "", "id")) == [evil, "O'Brien", "50% off", "a_b", "back\\slash"]
    assert not rename(crm, "1 or 1=1", "y")
    assert "y" not in names(search(crm, ""))

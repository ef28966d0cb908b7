import pytest

from crm.customers import add, in_city, rename, search
from crm.schema import connect


@pytest.fixture
def crm():
    connection = connect()
    add(connection, "Ada", "London", "VIP")
    add(connection, "Grace", "New York")
    add(connection, "Ada Mae", "Austin")
    return connection


def test_a_part_of_the_name_is_enough(crm):
    assert [row["name"] for row in search(crm, "ada")] == ["Ada", "Ada Mae"]
    assert [row["city"] for row in search(crm, "a", "city")] == ["Austin", "London", "New York"]


def test_by_city(crm):
    assert in_city(crm, "London") == ["Ada"]


def test_rename(crm):
    assert rename(crm, 2, "Grace H")
    assert not rename(crm, 99, "Nobody")

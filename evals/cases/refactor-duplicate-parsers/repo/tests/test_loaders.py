import pytest

from inventory.loaders import TableError, load_groups, load_hosts, load_users


def test_users():
    assert load_users("# users\nada | 1 | /bin/zsh\n\nbob|2|") == [
        {"name": "ada", "uid": 1, "shell": "/bin/zsh"},
        {"name": "bob", "uid": 2, "shell": "/bin/sh"},
    ]


def test_groups_and_hosts():
    assert load_groups("ops | ada, bob") == [{"name": "ops", "members": ["ada", "bob"]}]
    assert load_hosts("DB1 | 10.0.0.1 | 4 | spare # old") == [{"host": "db1", "address": "10.0.0.1", "rack": 4, "note": "spare"}]


def test_errors_name_the_line():
    with pytest.raises(TableError, match="line 2: 3 columns expected, 2 found"):
        load_users("# users\nada | 1")

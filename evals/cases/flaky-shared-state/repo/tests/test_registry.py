import pytest

from plugins import registry


def test_a_plugin_is_called():
    registry.register("double", lambda number: number * 2)
    assert registry.call("double", 4) == 8


def test_names_are_listed():
    registry.register("add", lambda one, two: one + two)
    assert registry.names() == ["add", "double"]


def test_a_second_registration_wins():
    registry.register("double", lambda number: number + number + 0.0)
    assert registry.call("double", 1) == 2.0
    assert len(registry.names()) == 2


def test_a_name_is_needed():
    with pytest.raises(ValueError):
        registry.register("", print)
    assert "" not in registry.names()


def test_clear_forgets_all():
    registry.clear()
    assert registry.names() == []

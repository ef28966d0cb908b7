"""Environments are kept for the next run, and not for ever."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import pytest

from agent.sandbox import environment_cache

DAY = 24 * 3600


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    parent = tmp_path / "cache" / "envs"
    parent.mkdir(parents=True)
    return parent


def environment(parent: Path, name: str, *, days: float = 0, size: int = 1_000) -> Path:
    place = parent / name
    (place / "lib").mkdir(parents=True)
    (place / "lib" / "file").write_bytes(b"x" * size)
    os.utime(place, (time.time() - days * DAY,) * 2)
    return place


def names(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def test_what_was_not_used_for_two_weeks_goes(parent: Path) -> None:
    environment(parent, "old", days=15)
    environment(parent, "new", days=13)

    assert [place.name for place in environment_cache.prune(parent)] == ["old"]
    assert names(parent) == ["new"]


def test_using_it_makes_it_young(parent: Path) -> None:
    environment_cache.mark_used(environment(parent, "old", days=15))
    assert environment_cache.prune(parent) == []


def test_of_too_many_bytes_those_used_last_stay(parent: Path) -> None:
    for days in range(5):
        environment(parent, f"used-{days}-days-ago", days=days)
    environment_cache.prune(parent, max_bytes=2_500)
    assert names(parent) == ["used-0-days-ago", "used-1-days-ago"]


def test_what_someone_holds_stays_until_they_let_go(parent: Path) -> None:
    place = environment(parent, "old", days=30)
    holds = [environment_cache.Hold(place), environment_cache.Hold(place)]

    assert environment_cache.prune(parent) == []
    holds.pop()
    gc.collect()
    assert environment_cache.prune(parent) == []
    holds.pop().release()
    assert environment_cache.prune(parent) == [place]
    assert names(parent) == []


def test_what_a_dead_process_left_half_made_goes_after_a_day(parent: Path) -> None:
    environment(parent, ".draft-old", days=2)
    environment(parent, ".draft-new", days=0.5)
    environment_cache.prune(parent)
    assert names(parent) == [".draft-new"]

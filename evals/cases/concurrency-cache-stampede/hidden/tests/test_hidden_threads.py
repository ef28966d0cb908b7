import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from prices.cache import LoadingCache

PATIENCE = 10


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.001)


def test_one_load_for_many_threads():
    calls, gate, inside = [], threading.Event(), threading.Event()

    def load(key):
        calls.append(key)
        inside.set()
        assert gate.wait(PATIENCE)
        return key * 2

    cache = LoadingCache(load)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cache.get, 21) for _ in range(8)]
        assert inside.wait(PATIENCE)
        time.sleep(0.05)
        gate.set()
        assert [one.result(PATIENCE) for one in asked] == [42] * 8
    assert calls == [21]


def test_other_keys_need_not_wait():
    both = threading.Barrier(2)

    def load(key):
        both.wait(PATIENCE)  # breaks unless two loads are inside at once
        return key

    cache = LoadingCache(load)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(cache.get, ["a", "b"])) == ["a", "b"]


def test_a_failure_reaches_who_waited_and_is_not_kept():
    gate, inside, calls = threading.Event(), threading.Event(), []

    def load(key):
        calls.append(key)
        if len(calls) == 1:
            inside.set()
            assert gate.wait(PATIENCE)
            raise OSError("supplier down")
        return "fine"

    cache = LoadingCache(load)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(cache.get, "k")
        assert inside.wait(PATIENCE)
        others = [pool.submit(cache.get, "k") for _ in range(2)]
        time.sleep(0.05)
        gate.set()
        for one in (first, *others):
            with pytest.raises(OSError, match="supplier down"):
                one.result(PATIENCE)
    assert calls == ["k"]
    assert cache.get("k") == "fine"


def test_forget_during_a_load_means_load_again():
    gate, inside, values = threading.Event(), threading.Event(), iter(["old", "new"])

    def load(key):
        value = next(values)
        if value == "old":
            inside.set()
            assert gate.wait(PATIENCE)
        return value

    cache = LoadingCache(load)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get, "k")
        assert inside.wait(PATIENCE)
        cache.forget("k")
        gate.set()
        first.result(PATIENCE)
    assert cache.get("k") == "new"
    assert cache.get("k") == "new"


def test_none_is_a_value_and_a_loader_may_ask_for_another_key():
    calls = []

    def load(key):
        calls.append(key)
        return cache.get("inner") if key == "outer" else None

    cache = LoadingCache(load)
    assert cache.get("outer") is None
    assert cache.get("outer") is None
    assert calls == ["outer", "inner"]


def test_many_threads_with_forgetting():
    cache = LoadingCache(lambda key: key)

    def work(number):
        for turn in range(300):
            assert cache.get(turn % 7) == turn % 7
            cache.forget((turn + number) % 7)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))

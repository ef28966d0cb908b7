"""The list of slow tests names tests that there are: a test that was renamed would be in the fast tier, and begin last. What is
set up for a module is set up once, on however many workers the tests are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.slow import LIST, blocks, dealt

CHECKOUT = Path(__file__).resolve().parents[2]
DEFINED = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)


def test_every_test_that_is_listed_as_slow_exists() -> None:
    listed = [line.partition(" ")[0] for line in LIST.read_text("utf-8").splitlines()]
    paths = {name.partition("::")[0] for name in listed}
    defined = {
        path: set(DEFINED.findall((CHECKOUT / path).read_text("utf-8"))) for path in paths if (CHECKOUT / path).is_file()
    }
    assert listed
    assert [name for name in listed if name.rpartition("::")[2] not in defined.get(name.partition("::")[0], ())] == []


def test_a_module_whose_tests_share_a_server_is_one_worker_s(request: pytest.FixtureRequest) -> None:
    shared, alone = (
        collected(request, name) for name in ("tests/mgx_project/test_bounded_daphne.py", "tests/mgx_project/test_health.py")
    )
    assert len(shared) > 4 and len(alone) > 4
    mixed = [*shared[::2], *alone, *shared[1::2]]

    parts = dealt(blocks(mixed), 4)

    assert {item for part in parts for item in part} == set(mixed)
    (its_worker,) = [part for part in parts if set(part) & set(shared)]
    first = its_worker.index(next(item for item in its_worker if item in shared))
    assert set(its_worker[first : first + len(shared)]) == set(shared), "nothing stands between them"
    assert all(part for part in parts), "the others are dealt out one by one"


def collected(request: pytest.FixtureRequest, path: str) -> list[pytest.Item]:
    module = pytest.Module.from_parent(request.session, path=CHECKOUT / path)
    return [item for item in module.collect() if isinstance(item, pytest.Item)]

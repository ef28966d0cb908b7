"""The list of slow tests names tests that there are: a test that was renamed would be in the fast tier, and begin last."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.slow import LIST

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

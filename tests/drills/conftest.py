"""Failures of the helpers here are explained as those of tests are."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.drills.invariants", "tests.drills.story")

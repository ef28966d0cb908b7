"""Small repositories as path → text, and their profiles."""

from __future__ import annotations

from typing import Any

from agent.projects import ProjectFiles, ProjectPart, ProjectProfile, detect

CODE = "def one():\n    return 1\n"
TEST = "from shop import one\n\n\ndef test_it():\n    assert one() == 1\n"
UNITTEST = "import unittest\n\n\nclass Tests(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(1)\n"
PYTHON = {"shop.py": CODE, "tests/test_shop.py": TEST}
"""A flat project without a manifest."""


def profile_of(files: dict[str, str], settings: dict[str, Any] | None = None) -> ProjectProfile:
    return detect(ProjectFiles.of(files), settings)


def top_of(files: dict[str, str]) -> ProjectPart:
    """The part at the top of a repository that has one part."""
    (part,) = profile_of(files).parts
    assert part.directory == ""
    return part


def command_of(files: dict[str, str]) -> str:
    """The command of the top's tests, as it is run."""
    return " ".join(top_of(files).test)

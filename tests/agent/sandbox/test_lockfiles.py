from __future__ import annotations

from pathlib import Path

import pytest

from agent.sandbox.lockfiles import pins
from agent.sandbox.requirements import collect

UV = """version = 1
[[package]]
name = "shop"
source = { editable = "." }
[[package]]
name = "idna"
version = "3.10"
source = { registry = "https://example.org/simple" }
[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://example.org/simple" }
[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://example.org/simple" }
[[package]]
name = "ours"
version = "1.0"
source = { git = "https://example.org/ours.git" }
"""
POETRY = (
    '[[package]]\nname = "idna"\nversion = "3.9"\n\n[[package]]\nname = "ours"\nversion = "1"\n[package.source]\ntype = "git"\n'
)
PYLOCK = (
    '[[packages]]\nname = "idna"\nversion = "3.8"\n\n[[packages]]\nname = "ours"\nversion = "1"\nvcs = {type = "git"}\n'
    '\n[[packages]]\nname = "-r /etc/passwd"\nversion = "1"\n'
)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("uv.lock", UV, ["idna==3.10"]),
        ("poetry.lock", POETRY, ["idna==3.9"]),
        ("pylock.toml", PYLOCK, ["idna==3.8"]),
        ("uv.lock", "package = 3", []),
        ("uv.lock", "not toml [", []),
    ],
)
def test_a_lock_file_pins_what_comes_from_an_index(tmp_path: Path, name: str, text: str, found: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert pins(tmp_path) == found
    assert collect(tmp_path).pins == found


def test_a_link_is_no_lock_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(UV)
    (tmp_path / "uv.lock").symlink_to(tmp_path / "elsewhere")
    assert pins(tmp_path) == []

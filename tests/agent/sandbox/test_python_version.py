"""The Python that a project asks for: the server's own, another one of the machine, or a sentence."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from agent.sandbox.python import interpreter

pytestmark = pytest.mark.asyncio
OURS = platform.python_version()
SERIES = ".".join(OURS.split(".")[:2])


@pytest.mark.parametrize(
    ("required", "preferred"),
    [
        ("", ""),
        (">=3.8", ""),
        (">=3.8", f"{SERIES}\n"),
        (">=3.8", "pypy@3.10"),
        (">=3.8", "3.99"),
        ("about 3", ""),
        (">" * 500, ""),
        ("", f"python-{OURS}"),
    ],
)
async def test_the_servers_own_is_taken_where_it_fits(required: str, preferred: str) -> None:
    assert await interpreter.choose(required, preferred) == (interpreter.own(), "")


@pytest.mark.parametrize(
    ("required", "preferred", "said"),
    [(">=3.99", "", ">=3.99"), ("", "3.99", "==3.99.*"), (">=3.99", "3.99.1", ">=3.99"), ("<3.5", "", "<3.5")],
)
async def test_what_this_machine_has_not_is_said(required: str, preferred: str, said: str) -> None:
    assert await interpreter.choose(required, preferred) == (
        interpreter.own(), f"The project needs Python {said}; this server has {OURS}.",
    )  # fmt: skip


@pytest.mark.parametrize(("required", "preferred"), [(">=3.99", ""), (">=3.8", "3.99"), (">=3.99,<4", "3.98")])
async def test_another_one_of_the_machine_is_used(monkeypatch: pytest.MonkeyPatch, required: str, preferred: str) -> None:
    """uv is asked for it; here its answer is made up, as machines have different ones."""

    async def said(program: str, *argv: str) -> str | None:
        if argv[:2] == ("python", "find"):
            return "/opt/python3.99/bin/python3.99\n" if "3.99" in argv[-1] else None
        assert program == "/opt/python3.99/bin/python3.99"
        return "3.99.4\n/opt/python3.99\ncpython-399\n"

    monkeypatch.setattr(interpreter, "_said", said)

    found, note = await interpreter.choose(required, preferred)

    assert (found.path, found.prefix, note) == ("/opt/python3.99/bin/python3.99", Path("/opt/python3.99"), "")
    assert found.key != interpreter.own().key


async def test_uv_finds_the_pythons_of_this_machine() -> None:
    found = await interpreter._find(f"=={SERIES}.*")
    assert found is None or found.version.startswith(f"{SERIES}.")

"""Ctrl-C ends a wait, wherever Python happened to be when it came."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from mgx_cli import interrupt, stream
from mgx_cli.api import Api

from tests.support.patience import SOON


class SwallowsInterrupts:
    """Nothing can catch what is raised in a finalizer: Python prints it and goes on."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            time.sleep(0)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(interrupt, "_noted", False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt.note_interrupts()
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("noted")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_nothing_could_catch_ends_the_next_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        time.sleep(3600)

    monkeypatch.setattr(stream, "_receive", silent)
    found = stream._connection(object.__new__(Api), "run", 0)
    SwallowsInterrupts()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(found)
    assert time.monotonic() - started < SOON


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupt.note_interrupts()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

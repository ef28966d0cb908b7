"""What endpoints of models say when they refuse."""

from __future__ import annotations

from agent.models.faults import Fault
from agent.models.waiting import retry_after
from tests.hostile.reader import Reader

READERS = [
    Reader(
        "faults",
        lambda text: Fault(400, str(text), str(text)).meaning(with_tools=True),
        {"exceed": lambda n: "exceed" * (n // 6), "prompt": lambda n: "prompt (" * (n // 8)},
        ("agent.models.faults",),
    ),
    Reader(
        "times to wait",
        lambda text: retry_after({"x-ratelimit-reset": str(text)}, str(text)),
        {"digits": lambda n: "1" * n, "words": lambda n: "wait " * (n // 5)},
        ("agent.models.waiting",),
    ),
]

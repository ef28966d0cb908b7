"""What endpoints of models say when they refuse."""

from __future__ import annotations

from agent.models.error_classification import Fault
from agent.models.retry_after import retry_after
from tests.hostile.reader import Reader

READERS = [
    Reader(
        "faults",
        lambda text: Fault(400, str(text), str(text)).classify(with_tools=True),
        {"exceed": lambda n: "exceed" * (n // 6), "prompt": lambda n: "prompt (" * (n // 8)},
        ("agent.models.error_classification",),
    ),
    Reader(
        "times to wait",
        lambda text: retry_after({"x-ratelimit-reset": str(text)}, str(text)),
        {"digits": lambda n: "1" * n, "words": lambda n: "wait " * (n // 5)},
        ("agent.models.retry_after",),
    ),
]

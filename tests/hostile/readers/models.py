"""What endpoints of models say when they refuse."""

from __future__ import annotations

import json

from agent.models.error_body import read_error
from agent.models.error_classification import Fault
from agent.models.openai_request import OpenAIRequests
from agent.models.retry_after import retry_after
from agent.models.settings import ModelSettings
from tests.hostile.reader import Reader

READERS = [
    Reader(
        "faults",
        lambda text: Fault(400, str(text), str(text)).classify(with_tools=True),
        {"exceed": lambda n: "exceed" * (n // 6), "prompt": lambda n: "prompt (" * (n // 8)},
        ("agent.models.error_classification", "agent.models.overflow_wordings"),
    ),
    Reader(
        "bodies of refusals",
        read_error,
        {
            "braces": lambda n: "{" * n,
            "open texts": lambda n: '{"message": "' * (n // 13),
            "texts in texts": lambda n: json.dumps({"message": json.dumps({"message": "{" * n})}),
            "many": lambda n: {"errors": [{"message": "[{"}] * (n // 20)},
            "tags": lambda n: "<html>" + "<" * n,
            "titles": lambda n: "<html>" + "<title " * (n // 7),
        },
        ("agent.models.error_body",),
    ),
    Reader(
        "refused parameters",
        lambda text: OpenAIRequests(ModelSettings("openai", "m"), ()).learn(
            Fault(400, str(text), str(text)), "m", {"messages": [{"role": "system"}], "stream": True}
        ),
        {
            "words": lambda n: "role not " * (n // 9),
            "quotes": lambda n: "one of 'system" * (n // 14),
            "letters": lambda n: "a" * n,
        },
        ("agent.models.openai_request",),
    ),
    Reader(
        "times to wait",
        lambda text: retry_after({"x-ratelimit-reset": str(text)}, str(text)),
        {"digits": lambda n: "1" * n, "words": lambda n: "wait " * (n // 5)},
        ("agent.models.retry_after",),
    ),
]

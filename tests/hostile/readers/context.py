"""What is read of a repository to show it to the team."""

from __future__ import annotations

from agent.context import guides, mentions, missing_content, testlayout, tokenization
from agent.symbols import tags
from tests.hostile.reader import Reader

READERS = [
    Reader(
        "submodules",
        lambda text: missing_content._PATH.findall(str(text)),
        {"lines": lambda n: "\n" * n, "spaces": lambda n: "path=a" + " " * n + "b"},
        ("agent.context.missing_content",),
    ),
    Reader(
        "names of tests",
        lambda text: testlayout.is_test(str(text)),
        {"folders": lambda n: "test/" * (n // 5) + "data.py"},
        ("agent.context.testlayout",),
    ),
    Reader(
        "words",
        lambda text: [tokenization.parts_of.__wrapped__(word) for word in tokenization.words_of(str(text))],
        {"capitals": lambda n: "A" * n, "dots": lambda n: "a." * (n // 2)},
        ("agent.context.tokenization",),
    ),
    Reader(
        "mentions of a task",
        lambda text: mentions.find_mentions(str(text)),
        {
            "folders": lambda n: "a/" * (n // 2),
            "frames": lambda n: 'File "' * (n // 6),
            "calls": lambda n: "at a.b(\n" * (n // 8),
        },
        ("agent.context.mentions",),
    ),
    Reader(
        "beginnings of pages",
        lambda text: guides.beginning(str(text), 400),
        {
            "badges": lambda n: "![a](b)" * (n // 7),
            "underlines": lambda n: "a\n===\n" * (n // 6),
            "tags": lambda n: "<a " * (n // 3),
        },
        ("agent.context.guides",),
    ),
    Reader(
        "scripts",
        lambda text: tags.scripts_only(str(text).encode()),
        {"tags": lambda n: "<script>" * (n // 8), "heads": lambda n: "<script " * (n // 8)},
        ("agent.symbols.tags",),
    ),
]

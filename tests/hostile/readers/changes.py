"""What a repository's commits and a model say about a change."""

from __future__ import annotations

from agent.changes.commit_style import CommitStyle, style_of
from agent.context.commits import PastCommit
from tests.hostile.reader import Reader

READERS = [
    Reader(
        "commit messages",
        lambda text: CommitStyle().fitted(str(text)[:1_000], str(text)),
        {
            "skip marks": lambda n: "[skip " * (n // 6) + "ci]" * (n // 6),
            "mentions": lambda n: "@" * (n // 2) + "a" * (n // 2),
            "references": lambda n: "closes #1, " * (n // 11),
            "numbers": lambda n: "a/" * (n // 2) + "#1",
            "one line": lambda n: "a " * (n // 2),
            "items": lambda n: "- a\n" * (n // 4),
            "fences": lambda n: "```\n" * (n // 4),
        },
        ("agent.changes.commit_safety", "agent.changes.commit_layout"),
    ),
    Reader(
        "commits",
        lambda text: style_of([PastCommit(str(text), str(text), str(text))] * 3),
        {
            "brackets": lambda n: "[" * n,
            "parentheses": lambda n: "fix(" * (n // 4),
            "colons": lambda n: "a: " * (n // 3),
            "emoji": lambda n: ":a" * (n // 2),
            "trailers": lambda n: "A-b: c\n" * (n // 7),
            "numbers": lambda n: " (#1)" * (n // 5),
        },
        ("agent.changes.commit_style", "agent.changes.commit_subject"),
    ),
]

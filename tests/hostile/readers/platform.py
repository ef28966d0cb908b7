"""What the server reads of git, of hosting services and of people."""

from __future__ import annotations

from repositories.git.process import lasting
from repositories.git.scrubbing import scrub
from repositories.hosting.github.comment_syntax import commands
from runs.notifications.pull_request_body import quoted
from tests.hostile.reader import Reader

READERS = [
    Reader(
        "git's words",
        lambda text: lasting(str(text)),
        {"one line": lambda n: "a" * n, "returns": lambda n: "a\r" * (n // 2)},
        ("repositories.git.process",),
    ),
    Reader(
        "addresses",
        lambda text: scrub(str(text)),
        {"schemes": lambda n: "://a" * (n // 4), "users": lambda n: "://" + "a" * n},
        ("repositories.git.scrubbing",),
    ),
    Reader(
        "commands",
        lambda text: commands(str(text)),
        {"spaces": lambda n: "/mgx" + " " * n + "\v", "lines": lambda n: "/mg\n" * (n // 4)},
        (
            "repositories.hosting.github.comment_syntax",
            "repositories.hosting.commands",
        ),
    ),
    Reader(
        "quotes",
        lambda text: quoted(str(text)),
        {"names": lambda n: "@a" * (n // 2), "hosts": lambda n: "www." * (n // 4)},
        ("runs.notifications.pull_request_body",),
    ),
]

"""What the server reads of git, of hosting services and of people."""

from __future__ import annotations

from repositories.git.process import lasting
from repositories.git.scrubbing import scrub
from repositories.hosting.github.comment_syntax import read_comment
from runs.notifications.pull_request_body import quoted
from runs.webhooks.remark_intent import intent_of
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
        lambda text: read_comment(str(text)),
        {
            "spaces": lambda n: "/mgx" + " " * n + "\v",
            "lines": lambda n: "/mg\n" * (n // 4),
            "brackets": lambda n: "[" * n,
            "links": lambda n: "[a](" * (n // 4),
            "stars": lambda n: "*a _b " * (n // 6),
            "quotations": lambda n: ">" * n,
            "tags": lambda n: "<a " * (n // 3),
            "commands": lambda n: "a\n/mgx help\n" * (n // 12),
            "mail": lambda n: "On Monday, a wrote:\n> b\n" * (n // 24),
        },
        (
            "repositories.hosting.github.comment_syntax",
            "repositories.hosting.comment_text",
            "repositories.hosting.commands",
            "repositories.hosting.mail_quotes",
        ),
    ),
    Reader(
        "remarks",
        lambda text: intent_of(str(text), answers=True),
        {
            "clauses": lambda n: "great, " * (n // 7),
            "one word": lambda n: "a" * n,
            "names": lambda n: "@a-" * (n // 3),
            "dashes": lambda n: " - " * (n // 3),
            "marks": lambda n: "`a" * (n // 2),
        },
        ("runs.webhooks.remark_intent", "runs.webhooks.remark_forms"),
    ),
    Reader(
        "quotes",
        lambda text: quoted(str(text)),
        {"names": lambda n: "@a" * (n // 2), "hosts": lambda n: "www." * (n // 4)},
        ("runs.notifications.pull_request_body",),
    ),
]

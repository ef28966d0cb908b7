"""What a person said in a comment, a review or a remark, freed of the service's markup. The provider reads it, since each
service has its own (`HostingProvider.comment_text`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .commands import Verb


@dataclass(frozen=True)
class CommandText:
    """``verb`` is "" for an unknown command; ``words`` is then its whole line, else everything that follows it."""

    verb: Verb | Literal[""]
    words: str


@dataclass(frozen=True)
class CommentText:
    """``prose`` is what the person said in their own words: without quotations, blocks of code and what nobody sees.

    ``command`` is the first command in it. ``suggests`` says whether it proposes other lines in a form that the service can
    apply. ``is_ours``: we wrote it, so nobody asked for anything.
    """

    prose: str = ""
    command: CommandText | None = None
    suggests: bool = False
    is_ours: bool = False

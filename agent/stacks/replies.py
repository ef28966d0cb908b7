"""What people said about a plan, for which stack counts above the task's own words: "no, this is plain Python with Flask"."""

from __future__ import annotations

from collections.abc import Sequence

from agent.patterns import linear
from agent.stacks.denial import DETERMINERS, around, normal
from agent.stacks.inference import Inference, infer
from agent.stacks.mentions import MAX_CHARACTERS, OPERATIONS, Mention, mentions_in
from agent.stacks.roles import MentionRole

SURE = 0.6
"""Confidence from which the words of a reply name a stack."""
ONLY_A_NAME = 5
"""Words of a reply that hardly says more than a name."""
_NO_STACK = linear(
    r"\b(?:stack[: ]+none|no (?:stack|framework|starter|web framework)|none of (?:the|your|these) stacks|"
    r"without (?:a|any) (?:stack|framework|starter|web framework)|not (?:a |an )(?:web )?(?:service|api|server|web app)\b|"
    r"(?:plain|pure|vanilla) (?:python|php|c#|node(?:\.js)?|javascript|html|js)\b|just (?:python|php|a script)\b)|çerçevesiz|"
    r"(?:düz|sade|saf|yalın) (?:python|php|c#|node|javascript|html)|framework(?:süz| olmadan| yok)"
)
_ASKED_BEFORE = linear(
    r"(?:\b(?:use|using|with|in|is|it's|be|stack|to|prefer|want|wanted|need|meant|for|said|take|make it)|[:?,])\s+"
    + DETERMINERS
    + "$"
)
_ASKED_AFTER = linear(
    r"^'?[\pL\pN_]*\s*(?:instead|please|ile|olsun|olmalı|olacak|kullan|isti|lütfen|project|app\b|projesi|it is|[.!]?$)"
)


def said_in_replies(replies: Sequence[str], stack: str | None) -> Inference | None:
    """What ``replies``, the last above those before it, make of the stack; None where they don't speak of it.

    A stack that they ask for counts, but not one that they only speak of ("move the React part into a folder"). Another
    technology, "no framework" or a denial of ``stack``, which the task and the files speak for (None: of any), mean that no
    stack's rules hold.
    """
    for reply in (text[:MAX_CHARACTERS] for text in reversed(replies)):
        found = infer(reply)
        named = found.stack if found.stack is not None and found.confidence >= SURE else found.outside
        if named and named != stack and _asks_for(reply, named, stack):
            return found
        if named and named == stack:
            return found
        if _NO_STACK.search(normal(reply).lower()):
            return Inference(None, 0.0, ("a person asks for no stack",), outside="no stack")
        for one in mentions_in(reply):
            if one.owner in OPERATIONS and stack != one.owner:
                continue
            if (
                one.names
                and one.group == "stack"
                and one.role in (MentionRole.DENIED, MentionRole.LEFT)
                and stack in (None, one.owner)
            ):
                return Inference(None, 0.0, (f'a person rules out "{one.said}"',), outside="no stack")
    return None


def _asks_for(reply: str, named: str, stack: str | None) -> bool:
    if named in OPERATIONS and stack is not None and stack not in OPERATIONS:
        return False  # "use Docker" adds to a program
    short = len(reply.split()) <= ONLY_A_NAME
    return any(short or _is_asked_for(reply, one) for one in mentions_in(reply) if one.owner == named)


def _is_asked_for(reply: str, one: Mention) -> bool:
    before, after = around(normal(reply).lower(), one.start, one.end)
    asked = bool(_ASKED_BEFORE.search(before) or _ASKED_AFTER.search(after))
    return one.names and (one.role is MentionRole.CHOSEN or (one.role is MentionRole.WANTED and asked))

"""What people said about a plan, for which stack counts above the task's own words: "no, this is plain Python with Flask"."""

from __future__ import annotations

from collections.abc import Sequence

from agent.patterns import linear
from agent.stacks.denial import normal
from agent.stacks.inference import Inference, infer
from agent.stacks.mentions import mentions_in
from agent.stacks.roles import Role
from agent.stacks.store import catalogue

SURE = 0.6
"""Confidence from which the words of a reply name a stack."""
_NO_STACK = linear(
    r"\b(?:stack[: ]+none|no (?:stack|framework|starter|web framework)|none of (?:the|your|these) stacks|"
    r"without (?:a|any) (?:stack|framework|starter|web framework)|not (?:a |an )?(?:web )?(?:service|api|server|web app)\b|"
    r"(?:plain|pure|just|only|vanilla) (?:python|php|c#|node(?:\.js)?|javascript|typescript|html|js)\b)|çerçevesiz|"
    r"(?:düz|sade|sadece|saf|yalın|yalnızca) (?:python|php|c#|node|javascript|typescript|html)|framework(?:süz| olmadan| yok)"
)


def said_in_replies(replies: Sequence[str], stack: str | None) -> Inference | None:
    """What ``replies``, the last above those before it, make of the stack; None where they say nothing of it.

    A stack that they name counts. Another technology, "no framework" or a denial of ``stack``, the one of the plan that they
    reply to (None: not known, so any that is denied), mean that no stack's rules hold.
    """
    for reply in reversed(replies):
        found = infer(reply)
        if found.stack is not None and found.confidence >= SURE:
            return found
        if found.is_none:
            return found
        if _NO_STACK.search(normal(reply).lower()):
            return Inference(None, 0.0, ("a person asks for no stack",), outside="no stack")
        denied = [one for one in mentions_in(reply) if one.role in (Role.DENIED, Role.LEFT) and one.names]
        for one in denied:
            if one.owner == stack or (stack is None and one.owner in {entry.id for entry in catalogue()}):
                return Inference(None, 0.0, (f'a person rules out "{one.said}"',), outside="no stack")
    return None

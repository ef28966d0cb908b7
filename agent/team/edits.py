"""An action whose answer changes files: with its tools at once, or by an answer that holds files or edits."""

from __future__ import annotations

from typing import Any

from agent.changes.commit_message import message_of
from agent.patch import Edits
from agent.team.answers import ChangeAnswer
from agent.team.base import TeamAction
from agent.team.conversation import Reply
from agent.team.parsing.edits import NO_CHANGE, read_answer
from agent.team.parsing.thoughts import without_thoughts
from agent.team.session import Session


class EditAction(TeamAction):
    async def ask_for_change(
        self, session: Session, question: str, *, key: str, max_tokens: int, **options: Any
    ) -> ChangeAnswer:
        """The answer, parsed: here and nowhere else. ``options`` as for ``converse``."""
        editor = self.work.editor
        before = editor.edits if editor is not None else 0
        reply = await self.converse(session, question, key=key, max_tokens=max_tokens, **options)
        if reply.finish is not None:
            return ChangeAnswer(finish=message_of(reply.finish))
        edits = read_answer(reply.completion.text, cut_off=reply.completion.cut_off)
        if editor is not None and editor.edits > before and _only_words(reply, edits):
            return ChangeAnswer(finish=message_of({"summary": without_thoughts(reply.completion.text)}))
        return ChangeAnswer([edits])


def _only_words(reply: Reply, edits: Edits) -> bool:
    """Whoever has edited by tools may end in words instead of calling ``finish``."""
    return not reply.completion.cut_off and (edits.format is None or edits.text == NO_CHANGE)

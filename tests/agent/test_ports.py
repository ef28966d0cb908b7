"""What other versions have written down must be understood by this one."""

from __future__ import annotations

from agent.ports import ModelRequest


def test_a_journal_that_is_there_knows_what_a_model_was_asked() -> None:
    asked = ModelRequest("execute/write/0", "engineer", "WriteCode", (), "Fix it", bypass_cache=True).inputs()
    assert asked == {
        "role": "engineer", "action": "WriteCode", "messages": (), "task": "Fix it", "stack": None, "max_tokens": None,
        "tools": (), "fresh": True,
    }  # fmt: skip

"""Tool calls as models write them into their text; and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from agent.ports import ChatMessage, ModelRequest
from agent.team.parsing.text_tool_calls import as_text, read_calls
from agent.tools import TOOLS, renamed, specs
from tests.agent.test_pipeline import CODE
from tests.support.processor import at_most
from tests.support.team_script import plan, review

READ = ("read", {"paths": "src/app.py"})
SEARCH = ("search", {"pattern": "def total", "glob": "*.py"})
ALL = specs(list(TOOLS))

ONE = {
    "as asked for": '<tool_call>{"name": "read_file", "arguments": {"path": "src/app.py"}}</tool_call>',
    "never closed": 'Let me look.\n<tool_call>\n{"name": "read_file", "arguments": {"path": "src/app.py"}}',
    "after a thought": '<think><tool_call>{"name": "list_files"}</tool_call> no</think>\n'
    '<tool_call>{"name": "read_file", "arguments": {"path": "src/app.py"}}</tool_call>',
    "a fence called tool": '```tool\n{"name": "read_file", "arguments": {"path": "src/app.py"}}\n```',
    "a JSON fence": 'I will read it.\n\n```json\n{"tool": "read_file", "args": {"path": "src/app.py"}}\n```',
    "a bare object": '{"name": "read_file", "parameters": {"path": "src/app.py"}}',
    "arguments beside the name": '{"tool": "read_file", "path": "src/app.py"}',
    "the name as key": '{"read_file": {"path": "src/app.py"}}',
    "arguments as a string": '{"name": "read_file", "arguments": "{\\"path\\": \\"src/app.py\\"}"}',
    "OpenAI's own form": '{"tool_calls": [{"id": "1", "type": "function", "function": {"name": "read_file", "arguments": '
    '"{\\"path\\": \\"src/app.py\\"}"}}]}',
    "a line": 'TOOL read_file {"path": "src/app.py"}',
    "ReAct": 'Thought: I need it.\nAction: read_file\nAction Input: {"path": "src/app.py"}',
    "ReAct with a bare value": "Thought: I need it.\nAction: read_file\nAction Input: src/app.py",
    "Llama's tag": '<|python_tag|>{"name": "read_file", "parameters": {"path": "src/app.py"}}<|eom_id|>',
    "Llama's function": '<function=read_file>{"path": "src/app.py"}</function>',
    "Mistral's": '[TOOL_CALLS] [{"name": "read_file", "arguments": {"path": "src/app.py"}}]',
    "Claude's": '<invoke name="read_file"><parameter name="path">src/app.py</parameter></invoke>',
    "Qwen's coder": "<tool_call>\n<function=read_file>\n<parameter=path>\nsrc/app.py\n</parameter>\n</function>\n</tool_call>",
    "Python": 'read_file(path="src/app.py")',
    "Python in a fence": "```tool_code\nread_file(path='src/app.py')\n```",
    "single quotes and a comma": "<tool_call>{'name': 'read_file', 'arguments': {'path': 'src/app.py',}}</tool_call>",
    "the name before the object": '<tool_call>read_file\n{"path": "src/app.py"}</tool_call>',
    "a prefixed name": '<tool_call>{"name": "functions.read_file", "arguments": {"path": "src/app.py"}}</tool_call>',
}
SEVERAL = {
    "tags": '<tool_call>{"name": "read_file", "arguments": {"path": "src/app.py"}}</tool_call>\n'
    '<tool_call>{"name": "search", "arguments": {"pattern": "def total", "glob": "*.py"}}</tool_call>',
    "an array": '[{"name": "read_file", "arguments": {"path": "src/app.py"}}, '
    '{"name": "search", "arguments": {"pattern": "def total", "glob": "*.py"}}]',
    "one object a line": '<tool_call>\n{"name": "read_file", "arguments": {"path": "src/app.py"}}\n'
    '{"name": "search", "arguments": {"pattern": "def total", "glob": "*.py"}}\n</tool_call>',
    "fences": '```json\n{"name": "read_file", "arguments": {"path": "src/app.py"}}\n```\nand\n'
    '```json\n{"name": "search", "arguments": {"pattern": "def total", "glob": "*.py"}}\n```',
    "Python": 'read_file(path="src/app.py")\nsearch(pattern="def total", glob="*.py")',
    "said twice": '<tool_call>{"name": "read_file", "arguments": {"path": "src/app.py"}}</tool_call>\n' * 2
    + '<tool_call>{"name": "search", "arguments": {"pattern": "def total", "glob": "*.py"}}</tool_call>',
}
NONE = {
    "a manifest": CODE,
    "a manifest of a program that calls tools": 'FILE: agent.py\nCALL = """<tool_call>{"name": "read_file", "arguments": '
    '{"path": "x"}}</tool_call>"""\nread_file(path="x")\n',
    "blocks": 'a.py\n<<<<<<< SEARCH\n{"name": "read_file", "arguments": {"path": "x"}}\n=======\n1\n>>>>>>> REPLACE\n',
    "a diff": '--- a/x.json\n+++ b/x.json\n@@ -1 +1 @@\n-{}\n+{"name": "search", "arguments": {}}\n',
    "a plan that speaks of tools": plan("a.py", summary="Call read and search."),
    "a plan": plan("a.py", summary='Add {"name": "search"} to it', steps=[{"title": "search", "files": [], "kind": "modify"}]),
    "a review": review("revise", 'Use <b>search</b>: {"name": "search"}'),
    "prose": "I would read_file(path) and then search for it.",
    "an unknown tool": '<tool_call>{"name": "delete_everything", "arguments": {}}</tool_call>',
    "no change": "NO CHANGE",
    "nothing": "",
}


def found(text: str) -> list[tuple[str, Any]]:
    return [(call["name"], renamed(call["name"], call["arguments"])) for call in read_calls(text, ALL)]


@pytest.mark.parametrize("way", ONE)
def test_a_call_is_read_in_whatever_way_it_is_written(way: str) -> None:
    assert found(ONE[way]) == [READ]


@pytest.mark.parametrize("way", SEVERAL)
def test_several_calls_in_one_answer(way: str) -> None:
    assert found(SEVERAL[way]) == [READ, SEARCH]


@pytest.mark.parametrize("way", NONE)
def test_an_answer_is_no_call(way: str) -> None:
    assert found(NONE[way]) == []


@pytest.mark.parametrize(
    "text",
    ["<tool_call>" * 50_000, "[TOOL_CALLS][" * 30_000, "{" * 300_000, '<invoke name="search">' * 20_000, "search(" * 50_000,
     "```\n{" * 50_000, "Action: search\n" * 30_000, "<think>" * 60_000 + "</thinking>"],
)  # fmt: skip
def test_a_hostile_answer_costs_no_time(text: str) -> None:
    with at_most(30):
        read_calls(text, ALL)


def test_calls_and_results_become_turns_of_text() -> None:
    messages: list[ChatMessage] = [
        {"role": "system", "content": "You are."},
        {"role": "user", "content": "Do."},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "name": "search", "arguments": {"pattern": "x"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "Nothing."},
        {"role": "user", "content": "Answer now."},
    ]
    asked = as_text(ModelRequest("k", "engineer", "WriteCode", messages, "t", tools=ALL))
    assert [message["role"] for message in asked.messages] == ["system", "user", "assistant", "user"]
    assert asked.tools == ()
    assert found(asked.messages[2]["content"]) == [("search", {"pattern": "x"})]
    assert asked.messages[3]["content"] == "Result of search:\nNothing.\n\nAnswer now."
    assert all(f"- {name}: " in asked.messages[0]["content"] for name in TOOLS if name not in ("edit", "finish"))

"""What the team reads of its models' answers."""

from __future__ import annotations

from agent.ports import ToolSpec
from agent.team import answers, condense, file_answers, lenient, loops, protocol
from tests.hostile.reader import Reader

TOOLS = [ToolSpec("read_file", "Reads.", {"properties": {"path": {"type": "string"}}, "required": ["path"]})]


def _parsed(text: object) -> object:
    try:
        return answers.parse(answers.Plan, str(text))
    except answers.Unusable as error:
        return error


READERS = [
    Reader(
        "JSON answers",
        _parsed,
        {
            "braces": lambda n: "{" * n,
            "nested": lambda n: '{"a":' * (n // 5),
            "open strings": lambda n: '{"' * (n // 2),
            "parentheses": lambda n: "{" + "(" * n + "}",
            "thoughts": lambda n: "<think>" * (n // 7),
            "digits": lambda n: '{"summary": ' + "9" * n + "}",
        },
        ("agent.team.answers", "agent.team.coerce", "agent.team.lenient"),
    ),
    Reader(
        "objects",
        lambda text: lenient.objects(str(text)),
        {"long string": lambda n: "{" * (n // 2) + '"' + "a" * (n // 2)},
        ("agent.team.lenient",),
    ),
    Reader(
        "calls in text",
        lambda text: protocol.read_calls(str(text), TOOLS),
        {
            "tags": lambda n: "<tool_call>" * (n // 11),
            "parentheses": lambda n: "read_file(" + "()" * (n // 2) + "!",
            "marks": lambda n: "[TOOL_CALLS] [" * (n // 14),
            "keys": lambda n: "read_file(" + "a" * n + ")",
        },
        ("agent.team.protocol",),
    ),
    Reader(
        "files in elements",
        lambda text: file_answers._elements(str(text)),
        {
            "heads": lambda n: '<file path="a.py">\n' * (n // 19) + "</file>",
            "open heads": lambda n: '<file path="a.py" ' * (n // 18),
        },
        ("agent.team.file_answers",),
    ),
    Reader(
        "output that repeats",
        lambda text: loops.Loops().ran(["a"], 1, str(text)),
        {"versions": lambda n: "1." * (n // 2) + "1a"},
        ("agent.team.loops",),
    ),
    Reader(
        "blocks",
        lambda text: list(condense._blocks(str(text))),
        {"beginnings": lambda n: "<a deadbeef>\n" * (n // 13), "paths": lambda n: "Content of " * (n // 11)},
        ("agent.team.condense",),
    ),
]

"""What the team reads of its models' answers."""

from __future__ import annotations

from typing import cast

from agent.models.streaming import StreamedCompletion, parse_arguments
from agent.ports import ModelRequest, ToolSpec
from agent.stages.plan_parts import parts_of
from agent.team import loop_detection, prompt_truncation
from agent.team.parsing import edits, json_repair, schemas, text_tool_calls, thoughts
from tests.hostile.reader import Reader

TOOLS = [ToolSpec("read_file", "Reads.", {"properties": {"path": {"type": "string"}}, "required": ["path"]})]
PLANNED = [{"files": [f"{letter * 3}.py", f"{letter * 3}/{letter * 3}b.py"]} for letter in "abcd"]


def _parsed(text: object) -> object:
    try:
        return schemas.parse(schemas.PlanAnswer, str(text))
    except schemas.Unusable as error:
        return error


def _reviewed(text: object) -> object:
    try:
        return schemas.parse(schemas.Review, str(text))
    except schemas.Unusable as error:
        return error


def _in_pieces(pieces: object) -> object:
    answer = StreamedCompletion(ModelRequest("k", "engineer", "write", (), "t"), 1_000_000, lambda _: None)
    for index, id, name, text in cast("list[tuple[int, str | None, str | None, str]]", pieces):
        answer.add_call(index, id, name, text)
    return answer.calls()


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
            "strings that may end": lambda n: "{\\\\e" + 'a]\n1\\"{' * (n // 8) + "[e",
            "values of braces": lambda n: "{true" + " ]{)" * (n // 4),
            "quotes": lambda n: "{" + '"' * n,
            "fences": lambda n: "```{" * (n // 4),
        },
        ("agent.team.parsing.schemas", "agent.team.parsing.coerce", "agent.team.parsing.json_repair"),
    ),
    Reader(
        "reviews",
        _reviewed,
        {
            "remarks": lambda n: '{"verdict": "approve", "comments": [' + '"this must", ' * (n // 13) + '"x"]}',
            "long remark": lambda n: '{"verdict": "approve", "comments": ["' + "must be fixed before " * (n // 21) + '"]}',
            "keys": lambda n: '{"verdict": "approve", "' + "no_" * (n // 6) + '": 0, "' + "x_" * (n // 4) + '": 1}',
            "objects": lambda n: '{"verdict": "approve"}' + '{"comments": [{}]}' * (n // 18),
            "own words": lambda n: "verdict is revise, " * (n // 19) + '{"verdict": "approve"}',
        },
        ("agent.team.parsing.schemas", "agent.team.parsing.objections", "agent.team.parsing.simple_values"),
    ),
    Reader(
        "objects",
        lambda text: json_repair.objects(str(text)),
        {"long string": lambda n: "{" * (n // 2) + '"' + "a" * (n // 2)},
        ("agent.team.parsing.json_repair",),
    ),
    Reader(
        "thoughts",
        lambda text: thoughts.without_thoughts(str(text)),
        {
            "beginnings": lambda n: "<think>" * (n // 7),
            "ends": lambda n: "x\n</think>\n" * (n // 11),
            "pairs": lambda n: "<think></think>\n" * (n // 16),
            "drafts": lambda n: "FILE: a\n</think>\n" * (n // 17),
            "objects": lambda n: '{"a":' * (n // 5) + "</think>",
            "open strings": lambda n: '{"' * (n // 2) + "</think>",
            "turns": lambda n: "<|channel|>final<|message|>" * (n // 27),
        },
        ("agent.team.parsing.thoughts",),
    ),
    Reader(
        "calls in text",
        lambda text: text_tool_calls.read_calls(str(text), TOOLS),
        {
            "tags": lambda n: "<tool_call>" * (n // 11),
            "parentheses": lambda n: "read_file(" + "()" * (n // 2) + "!",
            "marks": lambda n: "[TOOL_CALLS] [" * (n // 14),
            "keys": lambda n: "read_file(" + "a" * n + ")",
        },
        ("agent.team.parsing.text_tool_calls",),
    ),
    Reader(
        "files in other clothes",
        lambda text: edits.read_answer(str(text)),
        {
            "labels": lambda n: "file: a.py\n" * (n // 11),
            "a label of spaces": lambda n: "file:" + " " * n + "\n!",
            "labels of one line": lambda n: "file:" * (n // 5),
            "a path of dots": lambda n: "file: " + "a." * (n // 2) + "!",
            "a path of folders": lambda n: "file: " + "a/" * (n // 2) + "!",
            "headings": lambda n: "### a.py\n```\nx\n```\n" * (n // 19),
            "a heading of marks": lambda n: "#" * n + "a.py\n```\nx\n```\n",
            "fences of words": lambda n: "```" + "a.b " * (n // 4) + "\nx\n```\n",
            "fences that never close": lambda n: "```a.py\n" * (n // 8),
            "fences of many lengths": lambda n: "".join("`" * (3 + at % 90) + "a.py\n" for at in range(n // 50)),
            "fences in fences": lambda n: "`a.md`\n```md\n" + "```\nx\n```\n\n" * (n // 11),
            "fences in lists": lambda n: "`a.py`\n  ```py\n" + "  x\n    \n" * (n // 9) + "  ```\n",
            "comments": lambda n: "```\n# " + "file:" * (n // 5) + "\n```\n",
            "a comment of spaces": lambda n: "```\n#" + " " * n + "!\n```\n",
            "objects": lambda n: '{"a.py": "x"}' * (n // 13),
            "objects in objects": lambda n: '{"a": ' * (n // 7) + "1" + "}" * (n // 7),
            "nothing to do": lambda n: "no changes " * 50 + "\n" * n,
        },
        ("agent.team.parsing.edits", "agent.team.parsing.fenced_files"),
    ),
    Reader(
        "arguments of calls",
        lambda text: parse_arguments(str(text)),
        {
            "lists": lambda n: '{"a": ' + "[" * n,
            "strings": lambda n: '"' + '\\"' * (n // 2) + '"',
            "digits": lambda n: '{"a": ' + "1" * n,
        },
        ("agent.models.streaming",),
    ),
    Reader(
        "calls in pieces",
        _in_pieces,
        {
            "of one call": lambda n: [(0, "a", "f", '{"a": 1}')] * (n // 8),
            "of a growing call": lambda n: [(0, None, None, '"aaaaaa')] * (n // 8),
            "of names": lambda n: [(0, None, f"f{at}", "{}") for at in range(n // 8)],
        },
        ("agent.models.streaming",),
    ),
    Reader(
        "files in elements",
        lambda text: edits._elements(str(text)),
        {
            "heads": lambda n: '<file path="a.py">\n' * (n // 19) + "</file>",
            "open heads": lambda n: '<file path="a.py" ' * (n // 18),
        },
        ("agent.team.parsing.edits",),
    ),
    Reader(
        "output that repeats",
        lambda text: loop_detection.Loops().record_test_run(["a"], 1, str(text)),
        {"versions": lambda n: "1." * (n // 2) + "1a"},
        ("agent.team.loop_detection",),
    ),
    Reader(
        "parts of a plan",
        lambda text: parts_of({"steps": PLANNED}, {"aaa.py": str(text), "aaa/bbb.py": str(text)}, 2),
        {"names": lambda n: "aaa" * (n // 3), "words": lambda n: "aaab " * (n // 5)},
        ("agent.stages.plan_parts",),
    ),
    Reader(
        "blocks",
        lambda text: list(prompt_truncation._blocks(str(text))),
        {"beginnings": lambda n: "<a deadbeef>\n" * (n // 13), "paths": lambda n: "Content of " * (n // 11)},
        ("agent.team.prompt_truncation",),
    ),
]

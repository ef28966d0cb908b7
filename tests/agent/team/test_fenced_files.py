"""Whole files in fences that are named otherwise than by a FILE line: all of each is read, or the answer is refused."""

from __future__ import annotations

import json

import pytest

from agent.team.parsing.edits import read_answer
from tests.support.processor import at_most

HEADS = [
    '```python title="x.py"\n{}```\n',
    "```py x.py\n{}```\n",
    "```python:x.py\n{}```\n",
    "`x.py`\n```\n{}```\n",
    "**x.py**\n\n~~~python\n{}~~~\n",
    "### 1. `x.py`\n\n````python\n{}````\n",
    "```python\n# x.py\n{}```\n",
    '<file path="x.py">\n{}</file>\n',
    '<file path="x.py">\n```python\n{}```\n</file>\n',
]
TEXTS = [
    "\n\na = 1\n",
    "a = 1\n\n\n# The end.\n",
    '"""A.\n\n    ```\n    b\n    ```\n"""\n',
    '"""A.\n\n```python\nb\n```\n"""\n',
    '"""A.\n\n```\nb\n```\n\nNo other changes.\n"""\n',
    "def f():\n    \n    return 1\n",
    "a = 1\n\nprint(a)\n# I updated the file.\n",
]
PAGE = "# T\n\n```python\nx = 1\n```\n\nMore of it.\n\n```\nraw\n```\n\nThe end.\n"


def files(answer: str) -> dict[str, str]:
    return {file.names[0]: file.content for file in read_answer(answer).files}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("end", ["", "\nThis is all that was needed.\n", "\nRun it:\n\n```bash\nmake\n```\n"])
def test_all_lines_of_a_fence_are_the_file_s(head: str, text: str, end: str) -> None:
    if "# x.py" in head and text.startswith("\n"):
        return  # the path is the file's first line there, and blank lines below may be between it and the text
    assert files("Here it is.\n\n" + head.format(text) + end) == {"x.py": text}


@pytest.mark.parametrize("path", ["README.md", "docs/a.rst", "notes.txt"])
@pytest.mark.parametrize("language", ["", "markdown"])
def test_a_page_may_hold_fences(path: str, language: str) -> None:
    answer = f"**{path}**\n\n```{language}\n{PAGE}```\n\nThat was all.\n\n`x.py`\n```python\na = 1\n```\n"
    assert files(answer) == {path: PAGE, "x.py": "a = 1\n"}


@pytest.mark.parametrize("indent", ["  ", "   ", "    ", "\t"])
@pytest.mark.parametrize("text", ["def f():\n    a\n\n    b\n", "\n\nif a:\n    \n    b\n", "'''\n```\nb\n```\n'''\n"])
def test_nothing_of_a_list_is_in_the_file(indent: str, text: str) -> None:
    lines = [indent + line if line else "" for line in ("````python", *text.split("\n")[:-1], "````")]
    answer = "1. `x.py`:\n\n" + "\n".join(lines) + "\n\n2. Run it.\n"
    assert files(answer) == {"x.py": text}


PROGRAM = "def f():\n    return 1\n\n\nprint(f())\n"
BELOW = ["Output:\n```\n1\n```\n", "Run it\n```\npython x.py\n```\n", "\nResult\n\n```text\n1\n```\n",
         "so läuft es\n```bash\npython x.py\n```\nund die Tests\n```\npytest\n```\n"]  # fmt: skip


@pytest.mark.parametrize("below", BELOW)
@pytest.mark.parametrize("head", [*HEADS[:4], HEADS[6], "FILE: x.py\n```python\n{}```\n", "FILE: x.py\n```\n{}```\n"])
@pytest.mark.parametrize("text", [PROGRAM, TEXTS[3]])
def test_what_is_fenced_below_a_program_is_not_the_program_s(head: str, below: str, text: str) -> None:
    assert files(f"Here it is.\n\n{head.format(text)}{below}") == {"x.py": text}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("x.sh", "cat <<EOF\n```\nmake\n```\nEOF\n"),
        ("x.yml", "text: |\n  ```\n  make\n  ```\nb: 1\n"),
        ("x.rs", 'let a = r#"\n```\nmake\n```\n"#;\n'),
        ("x.c", "/*\n```\nmake\n```\n*/\nint a;\n"),
    ],
)
@pytest.mark.parametrize("head", ["`{}`\n```\n{}```\n", "FILE: {}\n```\n{}```\n"])
def test_a_fence_in_text_that_a_program_holds_is_its_own(head: str, path: str, text: str) -> None:
    assert files(head.format(path, text)) == {path: text}


@pytest.mark.parametrize("line", ["**FILE: y.py**", "## FILE: y.py\n```\nb\n```", "__FILE: y.py__", "FILE: y.py"])
def test_a_page_about_answers_is_not_read_as_several_files(line: str) -> None:
    text = f"# How to answer\n\n{line}\n\nThen the file.\n"
    made = files(json.dumps({"path": "docs/a.md", "content": text}))
    assert made in ({}, {"docs/a.md": text})


@pytest.mark.parametrize(
    "answer",
    [
        "1. `x.py`:\n\n   ```python\n   def f():\n       a = '''\nb\n'''\n   ```\n",  # of the list, or the file's
        "1. `x.py`:\n\n  ```python\n    a = 1\n    b = 2\n  ```\n",
        "1. `x.py`:\n\n\t```python\n    a = 1\n    b = 2\n\t```\n",
        "`README.md`\n```markdown\n# A\n\n```\n\nraw\n```\n\nMore.\n```\n",
        "`README.md`\n```markdown\n# A\n\n```\nraw\n```\n",  # one of the fences is not closed
        "`x.py`\n```python\na = 1\n\n`y.py`\n```python\nb = 1\n```\n",
    ],
)
def test_what_may_end_or_begin_elsewhere_is_refused(answer: str) -> None:
    assert read_answer(answer).error is not None


@pytest.mark.parametrize(
    "text",
    ["`a.py`\n```\na\n```\nb\n" * 20_000, "`a.py`\n```py\n" * 50_000, "    ```py\n" * 50_000, "~~~\n```\n" * 50_000,
     "`a.md`\n````md\n" + "```py\nx\n```\n\n" * 30_000 + "````\n"],
)  # fmt: skip
def test_many_fences_cost_no_time(text: str) -> None:
    with at_most(30):
        read_answer(text)


@pytest.mark.parametrize("is_indented", [True, False])
def test_a_line_of_spaces_is_as_deep_as_the_lines_beside_it(is_indented: bool) -> None:
    text = "def f():\n    a\n    \n    b\n"
    lines = ["  " + line if line.strip() or is_indented else line for line in ("```python", *text.split("\n")[:-1], "```")]
    assert files("- `x.py`:\n\n" + "\n".join(lines) + "\n") == {"x.py": text}


def test_an_empty_file_in_an_object_is_one() -> None:
    text = '{"files": [{"path": "a/__init__.py", "content": ""}, {"path": "a/b.py", "content": "b = 1"}]}'
    assert files(text) == {"a/__init__.py": "", "a/b.py": "b = 1\n"}


def test_a_name_in_braces_makes_no_empty_file() -> None:
    text = '> *** Update File: a.html\n>  {% include "history/line.html" %}\n> -{% end %}\n> +{% End %}\n'
    assert read_answer(text).error is not None

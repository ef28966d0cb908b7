"""Files in other clothes become a manifest; what is not a file stays what it is, and costs no time."""

from __future__ import annotations

import pytest

from agent.team.parsing.edits import NO_CHANGE, read_answer
from tests.support.processor import at_most

TWO = """### src/a.py
```python
a = 1
```

### `docs/b.md`
~~~markdown
# B
```sh
make
```
~~~

Run it:
```bash
make a.py
```
"""


def test_every_file_of_an_answer_is_taken() -> None:
    files = {file.names[0]: file.content for file in read_answer(TWO).files}
    assert files == {"src/a.py": "a = 1\n", "docs/b.md": "# B\n```sh\nmake\n```\n"}


@pytest.mark.parametrize(
    "text",
    [
        "Call it like this:\n```python\ntotal([1])\n```",
        "Install it, see setup.py:\n```bash\npip install .\n```",
        "### a.py\n```python\nx = 1\nFILE: is no path here\n```",
        "### a.py\n```python\nx = 1",
        '{"summary": "x", "steps": []}',
        "There is no need to worry: nothing has to change in the tests, I think, but I am not sure.",
        "I made no changes to shop/prices.py yet. Shall I?",
    ],
)
def test_what_is_no_file_stays_as_it_is(text: str) -> None:
    edits = read_answer(text)
    assert edits.text == text
    assert edits.error is not None


@pytest.mark.parametrize(
    "text", ["NO CHANGE", "no changes", "**No further tests needed.**", "Nothing to add here.\n\nNO CHANGE."]
)
def test_no_change_in_other_words(text: str) -> None:
    assert read_answer(text).text == NO_CHANGE


@pytest.mark.parametrize(
    "text",
    ["```\n" * 100_000, "### a.py\n" * 100_000, '<file path="a.py">' * 50_000, "{" * 500_000, "file: a.py\n" * 100_000,
     "a/" * 400_000, "```a.py\n~~~\n" * 50_000, "<think>" * 100_000, "[" * 99_000 + "{}", "*" * 800_000],
)  # fmt: skip
def test_a_hostile_answer_costs_no_time(text: str) -> None:
    with at_most(30):
        read_answer(text)

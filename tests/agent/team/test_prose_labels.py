"""A fence under a sentence is a file only where the sentence is a label; what is meant as a part of a file replaces none."""

from __future__ import annotations

import pytest

from agent.team.parsing.edits import NO_CHANGE, read_answer

SNIPPET = "## Usage\n\nRun `mgx run`.\n"


@pytest.mark.parametrize(
    "sentence",
    [
        "Add this to README.md:",
        "Append the following section to `README.md`:",
        "Add these lines at the end of **README.md**:",
        "I'll update `README.md`:",
        "In README.md",
        "Then put this into README.md (at the top):",
        "- Insert below the heading of README.md:",
        "2. Change the second paragraph of `README.md` to",
        "Replace the usage section in README.md with this one, see README.md:",
        "Here is the new section of README.md:",
        "README.md (excerpt):",
        "**README.md** (only the relevant part)",
        "README.md (Auszug):",
        "README.md (extrait) :",
        "README.md (continued):",
        "### README.md (lines 10-20)",
        "**README.md** (L10–L20)",
        "### README.md (at the end)",
        "File: README.md (section Usage)",
        "### README.md (before)",
        "### README.md (old version)",
        "### README.md (current)",
        "README.md (new section):",
        "README.md (Fortsetzung)",
        "README.md (lignes 3 à 9) :",
        "README.md (eski)",
    ],
)
@pytest.mark.parametrize("info", ["", "md"])
def test_a_snippet_is_not_the_file_that_the_sentence_speaks_of(sentence: str, info: str) -> None:
    edits = read_answer(f"{sentence}\n\n```{info}\n{SNIPPET}```\n")
    assert edits.files == ()
    assert edits.error is not None


@pytest.mark.parametrize("sentence", ["Add this to README.md:", "Append to `README.md`:", "Update `README.md`:"])
def test_an_answer_with_a_snippet_that_can_not_be_placed_is_not_taken_in_part(sentence: str) -> None:
    assert read_answer(f"### src/a.py\n```python\na = 1\n```\n\n{sentence}\n```md\n{SNIPPET}```\n").files == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "Start it as described in docs/usage.md",
        "It is documented in docs/usage.md:",
        "The port is read as told by `config/settings.py`:",
        "You should see, with docs/usage.md in place:",
    ],
)
@pytest.mark.parametrize("info", ["", "bash", "text"])
def test_an_example_under_a_sentence_is_no_file(sentence: str, info: str) -> None:
    answer = f"### src/a.py\n```python\na = 1\n```\n\n{sentence}\n```{info}\nmake run\n```\n"
    assert [(file.names[0], file.content) for file in read_answer(answer).files] == [("src/a.py", "a = 1\n")]
    assert read_answer(f"{sentence}\n```{info}\nmake run\n```\n").files == ()


def test_a_comment_with_the_path_makes_no_file_of_a_snippet() -> None:
    assert read_answer("Add this to src/a.py:\n```python\n# src/a.py\nb = 2\n```\n").files == ()
    assert read_answer("Add this to src/a.py:\n```python src/a.py\nb = 2\n```\n").files == ()


@pytest.mark.parametrize(
    "label",
    [
        "src/a.py",
        "`src/a.py`:",
        "**src/a.py**",
        "### src/a.py",
        "### 1. `src/a.py` (new)",
        "File: src/a.py",
        "Filename: `src/a.py`",
        "New file `src/a.py`:",
        "Updated file: src/a.py",
        "Here is the updated `src/a.py`:",
        "Here's the complete content of src/a.py:",
        "The full file src/a.py:",
        "Create `src/a.py`:",
        "**Step 2: `src/a.py`**",
        "1. src/a.py",
        "- **src/a.py** (updated):",
        "### src/a.py (new file, with the endpoint)",
        "src/a.py (main module)",
    ],
)
def test_a_label_names_the_file_below_it(label: str) -> None:
    edits = read_answer(f"Sure.\n\n{label}\n```python\na = 1\n```\n")
    assert [(file.names[0], file.content) for file in edits.files] == [("src/a.py", "a = 1\n")]


@pytest.mark.parametrize(
    "closing",
    [
        "No other changes are needed.",
        "No further changes needed.",
        "**No additional tests are required.**",
        "No more changes to make.",
        "No changes",
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        "### src/a.py\n```python\na = 1\n```\n",
        '<file path="src/a.py">\na = 1\n</file>\n',
        "File: src/a.py\na = 1\n",
        '{"path": "src/a.py", "content": "a = 1\\n"}\n',
    ],
)
def test_a_closing_sentence_discards_no_file(answer: str, closing: str) -> None:
    edits = read_answer(f"{answer}\n{closing}")
    assert [(file.names[0], file.content) for file in edits.files] == [("src/a.py", "a = 1\n")]


def test_a_file_below_words_that_nothing_changes_is_not_clear() -> None:
    edits = read_answer("NO CHANGE\n\nThe test is there already:\n### tests/test_a.py\n```python\ndef test_a(): ...\n```")
    assert edits.files == ()
    assert edits.text != NO_CHANGE

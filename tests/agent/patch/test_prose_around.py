"""What models say around their edits: it neither gets into a file, nor sends an edit elsewhere, nor refuses a good answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch
from tests.agent.patch.test_fresh_cases import grow, tree_of

YAML = "FILE: c.yml\n```yaml\na: 1\nb: 3\n```\n"
DIFF = "--- a/c.yml\n+++ b/c.yml\n@@ -1,2 +1,2 @@\n a: 1\n-b: 2\n+b: 3\n"
BLOCK = "<<<<<<< SEARCH\nb: 2\n=======\nb: 3\n>>>>>>> REPLACE\n"
NEW = "<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n"


@pytest.mark.parametrize(
    "behind",
    [
        "\nThen run:\n\n```bash\nmake\n```\n\nBye.\n",
        "\n```bash\nmake\n```\n",
        "\n## Notes\n\n- run `make`\n",
        "\nRun these two:\n\n```bash\nmake\n```\n\nAnd then:\n\n```console\n$ make test\n```\n",
    ],
)
def test_a_file_ends_with_its_fence(tmp_path: Path, behind: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    apply_patch(tmp_path, YAML + behind)
    assert tree_of(tmp_path) == {"c.yml": "a: 1\nb: 3\n"}


@pytest.mark.parametrize("fence", ["````", "````markdown", "```markdown"])
def test_a_page_ends_with_its_fence(tmp_path: Path, fence: str) -> None:
    close = fence.removesuffix("markdown")
    apply_patch(tmp_path, f"FILE: R.md\n{fence}\n# B\n\n```bash\nmake\n```\n{close}\n\nThat is all.\n")
    assert tree_of(tmp_path) == {"R.md": "# B\n\n```bash\nmake\n```\n"}


def test_fences_that_a_file_shows_itself_stay(tmp_path: Path) -> None:
    text = '"""Usage:\n\n```python\nrun()\n```\n"""\n'
    apply_patch(tmp_path, f"FILE: a.py\n```python\n{text}```\n")
    assert tree_of(tmp_path) == {"a.py": text}


@pytest.mark.parametrize(
    "line",
    [
        "Create src/helper.py",
        "New file: src/helper.py",
        "**File: src/helper.py**",
        "__File: src/helper.py__",
        "add src/helper.py",
    ],
)
def test_what_is_said_before_a_name_is_not_part_of_it(tmp_path: Path, line: str) -> None:
    apply_patch(tmp_path, f"{line}\n{NEW}")
    assert tree_of(tmp_path) == {"src/helper.py": "x = 1\n"}


@pytest.mark.parametrize("line", ["Add input/output helpers", "Requires Python 3.11"])
def test_a_sentence_names_no_file(tmp_path: Path, line: str) -> None:
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"{line}\n{NEW}")
    assert tree_of(tmp_path) == {}


def test_a_heading_over_some_sentences_names_the_file(tmp_path: Path) -> None:
    grow(tmp_path, {"a.py": "y = 1\nx = 1\n", "b.py": "y = 1\n"})
    first = "a.py\n<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n"
    second = "<<<<<<< SEARCH\ny = 1\n=======\ny = 2\n>>>>>>> REPLACE\n"
    apply_patch(tmp_path, f"{first}\n### b.py\n\nIt has the same value.\nThe change is the same, too.\n\n{second}")
    assert tree_of(tmp_path) == {"a.py": "y = 1\nx = 2\n", "b.py": "y = 2\n"}


@pytest.mark.parametrize("label", ["**File: c.yml**", "**File:** c.yml", "**File**: `c.yml`"])
@pytest.mark.parametrize("edit", [DIFF, f"```diff\n{DIFF}```\n", BLOCK], ids=["diff", "fenced diff", "block"])
def test_a_label_in_bold_names_the_file(tmp_path: Path, label: str, edit: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    apply_patch(tmp_path, f"{label}\n{edit}")
    assert tree_of(tmp_path) == {"c.yml": "a: 1\nb: 3\n"}


@pytest.mark.parametrize(
    "line",
    [
        "with the following change:",
        "for example:",
        "if you prefer the old one, set x to false:",
        "while I was there, I noticed two things:",
        "let me explain: the list (ul) was wrong.",
        "const is used instead of let (style).",
        "render() was fixed (it ignored the order)",
    ],
)
def test_sentences_that_begin_as_programs_do_are_prose(tmp_path: Path, line: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    apply_patch(tmp_path, f"{line}\n\n{DIFF}\n{line}\n")
    assert tree_of(tmp_path) == {"c.yml": "a: 1\nb: 3\n"}


@pytest.mark.parametrize(
    "line", ["if ready:", "for item in items:", "return total", "let x = of(it);", "the_list = [a]", "use std::io;"]
)
def test_a_line_of_a_program_is_not_dropped(tmp_path: Path, line: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    with pytest.raises(PatchRejected, match="belongs to no edit"):
        apply_patch(tmp_path, f"c.yml\n{BLOCK}\n{line}\n")


PAGE = "# Title\n\nSome words.\n\n- one\n- two\n- three\n"


@pytest.mark.parametrize(
    "said", ["1. Restart the server.\n2. Check the log.", "The table is new", "I added a section.", "## Notes\n\nThat is all."]
)
@pytest.mark.parametrize("path", ["README.md", "docs/a.rst", "LICENSE.md"])
def test_a_page_in_a_plain_fence_ends_with_it(tmp_path: Path, path: str, said: str) -> None:
    apply_patch(tmp_path, f"FILE: {path}\n```\n{PAGE}```\n\n{said}\n")
    assert tree_of(tmp_path) == {path: PAGE}


@pytest.mark.parametrize("fence", ["```markdown", "```", "````md"])
def test_a_page_that_was_cut_off_is_refused(tmp_path: Path, fence: str) -> None:
    grow(tmp_path, {"README.md": PAGE})
    for text in (
        f"FILE: README.md\n{fence}\n",
        f"FILE: README.md\n{fence}\n# Title\n",
        f"FILE: a.py\nx = 1\n\nFILE: README.md\n{fence}",
    ):
        with pytest.raises(PatchRejected):
            apply_patch(tmp_path, text)
    assert tree_of(tmp_path) == {"README.md": PAGE}


def test_a_page_that_begins_with_an_example_is_doubted_unless_it_did_so_before(tmp_path: Path) -> None:
    page = "```\nmake\n```\n\nThis is how it is built.\n\nThat is all.\n"
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"FILE: README.md\n{page}")
    grow(tmp_path, {"README.md": page})
    apply_patch(tmp_path, f"FILE: README.md\n{page.replace('built', 'made')}")
    assert tree_of(tmp_path) == {"README.md": page.replace("built", "made")}

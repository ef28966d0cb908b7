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


FIRST = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 1\n+y = 2\n"
SECOND = "@@ -1,2 +1,3 @@\n x = 1\n+z = 3\n y = 1\n"
TWINS = {"a.py": "w = 0\nx = 1\ny = 1\n", "lib/b.py": "x = 1\ny = 1\n"}
NAMES = [
    "> lib/b.py",
    "(In lib/b.py)",
    "[lib/b.py]",
    "// lib/b.py",
    "# lib/b.py",
    "<!-- lib/b.py -->",
    "*lib/b.py*",
    "=== lib/b.py ===",
    "diff lib/b.py",
    '"lib/b.py":',
    "Next comes lib/b.py.",
    "And the same for lib/b.py",
    "lib/b.py (the helper):",
    "Then `lib/b.py`",
    "In lib/b.py:",
    "**lib/b.py**",
    "### lib/b.py",
    "File `lib/b.py`",
    "<path>lib/b.py</path>",
    '<file path="lib/b.py">',
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fenced", [True, False])
def test_a_hunk_below_another_files_name_is_not_of_the_file_before(tmp_path: Path, name: str, fenced: bool) -> None:
    grow(tmp_path, TWINS)
    one, two = (f"```diff\n{text}```\n" if fenced else text for text in (FIRST, SECOND))
    wanted = {"a.py": "w = 0\nx = 1\ny = 2\n", "lib/b.py": "x = 1\nz = 3\ny = 1\n"}
    try:
        apply_patch(tmp_path, f"{one}\n{name}\n\n{two}")
    except PatchRejected:
        wanted = TWINS
    assert tree_of(tmp_path) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_a_block_below_another_files_name_is_not_of_the_file_before(tmp_path: Path, name: str) -> None:
    grow(tmp_path, TWINS)
    one = "a.py\n<<<<<<< SEARCH\nw = 0\n=======\nw = 9\n>>>>>>> REPLACE\n"
    two = "<<<<<<< SEARCH\nx = 1\ny = 1\n=======\nx = 1\ny = 2\n>>>>>>> REPLACE\n"
    wanted = {"a.py": "w = 9\nx = 1\ny = 1\n", "lib/b.py": "x = 1\ny = 2\n"}
    try:
        apply_patch(tmp_path, f"{one}\n{name}\n\n{two}")
    except PatchRejected:
        wanted = TWINS
    assert tree_of(tmp_path) == wanted


@pytest.mark.parametrize(
    "said",
    [
        "Then fix self.ready:",
        "As in Node.js, the value is read late.",
        "It is like `a.py` above.",
        "The value of self.x is read.",
    ],
)
def test_a_sentence_that_names_no_other_file_is_prose_between_hunks(tmp_path: Path, said: str) -> None:
    grow(tmp_path, {"a.py": "w = 0\nx = 1\ny = 1\nv = 1\nu = 1\n"})
    apply_patch(tmp_path, f"{FIRST}\n{said}\n\n@@\n v = 1\n-u = 1\n+u = 2\n")
    assert tree_of(tmp_path) == {"a.py": "w = 0\nx = 1\ny = 2\nv = 1\nu = 2\n"}


@pytest.mark.parametrize(
    "info",
    ['python title="c.yml"', "yaml:c.yml", "yaml filename='c.yml'", 'title="c.yml"', 'yaml {file: "c.yml"}'],
)
def test_a_fence_may_name_the_file(tmp_path: Path, info: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    apply_patch(tmp_path, f"```{info}\n{BLOCK}```\n")
    assert tree_of(tmp_path) == {"c.yml": "a: 1\nb: 3\n"}


def test_a_fence_may_name_a_file_without_an_ending(tmp_path: Path) -> None:
    grow(tmp_path, {"Makefile": "a: 1\nb: 2\n"})
    apply_patch(tmp_path, f"```make:Makefile\n{BLOCK}```\n")
    assert tree_of(tmp_path) == {"Makefile": "a: 1\nb: 3\n"}


@pytest.mark.parametrize(
    "answer",
    [
        f"<replace_in_file>\n<path>c.yml</path>\n<diff>\n{BLOCK}</diff>\n</replace_in_file>\n",
        f'<file path="c.yml">\n```yaml\n{BLOCK}```\n</file>\n',
        "<path>c.yml</path>\n<<<<<<< SEARCH\n:start_line:2\n-------\nb: 2\n=======\nb: 3\n>>>>>>> REPLACE\n",
        "c.yml\n<<<<<<< SEARCH\n:start_line: 2\n:end_line: 2\n-------\nb: 2\n=======\nb: 3\n>>>>>>> REPLACE\n",
    ],
    ids=["of cline", "an attribute", "of roo", "both lines"],
)
def test_tags_of_tools_name_the_file(tmp_path: Path, answer: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    apply_patch(tmp_path, answer)
    assert tree_of(tmp_path) == {"c.yml": "a: 1\nb: 3\n"}


@pytest.mark.parametrize(
    "marks", [("<SEARCH>", "</REPLACE>"), ("<search>", "</replace>"), ("<old_str>", "</new_str>"), ("", "")]
)
def test_a_part_with_other_marks_is_not_dropped(tmp_path: Path, marks: tuple[str, str]) -> None:
    before = {"c.yml": "a: 1\nb: 2\n", "d.txt": "one, of two\nand three\n"}
    grow(tmp_path, before)
    block = f"{marks[0]}\none, of two\nand three\n=======\none, of two\nand four\n{marks[1]}\n"
    with pytest.raises(PatchRejected, match="belongs to no edit"):
        apply_patch(tmp_path, f"{DIFF}\nd.txt\n{block}")
    assert tree_of(tmp_path) == before


@pytest.mark.parametrize("mark", ["HEAD", "ours", "SEARCHED"])
@pytest.mark.parametrize("path", ["c.yml", "a.py", "README.md"])
def test_a_damaged_block_is_not_written_into_the_file_above(tmp_path: Path, path: str, mark: str) -> None:
    before = {path: "a: 1\n", "d.txt": "two\n"}
    grow(tmp_path, before)
    for first, last in ((f"<<<<<<< {mark}", ">>>>>>> REPLACE"), ("<SEARCH>", "</REPLACE>")):
        with pytest.raises(PatchRejected):
            apply_patch(tmp_path, f"FILE: {path}\na: 2\n\nd.txt\n{first}\ntwo\n=======\nthree\n{last}\n")
    assert tree_of(tmp_path) == before


PAGES = {"README.md": PAGE, "bin/deploy": "#!/bin/sh\n# deploys\nmake\n", ".ignore.template": "# all of it\n*.o\n"}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("said", ["Here is the page:", "Create it with this content:", "It is a short text."])
def test_a_sentence_above_an_unfenced_text_stays_out_of_it(tmp_path: Path, path: str, said: str) -> None:
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"FILE: {path}\n{said}\n\n{PAGES[path]}")
    assert tree_of(tmp_path) == {}


@pytest.mark.parametrize(
    "said",
    ["The tests pass with this change.", "This keeps the behaviour and fixes the issue.", "Run the tests to see that it works.",
     "That is all that was needed.", "Everything else is as it was."],
)  # fmt: skip
def test_a_sentence_about_the_work_below_an_unfenced_text_stays_out_of_it(tmp_path: Path, said: str) -> None:
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"FILE: README.md\n{PAGE}\n{said}\n")
    grow(tmp_path, {"README.md": f"{PAGE}\n{said}\n"})
    apply_patch(tmp_path, f"FILE: README.md\n{PAGE.replace('three', 'four')}\n{said}\n")
    assert tree_of(tmp_path) == {"README.md": f"{PAGE.replace('three', 'four')}\n{said}\n"}


@pytest.mark.parametrize("first", ["- release: [GA]\n\n  help: x\n", "- name: x\n", '- "on": push\n\n- b: 1\n'])
def test_an_item_of_yaml_below_a_sentence_is_the_files(tmp_path: Path, first: str) -> None:
    apply_patch(tmp_path, f"FILE: c.yml\nBelow is the complete content.\n\n{first}")
    assert tree_of(tmp_path) == {"c.yml": first}

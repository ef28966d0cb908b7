"""Every line of an answer belongs to an edit, to recognised prose, or to the refusal that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch, parse_edits
from tests.agent.patch.test_fresh_cases import grow, tree_of

BLOCK = "a.txt\n<<<<<<< SEARCH\ntwo\n=======\nTWO\n>>>>>>> REPLACE\n"
DIFF = "--- a/b.txt\n+++ b/b.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n"
ENVELOPE = "*** Begin Patch\n*** Update File: c.txt\n@@\n one\n-two\n+TWO\n*** End Patch\n"
WHOLE = "FILE: d.txt\none\nTWO\nthree\n"
FILES = {f"{name}.txt": "one\ntwo\nthree\n" for name in "abcd"}
DONE = "one\nTWO\nthree\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    grow(tmp_path, FILES)
    return tmp_path


@pytest.mark.parametrize("order", ["0123", "3210", "1302", "2031", "0321", "3012"])
@pytest.mark.parametrize("between", ["\n", "\nNext, the other file:\n\n", "```\n\n```\n"], ids=["blank", "prose", "fences"])
def test_four_formats_in_one_answer_are_one_patch(root: Path, order: str, between: str) -> None:
    parts = [BLOCK, DIFF, ENVELOPE, WHOLE.replace("one", "```\none", 1) + "```\n"]
    text = between.join(parts[int(number)] for number in order)
    if "```" in between:
        text = f"```\n{text.replace(parts[3], WHOLE)}```\n"

    apply_patch(root, text)

    assert tree_of(root) == dict.fromkeys(FILES, DONE)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{BLOCK}\nb.txt\n<<<<<<< FIND\ntwo\n=======\nTWO\n>>>>>>> END\n", 9),
        (f"{BLOCK}\n*** Update: b.txt\n@@\n-two\n+TWO\n", 9),
        (f"{BLOCK}\nb.txt\n```diff\n-two\n+TWO\n```\n", 10),
        (f"{BLOCK}\n`b.txt`\n```text\none\nTWO\nthree\n```\n", 10),
        (f"{BLOCK}\n### b.py\n\n```python\nx = 1\n```\n", 11),
        (f"{BLOCK}\n def b():\n     return 2\n", 8),
        (f"{DIFF}\nx = 1\ny = 2\n", 9),
        (f"{DIFF}\n+++ c.txt\n", 9),
        (f"{BLOCK}\n#include <stdio.h>\nint main(void) {{\n", 8),
        (f"{BLOCK}\n=======\nTWO\n", 8),
        (f"@@ nothing above @@\n\n{BLOCK}", 1),
        (f"{ENVELOPE}\n<<<<<<< HEAD\ntwo\n=======\nTWO\n>>>>>>> b\n", 9),
    ],
)  # fmt: skip
def test_a_line_that_nobody_reads_refuses_the_answer_and_is_named(root: Path, text: str, line: int) -> None:
    error = parse_edits(text).error

    assert error is not None
    assert error.line == line
    assert f"line {line}" in error.detail.lower()
    with pytest.raises(PatchRejected):
        apply_patch(root, text)
    assert tree_of(root) == FILES


@pytest.mark.parametrize(
    "said",
    [
        "I changed the second line.",
        "Sure! Here's the fix:",
        "1. First\n2. Then",
        "- **Changed**: the second line\n- Run `make test`; it passes (twice).",
        "### What I did\n\nThe loop was wrong, because `i = 0` came too late.",
        "> quoted",
        "| file | change |\n|---|---|\n| a.txt | two |",
        "Run it:\n\n```bash\nnpm install\nnpm test\n```",
        "Call it like this:\n\n```python\nfoo = bar(1)\n```",
        "<answer>\n</answer>",
        "---",
        "Готово. Изменена вторая строка.",
        "完成了。第二行已修改。",
        "Résumé : la deuxième ligne (voir ci-dessus) ; rien d'autre.",
        "Summary\n=======\n\nAll good.",
        "**Note:** the tests in tests/test_a.py need Python 3.12+",
        "From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\n---\n a.txt | 2\n 1 file changed",
        "✅ Done",
        "Files changed: a.txt",
        "See https://example.org/a?b=c&d=e for more.",
    ],
)
@pytest.mark.parametrize("edit", [BLOCK, DIFF, ENVELOPE], ids=["block", "diff", "envelope"])
def test_prose_around_edits_is_recognised(root: Path, said: str, edit: str) -> None:
    apply_patch(root, f"{said}\n\n{edit}\n{said}\n")

    assert sum(text == DONE for text in tree_of(root).values()) == 1


@pytest.mark.parametrize(
    "mark",
    [
        ("<<<<<<< search", "=======", ">>>>>>> replace"),
        ("<<<< SEARCH", "====", ">>>> REPLACE"),
        ("<<<<<<<< SEARCH", "========", ">>>>>>>> REPLACE"),
        ("<<< SEARCH", "===", ">>> REPLACE"),
        ("<<<<<<< SEARCH", "=======", ">>>>>>>"),
        ("<<<<<<< Original", "=======", ">>>>>>> Updated"),
        ("  <<<<<<< SEARCH", "  =======", "  >>>>>>> REPLACE"),
        ("<<<<<<<SEARCH", "=======", ">>>>>>>REPLACE"),
    ],
)
def test_damaged_marks_of_a_block_are_read(root: Path, mark: tuple[str, str, str]) -> None:
    left, middle, right = mark
    depth = left[: len(left) - len(left.lstrip())]
    apply_patch(root, f"{BLOCK}\n{depth}b.txt\n{left}\n{depth}two\n{middle}\n{depth}TWO\n{right}\n")

    assert tree_of(root) == FILES | {"a.txt": DONE, "b.txt": DONE}


@pytest.mark.parametrize(
    "head",
    [
        "*** Begin Patch\n*** Update File: b.txt\n@@",
        "*** begin patch\n*** update file: b.txt\n@@",
        "***Begin Patch\n***Update File: b.txt\n@@",
    ],
)
def test_damaged_marks_of_an_envelope_are_read(root: Path, head: str) -> None:
    end = "***End Patch" if head.startswith("***B") else "*** End Patch"
    apply_patch(root, f"{BLOCK}\n{head}\n-two\n+TWO\n{end}\n")

    assert tree_of(root) == FILES | {"a.txt": DONE, "b.txt": DONE}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FILE: a.txt\none\nTWO\n\nFile: b.txt\none\n", "'File: b.txt'"),
        ("FILE: a.txt\none\nTWO\n\n**File: b.txt**\none\n", "b.txt"),
        ("FILE: a.txt\none\nTWO\n\n FILE: b.txt\none\n", "b.txt"),
        ("FILE: a.txt\n```\none\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-one\n+ONE\n```\n", "--- a/b.txt"),
        ("FILE: README.md\n# T\n\n```diff\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-one\n+ONE\n```\n", "--- a/b.txt"),
    ],
)
def test_what_may_be_an_edit_is_not_written_into_the_file_above_it(root: Path, text: str, said: str) -> None:
    with pytest.raises(PatchRejected) as refused:
        apply_patch(root, text)

    assert said in refused.value.detail
    assert refused.value.result.files[0].code == "mixed_formats"
    assert tree_of(root) == FILES


def test_documentation_of_edits_is_a_file_s_own_text(root: Path) -> None:
    page = f"# How\n\n```diff\n{DIFF}```\n\n```\n{BLOCK}```\n"
    apply_patch(root, f"FILE: HOW.md\n````markdown\n{page}````\n")
    assert tree_of(root)["HOW.md"] == page

    apply_patch(root, f"FILE: HOW.md\n{page.replace('# How', '# How to')}")
    assert tree_of(root)["HOW.md"] == page.replace("# How", "# How to"), "the file had these lines"


def test_an_edit_below_the_name_of_two_files_is_refused(root: Path) -> None:
    text = "Change `a.txt` like `b.txt`:\n<<<<<<< SEARCH\ntwo\n=======\nTWO\n>>>>>>> REPLACE\n"
    error = parse_edits(text).error
    assert error is not None
    assert "several files" in error.detail


def test_a_name_that_the_diff_below_contradicts_is_refused(root: Path) -> None:
    error = parse_edits(f"FILE: a.txt\n{DIFF}").error
    assert error is not None
    assert (error.line, "a.txt, and the diff below it a/b.txt" in error.detail) == (1, True)


def test_a_patch_file_holds_a_diff(root: Path) -> None:
    apply_patch(root, f"FILE: fixture.patch\n{DIFF}")
    assert tree_of(root)["fixture.patch"] == DIFF

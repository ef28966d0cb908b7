"""What is said beside a file's text: never written into a program, and in text for people refused where it can't be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch, parse_edits, preview
from agent.patch.file_kinds import kind_of
from agent.patch.formats.named_fences import path_of
from tests.agent.patch.test_fresh_cases import grow, tree_of

PROGRAMS = {
    "a.py": "import os\n\n\ndef f():\n    return 2\n",
    "a.js": "function f() {\n  return 2;\n}\n",
    "c.yml": "a: 1\nlist:\n  - x\n",
    "Makefile": "all:\n\tgo test ./...\n",
    "run.sh": "#!/bin/sh\nmake all\n",
    "q.sql": "SELECT a\nFROM b\n",
}
SAID = [
    "I changed the second line.",
    "Let me know if you need anything else!",
    "Done.",
    "Hope this helps",
    "完成了。第二行已修改。",
    "Готово. Изменена вторая строка.",
    "He cambiado la segunda línea.",
    "✅ Fixed the bug",
    "fix(app): raise the value (closes #12)",
    "I changed the second line,\nfor the values that you use and\nthe ones that are in your file.",
    "The loop ran once too often, because i = 0 came too late;",
    "Then run:\n\n```bash\nmake test\n```",
    "---\n\nAll tests pass.",
    "### Notes\n\n- run `make`\n\nAll of it is tested.",
    "| file | change |\n|---|---|\n| a | b |",
    "I've updated the code to:\n- use 3 instead of 2\n- leave the other one",
]
ALL = [
    "NO CHANGE to other files.",
    "(no other files changed)",
    "No other changes are needed ✅",
    "[No other changes required]",
    "*(Nothing else was changed.)*",
    "All other files remain unchanged.",
]


def result(root: Path, answer: str) -> dict[str, str] | None:
    """The files after the answer, None where it is refused."""
    before = tree_of(root)
    try:
        apply_patch(root, answer)
    except PatchRejected:
        assert tree_of(root) == before
        return None
    return tree_of(root)


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("path", PROGRAMS)
def test_prose_around_an_unfenced_program_stays_out_of_it(tmp_path: Path, path: str, said: str) -> None:
    text = PROGRAMS[path]
    assert result(tmp_path, f"FILE: {path}\n{text}\n{said}\n") in (None, {path: text})
    assert result(tmp_path, f"FILE: {path}\n{text}\n{said}\n\nFILE: z.py\nx = 1\n") in (None, {path: text, "z.py": "x = 1\n"})


@pytest.mark.parametrize("said", ALL)
@pytest.mark.parametrize("path", [*PROGRAMS, "a.lua", ".gitignore"])
def test_that_this_is_all_is_not_a_line_of_the_last_file(tmp_path: Path, path: str, said: str) -> None:
    text = PROGRAMS.get(path, "x\n")
    assert result(tmp_path, f"FILE: {path}\n{text}\n{said}\n") == {path: text}


@pytest.mark.parametrize("said", ALL)
def test_that_this_is_all_is_not_written_into_a_page(tmp_path: Path, said: str) -> None:
    assert result(tmp_path, f"FILE: a.md\n# A\n\nIt is so.\n\n{said}\n") is None


@pytest.mark.parametrize("target", ["prep", "PREP", "Build", "main.o", "Build all"])
def test_a_target_below_what_is_said_is_the_file_s(tmp_path: Path, target: str) -> None:
    text = f"{target}:\n\tgo build\n"
    for blank in ("", "\n"):
        assert result(tmp_path, f"FILE: Makefile\nHere is the updated file:\n{blank}{text}") in (None, {"Makefile": text})


ABOVE = [(path, said) for path in PROGRAMS for said in SAID if "\n" not in said]
ABOVE.remove(("c.yml", "fix(app): raise the value (closes #12)"))  # which is a key of YAML as well


@pytest.mark.parametrize(("path", "said"), ABOVE)
def test_a_sentence_above_an_unfenced_program_stays_out_of_it(tmp_path: Path, path: str, said: str) -> None:
    assert result(tmp_path, f"FILE: {path}\n{said}\n\n{PROGRAMS[path]}") in (None, {path: PROGRAMS[path]})


@pytest.mark.parametrize("said", SAID[:8])
def test_a_sentence_behind_a_program_does_not_refuse_it(tmp_path: Path, said: str) -> None:
    for path, text in PROGRAMS.items():
        assert result(tmp_path, f"FILE: {path}\n{text}\n{said}\n") is not None, path
        assert tree_of(tmp_path)[path] == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("m.sh", "cat <<E\nThis is it, folks.\n\nAll done now.\nE\n"),
        ("m.pl", "print <DATA>;\n__DATA__\nThis is it, folks.\n"),
        ("m.rb", "class A\nend\n\nputs 'x'\n"),
        ("m.sql", "SELECT a\n\nFROM b\n"),
        ("m.feature", "Feature: a\n\n  Scenario: b\n    Then I see it.\n"),
        ("m.yml", "list:\n- Fast and small\n\n- Easy to use\n"),
        ("m.vb", "Sub A\n  x = 1\nEnd Sub\n"),
        ("m.py", 'TEXT = """\\\nThis is a text.\n"""\n'),
        (".env", "A=1\n\nB=Hello there you.\n"),
        ("README.md", "# T\n\nRun it.\n\nThat is all you need.\n"),
        ("LICENSE", "MIT License\n\nThe software is provided as is.\n"),
        ("mail.txt.j2", "Hello {{ name }},\n\nThis is your code.\n"),
        ("docs.md", "# T\n\nsrc/a.py:\n\n```python\nx = 1\n```\n"),
    ],
)
def test_words_that_are_a_file_s_own_stay(tmp_path: Path, path: str, text: str) -> None:
    assert result(tmp_path, f"FILE: {path}\n{text}") == {path: text}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.sh", "#!/bin/sh\nfor f in a b; do\n  echo $f\ndone\n"),
        ("run.sh", "#!/bin/sh\nwhile read line; do\n  echo $line\ndone | sort -u\n"),
        ("run.sh", "#!/bin/sh\nmake\necho All of the tests are done\n"),
        ("run.sh", "#!/bin/sh\nmake\necho This is the end of it.\n"),
        ("run.bat", "REM This is the script that you run.\n\nmake\n"),
        ("run.ps1", "make\nWrite-Host 'This is the end of it.'\n"),
        ("Dockerfile", "FROM scratch\nRUN echo this is the end of it\n"),
        ("Makefile", "all:\n\tgo build\n\ntest: build lint\n"),
        ("Makefile", "test: unit integration\n\nunit:\n\tgo test\n"),
        ("Procfile", "web: gunicorn app\nbuild: make all\n"),
        ("seed.sql", "SELECT 1;\nINSERT INTO t VALUES ('This is the text that you want.');\n"),
        ("seed.sql", "SELECT 1;\nCOMMENT ON TABLE t IS 'The users that you have';\n"),
        ("seed.sql", "-- This is the schema of it.\n\nSELECT 1;\n"),
        ("a.lua", "-- This is the file.\n\nreturn 1\n"),
        ("a.hs", "-- | This is the module of it.\n\nmodule A where\n"),
        (".gitignore", "node_modules\nbest.pt\n"),
        (".gitignore", "node_modules\ndone\n"),
        (".gitignore", "node_modules\nfixed/\n"),
        ("a.properties", "a: 1\ngreeting: This is the text you want.\n"),
        ("a.ini", "[a]\ntext: This is the text you want.\n"),
        ("a.feature", "Feature: The user logs in with a password\n\n  Scenario: x\n    Given y\n"),
        ("a.adb", "package body A is\nend A;\n"),
        ("a.rb", "puts 'this is the one you want'\n"),
        ("a.py", "x = 1\nassert x, 'This is the one you want.'\n"),
        ("a.py", "now = 1\nassert now is not None\n"),
        ("a.py", "from opcode import *  # it is a part of the API\n"),
        ("a.js", "throw 'This is the one'\n"),
        ("a.yml", "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v3\n      - run: cargo test --all\n"),
        ("a.yml", "a: 1\ndescription: This is the text you want.\n"),
        ("a.html", "<p>\nThis is the text.\n</p>\n"),
    ],
)
def test_a_line_of_a_program_is_not_taken_for_a_sentence(tmp_path: Path, path: str, text: str) -> None:
    assert result(tmp_path, f"FILE: {path}\n{text}") == {path: text}
    assert result(tmp_path, f"FILE: b/{path}\n````\n{text}````\n") == {path: text, f"b/{path}": text}


@pytest.mark.parametrize(
    "said", ["Unchanged.", "(unchanged)", "No changes needed.", "# no changes", "Deleted.", "Same as before."]
)
@pytest.mark.parametrize("path", ["a.py", "c.yml", "notes.txt", "README.md"])
@pytest.mark.parametrize("form", ["{}\n", "```\n{}\n```\n"], ids=["plain", "fenced"])
def test_what_is_said_of_a_file_is_not_its_text(tmp_path: Path, path: str, said: str, form: str) -> None:
    grow(tmp_path, {path: "one\ntwo\n"})
    assert result(tmp_path, f"FILE: z.py\nx = 1\n\nFILE: {path}\n{form.format(said)}") is None


def test_a_file_that_has_such_a_line_keeps_it(tmp_path: Path) -> None:
    grow(tmp_path, {"state.txt": "Unchanged.\n"})
    assert result(tmp_path, "FILE: state.txt\nUnchanged.\n") == {"state.txt": "Unchanged.\n"}


@pytest.mark.parametrize(
    "said", ["I've updated the second line.", "Let me know if you need anything else!", "Hope this helps!"]
)
@pytest.mark.parametrize("path", ["README.md", "notes.txt", "LICENSE"])
def test_what_an_assistant_says_of_itself_is_not_written_into_a_text(tmp_path: Path, path: str, said: str) -> None:
    assert result(tmp_path, f"FILE: {path}\nOne.\n\nTwo.\n\n{said}\n") is None


DIFF = "--- a/c.yml\n+++ b/c.yml\n@@\n a: 1\n-b: 2\n+b: 3\n"


@pytest.mark.parametrize("said", [said for said in SAID if said[0] not in "-|#"])
def test_prose_directly_below_a_hunk_without_numbers_is_not_added(tmp_path: Path, said: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\nc: 3\n"})
    assert result(tmp_path, f"{DIFF}{said}\n") in (None, {"c.yml": "a: 1\nb: 3\nc: 3\n"})
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\nc: 3\n"})
    new = "*** Begin Patch\n*** Add File: n.py\n+x = 1\n"
    assert (result(tmp_path, f"{new}{said}\n*** End Patch\n") or {}).get("n.py") in (None, "x = 1\n")
    assert (result(tmp_path, f"--- /dev/null\n+++ b/m.py\n@@\n+x = 1\n{said}\n") or {}).get("m.py") in (None, "x = 1\n")


def test_a_sentence_that_lost_its_plus_in_a_text_is_not_dropped(tmp_path: Path) -> None:
    grow(tmp_path, {"a.txt": "One.\nTwo.\n"})
    assert result(tmp_path, "--- a/a.txt\n+++ b/a.txt\n@@\n One.\n-Two.\n+2.\nThis is a new sentence.\n") is None


@pytest.mark.parametrize(
    "items", ["- Raised the value.\n- Kept the rest", "- `b` is larger\n- no more", "- **b**: larger\n  than before"]
)
def test_a_list_below_a_diff_with_right_counts_is_no_removal(tmp_path: Path, items: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    assert result(tmp_path, f"{DIFF.replace('@@', '@@ -1,2 +1,2 @@')}\n{items}\n") == {"c.yml": "a: 1\nb: 3\n"}


@pytest.mark.parametrize(
    "edit",
    [
        "### FILE: c.yml\n```yaml\na: 1\nb: 3\n```\n",
        "### FILE: `c.yml`\n\n```yaml\na: 1\nb: 3\n```\n",
        "FILE: c.yml\nHere is the new version:\n```yaml\na: 1\nb: 3\n```\n",
        f"FILE: c.yml\nThe second line was wrong.\n\n{DIFF}",
        f"FILE: c.yml\n\nI raise the value:\n\n```diff\n{DIFF}```\n",
    ],
)
def test_what_stands_between_a_name_and_its_edit_does_not_refuse_it(tmp_path: Path, edit: str) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    assert result(tmp_path, edit) == {"c.yml": "a: 1\nb: 3\n"}


@pytest.mark.parametrize(
    ("above", "fence", "shown", "path"),
    [
        ("`run.sh`:", "```bash", "echo 2", "run.sh"),
        ("And in `run.sh`:", "```sh", "echo 2", "run.sh"),
        ("Then update run.sh:", "```", "echo 2", "run.sh"),
        ("The new file src/n.py looks like this:", "```python", "x = 1", "src/n.py"),
        ("src/n.py is now:", "```python", "x = 1", "src/n.py"),
        ("notes.txt", "```text", "one", "notes.txt"),
        ("Example usage in `main.py`:", "```python", "import x", None),
        ("You can call it from `main.js`:", "```js", "run(1)", None),
        ("Run `run.sh` like this:", "```bash", "./run.sh --fast", None),
        ("`app.py`:", "```console", "$ python app.py", None),
        ("Node.js prints:", "```", "2", None),
        ("I changed src/n.py.", "```python", "x = 1", None),
    ],
)
def test_a_fence_is_a_file_or_an_example_by_what_stands_above_it(above: str, fence: str, shown: str, path: str | None) -> None:
    assert path_of(above, fence, shown, fence.strip("`")) == path


def test_a_change_in_any_fence_is_not_dropped(tmp_path: Path) -> None:
    grow(tmp_path, {"c.yml": "a: 1\nb: 2\n"})
    assert result(tmp_path, f"{DIFF}\nChange the other as well:\n\n```\n-x = 1\n+x = 2\n```\n") is None


NUMBERED = ["{}: ", "{} | ", "{}\t", "{}→", "{}|", "{}:"]


@pytest.mark.parametrize("mark", NUMBERED)
def test_line_numbers_are_not_written(tmp_path: Path, mark: str) -> None:
    text = "import os\n\n\ndef f():\n    return 1\n"
    numbered = "".join(mark.format(at) + line for at, line in enumerate(text.splitlines(keepends=True), 1))
    added = "".join(f"+{line}" for line in numbered.splitlines(keepends=True))
    grow(tmp_path, {"a.py": text})
    changed = text.replace("1", "2")
    assert result(tmp_path, f"FILE: a.py\n```\n{numbered.replace('return 1', 'return 2')}```\n") in (None, {"a.py": changed})
    assert result(
        tmp_path, f"a.py\n<<<<<<< SEARCH\n    return 1\n=======\n{mark.format(5)}    return 2\n>>>>>>> REPLACE\n"
    ) is None or (tree_of(tmp_path) == {"a.py": changed})
    assert result(tmp_path, f"*** Begin Patch\n*** Add File: n.py\n{added}*** End Patch\n") is None
    assert result(tmp_path, f"FILE: n.py\n{numbered}") is None


@pytest.mark.parametrize(("path", "text"), [("t.yml", "1: one\n2: two\n"), ("t.csv", "1|a\n2|b\n3|c\n")])
def test_numbers_of_a_file_s_own_stay(tmp_path: Path, path: str, text: str) -> None:
    assert result(tmp_path, f"FILE: {path}\n{text}") == {path: text}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, "code") for path in ("a.py", "Makefile", "deploy/Dockerfile.dev", "CMakeLists.txt", ".gitignore")),
        *((path, "text") for path in ("README.md", "LICENSE", "a.txt", "mail.txt.j2")),
        *((path, "other") for path in ("a.html", "a.xyz", "nginx.conf.j2")),
    ],
)
def test_kinds_of_files(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_comment_that_looks_like_a_heading_is_a_comment() -> None:
    text = "import re\n\n# FILE: ../../tmp/canary\n# and more.\n\n\ndef f():\n    return 1\n"
    (edit,) = parse_edits(f"FILE: slugs/slug.py\n{text}").files
    assert (edit.names, edit.content) == (("slugs/slug.py",), text)


UNCLEAR = [
    "Then run:",
    "Changes:\n\n* one\n* two",
    "| File | Change |\n| one | updated |",
    "1. Open it\n2. Replace it",
    "> Only this is new.",
]


@pytest.mark.parametrize("said", UNCLEAR)
@pytest.mark.parametrize("path", [*(path for path in PROGRAMS if path != "run.sh"), "src/a.rs", "a.java"])
def test_what_is_no_code_of_the_language_is_not_written_beside_it(tmp_path: Path, path: str, said: str) -> None:
    text = PROGRAMS.get(path, "use a;\n\nfn f() {}\n")
    if said[0] in "T|" or (path != "Makefile" and (path, said[0]) != ("c.yml", "C")):
        assert result(tmp_path, f"FILE: {path}\n{said}\n\n{text}") in (None, {path: text})
        if path != "c.yml" or said[0] != "T":
            assert result(tmp_path, f"FILE: {path}\n{text}\n{said}\n") in (None, {path: text})
    if said[0] != ">":
        grow(tmp_path, {path: f"{said}\n\n{text}"})
        assert result(tmp_path, f"FILE: {path}\n{said}\n\n{text}x\n") == {path: f"{said}\n\n{text}x\n"}, "the file has it"


@pytest.mark.parametrize("said", ["### The updated file", "---", "***"])
def test_a_heading_or_a_rule_beside_a_program_is_not_written(tmp_path: Path, said: str) -> None:
    assert result(tmp_path, f"FILE: a.ts\n{said}\n\nlet a = 1;\n") is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.lua", "--- The module.\n--- It does it.\nreturn 1\n"),
        ("a.lua", "---\n-- A part.\n---\nreturn 1\n"),
        ("a.sh", "## The script.\nmake\n"),
        ("a.py", "## The module.\nimport os\n"),
        ("a.yml", "---\na: 1\n"),
        ("a.yml", "- name: one\n- name: two\n"),
        ("a.yml", "The key:\n  - a\n"),
        (".gitignore", "*.log\nsrc/a.py\n"),
        ("requirements.txt", "django\n# one:\nredis\n"),
        ("a.md", "[![badge](x)](y)\n\n# Title\n\nWords.\n"),
    ],
)
def test_first_and_last_lines_that_a_language_has_stay(tmp_path: Path, path: str, text: str) -> None:
    assert result(tmp_path, f"FILE: {path}\n{text}") == {path: text}


def test_words_above_a_page_s_title_and_a_colon_at_its_end_are_doubted(tmp_path: Path) -> None:
    assert result(tmp_path, "FILE: R.md\nThis is the new page:\n\n# Title\n\nWords.\n") is None
    assert result(tmp_path, "FILE: R.md\n# Title\n\nWords.\n\nThen run:\n") is None


@pytest.mark.parametrize(
    "closing", ["No other changes.", "(No other files were changed.)", "No further changes ✅", "*No other files.*"]
)
@pytest.mark.parametrize("path", ["README.md", "docs/guide.rst", "notes.txt"])
def test_that_nothing_else_was_changed_is_not_written_into_a_page(tmp_path: Path, path: str, closing: str) -> None:
    for before in ("# T\n\nOld.\n", None):
        grow(tmp_path, {path: before} if before else {"other": ""})
        result, files = preview(tmp_path, parse_edits(f"FILE: {path}\n# T\n\nNew.\n\n{closing}\n"))
        assert result.success and files[0].text == "# T\n\nNew.\n"


@pytest.mark.parametrize(
    ("path", "before", "closing", "is_made"),
    [
        ("README.md", "# T\n\nNo other changes.\n", "No other changes.", True),
        ("CHANGELOG.md", "# T\n", "No other changes.", False),
        ("docs/upgrading.md", "# T\n", "No other changes.", False),
        ("README.md", "# T\n", "No other changes are required.", False),
        ("README.md", "# T\n", "- No other changes.", False),
        ("README.md", "# T\n", "There are no other files.", False),
        ("tests/expected/plan.txt", "# T\n", "No other changes.", False),
    ],
)
def test_what_a_page_may_say_itself_is_kept_or_refused(
    tmp_path: Path, path: str, before: str, closing: str, is_made: bool
) -> None:
    grow(tmp_path, {path: before})
    text = f"# T\n\nNew.\n\n{closing}\n"
    result, files = preview(tmp_path, parse_edits(f"FILE: {path}\n{text}"))
    assert result.success == is_made and (not is_made or files[0].text == text)

"""A line that stands for left out code is never written; one that is the file's own is."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.guardrails import check
from agent.patch import PatchRejected, apply_patch, parse_edits, preview
from agent.patch.elision import elisions
from agent.ports import TaskSpec
from agent.stages.apply import ANY_STACK
from tests.agent.patch.test_fresh_cases import grow, tree_of

SHOP = "import os\n\n\ndef first():\n    a = 1\n    b = 2\n    return a + b\n\n\ndef second():\n    c = 3\n    return c\n"

LEFT_OUT = [
    ("a.py", "# ... rest of the function unchanged ..."),
    ("a.py", "# ... (rest of the code)"),
    ("a.py", "# ..."),
    ("a.py", "# rest of the file is unchanged."),
    ("a.py", "# [previous code remains unchanged]"),
    ("a.py", "# Keep the existing code"),
    ("a.py", "# Everything else stays the same"),
    ("a.py", "# same as before"),
    ("a.py", "..."),
    ("a.js", "..."),
    ("a.js", "// ... existing code ..."),
    ("a.ts", "// …"),
    ("a.js", "// rest of code unchanged"),
    ("a.js", "function old() { ... }"),
    ("a.js", "function old() { /* ... */ }"),
    ("a.java", "// Other methods remain unchanged"),
    ("a.java", "// code omitted for brevity"),
    ("a.tsx", "{/* existing content */}"),
    ("a.html", "<!-- remains the same -->"),
    ("a.html", "<!-- rest of the page remains the same -->"),
    ("a.css", "/* ... other styles ... */"),
    ("a.sql", "-- ... remaining columns ..."),
    ("a.lua", "-- rest of the file unchanged"),
    ("a.clj", ";; ... existing code ..."),
    ("a.tex", "[... the rest of the document ...]"),
    ("a.md", "[the rest of the file...]"),
    ("a.md", "(rest of the document unchanged)"),
    ("a.md", "The rest of the document remains unchanged."),
    ("a.txt", "... rest of the file ..."),
    ("a.py", "# everything below is unchanged"),
    ("a.py", "# B and C remain the same"),
    ("a.py", "# --- unchanged below ---"),
    ("a.py", "code continues as before"),
    ("a.js", "{{ rest unchanged }}"),
    ("a.js", "// nothing changes after this point"),
    ("a.js", "// ... 12 more lines ..."),
    ("Makefile", "# ... rest of the file unchanged ..."),
    ("Dockerfile", "# rest unchanged"),
    ("a.tex", "% rest of the document unchanged"),
    ("a.po", "# (existing code remains the same)"),
    ("a.md", "# [existing content unchanged]"),
    ("a.py", "# Rest des Codes bleibt unverändert"),
    ("a.py", "# le reste du code est inchangé"),
    ("a.py", "# resto del código sin cambios"),
    ("a.py", "# restante do código inalterado"),
    ("a.py", "# resto del codice invariato"),
    ("a.py", "# reszta kodu bez zmian"),
    ("a.py", "# остальной код без изменений"),
    ("a.py", "# 其余代码保持不变"),
    ("a.py", "# 残りのコードは変更なし"),
    ("a.py", "# 나머지 코드는 그대로"),
    ("a.py", "# kodun geri kalanı değişmedi"),
]
OWN = [
    ("a.pyi", "class A:\n    def f(self) -> int: ...\n    def g(self):\n        ..."),
    ("a.py", "class E(Exception):\n    '''Raised.'''\n    ..."),
    ("a.py", "def f(*args: object) -> None: ...\nx: tuple[int, ...] = ()"),
    ("a.py", '"""Usage:\n\n    >>> for x in y:\n    ...     print(x)\n    ...\n"""'),
    ("a.py", "#   foo()\n#   ...\n#   bar()\nx = 1"),
    ("a.py", "# Loading the existing code ...\nload()"),
    ("a.py", "# the order is unchanged by this\nx()"),
    ("a.py", "# Keep existing connections alive while reloading\nx()"),
    ("a.py", "# other imports\nimport os"),
    ("a.py", "# ... and then the socket is closed\nclose()"),
    ("a.py", 'print("... rest of the file ...")'),
    ("a.js", "const a = {\n  ...rest,\n  ...existing,\n  x\n}"),
    ("a.js", "// fetching data...\nfetch()"),
    ("a.js", "// the rest of the arguments are passed to the child\nspawn(...args)"),
    ("a.c", "int f(\n  const char *fmt,\n  ...\n);"),
    ("a.yml", "a: 1\n...\n---\nb: 2"),
    ("a.pl", "sub later {\n  ...\n}"),
    ("a.md", "He said ... and left.\n\n...\n\nThe rest of us stayed."),
    ("a.md", "# Existing code\n\ntext"),
    ("a.txt", "The rest of us went home."),
    ("a.py", "# 计算剩余时间\nleft = end - now"),
    ("a.py", "# 保留原有顺序\nx = 1"),
    ("a.py", "# der Rest des Divisors\nr = a % b"),
    ("a.py", "# остальные аргументы идут дальше\nf(*args)"),
    ("a.py", "# geri kalan süre\nx = 1"),
    ("a.py", "# 残り時間を計算\nx = 1"),
    ("a.py", "if a:\n    save()\nelse:\n    # file is unchanged\n    pass"),
    ("a.pl", "sub later { ... }"),
    ("a.rst", "Title\n=====\n\n...\n\nmore"),
    ("a.c", "/* Unchanged since version 2. */\nint a;"),
    ("a.py", "# existing users keep their rights\nkeep()"),
    ("Makefile", "all:\n\tgo test ./..."),
]


@pytest.mark.parametrize(("path", "line"), LEFT_OUT)
def test_what_stands_for_left_out_lines_is_told(path: str, line: str) -> None:
    assert list(elisions(["first", line, "last"], path)) == [1]
    assert list(elisions(["first", line, "last"], path, ["first", line, "last"])) == [], "the file had it"


@pytest.mark.parametrize(("path", "text"), OWN)
def test_what_a_language_or_prose_has_itself_is_not(path: str, text: str) -> None:
    assert list(elisions(text.split("\n"), path)) == []


@pytest.mark.parametrize("line", ["# ... existing code ...", "# rest unchanged", "    ...", "    # …", "[... unchanged ...]"])
def test_what_stands_between_two_known_lines_is_kept(tmp_path: Path, line: str) -> None:
    grow(tmp_path, {"shop.py": SHOP})
    first, second = "import os\nimport sys\n\n\ndef first():\n    a = 1\n", "\n\ndef second():\n    c = 3\n    return c + 1\n"
    apply_patch(tmp_path, f"FILE: shop.py\n{first}{line}\n{second}")

    wanted = SHOP.replace("import os\n", "import os\nimport sys\n").replace("return c", "return c + 1")
    assert tree_of(tmp_path)["shop.py"] == wanted


@pytest.mark.parametrize(
    "answer",
    [
        "FILE: shop.py\nimport os\n\n\ndef first():\n    return 0\n    # ... rest unchanged ...\n",
        "FILE: shop.py\nimport sys\n# ... existing code ...\ndef second():\n    return 4\n",
        "FILE: shop.py\nimport os\n# ... existing code ...\ndef third():\n    return 4\n",
        "FILE: shop.py\n# ... existing code ...\ndef second():\n    c = 3\n    return c\n",
        "FILE: shop.py\ndef second():\n# ... existing code ...\nimport os\n",
        "shop.py\n<<<<<<< SEARCH\n    a = 1\n    b = 2\n    return a + b\n=======\n"
        "    a = 1\n    # ... existing code ...\n    return 0\n>>>>>>> REPLACE\n",
        "--- a/shop.py\n+++ b/shop.py\n@@ -11,2 +11,3 @@\n     c = 3\n-    return c\n"
        "+    # ... rest of the function unchanged ...\n+    pass\n",
        "*** Begin Patch\n*** Add File: new.py\n+def f():\n+    # ... existing code ...\n*** End Patch\n",
    ],
)
def test_what_nothing_shows_is_refused(tmp_path: Path, answer: str) -> None:
    grow(tmp_path, {"shop.py": SHOP})
    with pytest.raises(PatchRejected) as refused:
        apply_patch(tmp_path, answer)

    assert refused.value.result.files[0].code == "elided_code"
    assert "left out" in refused.value.detail
    assert tree_of(tmp_path) == {"shop.py": SHOP}


@pytest.mark.parametrize("line", ["existing code", "as is", "no change", "... (b, c)", "# same as original", "snip", "[...]"])
def test_few_words_are_an_elision_where_lines_are_gone(line: str) -> None:
    old = ["first", "b", "c", "d", "last"]
    assert list(elisions(["first", line, "last"], "a.py", old)) == [1]
    assert list(elisions(["first", "b", "c", "d", "# same as the others", "last"], "a.py", old)) == []


@pytest.mark.parametrize("line", ["// ...", "// ... other options", "# ..."])
def test_dots_of_an_example_in_a_page_stand_for_lines_only_where_some_are_gone(line: str) -> None:
    page = ["# Title", "", "```js", line, "f()", "```", "", "The end."]
    assert list(elisions(page, "a.md")) == []
    assert list(elisions(page, "a.md", [text for text in page if text != line])) == []
    assert list(elisions(page, "a.md", [*page[:3], "a()", "b()", "c()", *page[4:]])) == [3]


def test_a_block_shows_what_its_new_part_leaves_out(tmp_path: Path) -> None:
    grow(tmp_path, {"shop.py": SHOP})
    old = SHOP[SHOP.index("def first") : SHOP.index("\n\n\ndef second")]
    new = "def first():\n    # ... existing code ...\n    return a + b\n\n\ndef third(): ..."
    apply_patch(tmp_path, f"shop.py\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n")

    assert tree_of(tmp_path)["shop.py"] == SHOP.replace("return a + b\n", "return a + b\n\n\ndef third(): ...\n")


def test_the_guardrail_knows_it_and_lets_pass_what_is_kept(tmp_path: Path) -> None:
    grow(tmp_path, {"shop.py": SHOP})
    spec = TaskSpec(text="Change it.", output_mode="patch_existing")
    fresh = check([parse_edits("FILE: new.py\n# ... rest of the module ...\n")], root=tmp_path, stack=ANY_STACK, spec=spec)
    kept = check(
        [parse_edits("FILE: shop.py\nimport os\n# ... existing code ...\ndef second():\n    c = 3\n    return c + 1\n")],
        root=tmp_path, stack=ANY_STACK, spec=spec,
    )  # fmt: skip

    assert [(finding.code, finding.line) for finding in fresh.errors] == [("elided_code", 1)]
    assert not [finding for finding in kept.errors if finding.code == "elided_code"]


def test_dots_beside_a_comment_stand_for_lines_where_some_are_gone() -> None:
    old = ["first: 1", "b: 2", "c: 3", "d: 4", "# Background", "last: 5"]
    assert list(elisions(["first: 1", "# ...", "# Background", "last: 5"], "a.yml", old)) == [1]
    assert list(elisions([*old[:4], "# ...", *old[4:]], "a.yml", old)) == []


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a.rs", "    original: item,", "    original: items,"),
        ("a.py", "    existing,", "    existing, more,"),
        ("a.rs", "    item", "    rest"),
        ("a.js", "  previous.code;", "  previous.lines;"),
        ("a.yml", "original: same", "original: previous"),
        ("a.go", "\tsame(code)", "\tsame(lines)"),
        ("a.py", "    remaining: int", "    remaining: existing"),
        ("a.ts", "  other: more;", "  others: same;"),
        ("a.kt", "  existing", "  previous"),
        ("a.sql", "  original", "  original lines"),
    ],
)
def test_names_that_are_said_of_left_out_code_too_are_names(tmp_path: Path, path: str, old: str, new: str) -> None:
    grow(tmp_path, {path: f"first\n{old}\nlast\n"})
    apply_patch(tmp_path, f"FILE: {path}\n```\nfirst\n{new}\nlast\n```\n")
    assert tree_of(tmp_path) == {path: f"first\n{new}\nlast\n"}


LONG = "".join(f"key{at} = {at}\n" for at in range(12))


def written(body: list[str], form: str, numbers: str) -> str:
    """The lines of a hunk on x.toml in one of four forms; ``numbers`` stand in the heading of the first."""
    old, new = ("\n".join(line[1:] for line in body if line[0] in tags) for tags in (" -", " +"))
    lines = "\n".join(body)
    return {
        "numbers": f"--- a/x.toml\n+++ b/x.toml\n@@ {numbers} @@\n{lines}\n",
        "bare": f"--- a/x.toml\n+++ b/x.toml\n@@\n{lines}\n",
        "envelope": f"*** Begin Patch\n*** Update File: x.toml\n@@\n{lines}\n*** End Patch\n",
        "block": f"x.toml\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n",
    }[form]


@pytest.mark.parametrize(
    "mark", ["# existing code here", "# (rest of the file)", "// ... existing code ...", "# no changes below"]
)
@pytest.mark.parametrize("edge", ["above", "below", "both", "between"])
@pytest.mark.parametrize("form", ["numbers", "bare", "envelope", "block"])
def test_context_that_stands_for_lines_is_no_line_of_the_file(tmp_path: Path, form: str, edge: str, mark: str) -> None:
    body = [" key4 = 4", "-key5 = 5", "+key5 = 50", " key6 = 6"]
    if edge == "between":
        body += [f" {mark}", " key10 = 10", "-key11 = 11", "+key11 = 110"]
    else:
        body = [*[f" {mark}"] * (edge != "below"), *body, *[f" {mark}"] * (edge != "above")]
    grow(tmp_path, {"x.toml": LONG})
    apply_patch(tmp_path, written(body, form, "-5,4 +5,4"))
    wanted = LONG.replace("= 5\n", "= 50\n")
    assert tree_of(tmp_path) == {"x.toml": wanted.replace("= 11\n", "= 110\n") if edge == "between" else wanted}


@pytest.mark.parametrize("edge", ["above", "below"])
def test_an_elision_that_the_file_has_itself_is_context(tmp_path: Path, edge: str) -> None:
    own = LONG.replace("key6 = 6", "# existing code here")
    body = (
        ["-key5 = 5", "+key5 = 50", " # existing code here"]
        if edge == "below"
        else [" # existing code here", "-key7 = 7", "+key7 = 70"]
    )
    grow(tmp_path, {"x.toml": own})
    apply_patch(tmp_path, "--- a/x.toml\n+++ b/x.toml\n@@\n" + "\n".join(body) + "\n")
    assert tree_of(tmp_path) == {
        "x.toml": own.replace("= 5\n", "= 50\n") if edge == "below" else own.replace("= 7\n", "= 70\n")
    }


def test_a_change_beside_lines_left_out_of_a_whole_file_is_not_lost(tmp_path: Path) -> None:
    before = "import os\n\n__all__ = ['f']\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n"
    grow(tmp_path, {"a.py": before})
    with pytest.raises(PatchRejected, match="left out"):
        apply_patch(tmp_path, "FILE: a.py\nimport os\n\n\n\n# ... existing code ...\n\n\ndef g():\n    return 2\n")
    assert tree_of(tmp_path) == {"a.py": before}


@pytest.mark.parametrize("path", ["bin/deploy", "configure", "layouts/mk"])
def test_a_program_without_an_ending_may_have_elisions(tmp_path: Path, path: str) -> None:
    before = "#!/bin/sh\none\ntwo\nthree\nfour\nfive\nsix\n"
    grow(tmp_path, {path: before})
    apply_patch(tmp_path, f"FILE: {path}\n#!/bin/sh\none\n# previous code ...\nsix\nseven\n")
    assert tree_of(tmp_path) == {path: f"{before}seven\n"}


@pytest.mark.parametrize("gone", ["key2 = 2", "key9 = 9"])
@pytest.mark.parametrize("form", ["bare", "numbers", "envelope", "block"])
def test_a_line_removed_beside_left_out_ones_is_removed(tmp_path: Path, form: str, gone: str) -> None:
    body = [" key1 = 1", " key2 = 2", " # ... existing code ...", " key9 = 9", " key10 = 10"]
    body = [line.replace(f" {gone}", f"-{gone}") for line in body]
    grow(tmp_path, {"x.toml": LONG})
    apply_patch(tmp_path, written(body, form, "-2,10 +2,9"))
    assert tree_of(tmp_path) == {"x.toml": LONG.replace(f"{gone}\n", "")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("key1 = 1\nkey2 = 2\n# ... existing code ...\nkey9 = 9", "key1 = 10\n# ... rest unchanged ...\nkey9 = 9"),
        ("key1 = 1\nkey2 = 2\n# ... existing code ...\nkey9 = 9", "key1 = 10\nkey2 = 2\n# ... rest unchanged ...\nkey10 = 10"),
        ("key1 = 1\n# ...\nkey9 = 9", "key1 = 10\n# ... rest unchanged ...\nkey3 = 3\n# ... and so on ...\nkey9 = 9"),
        ("key1 = 1\n# ... existing code ...\nkey9 = 9", "key1 = 1\n# ... existing code ...\nnew = 1\nkey9 = 9"),
    ],
)
def test_a_block_whose_parts_leave_out_different_lines_is_refused(tmp_path: Path, old: str, new: str) -> None:
    grow(tmp_path, {"x.toml": LONG})
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, f"x.toml\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n")
    assert tree_of(tmp_path) == {"x.toml": LONG}


def test_lines_that_stand_for_none_show_no_place(tmp_path: Path) -> None:
    before = "a = 1\na = 1\na = 1\nreturn a\nreturn a\n"
    grow(tmp_path, {"x.py": before})
    with pytest.raises(PatchRejected):
        apply_patch(tmp_path, "--- a/x.py\n+++ b/x.py\n@@ -3,3 +3,4 @@\n a = 1\n // existing code\n return a\n+a = 1\n")
    assert tree_of(tmp_path) == {"x.py": before}


@pytest.mark.parametrize(
    ("path", "form"), [("a.py", "# {}"), ("a.js", "// {}"), ("a.css", "/* {} */"), ("a.html", "<!-- {} -->")]
)
@pytest.mark.parametrize(
    "words",
    [
        "（省略）", "（其余代码不变）", "这里是原来的代码", "（変更なし）", "【省略】",
        "(inchangé)", "inchangé", "(unverändert)", "[unverändert]",
        "---- unverändert ----", "wie gehabt", "Der Rest der Datei bleibt gleich", "codice esistente", "istniejący kod",
        "«без изменений»", "(опущено)", "(sin cambios)", "código existente", "(utelämnat)",
    ],
)  # fmt: skip
def test_other_languages_say_it_in_few_words_too(path: str, form: str, words: str) -> None:
    line = form.format(words)
    assert list(elisions(["first", line, "last"], path, ["first", "b", "c", "d", "last"])) == [1]
    assert list(elisions(["first", line, "last"], path, ["first", line, "last"])) == [], "the file had it"


@pytest.mark.parametrize(
    "line", ["# Rest berechnen", "# la modification du code", "# 计算剩余时间", "# geri kalan süre", "# el código de error"]
)
def test_other_comments_of_other_languages_are_comments(line: str) -> None:
    assert list(elisions(["first", "x = 1", line, "b", "last"], "a.py", ["first", "b", "last"])) == []


@pytest.mark.parametrize("word", ["other", "same", "unchanged", "unverändert", "existing"])
@pytest.mark.parametrize("form", ["whole", "block"])
def test_an_item_of_a_yaml_list_is_no_elision(tmp_path: Path, form: str, word: str) -> None:
    before = "kinds:\n  - a\n  - b\n  - c\nnext: 1\n"
    after = f"kinds:\n  - {word}\nnext: 2\n"
    block = f"a.yml\n<<<<<<< SEARCH\n{before}=======\n{after}>>>>>>> REPLACE\n"
    grow(tmp_path, {"a.yml": before})
    apply_patch(tmp_path, f"FILE: a.yml\n{after}" if form == "whole" else block)
    assert tree_of(tmp_path) == {"a.yml": after}


@pytest.mark.parametrize(
    "words",
    ["The files are identical.", "Die Datei ist vorhanden.", "Der Rest.", "unverändert", "- unchanged", "Same as before."],
)
def test_a_sentence_of_a_page_is_not_dropped_for_the_lines_that_it_replaces(tmp_path: Path, words: str) -> None:
    before = "# Title\n\nOne.\nTwo.\nThree.\n\nThe end.\n\nOld.\n"
    after = before.replace("One.\nTwo.\nThree.", words).replace("Old", "New")
    grow(tmp_path, {"a.md": before})
    result, files = preview(tmp_path, parse_edits(f"FILE: a.md\n{after}"))
    assert not result.success or files[0].text == after


@pytest.mark.parametrize("words", ["The rest is unchanged.", "(unverändert)", "[...]", "... existing text ..."])
def test_what_a_page_leaves_out_is_kept_where_it_says_so(tmp_path: Path, words: str) -> None:
    before = "# Title\n\nOne.\nTwo.\nThree.\n\nThe end.\n\nOld.\n"
    grow(tmp_path, {"a.md": before})
    apply_patch(tmp_path, "FILE: a.md\n" + before.replace("One.\nTwo.\nThree.", words).replace("Old", "New"))
    assert tree_of(tmp_path) == {"a.md": before.replace("Old", "New")}

"""The edit engine: everything in ``agent.patch`` that reads a model's answer or a file that it edits."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import cast

from agent import prompt_blocks
from agent.changes import diff, hunks
from agent.patch import EditsInvalid, as_sent, for_model, parse_edits, preview
from agent.patch.document import Document
from agent.patch.edit import edit
from agent.patch.formats import fences, paths
from agent.patch.formats.manifest import parse_manifest
from agent.patch.model import Line, PatchHunk
from agent.patch.paths import unsafe_reason
from agent.patch.text import in_manner_of, line_counts
from tests.hostile.reader import Reader

Text = Callable[[int], object]


def times(unit: str, *, before: str = "", after: str = "") -> Text:
    """About n characters of ``unit``, repeated."""
    return cache(lambda n: before + unit * (n // len(unit)) + after)


def numbered(line: str, *, before: str = "", after: str = "") -> Text:
    """About n characters of ``line``, with a number of its own each time."""
    return cache(lambda n: before + "".join(line.format(at) for at in range(n // len(line))) + after)


NAMES = "--- a/x.py\n+++ b/x.py\n"
HEAD, END = "<<<<<<< SEARCH\n", "=======\nnew\n>>>>>>> REPLACE\n"

ANSWERS: dict[str, Text] = {
    "a git header of many words": times("a/b ", before="diff --git ", after="\n"),
    "a git header of words without a slash": times("a ", before="diff --git ", after="\n"),
    "a git header of slashes": times("/ a/", before="diff --git ", after="\n"),
    "a git header of quotes": times('" "', before='diff --git "', after="\n"),
    "a git header of backslashes": times("\\", before='diff --git "', after='"\n'),
    "many git headers": times("diff --git a/x y b/x y\n"),
    "many git headers of one file": times("diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\n"),
    "a name of spaces": times(" ", before="--- a/x", after="y\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
    "a name of notes": times(" (revision ", before="--- a/x", after="\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
    "a name of decoration": cache(lambda n: f"--- {'*' * (n // 2)}x{'*' * (n // 2)}\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
    "a name of backquotes": times("`", before="--- ", after="\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
    "a name of dots": times("./", before="--- ", after="x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
    "many headers of hunks": times("@@ -1,9 +1,9 @@\n", before=NAMES),
    "many headers without numbers": times("@@\n", before=NAMES),
    "a header of at signs": times("@", before=NAMES),
    "counts that reach the end": times(" x\n", before=NAMES + "@@ -1,999999999 +1,999999999 @@\n"),
    "a version that never ends": times("1", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n--\n1.", after="!\n"),
    "a list after a hunk": times("- Item one\n", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "a line about files that differ": times(" and ", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\nFiles ", after="!\n"),
    "a FILE line of spaces in a diff": times(" ", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\nFILE: x", after="y\n"),
    "lines without prefix": times("x\n", before=NAMES + "@@ -1,3 +1,3 @@\n"),
    "many headers of one file": times(NAMES + "@@ -1 +1 @@\n-a\n+b\n"),
    "prose before a block": times("some prose\n", after="x.py\n" + HEAD + "a\n" + END),
    "FILE lines before a block": times("FILE: x\n", after=HEAD + "a\n" + END),
    "many blocks": times("x.py\n" + HEAD + "a\n" + END),
    "many dividers": times("=======\n", before="x.py\n" + HEAD, after=">>>>>>> REPLACE\n"),
    "blocks of the same lines": times("x.py\n" + HEAD + "a\nb\n" * 100 + "=======\n" + "b\na\n" * 100 + ">>>>>>> REPLACE\n"),
    "openings without an end": times(HEAD, before="x.py\n"),
    "a fence of spaces": times(" ", before="x.py\n```", after="!\n" + HEAD + "a\n" + END),
    "many fences": times("```\n", after="x.py\n" + HEAD + "a\n" + END),
    "indented fences that never close": times("  ```a\n"),
    "indented fences of many depths": cache(lambda n: "".join(" " * (at % 90 + 1) + "```a\n" for at in range(n // 50))),
    "blank lines": times("\n"),
    "blank lines in a hunk": times("\n", before=NAMES + "@@\n-a\n+b\n"),
    "carriage returns": times("\r"),
    "mixed line ends": times("\r\n\r\r\n\n", before=NAMES + "@@\n-a\n+b\n"),
    "sentences below a program": times("This is what I did.\n", before="FILE: a.py\nx = 1\n\n"),
    "one sentence of many": times("this is (the) `x`; ", before="FILE: a.py\nx = 1\n\nI ", after="\n"),
    "items and rules below a program": times("- one\n---\n", before="FILE: a.py\nx = 1\n\n"),
    "fences below a program": times("```\n", before="FILE: a.py\nx = 1\n\n"),
    "names over fences": times("See `a.py`:\n```\nx\n```\n", before="x.py\n" + HEAD + "a\n" + END),
    "items below a diff": times("- Item two\n\n", before=NAMES + "@@\n-a\n+b\n\n"),
    "words of two readings": times("保持不变保持", before="FILE: a.py\n# ", after="x\n"),
    "many words of elisions": times("the rest is as the same ", before="FILE: a.py\n# ", after="!\n"),
    "many lines of elisions by words": times("# 其余代码保持不变x\n# rest and same as more\n", before="FILE: a.py\n"),
    "many FILE headings": numbered("FILE: a{:06}.py\nx\n"),
    "a FILE heading of spaces": times(" ", before="FILE: x", after="y\nx\n"),
    "a decorated heading of spaces": times(" ", before="**FILE: `x", after="y\nx\n"),
    "a manifest's fence of spaces": times(" ", before="FILE: a.py\n```", after="`\n"),
    "nested fences": times("```a\n", before="FILE: a.py\n"),
    "nested fences in Markdown": times("```a\n", before="FILE: a.md\n"),
    "many envelopes of one file": times(
        "*** Update File: x.py\n@@\n-a\n+b\n", before="*** Begin Patch\n", after="*** End Patch\n"
    ),
    "many anchors": times("@@ def f\n", before="*** Begin Patch\n*** Update File: x.py\n", after="-a\n+b\n*** End Patch\n"),
    "one long line": times("x"),
    "fences of two kinds before a block": times("```a\n~~~b\n", after="x.py\n" + HEAD + "a\n" + END),
    "fences that nothing closes": times("```a\n"),
    "fences of many lengths": cache(lambda n: "".join("`" * (3 + at % 60) + "a\n" for at in range(n // 35)) + "x.py\n" + HEAD),
    "indented blocks": times("   x.py\n   <<<<<<< SEARCH\n   a\n   =======\n   b\n   >>>>>>> REPLACE\n"),
    "indented headers of diffs": times("  --- a/x\n  +++ b/x\n"),
    "indented lines below a header": times("  x\n", before="  --- a/x\n  +++ b/x\n  @@\n"),
    "headers of growing indentation": cache(
        lambda n: "".join(" " * (at % 200 + 1) + "@@ -1 +1 @@\n" for at in range(n // 112))
    ),
    "blocks in a whole file": times("x.py\n" + HEAD + "a\n" + END, before="FILE: a.md\n# A\n"),
    "diffs in a fenced file": times(NAMES + "@@ -1 +1 @@\n-a\n+b\n", before="FILE: a.py\n```\nx\n", after="```\n"),
    "whole files and diffs in turn": times("FILE: a\nx\n\n" + NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "heads that are nearly FILE lines": times("File: a.txt\n\n", before="FILE: b.txt\n"),
    "a heading of code spans": times("`a.py` ", before="# ", after="\n" + HEAD + "a\n" + END),
    "a heading of stars": times("**a.py", before="# ", after="\n" + HEAD + "a\n" + END),
    "names above a hunk": times("`x.py`\n", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n", after="@@ -1 +1 @@\n-a\n+b\n"),
    "hunks below names": times("`x.py`\n@@ -1 +1 @@\n-a\n+b\n\n"),
    "prose of quotes": times('"', before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "prose of backquotes": times("`a", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "prose of brackets": times("(a", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "prose of dots": times("a.", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "prose of short lines": times("import a b\n", before=NAMES + "@@ -1 +1 @@\n-a\n+b\n\n"),
    "dividers at the end of a block": times("=======\n", before="x.md\n" + HEAD + "a\n=======\nb\n", after=">>>>>>> REPLACE\n"),
    "openings of envelopes": times("*** Begin Patch\n"),
    "a backslash in a name": times("a\\", before="FILE: ", after="b\nx\n"),
}


def read_answer(text: object) -> None:
    """As far as the edits in it, or the refusal."""
    parse_edits(cast(str, text)).touched()


def read_manifest(text: object) -> None:
    for strict in (True, False):
        try:
            parse_manifest(cast(str, text), strict=strict)
        except EditsInvalid:
            continue


Edits = tuple[str, str]
"""A file's text, and an answer that edits it."""


def unified(*bodies: str) -> str:
    return NAMES + "".join(f"@@\n{body}" for body in bodies)


def _edits(n: int, line: Callable[[int], str], body: Callable[[int], str], *, edits: int, lines: int) -> Edits:
    text = "".join(line(at) + "\n" for at in range(n // lines))
    return text, unified(*(body(at) for at in range(n // edits)))


def on_file(line: Callable[[int], str], body: Callable[[int], str], *, edits: int = 200, lines: int = 20) -> Text:
    """One edit for every ``edits`` characters, on a file of one line for every ``lines``."""
    return cache(lambda n: _edits(n, line, body, edits=edits, lines=lines))


def _block(n: int, old: str, new: str) -> str:
    return f"x.py\n{HEAD}{old * n}=======\n{new}>>>>>>> REPLACE\n"


APPLIED: dict[str, Text] = {
    "many misses": on_file(lambda at: f"line {at} of it", lambda at: f" nothing {at}\n-is here {at}\n+b\n"),
    "many misses with known words": on_file(lambda at: f"line {at} of it", lambda at: f" line none {at}\n-line of {at}\n+b\n"),
    "many misses of known lines": on_file(
        lambda at: f"line {at} of it", lambda at: f" line {at} of it\n-line {at + 9} of it\n+b\n"
    ),
    "many edits that fit": on_file(lambda at: f"line {at} of it", lambda at: f"-line {at * 5} of it\n+b {at}\n"),
    "many edits of one place": on_file(lambda at: f"line {at} of it", lambda at: f" line 1 of it\n+b {at}\n"),
    "many edits that fit everywhere": on_file(lambda at: "same", lambda at: f" same\n-same\n+b {at}\n"),
    "many edits of a file of two lines": on_file(
        lambda at: "ab"[at % 2], lambda at: f" a\n b\n a\n-{'a' if at % 2 else 'c'}\n+b {at}\n"
    ),
    "many edits below one heading": on_file(
        lambda at: f"def f{at // 9}:" if at % 9 == 0 else "    same", lambda at: f" same\n-same\n+{at}\n@@ def f\n"
    ),
    "edits in another indentation": on_file(lambda at: f"    line {at}", lambda at: f"  line {at * 9}\n+  b {at}\n"),
    "edits that are there already": on_file(lambda at: f"line {at} of it", lambda at: f"-gone {at}\n+line {at} of it\n"),
    "lines that lost their prefix": on_file(lambda at: "same", lambda at: "+x\nsame\nsame\nsame\n-same\n", edits=400),
    "blank lines that lost their prefix": on_file(lambda at: "", lambda at: "+x\n\n\n\n-same\n", edits=400),
    "one hunk without prefixes": cache(lambda n: ("x\n" * (n // 8), NAMES + "@@ -1,3 +1,3 @@\n" + "x\n" * (n // 8))),
    "one hunk without prefixes beside an added line": cache(
        lambda n: ("x\n" * (n // 8), NAMES + "@@\n+y\n" + "x\n" * (n // 8))
    ),
    "one hunk of half of the same lines": cache(
        lambda n: ("x\n" * (n // 4), unified(" x\n" * (n // 8) + "+y\n" + " x\n" * (n // 16) + " z\n"))
    ),
    "one hunk of elisions": cache(lambda n: ("x\n" * (n // 4), unified(" x\n ...\n" * (n // 16) + "-x\n"))),
    "long hunks that fit everywhere": cache(
        lambda n: ("x\n" * (n // 4), unified(*[" x\n" * 50 + "+y\n" + " x\n" * 50] * (n // 400)))
    ),
    "blank lines left out everywhere": on_file(
        lambda at: "" if at % 2 else f"line {at // 2}", lambda at: f" line {at}\n line {at + 1}\n-line {at + 2}\n+b {at}\n"
    ),
    "blank lines left out of twins": on_file(lambda at: "" if at % 2 else "ab"[at % 4 // 2], lambda at: f" a\n b\n-a\n+{at}\n"),
    "one hunk that leaves out each blank line": cache(
        lambda n: (
            "".join(f"l{at}\n\n" for at in range(n // 12)),
            unified("".join(f" l{at}\n" for at in range(n // 12 - 1)) + f"-l{n // 12 - 1}\n"),
        )
    ),
    "edges that are slips": on_file(
        lambda at: f"line {at} of it", lambda at: f" lime {at} of it\n line {at + 1} of it\n-line {at + 2} of it\n+b {at}\n"
    ),
    "edges of long lines that are slips": cache(
        lambda n: ("x" * n + "\nb\nc\n", unified(*[" " + "x" * (n // 20) + "y\n b\n-c\n+d\n"] * 20))
    ),
    "changes that are made where their number says": on_file(
        lambda at: "ab"[at % 2], lambda at: f" a\n-c\n+b\n@@ -{at + 1},2 +{at + 1},2 @@\n a\n-b\n+a\n"
    ),
    "lines with their numbers": on_file(lambda at: f"line {at} of it", lambda at: f" {at + 1}: line {at} of it\n+{at}: b\n"),
    "one hunk of lines with their numbers": cache(
        lambda n: (
            "".join(f"l{at}\n" for at in range(n // 12)),
            unified("".join(f"-{at + 1}: l{at}\n" for at in range(n // 12))),
        )
    ),
    "hunks that can be read in two ways": on_file(
        lambda at: f"{' ' * (at % 3)}line {at // 9}", lambda at: f"  line {at}\n+ b\n   line {at}\n"
    ),
    "marks of byte order": on_file(lambda at: "\ufeffline", lambda at: "-\ufeffline\n+\ufeffb\n"),
    "one block of the same lines": cache(lambda n: ("same\n" * (n // 10), _block(n // 20, "same\n", "new\n"))),
    "one block of nearly the same lines": cache(
        lambda n: ("same\n" * (n // 10), _block(n // 20, "same\n", "new\n").replace("same\n=", "sam\n=")),
    ),
    "one block that is blank at its edges": cache(
        lambda n: ("a\n", _block(n // 4, "\n", "new\n").replace("\n\n=", "\na\n\n="))
    ),
    "one block of elisions": cache(
        lambda n: (
            "a\nb\nc\nd\n",
            "x.py\n" + HEAD + "a\nb\n" + " " * n + "x\nc\nd\n=======\na\nB\n" + " " * n + "x\nc\nD\n>>>>>>> REPLACE\n",
        )
    ),
    "one hunk of every other line": cache(
        lambda n: (
            "".join(f"l{at}\n" for at in range(n // 12)),
            unified("".join(f"-l{at}\n+m{at}\n l{at + 1}\n" for at in range(0, n // 12 - 1, 2))),
        )
    ),
    "a long line in the file": cache(
        lambda n: ("x" * n + "\n" + "a\n" * (n // 100), unified(*(f"-a\n+b{at}\n" for at in range(n // 100))))
    ),
    "a deep line in the file": cache(lambda n: (" " * n + "deep\n", unified(" deep\n" + "+b\n" * (n // 10)))),
    "a path of slashes": cache(lambda n: ("x\n", "FILE: " + "a/" * (n // 2) + "b\nx\n")),
    "a path of combining marks": cache(lambda n: ("x\n", "FILE: a" + "\u0316\u0301" * (n // 2) + "\nx\n")),
    "a whole file of elisions": cache(
        lambda n: ("x\ny\n" * (n // 4), "FILE: x.py\n" + "x\n# ... existing code ...\n" * (n // 27))
    ),
    "a whole file of one elision among the same lines": cache(
        lambda n: ("x\n" * (n // 2), "FILE: x.py\n" + "x\n" * (n // 4) + "# ...\n" + "x\n" * (n // 4))
    ),
    "a whole file of dots": cache(lambda n: ("x\n", "FILE: x.py\n" + "...\n" * (n // 4))),
    "a whole file of brackets": cache(lambda n: ("x\n", "FILE: x.py\n" + "[" * 200 + "...\n" + "# [the rest\n" * (n // 12))),
    "a whole file of words": cache(lambda n: ("x\n", "FILE: x.py\n" + "# the rest of the code of the file of\n" * (n // 38))),
    "a whole file of quotes": cache(lambda n: ("x\n", "FILE: x.py\n" + "'''\"\"\" ...\n...\n" * (n // 16))),
    "a block of elisions": cache(
        lambda n: (
            "x\n" * (n // 20),
            "x.py\n" + HEAD + "x\n" * (n // 20) + "=======\n" + "x\n# ...\n" * (n // 20) + ">>>>>>> REPLACE\n",
        )
    ),
    "hunks with a byte order mark": on_file(lambda at: f"line {at}", lambda at: f"-\ufeffline {at}\n+\ufeffb\n"),
    "pluses that are spaces": on_file(
        lambda at: f"    line {at}", lambda at: f"@@ -{at},1 +{at},3 @@\n     line {at}\n     new\n+    b\n", edits=400
    ),
    "an envelope of many anchors": cache(
        lambda n: (
            "def f():\n    same\n" * (n // 20),
            "*** Begin Patch\n*** Update File: x.py\n" + "@@ def f\n" * (n // 20) + "-    same\n+b\n*** End Patch\n",
        )
    ),
}


def apply_to_file(given: object) -> None:
    """The whole way but for writing: placed in a file, or refused with what is told to the model."""
    text, answer = cast(Edits, given)
    root = Path(tempfile.mkdtemp())
    try:
        (root / "x.py").write_text(text)
        result, _ = preview(root, parse_edits(answer))
        for_model(result)
    except EditsInvalid:
        return
    finally:
        shutil.rmtree(root)


def diff_texts(given: object) -> None:
    old, new = cast(Edits, given)
    hunks.hunks(old, new)
    hunks.without(old, new, {0})
    diff.describe({"x.py": (old, new)})
    line_counts(old.encode(), new.encode())
    in_manner_of(old.encode(), new)


PAIRS: dict[str, Text] = {
    "two lines in turn": cache(lambda n: ("x\n" + "a\nb\n" * (n // 4), "y\n" + "b\nb\na\n" * (n // 6))),
    "lines of three kinds": cache(
        lambda n: (
            "".join("abc"[at * at % 7 % 3] + "\n" for at in range(n // 2)),
            "".join("abc"[at * at * at % 11 % 3] + "\n" for at in range(n // 2)),
        )
    ),
    "nothing in common": cache(
        lambda n: ("".join(f"a{at}\n" for at in range(n // 6)), "".join(f"b{at}\n" for at in range(n // 6)))
    ),
    "every other line": cache(
        lambda n: ("".join(f"a{at}\n" for at in range(n // 6)), "".join(f"{'ab'[at % 2]}{at}\n" for at in range(n // 6)))
    ),
    "lines backwards": cache(
        lambda n: ("".join(f"a{at}\n" for at in range(n // 6)), "".join(f"a{at}\n" for at in reversed(range(n // 6))))
    ),
}


def read_document(data: object) -> None:
    text = cast(str, data)
    document = Document.read(text.encode())
    edit(document, [PatchHunk((Line("-", "x"), Line("+", "y")), old_start=1, old_count=1, new_start=1, new_count=1)])


def read_names(text: object) -> None:
    name = cast(str, text)
    paths.cleaned(name)
    paths.git_names(name)
    paths.unquoted(name)
    unsafe_reason(name)
    fences.opener(name)


def read_block(text: object) -> None:
    prompt_blocks.read_block(cast(str, text), "task")


READERS = [
    Reader(
        "agent.patch answers",
        read_answer,
        ANSWERS,
        (
            "agent.patch.detect",
            "agent.patch.parse",
            "agent.patch.formats.unified",
            "agent.patch.formats.body",
            "agent.patch.formats.envelope",
            "agent.patch.formats.search_replace",
            "agent.patch.formats.fences",
            "agent.patch.formats.paths",
            "agent.patch.bounds",
            "agent.patch.formats.answer_lines",
            "agent.patch.formats.foreign",
            "agent.patch.formats.headings",
            "agent.patch.formats.lists",
            "agent.patch.formats.manifest",
            "agent.patch.formats.named_fences",
            "agent.patch.formats.prose",
            "agent.patch.formats.closings",
            "agent.patch.formats.open_text",
            "agent.patch.formats.remarks",
            "agent.patch.formats.said_lines",
            "agent.patch.formats.sentences",
            "agent.patch.formats.starts",
        ),
    ),
    Reader("agent.patch manifests", read_manifest, ANSWERS, ("agent.patch.formats.manifest",)),
    Reader(
        "agent.patch applied",
        apply_to_file,
        APPLIED,
        (
            "agent.patch.anchors",
            "agent.patch.blank_lines",
            "agent.patch.byte_order_mark",
            "agent.patch.edit",
            "agent.patch.elision",
            "agent.patch.elision_phrases",
            "agent.patch.elision_words",
            "agent.patch.engine",
            "agent.patch.feedback",
            "agent.patch.fitting",
            "agent.patch.indentation",
            "agent.patch.index",
            "agent.patch.levels",
            "agent.patch.line_numbers",
            "agent.patch.locate",
            "agent.patch.match",
            "agent.patch.merge",
            "agent.patch.nearest",
            "agent.patch.paths",
            "agent.patch.placement",
            "agent.patch.edit_planner",
            "agent.patch.punctuation",
            "agent.patch.prefix_recovery",
            "agent.patch.sections",
            "agent.patch.similar",
            "agent.patch.stale_edges",
            "agent.patch.tree",
            "agent.patch.whole_files",
            "agent.patch.whole_hunks",
            "agent.patch.well_formed",
            "agent.patch.model",
            "agent.changes.baseline_files",
        ),
    ),
    Reader(
        "agent.patch differences",
        diff_texts,
        PAIRS,
        ("agent.changes.hunks", "agent.changes.diff", "agent.patch.text", "agent.matching"),
    ),
    Reader(
        "agent.patch documents",
        read_document,
        {
            "carriage returns": times("\r"),
            "mixed line ends": times("\r\n\r\r\n\n"),
            "one long line": times("x"),
            "a slow encoding": times("a\u00e9", before="# coding: punycode\n"),
            "a cookie that never comes": times("coding", before="#"),
        },
        ("agent.patch.document",),
    ),
    Reader(
        "agent.patch names",
        read_names,
        {
            "words": times("a/b "),
            "spaces": times(" ", before="x", after="y"),
            "marks": times("\u0316\u0301", before="a"),
            "quotes": times('\\"', before='"', after='"'),
            "slashes": times("a/"),
            "stars": times("*", after="x"),
            "backticks and spaces": times(" ", before="```", after="!"),
            "dates": times(" Mon Jan 1"),
        },
        ("agent.patch.paths", "agent.patch.formats.paths", "agent.patch.formats.fences"),
    ),
    Reader(
        "an edit's text as it was sent",
        lambda text: as_sent.without_surroundings(str(text), "new", "the file\n" * 40),
        {
            "numbered lines": numbered("{:>5}| x\n"),
            "numbers alone": times("1\n"),
            "fences": times("```\n"),
            "line ends as letters": times("\\n"),
            "spaces": times(" ", before="1| "),
        },
        ("agent.patch.as_sent",),
    ),
    Reader(
        "agent.prompt_blocks",
        read_block,
        {
            "openings": times("<task 00000000>\n"),
            "openings of many marks": numbered("<task {:08x}>\n"),
            "ends": times("\n</task 00000000>"),
        },
        ("agent.prompt_blocks",),
    ),
]

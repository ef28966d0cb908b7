"""What models do to edits: each documented class of error is a function that does it to a correct edit, with a seed.

The classes are those that the makers of coding agents report: aider (edit formats, unified diffs and laziness), Codex's
apply_patch (seek_sequence), OpenHands and Cline (diff application), and what ``git apply`` calls a corrupt patch.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.agent.patch.corpus import Edit
from tests.agent.patch.damage import Damaged, error, of_blocks, unique
from tests.agent.patch.diffs import BARE, Part, parts, sides, unified


def _of(edit: Edit, text: str) -> Damaged:
    return Damaged(text, edit.before, edit.after)


def _hunks(edit: Edit, change: Callable[[Part], Part], context: int = 3) -> Damaged:
    return _of(edit, unified(edit.path, [change(part) for part in parts(edit.before, edit.after, context)]))


@error
def correct(edit: Edit, rng: random.Random) -> Damaged:
    return _hunks(edit, lambda part: part)


@error
def git_header(edit: Edit, rng: random.Random) -> Damaged:
    header = f"diff --git a/{edit.path} b/{edit.path}\nindex 1111111..2222222 100644\n"
    return _of(edit, header + unified(edit.path, parts(edit.before, edit.after)))


@error
def no_prefix(edit: Edit, rng: random.Random) -> Damaged:
    return _of(edit, unified(edit.path, parts(edit.before, edit.after), "", ""))


@error
def any_prefix(edit: Edit, rng: random.Random) -> Damaged:
    return _of(edit, unified(edit.path, parts(edit.before, edit.after), "project-1.0/", "project-1.1/"))


@error
def swapped_prefix(edit: Edit, rng: random.Random) -> Damaged:
    return _of(edit, unified(edit.path, parts(edit.before, edit.after), "b/", "a/"))


@error
def decorated_path(edit: Edit, rng: random.Random) -> Damaged:
    text = unified(edit.path, parts(edit.before, edit.after))
    marks = rng.choice([("`", "`"), ("**", "**"), ("", "\t2024-05-01 10:00:00.000000000 +0000"), ("", " (modified)")])
    return _of(
        edit, re.sub(r"^(---|\+\+\+) (\S+)", lambda hit: f"{hit[1]} {marks[0]}{hit[2]}{marks[1]}", text, count=2, flags=re.M)
    )


@error
def wrong_counts(edit: Edit, rng: random.Random) -> Damaged:
    def change(part: Part) -> Part:
        return Part(part.start, part.count + rng.randint(-3, 5), part.new_start, part.new_count + rng.randint(-3, 5), part.body)

    return _hunks(edit, lambda part: _sane(change(part)))


def _sane(part: Part) -> Part:
    return Part(part.start, max(part.count, 0), part.new_start, max(part.new_count, 0), part.body)


@error
def missing_counts(edit: Edit, rng: random.Random) -> Damaged:
    text = unified(edit.path, parts(edit.before, edit.after))
    return _of(edit, re.sub(r"^@@ -(\d+),\d+ \+(\d+),\d+ @@", r"@@ -\1 +\2 @@", text, flags=re.M))


def _headers(edit: Edit, header: Callable[[Part], str]) -> Damaged | None:
    hunks = parts(edit.before, edit.after)
    if not all(unique(edit.before, part) for part in hunks):
        return None
    body = "\n".join("\n".join([header(part), *part.body]) for part in hunks)
    return _of(edit, f"--- a/{edit.path}\n+++ b/{edit.path}\n{body}\n")


@error
def no_numbers(edit: Edit, rng: random.Random) -> Damaged | None:
    header = rng.choice(["@@ ... @@", "@@", "@@ @@"])
    return _headers(edit, lambda part: header)


@error
def prose_header(edit: Edit, rng: random.Random) -> Damaged | None:
    return _headers(edit, lambda part: "@@ update the code here @@")


@error
def wrong_line_numbers(edit: Edit, rng: random.Random) -> Damaged | None:
    def header(part: Part) -> str:
        off = rng.choice([-7, -2, -1, 1, 4, 19, 300])
        return f"@@ -{max(part.start + off, 1)},{part.count} +{max(part.new_start + off, 1)},{part.new_count} @@"

    return _headers(edit, header)


@error
def fenced_with_prose(edit: Edit, rng: random.Random) -> Damaged:
    text = unified(edit.path, parts(edit.before, edit.after))
    return _of(edit, f"Sure! Here is the change:\n\n```diff\n{text}```\n\n- It does what you asked for.\n- Run the tests.\n")


@error
def prose_without_fence(edit: Edit, rng: random.Random) -> Damaged:
    text = unified(edit.path, parts(edit.before, edit.after))
    return _of(edit, f"I changed one file.\n\n{text}\nThis is all that was needed.\n")


@error
def crlf_answer(edit: Edit, rng: random.Random) -> Damaged:
    return _of(edit, unified(edit.path, parts(edit.before, edit.after)).replace("\n", "\r\n"))


@error
def crlf_file(edit: Edit, rng: random.Random) -> Damaged:
    text = unified(edit.path, parts(edit.before, edit.after))
    return Damaged(text, edit.before.replace("\n", "\r\n"), edit.after.replace("\n", "\r\n"))


@error
def no_final_newline(edit: Edit, rng: random.Random) -> Damaged:
    before, after = edit.before.rstrip("\n"), edit.after.rstrip("\n")
    return Damaged(unified(edit.path, parts(before, after)), before, after)


@error
def forgotten_final_newline_mark(edit: Edit, rng: random.Random) -> Damaged | None:
    """The file has no final newline, and the answer doesn't say so."""
    before, after = edit.before.rstrip("\n"), edit.after.rstrip("\n")
    if before.split("\n")[-1] != after.split("\n")[-1]:
        return None
    return Damaged(unified(edit.path, parts(before, after)).replace(BARE + "\n", ""), before, after)


@error
def no_context(edit: Edit, rng: random.Random) -> Damaged:
    return _hunks(edit, lambda part: part, 0)


@error
def one_line_of_context(edit: Edit, rng: random.Random) -> Damaged:
    return _hunks(edit, lambda part: part, 1)


@error
def reduced_context(edit: Edit, rng: random.Random) -> Damaged | None:
    """Context is cut, the header is not."""
    hunks = []
    for part in parts(edit.before, edit.after):
        body = list(part.body)
        while rng.random() < 0.6 and len(body) > 2 and body[0].startswith(" ") and body[1].startswith(" "):
            body.pop(0)
        while rng.random() < 0.6 and len(body) > 2 and body[-1].startswith(" ") and body[-2].startswith(" "):
            body.pop()
        hunks.append(part.with_body(body))
        if not unique(edit.before, hunks[-1]):
            return None
    return _of(edit, unified(edit.path, hunks))


@error
def header_repeated(edit: Edit, rng: random.Random) -> Damaged:
    return _of(edit, "".join(unified(edit.path, [part]) for part in parts(edit.before, edit.after)))


@error
def hunks_in_any_order(edit: Edit, rng: random.Random) -> Damaged:
    hunks = parts(edit.before, edit.after)
    rng.shuffle(hunks)
    return _of(edit, unified(edit.path, hunks))


@error
def hunk_repeated(edit: Edit, rng: random.Random) -> Damaged:
    hunks = parts(edit.before, edit.after)
    return _of(edit, unified(edit.path, [*hunks, rng.choice(hunks)]))


@error
def edits_under_one_header(edit: Edit, rng: random.Random) -> Damaged | None:
    hunks = parts(edit.before, edit.after)
    if len(hunks) < 2 or not all(unique(edit.before, part) and _framed(part) for part in hunks):
        return None
    body = [line for part in hunks for line in part.body]
    count = sum(part.count for part in hunks)
    new = sum(part.new_count for part in hunks)
    return _of(edit, unified(edit.path, [Part(hunks[0].start, count, hunks[0].new_start, new, body)]))


def _framed(part: Part) -> bool:
    return part.body[0].startswith(" ") and part.body[-1].startswith(" ") and BARE not in part.body


@error
def stale_edge(edit: Edit, rng: random.Random) -> Damaged | None:
    """The outermost line of context is not what the file has."""

    def change(part: Part) -> Part:
        body = list(part.body)
        at = rng.choice([0, len(body) - 1])
        inner = body[1 if at == 0 else -2]
        if body[at].startswith(" ") and inner.startswith(" ") and inner.strip() and len(body[at].strip()) > 6:
            body[at] = body[at].replace("e", "ee", 1) + " # old"
        return part.with_body(body)

    return _hunks(edit, change)


def _reindented(edit: Edit, change: Callable[[str], str | None]) -> Damaged | None:
    hunks = []
    for part in parts(edit.before, edit.after):
        body = []
        for line in part.body:
            text = line if line == BARE or not line[1:].strip() else change(line[1:])
            if text is None:
                return None
            body.append(line if text is line else line[0] + text)
        hunks.append(part.with_body(body))
    return _of(edit, unified(edit.path, hunks))


@error
def indented_deeper(edit: Edit, rng: random.Random) -> Damaged | None:
    return _reindented(edit, lambda text: "    " + text)


@error
def dedented(edit: Edit, rng: random.Random) -> Damaged | None:
    return _reindented(edit, lambda text: text[4:] if text.startswith("    ") else None)


@error
def spaces_for_tabs(edit: Edit, rng: random.Random) -> Damaged | None:
    def tabbed(text: str) -> str:
        return re.sub(r"^(?: {4})+", lambda hit: "\t" * (len(hit[0]) // 4), text, flags=re.M)

    if re.search(r"^(?: {4})* {1,3}(?! )|^ *\t", edit.before + "\n" + edit.after, flags=re.M):
        return None
    text = unified(edit.path, parts(edit.before, edit.after))
    return Damaged(text, tabbed(edit.before), tabbed(edit.after))


@error
def tabs_for_spaces(edit: Edit, rng: random.Random) -> Damaged | None:
    if re.search(r"^(?: {4})* {1,3}(?! )|^ *\t", edit.before + "\n" + edit.after, flags=re.M):
        return None
    return _reindented(edit, lambda text: re.sub(r"^(?: {4})+", lambda hit: "\t" * (len(hit[0]) // 4), text))


@error
def trailing_space(edit: Edit, rng: random.Random) -> Damaged:
    def change(part: Part) -> Part:
        return part.with_body([line + " " * rng.randint(0, 2) if line[0] in " -" else line for line in part.body])

    return _hunks(edit, change)


@error
def lost_trailing_space(edit: Edit, rng: random.Random) -> Damaged | None:
    """The file has trailing spaces that the answer lacks."""
    old, kept = [], []
    for line in edit.before.split("\n"):
        old.append(line + "  " if line.strip() and rng.random() < 0.2 else line)
    spaced = dict(zip(range(len(old)), old, strict=True))
    taken = 0
    for part in parts(edit.before, edit.after):
        kept += [spaced[at] for at in range(taken, part.start - 1 if part.count else part.start)]
        taken = part.start - 1 if part.count else part.start
        for line in part.body:
            if line == BARE:
                continue
            if line[0] == "+":
                kept.append(line[1:])
            else:
                if line[0] == " ":
                    kept.append(spaced[taken])
                taken += 1
    kept += [spaced[at] for at in range(taken, len(old))]
    return Damaged(unified(edit.path, parts(edit.before, edit.after)), "\n".join(old), "\n".join(kept))


@error
def curly_quotes(edit: Edit, rng: random.Random) -> Damaged | None:
    if not edit.before.isascii() or not edit.after.isascii():
        return None

    def curl(text: str) -> str:
        return re.sub(r"'([^']*)'", "‘\\1’", re.sub(r'"([^"]*)"', "“\\1”", text))

    return _hunks(
        edit, lambda part: part.with_body([line[0] + curl(line[1:]) if line[0] in " -" else line for line in part.body])
    )


@error
def added_line_without_prefix(edit: Edit, rng: random.Random) -> Damaged:
    def change(part: Part) -> Part:
        added = [at for at, line in enumerate(part.body) if line.startswith("+")]
        body = list(part.body)
        if added:
            at = rng.choice(added)
            body[at] = body[at][1:]
        return part.with_body(body)

    return _hunks(edit, change)


@error
def blank_line_without_prefix(edit: Edit, rng: random.Random) -> Damaged:
    return _hunks(edit, lambda part: part.with_body(["" if line in (" ", "+") else line for line in part.body]))


@error
def context_without_prefix(edit: Edit, rng: random.Random) -> Damaged:
    return _hunks(edit, lambda part: part.with_body([line[1:] if line.startswith(" ") else line for line in part.body]))


@error
def lines_above_changed(edit: Edit, rng: random.Random) -> Damaged | None:
    """The file has new lines at its top since it was read."""
    more = "".join(f"# a new line {at}\n" for at in range(rng.randint(1, 40)))
    hunks = parts(edit.before, edit.after)
    if not all(unique(edit.before, part) for part in hunks):
        return None
    return Damaged(unified(edit.path, hunks), more + edit.before, more + edit.after)


@error
def elided_context(edit: Edit, rng: random.Random) -> Damaged | None:
    """Several edits under one header, with ``...`` for what is between them."""
    hunks = parts(edit.before, edit.after)
    if len(hunks) < 2 or not all(unique(edit.before, part) and _framed(part) for part in hunks):
        return None
    body = [line for part in hunks for line in (*part.body, " ...")][:-1]
    return _of(edit, f"--- a/{edit.path}\n+++ b/{edit.path}\n@@ ... @@\n" + "\n".join(body) + "\n")


@error
def two_errors(edit: Edit, rng: random.Random) -> Damaged | None:
    """Wrong counts and trailing space in a fence."""
    hunks = [_sane(Part(p.start, p.count + 2, p.new_start, p.new_count - 1, p.body)) for p in parts(edit.before, edit.after)]
    if not all(unique(edit.before, part) for part in hunks):
        return None
    spaced = [part.with_body([line + " " if line[0] == " " else line for line in part.body]) for part in hunks]
    return _of(edit, f"```\n{unified(edit.path, spaced)}```\n")


@error
def search_replace(edit: Edit, rng: random.Random) -> Damaged | None:
    return of_blocks(edit)


@error
def search_replace_fenced(edit: Edit, rng: random.Random) -> Damaged | None:
    made = of_blocks(edit)
    if made is None:
        return None
    text = made.text.replace("<<<<<<< SEARCH", "```python\n<<<<<<< SEARCH").replace(">>>>>>> REPLACE", ">>>>>>> REPLACE\n```")
    return _of(edit, "Here is what I changed:\n\n" + text + "\nDone.\n")


@error
def search_replace_spaces(edit: Edit, rng: random.Random) -> Damaged | None:
    return of_blocks(edit, str.rstrip)


@error
def envelope(edit: Edit, rng: random.Random) -> Damaged | None:
    hunks = parts(edit.before, edit.after)
    if not all(unique(edit.before, part) for part in hunks):
        return None
    body = "".join("@@\n" + "".join(f"{line}\n" for line in part.body if line != BARE) for part in hunks)
    return _of(edit, f"*** Begin Patch\n*** Update File: {edit.path}\n{body}*** End Patch\n")


@error
def whole_file(edit: Edit, rng: random.Random) -> Damaged | None:
    if edit.before.endswith("\n\n") or edit.after.endswith("\n\n") or "\nFILE:" in edit.after:
        return None
    if edit.before.endswith("\n") != edit.after.endswith("\n"):
        return None
    return _of(edit, f"FILE: {edit.path}\n{edit.after}" + ("" if edit.after.endswith("\n") else "\n"))


@error
def already_applied(edit: Edit, rng: random.Random) -> Damaged | None:
    """The answer comes a second time; where its lines say so, nothing is done twice."""
    hunks = parts(edit.before, edit.after)
    if not all(
        len(sides(part)[1]) >= 3 and f"\n{edit.after}\n".count("\n" + "\n".join(sides(part)[1]) + "\n") == 1 for part in hunks
    ):
        return None
    return Damaged(unified(edit.path, hunks), edit.after, edit.after)


@error
def removed_line_is_another(edit: Edit, rng: random.Random) -> Damaged | None:
    """The file's line is not the one that shall be removed: only a refusal is right."""
    hunks = parts(edit.before, edit.after)
    places = [
        (n, at) for n, part in enumerate(hunks) for at, line in enumerate(part.body) if line[0] == "-" and line[1:].strip()
    ]
    if not places:
        return None
    number, at = rng.choice(places)
    lines, where = edit.before.split("\n"), hunks[number].start - 1
    where += sum(line[0] in " -" for line in hunks[number].body[:at])
    lines[where] = lines[where] + "_other = 1"
    return Damaged(unified(edit.path, hunks), "\n".join(lines), None)


@error
def removed_line_is_gone(edit: Edit, rng: random.Random) -> Damaged | None:
    """What an edit without numbers removes is not there any more; similar lines may be."""
    hunks = [part for part in parts(edit.before, edit.after) if any(line[0] == "-" and line[1:].strip() for line in part.body)]
    if not hunks:
        return None
    part = rng.choice(hunks)
    lines = edit.before.split("\n")
    removed = [at for at, line in enumerate(x for x in part.body if x[0] in " -") if line[0] == "-" and line[1:].strip()]
    del lines[part.start - 1 + removed[0]]
    before = "\n".join(lines)
    gone = sides(part)[0]
    if "\n".join(gone) in before or "\n".join(sides(part)[1]) in before:
        return None
    body = "\n".join(part.body)
    return Damaged(f"--- a/{edit.path}\n+++ b/{edit.path}\n@@ @@\n{body}\n", before, None)


@error
def two_places(edit: Edit, rng: random.Random) -> Damaged | None:
    """The file holds everything twice and the answer gives no number."""
    part = parts(edit.before, edit.after)[0]
    if not sides(part)[0] or not edit.before.endswith("\n") or BARE in part.body:
        return None
    body = "\n".join(part.body)
    return Damaged(f"--- a/{edit.path}\n+++ b/{edit.path}\n@@ @@\n{body}\n", edit.before + edit.before, None)


@error
def decoy(edit: Edit, rng: random.Random) -> Damaged | None:
    """The place is gone and a copy of it with other surroundings is there: not the one that was meant."""
    found = [
        part
        for part in parts(edit.before, edit.after)
        if _framed(part) and len(part.body) > 6 and part.body[0][1:].strip() and part.body[2].startswith(" ")
    ]
    if not found:
        return None
    part = rng.choice(found)
    old = sides(part)[0]
    if "\n".join(old[1:]) in edit.before.replace("\n".join(old), ""):
        return None
    lines = edit.before.split("\n")
    del lines[part.start - 1 : part.start - 1 + len(old)]
    copy = ["def another(place):", *old[1:-1], "    return place"]
    before = "\n".join([*lines, *copy, ""])
    body = "\n".join(part.body)
    return Damaged(
        f"--- a/{edit.path}\n+++ b/{edit.path}\n@@ -{part.start},{part.count} +{part.new_start},{part.new_count} @@\n{body}\n",
        before,
        None,
    )

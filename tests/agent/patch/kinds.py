"""Kinds of answers over whole trees, each with any number of siblings by a seed; it is known what was meant by each.

``errors`` does to one real edit what models do to it; here an answer may be about several files, be right in two ways, or be
one that must be refused. A kind is a function that is registered by its name: then it is tested, and in the benchmark's table.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from tests.agent.patch.corpus import Edit, edits
from tests.agent.patch.diffs import BARE, Part, parts, sides, unified
from tests.agent.patch.slips import block, is_unique

Files = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """``text`` for a tree of ``files``. ``right`` are the trees that are what was meant, the likeliest first; none: only a
    refusal is right. ``may_refuse``: a refusal is no loss, for the answer says too little."""

    files: Files
    text: str
    right: tuple[Files, ...]
    may_refuse: bool = False


Kind = Callable[[random.Random], Answer | None]
"""None where the draw does not give such an answer."""

KINDS: dict[str, Kind] = {}
SIBLINGS = 24
TRIES = 4_000


def kind(function: Kind) -> Kind:
    KINDS[function.__name__] = function
    return function


def siblings(name: str, count: int = SIBLINGS) -> Iterator[Answer]:
    """``count`` answers of a kind, always the same."""
    found = 0
    for seed in range(TRIES):
        answer = KINDS[name](random.Random(f"{name}/{seed}"))
        if answer is not None:
            yield answer
            found += 1
        if found == count:
            return
    raise AssertionError(f"{name} has {found} answers only")


@cache
def _short() -> tuple[Edit, ...]:
    """Real edits of files that a person can look at, each hunk in one place only."""
    return tuple(
        edit for edit in edits()
        if edit.before.count("\n") < 250 and edit.before.endswith("\n") and edit.after.endswith("\n")
        and edit.before.isascii() and all(is_unique(edit.before, part) for part in parts(edit.before, edit.after))
    )  # fmt: skip


def _edit(rng: random.Random, hunks: int | None = None) -> tuple[Edit, list[Part]]:
    """A real edit, of so many hunks where that is said."""
    while True:
        edit = rng.choice(_short())
        found = parts(edit.before, edit.after)
        if hunks is None or len(found) == hunks:
            return edit, found


def _one_hunk(rng: random.Random) -> tuple[str, str, str, Part]:
    """Path, text, the text with one of a real edit's changes, and that change."""
    edit, found = _edit(rng)
    part = rng.choice(found)
    return edit.path, edit.before, _with(edit.before, part), part


def _with(before: str, part: Part) -> str:
    lines, at = before.split("\n"), part.start - (1 if part.count else 0)
    return "\n".join([*lines[:at], *sides(part)[1], *lines[at + part.count :]])


def _answer(path: str, before: str, after: str, text: str, *others: Files, may_refuse: bool = False) -> Answer:
    return Answer({path: before}, text, ({path: after}, *others), may_refuse)


def _tagged(part: Part, tag: str) -> list[int]:
    return [at for at, line in enumerate(part.body) if line.startswith(tag) and line[1:].strip()]


@kind
def two_names(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    stem, dot, end = path.rpartition(".")
    other = rng.choice([f"{stem}_new{dot}{end}", f"{stem}.updated{dot}{end}", f"{stem}2{dot}{end}"])
    text = f"--- a/{path}\n+++ b/{other}\n{part.text()}\n"
    head = rng.choice(["", f"diff --git a/{path} b/{other}\n"])
    return _answer(path, before, after, head + text, {other: after})


@kind
def two_names_that_both_exist(rng: random.Random) -> Answer | None:
    path, before, _, part = _one_hunk(rng)
    other = path.replace(".", "_copy.")
    return Answer({path: before, other: before}, f"--- a/{path}\n+++ b/{other}\n{part.text()}\n", ())


@kind
def space_for_plus(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    where = _tagged(part, "+")
    if len(where) < 2 or not _tagged(part, " "):
        return None
    body, at = list(part.body), rng.choice(where)
    body[at] = " " + body[at][1:]
    return _answer(path, before, after, unified(path, [part.with_body(body)]))


@kind
def bom_in_patch(rng: random.Random) -> Answer | None:
    path, before, _, _ = _one_hunk(rng)
    first, *rest = before.split("\n")
    new = [f"{first} // changed"] if rng.random() < 0.5 else ["# a new first line", first]
    old_text, new_text = "\ufeff" + before, "\ufeff" + "\n".join([*new, *rest])
    found = parts(old_text, new_text)
    text = unified(path, found) if rng.random() < 0.6 else block(path, found[0])
    return _answer(path, old_text, new_text, text) if first.strip() else None


@kind
def bom_taken_out(rng: random.Random) -> Answer | None:
    path, before, _, _ = _one_hunk(rng)
    return (
        _answer(path, "\ufeff" + before, before, unified(path, parts("\ufeff" + before, before))) if before[0] > " " else None
    )


@kind
def stale_context_added(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    where = [at for at in _tagged(part, " ") if len(part.body[at]) > 8]
    if not where:
        return None
    body, at = list(part.body), rng.choice(where)
    body[at] = rng.choice([str.swapcase, lambda line: line[:-1], lambda line: line.replace("e", "a")])(body[at])
    if body[at] == part.body[at]:
        return None
    shorter = replace(part, count=part.count - 1, body=body)
    return _answer(path, before, after, unified(path, [shorter]), may_refuse=True)


@kind
def one_space_outdent(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    lines = [line for line in part.body if line[1:].strip()]
    if not all(line[1:2] == " " for line in lines) or BARE in part.body:
        return None
    body = [line[0] + line[2:] if line[1:].strip() else line for line in part.body]
    header = rng.choice([part.header(), "@@"])
    text = "\n".join([f"--- a/{path}", f"+++ b/{path}", header, *body]) + "\n"
    return _answer(path, before, after, text, may_refuse=True)


@kind
def blank_context_left_out(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    far = [
        at for at, line in enumerate(part.body)
        if line == " " and not any(other[:1] in ("+", "-") for other in part.body[max(at - 1, 0) : at + 2])
    ]  # fmt: skip
    kept = part.with_body([line for at, line in enumerate(part.body) if at not in far])
    if not far or not is_unique(before, kept):
        return None
    header = rng.choice([part.header(), "@@", kept.header()])
    return _answer(path, before, after, "\n".join([f"--- a/{path}", f"+++ b/{path}", header, *kept.body]) + "\n")


@kind
def stale_edge_plus_slip(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    body, at = list(part.body), rng.choice([0, -1])
    inner = part.with_body(body[1:] if at == 0 else body[:-1])
    if not body[at].startswith(" ") or len(body[at].strip()) < 8 or not _tagged(inner, " ") or not _tagged(part, "-"):
        return None
    body[at] = body[at][:-1] + ("d" if body[at][-1] != "d" else "s")
    if not is_unique(before, inner):
        return None
    off = rng.choice([-9, 3, 70])
    headers = ["@@", f"@@ -{max(part.start + off, 1)},{part.count} +{max(part.start + off, 1)},{part.new_count} @@"]
    headers.append(f"@@ -{part.start},{part.count + 4} +{part.new_start},{part.new_count + 1} @@")
    text = "\n".join([f"--- a/{path}", f"+++ b/{path}", rng.choice(headers), *body]) + "\n"
    return _answer(path, before, after, text, may_refuse=True)


@kind
def pieces_end_with_addition(rng: random.Random) -> Answer | None:
    """Two changes below one header, the second of which adds lines at its end."""
    path, before, _, first = _one_hunk(rng)
    lines = before.split("\n")
    top = first.start - 1 + first.count + 6
    if top >= len(lines) - 4 or not first.body[-1].startswith(" ") or first.start < 1 or BARE in first.body:
        return None
    at = rng.randint(top, len(lines) - 3)
    second = Part(at, 2, at, 3, [f" {lines[at - 1]}", f" {lines[at]}", "+# a line that is new"])
    if not is_unique(before, second) or not lines[at - 1].strip() or not lines[at].strip():
        return None
    after = "\n".join([*lines[: at + 1], "# a line that is new", *lines[at + 1 :]])
    body = [*first.body, *second.body]
    whole = Part(first.start, first.count + 2, first.new_start, first.new_count + 3, body)
    return _answer(path, before, _with(after, first), unified(path, [whole]), may_refuse=True)


@kind
def second_format_lost(rng: random.Random) -> Answer | None:
    one, before, after, part = _one_hunk(rng)
    two, old, new, other = _one_hunk(rng)
    if one == two or BARE in (*part.body, *other.body):
        return None
    envelope = "\n".join(["*** Begin Patch", f"*** Update File: {one}", "@@", *part.body, "*** End Patch", ""])
    small = block(two, other).replace("SEARCH", "search").replace("REPLACE", "replace")
    in_list = "".join(f"   {line}\n" if line else "\n" for line in block(two, other).split("\n")[:-1])
    texts = [
        f"{unified(one, [part])}\n{block(two, other)}", f"{block(one, part)}\n{unified(two, [other])}",
        f"{envelope}\n{unified(two, [other])}", f"{block(one, part)}\n{small}",
        f"1. First:\n\n{block(one, part)}\n2. Then:\n\n{in_list}",
        f"FILE: {one}\n{after}\n{block(two, other)}", f"FILE: {one}\n{after}\n{unified(two, [other])}",
    ]  # fmt: skip
    if re.search(r"^(?:={5,9}|FILE:.*)$", "\n".join((*part.body, *other.body, after)), flags=re.M):
        return None
    return Answer({one: before, two: old}, rng.choice(texts), ({one: after, two: new},), may_refuse=True)


@kind
def stray_divider(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    text = block(path, part)
    if BARE in part.body or text.count("\n=======\n") != 1:
        return None
    ways = [
        ("\n=======\n", "\n=======\n=======\n"), ("\n=======\n", "\n=======\n\n=======\n"), (">>>>>>>", "=======\n>>>>>>>"),
        (">>>>>>>", "==========\n>>>>>>>"), ("SEARCH\n", "SEARCH\n=======\n"),
    ]  # fmt: skip
    return _answer(path, before, after, text.replace(*rng.choice(ways), 1), may_refuse=True)


@kind
def elided_code_written(rng: random.Random) -> Answer | None:
    """What follows a change is not written out: the old text there may be kept, and nothing else be written."""
    path, before, after, part = _one_hunk(rng)
    mark = rng.choice([
        "# ... rest of the file unchanged ...", "// existing code", "[the rest of the file...]", "<!-- remains the same -->",
        "...",
    ])  # fmt: skip
    lines = after.split("\n")
    end = part.start - 1 + part.new_count
    if len(lines) - end < 8 or BARE in part.body:
        return None
    if rng.random() < 0.6:
        return Answer({path: before}, "\n".join([f"FILE: {path}", *lines[:end], mark, ""]), ({path: after},), may_refuse=True)
    old, new = sides(part)
    if len(new) < 5:
        return None
    shorter = [*new[:2], mark, new[-1]]
    text = "\n".join([path, "<<<<<<< SEARCH", *old, "=======", *shorter, ">>>>>>> REPLACE", ""])
    kept = "\n".join([*before.split("\n")[: part.start - 1], *shorter])
    return None if kept in before else Answer({path: before}, text, (), may_refuse=True)


@kind
def hunk_of_another_file(rng: random.Random) -> Answer | None:
    one, before, after, part = _one_hunk(rng)
    two, old, new, other = _one_hunk(rng)
    if one == two or BARE in (*part.body, *other.body):
        return None
    name = rng.choice([f"`{two}`", f"**{two}**", f"### {two}"])
    fenced = f"```diff\n{unified(one, [part])}```\n\n{name}\n```diff\n{other.text()}\n```\n"
    plain = f"{unified(one, [part])}\n{name}\n{other.text()}\n"
    return Answer({one: before, two: old}, rng.choice([fenced, plain]), ({one: after, two: new},), may_refuse=True)


@kind
def fence_language_as_path(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    head, fence = (
        rng.choice([f"### 1. `{path}`", f"**1. Change this file:** `{path}`"]),
        rng.choice(["python", "text", "typescript"]),
    )
    text = block(path, part).split("\n", 1)[1]
    return None if BARE in part.body else _answer(path, before, after, f"{head}\n\n```{fence}\n{text}```\n", may_refuse=True)


@kind
def line_numbers_copied(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    mark, old, new, body = rng.choice([": ", " | ", "\t", ":", "|"]), part.start, part.new_start, []
    for line in part.body:
        if line == BARE:
            return None
        body.append(f"{line[0]}{new if line[0] == '+' else old}{mark}{line[1:]}")
        old, new = old + (line[0] != "+"), new + (line[0] != "-")
    numbered = part.with_body(body)
    text = rng.choice([unified(path, [numbered]), block(path, numbered)])
    return _answer(path, before, after, text, may_refuse=True)


@kind
def done_elsewhere_by_number(rng: random.Random) -> Answer | None:
    """The result of the change stands where its number points to; what it changes stands somewhere else, once."""
    path, before, _, part = _one_hunk(rng)
    old, new = sides(part)
    if not _tagged(part, "-") or not _tagged(part, "+") or BARE in part.body:
        return None
    twin = "".join(f"{line}\n" for line in new)
    after = twin + _with(before, part)
    wrong = Part(1, part.count, 1, part.new_count, part.body)
    alone = "\n".join(old) not in twin and is_unique(twin + before, part)
    return _answer(path, twin + before, after, unified(path, [wrong]), may_refuse=True) if alone else None


@kind
def emptied_by_cut_answer(rng: random.Random) -> Answer | None:
    one, before, after, _ = _one_hunk(rng)
    two, old, _, _ = _one_hunk(rng)
    if one == two or "\nFILE:" in after:
        return None
    texts = [f"FILE: {one}\n{after}\nFILE: {two}\n", f"FILE: {two}\n\nFILE: {one}\n{after}"]
    return Answer({one: before, two: old}, rng.choice(texts), ())


@kind
def context_without_prefix_bare_header(rng: random.Random) -> Answer | None:
    path, before, after, part = _one_hunk(rng)
    if not _tagged(part, "-") or BARE in part.body or any(line[1:2] in ("+", "-", "\\", "@") for line in part.body):
        return None
    first = rng.randint(0, 1)
    body = [line[1:] if line.startswith(" ") and at >= first else line for at, line in enumerate(part.body)]
    diff = [f"--- a/{path}", f"+++ b/{path}", "@@", *body, ""]
    envelope = ["*** Begin Patch", f"*** Update File: {path}", "@@", *body, "*** End Patch", ""]
    return _answer(path, before, after, "\n".join(rng.choice([diff, envelope])), may_refuse=True)


@kind
def block_in_a_list(rng: random.Random) -> Answer | None:
    """Indented as a whole, and a new line of it is only spaces."""
    path, before, after, part = _one_hunk(rng)
    at = rng.randrange(len(part.body) + 1)
    depth = next((line[1 : len(line) - len(line[1:].lstrip())] for line in part.body[at:] if line[1:].strip()), "")
    part = part.with_body([*part.body[:at], f"+{depth}", *part.body[at:]])
    if not depth.startswith(" ") or not _tagged(part, "+"):
        return None
    after = _with(before, part)
    indent = " " * rng.choice([2, 3, 4])
    lines = block(path, part).split("\n")
    indented = [f"{indent}{line}" if line else "" for line in lines]
    heads = [f"1. Change it:\n\n{indent}{path}", f"- `{path}`:\n", f"2. In `{path}`:", f"* Then:\n{indent}```\n{indent}{path}"]
    head = rng.choice(heads)
    end = f"{indent}```\n" if "```" in head else ""
    return _answer(path, before, after, "\n".join([head, *indented[1:]]) + end)


@kind
def removed_beside_left_out(rng: random.Random) -> Answer | None:
    """Lines are removed directly above or below one that stands for others, in both parts of a block or in a diff."""
    edit, _ = _edit(rng)
    path, before = edit.path, edit.before
    lines = before.split("\n")
    if len(lines) < 16 or not path.endswith(".py"):
        return None
    start = rng.randrange(len(lines) - 14)
    shown = lines[start : start + 12]
    gone = rng.choice([2, 9])
    if any(lines.count(line) > 1 or not line.strip() for line in (*shown[:3], *shown[9:])):
        return None
    mark = rng.choice(["# ... existing code ...", "# ...", "...", "# ... rest unchanged ..."])
    body = [f" {line}" for line in (*shown[:3], mark, *shown[9:])]
    body[gone if gone == 2 else 4] = f"-{shown[gone]}"
    after = "\n".join([*lines[: start + gone], *lines[start + gone + 1 :]])
    part = Part(start + 1, len(body), start + 1, len(body) - 1, body)
    text = rng.choice([block(path, part), f"--- a/{path}\n+++ b/{path}\n@@\n" + "\n".join(body) + "\n"])
    return _answer(path, before, after, text)


@kind
def two_spaces_for_plus(rng: random.Random) -> Answer | None:
    """Two added lines have a space, or nothing, for their plus; the header counts them."""
    path, before, after, part = _one_hunk(rng)
    lost = _tagged(part, "+")[:2]
    if len(lost) < 2 or BARE in part.body:
        return None
    sign = rng.choice([" ", ""])
    body = [sign + line[1:] if at in lost else line for at, line in enumerate(part.body)]
    numbered = Part(part.start, part.count, part.new_start, part.new_count, body)
    return _answer(path, before, after, unified(path, [numbered]), may_refuse=True)

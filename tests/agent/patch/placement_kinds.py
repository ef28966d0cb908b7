"""Kinds of answers of which it is hard to say where they go. Each makes siblings by a seed, and by how they are made it is
known what is right: one of several trees, or only a refusal.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.agent.patch.diffs import BARE, Part, parts, sides, unified
from tests.agent.patch.languages import LANGUAGES, Source, source

MARK = "\ufeff"


@dataclass(frozen=True)
class Sibling:
    """``after`` are the trees that are right; without one only a refusal is. ``may_refuse``: a refusal is right too."""

    patch: str
    before: dict[str, str]
    after: tuple[dict[str, str], ...] = ()
    may_refuse: bool = False


Kind = Callable[[Source, random.Random], Sibling | None]
"""None where it can't happen to this file."""

KINDS: dict[str, Kind] = {}


def kind(function: Kind) -> Kind:
    KINDS[function.__name__] = function
    return function


def siblings(name: str, count: int) -> Iterator[Sibling]:
    """``count`` of one kind, in all languages, with both line ends, with and without a last newline."""
    made, seed = 0, 0
    while made < count:
        assert seed < 20 * count, f"{name} hardly ever happens"
        language = list(LANGUAGES)[seed % len(LANGUAGES)]
        rng = random.Random(f"{name}/{seed}")
        found = KINDS[name](source(language, rng), rng)
        seed += 1
        if found is not None:
            made += 1
            yield _crlf(found) if seed // len(LANGUAGES) % 3 == 1 and MARK not in found.patch else found


def _crlf(given: Sibling) -> Sibling:
    ended = {path: text.replace("\n", "\r\n") for path, text in given.before.items()}
    return replace(
        given, before=ended, after=tuple({k: v.replace("\n", "\r\n") for k, v in tree.items()} for tree in given.after)
    )


def _one(given: Source, patch: str, before: str, *after: str, may_refuse: bool = False) -> Sibling:
    return Sibling(patch, {given.path: before}, tuple({given.path: text} for text in after), may_refuse)


def _changed(given: Source, block: int, line: int, *new: str) -> Source:
    """With other lines in the place of a body line (counted from the block's first)."""
    blocks = [list(lines) for lines in given.blocks]
    at = given.body + line
    blocks[block][at : at + 1] = new
    return replace(given, blocks=blocks)


def _added(given: Source, block: int, line: int, *new: str) -> Source:
    return _changed(given, block, line, given.blocks[block][given.body + line], *new)


def _line(given: Source, text: str) -> str:
    return given.step + text


def _edited(given: Source, rng: random.Random) -> Source:
    """One body line of a middle block changed, and one added below it."""
    block = rng.choice([1, 2])
    old = given.blocks[block][given.body]
    return _changed(given, block, 0, old.replace("0", "7", 1) if "0" in old else old + " ", _line(given, "audit: on"))


def _edit(given: Source, rng: random.Random, context: int = 3) -> tuple[str, str, list[Part]]:
    before, after = given.text(), _edited(given, rng).text()
    if rng.random() < 0.25:
        before, after = before.removesuffix("\n"), after.removesuffix("\n")
    return before, after, parts(before, after, context)


def _bare(path: str, bodies: Sequence[Sequence[str]]) -> str:
    """Hunks without numbers."""
    return f"--- a/{path}\n+++ b/{path}\n" + "".join("@@\n" + "".join(f"{line}\n" for line in body) for body in bodies)


def _shifted(part: Part, by: int) -> Part:
    return replace(part, start=part.start + by, new_start=part.new_start + by)


@kind
def two_names(given: Source, rng: random.Random) -> Sibling | None:
    before, after, hunks = _edit(given, rng)
    stem, _, end = given.path.rpartition(".")
    other = rng.choice([f"{stem}_new.{end}", f"{stem}.updated.{end}", f"{stem}2.{end}", f"other/place.{end}"])
    names = [("a/" + given.path, "b/" + other), (given.path, other), ("a/" + other, "b/" + given.path)]
    old, new = rng.choice(names)
    date = rng.choice(["", "\t2025-02-01 10:00:00"])
    text = unified("", hunks, f"{old}{date}", f"{new}{date}")
    if rng.random() < 0.3 and old.startswith("a/"):
        text = f"diff --git {old} {new}\n{text}"
    return Sibling(text, {given.path: before}, ({given.path: after}, {other: after}))


@kind
def two_names_of_versions(given: Source, rng: random.Random) -> Sibling | None:
    before, after, hunks = _edit(given, rng)
    one, two = rng.choice([("-v1", "-v2"), (".old", ".new"), ("_v1", "_v2"), ("-before", "-after")])
    patch = unified("", hunks, given.path + one, given.path + two)
    return _one(given, patch, before, after, may_refuse=True)


@kind
def two_names_that_both_exist_or_none(given: Source, rng: random.Random) -> Sibling | None:
    before, _, hunks = _edit(given, rng)
    stem, _, end = given.path.rpartition(".")
    other = f"{stem}_new.{end}"
    if rng.random() < 0.5:
        return Sibling(unified("", hunks, f"a/{given.path}", f"b/{other}"), {given.path: before, other: before})
    return Sibling(unified("", hunks, f"a/x{other}", f"b/y{other}"), {given.path: before, "z/" + other: before})


@kind
def space_for_plus(given: Source, rng: random.Random) -> Sibling | None:
    """The counts say that one more line is added than has a plus."""
    before, after, hunks = _edit(given, rng)
    body = list(hunks[0].body)
    at = max(at for at, line in enumerate(body) if line.startswith("+"))
    if body[at] != "+" + _line(given, "audit: on") or BARE in body:
        return None
    body[at] = " " + body[at][1:]
    return _one(given, unified(given.path, [hunks[0].with_body(body)]), before, after)


@kind
def plus_that_left_nothing(given: Source, rng: random.Random) -> Sibling | None:
    before, after, hunks = _edit(given, rng)
    body = list(hunks[0].body)
    at = max(at for at, line in enumerate(body) if line.startswith("+"))
    if BARE in body:
        return None
    body[at] = body[at][1:]
    return _one(given, unified(given.path, [hunks[0].with_body(body)]), before, after)


@kind
def byte_order_mark(given: Source, rng: random.Random) -> Sibling | None:
    """The first line is changed in a file with a mark; the answer shows the mark on both sides, or not at all."""
    text = given.text()
    first, rest = text.split("\n", 1)
    head = rng.choice(["", "# a note\n"])
    before, after = f"{MARK}{text}", f"{MARK}{head}{first} x\n{rest}"
    shown = rng.random() < 0.7
    hunks = parts(before, after) if shown else parts(text, after.removeprefix(MARK))
    if rng.random() < 0.4:
        return _one(given, _block_of(given.path, hunks[0]), before, after)
    return _one(given, unified(given.path, hunks), before, after)


@kind
def byte_order_mark_taken_out(given: Source, rng: random.Random) -> Sibling | None:
    text = given.text()
    new = text if rng.random() < 0.6 else text.replace("\n", " x\n", 1)
    return _one(given, unified(given.path, parts(MARK + text, new)), MARK + text, new)


@kind
def byte_order_mark_of_a_change_that_is_made(given: Source, rng: random.Random) -> Sibling | None:
    """Applied before: nothing is added a second time."""
    text = MARK + given.text()
    new = f"{MARK}# a note\n{given.text()}"
    return _one(given, unified(given.path, parts(text, new)), new, new, may_refuse=True)


def _block_of(path: str, part: Part) -> str:
    old, new = ("".join(f"{line}\n" for line in side) for side in sides(part))
    return f"{path}\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"


def _slip_of(line: str, rng: random.Random) -> str:
    """Nearly the line: a letter more, or another case of it."""
    text = line.strip()
    at = rng.randrange(1, max(len(text) - 1, 2))
    start = line.index(text)
    return rng.choice([line[: start + at] + "s" + line[start + at :], line[:start] + text.swapcase()])


@kind
def stale_context_added(given: Source, rng: random.Random) -> Sibling | None:
    """The outermost line of context is a slip, and the count of old lines is one short: it is not new code."""
    before, after, hunks = _edit(given, rng, rng.choice([1, 2, 3]))
    body = list(hunks[0].body)
    at = rng.choice([0, -1])
    if not body[at].startswith(" ") or not body[at].strip() or BARE in body:
        return None
    body[at] = " " + _slip_of(body[at][1:], rng)
    if body[at][1:] in before.split("\n"):
        return None
    return _one(
        given, unified(given.path, [replace(hunks[0], count=hunks[0].count - 1, body=body)]), before, after, may_refuse=True
    )


def _outdented(body: Sequence[str]) -> list[str] | None:
    if any(line[1:2] not in (" ", "") for line in body):
        return None
    return [line[0] + line[2:] for line in body]


@kind
def one_space_outdent(given: Source, rng: random.Random) -> Sibling | None:
    """A comment of lines with a space before each, and code in steps: outdented by one space as a whole."""
    names = [name for block in given.blocks for name in [block[0].split("(")[0].split()[-1]]]
    lines = [f" {rng.choice('*-')} {name} is here" for name in names]
    comment = ["/*", *lines, " */", *given.text().split("\n")]
    at = rng.choice([1, 2])
    new = [*comment[: at + 1], comment[at][:3] + "a new remark", *comment[at + 1 :]]
    if rng.random() < 0.4:
        new[at] = comment[at] + " now"
    before, after = "\n".join(comment), "\n".join(new)
    part = parts(before, after, 1)[0]
    body = _outdented(part.body)
    if body is None or len(set(lines)) < len(lines):
        return None
    numbers = rng.random() < 0.6
    return _one(given, unified(given.path, [part.with_body(body)]) if numbers else _bare(given.path, [body]), before, after)


@kind
def code_outdented_by_one_space(given: Source, rng: random.Random) -> Sibling | None:
    """The lines of a block's body, all one space too near to the margin, without numbers."""
    text, block = given.text(), given.blocks[rng.choice([0, 1, 2, 3])]
    one, two = block[given.body : given.body + 2]
    body = _outdented([f" {one}", f"-{two}", f"+{two} x", f"+{_line(given, 'audit: on')}"])
    after = text.replace(f"{two}\n", f"{two} x\n{_line(given, 'audit: on')}\n", 1)
    return None if body is None or text.count(two) != 1 else _one(given, _bare(given.path, [body]), text, after)


@kind
def context_without_its_prefix(given: Source, rng: random.Random) -> Sibling | None:
    """The other reading: context has lost its space, and what is added has the indentation that it shall have."""
    before, after, hunks = _edit(given, rng)
    body = [line[1:] if line.startswith(" ") else line for line in hunks[0].body]
    return None if BARE in body else _one(given, unified(given.path, [hunks[0].with_body(body)]), before, after)


@kind
def context_without_prefix_bare_header(given: Source, rng: random.Random) -> Sibling | None:
    """Lines at the margin that lost their space, below a header without numbers, beside added lines."""
    lines = [f"{word} = {at}" for at, word in enumerate(block[0].split("(")[0].split()[-1] for block in given.blocks)]
    text = "".join(f"{line}\n" for line in lines) + given.text()
    new = text.replace(lines[1], lines[1] + "0", 1)
    body = [f"{lines[0]}", f"-{lines[1]}", f"+{lines[1]}0", f"{lines[2]}"]
    if rng.random() < 0.4:
        body[0] = " " + body[0]
    patch = _bare(given.path, [body])
    if rng.random() < 0.5:
        patch = f"*** Begin Patch\n*** Update File: {given.path}\n@@\n" + "".join(f"{x}\n" for x in body) + "*** End Patch\n"
    return _one(given, patch, text, new, may_refuse=True)


@kind
def blank_context_left_out(given: Source, rng: random.Random) -> Sibling | None:
    before, after, hunks = _edit(given, rng, 6)
    body = [line for line in hunks[0].body if line.strip() or line[0] in "+-"]
    if body == hunks[0].body:
        return None
    way = rng.choice(["numbers", "bare", "block", "own counts"])
    if way == "block":
        return None if BARE in body else _one(given, _block_of(given.path, hunks[0].with_body(body)), before, after)
    if way == "bare":
        return _one(given, _bare(given.path, [body]), before, after)
    cut = hunks[0].with_body(body)
    old, new = sides(cut)
    cut = replace(cut, count=len(old), new_count=len(new)) if way == "own counts" else cut
    return _one(given, unified(given.path, [cut]), before, after)


@kind
def blank_context_too_many(given: Source, rng: random.Random) -> Sibling | None:
    before, after, hunks = _edit(given, rng, 4)
    body: list[str] = []
    for at, line in enumerate(hunks[0].body):
        body.append(line)
        if line.startswith(" ") and hunks[0].body[at + 1 : at + 2] and hunks[0].body[at + 1].startswith(" "):
            body += [" "] * (rng.random() < 0.5)
    return None if body == hunks[0].body else _one(given, _bare(given.path, [body]), before, after)


@kind
def blank_line_beside_an_addition(given: Source, rng: random.Random) -> Sibling | None:
    """What is added stands next to a blank line that is left out: either side of it is right."""
    text = given.text()
    block = rng.choice([0, 1, 2])
    last, first = given.blocks[block][-1], given.blocks[block + 1][0]
    lead = given.blocks[block][-2]
    body = [f" {lead}", f" {last}", "+# a note", f" {first}"]
    old = f"{last}\n\n{first}\n"
    if text.count(f"{lead}\n{old}") != 1:
        return None
    ways = (f"{last}\n# a note\n\n{first}\n", f"{last}\n\n# a note\n{first}\n")
    return _one(given, _bare(given.path, [body]), text, *(text.replace(old, way) for way in ways), may_refuse=True)


@kind
def blank_lines_of_twins(given: Source, rng: random.Random) -> Sibling | None:
    """Two places, once blank lines are ignored."""
    twin = [line for at in range(2) for line in ("key", "", "value", f"other {at}", "")]
    lines = [*given.text().split("\n"), *twin]
    return _one(given, _bare(given.path, [[" key", "-value", "+VALUE"]]), "\n".join(lines))


def _stale(given: Source, rng: random.Random) -> tuple[str, str, Part] | None:
    before, after, hunks = _edit(given, rng, 4)
    body = list(hunks[0].body)
    if BARE in body or not body[-1].strip() or body[-1][0] != " ":
        return None
    body[-1] = " " + _slip_of(body[-1][1:], rng)
    return (before, after, hunks[0].with_body(body)) if body[-1][1:] not in before.split("\n") else None


@kind
def stale_edge_plus_slip(given: Source, rng: random.Random) -> Sibling | None:
    """The last line of context is a slip, and there is a second one."""
    made = _stale(given, rng)
    if made is None:
        return None
    before, after, part = made
    way = rng.choice(["no numbers", "wrong numbers", "wrong counts", "blank lines", "trailing space"])
    if way == "wrong numbers":
        return _one(given, unified(given.path, [_shifted(part, rng.choice([3, 40, 70]))]), before, after)
    if way == "wrong counts":
        return _one(
            given, unified(given.path, [replace(part, count=part.count + 4, new_count=part.new_count - 1)]), before, after
        )
    body = [line for line in part.body if line.strip() or line[0] in "+-"] if way == "blank lines" else part.body
    body = [f"{line} " if line[0] in " -" else line for line in body] if way == "trailing space" else body
    return _one(given, _bare(given.path, [body]), before, after)


@kind
def context_of_another_place(given: Source, rng: random.Random) -> Sibling | None:
    """What is removed is there, most of what is around it is not."""
    text, removed = given.text(), given.blocks[1][given.body]
    body = [" proc totally(different: int) =", ' echo "other"', f"-{removed}", f"+{removed} x", " while true:", "   discard"]
    return _one(given, _bare(given.path, [body]), text)


@kind
def head_of_another_place(given: Source, rng: random.Random) -> Sibling | None:
    """The head above what is changed is another one's: not the place that was meant."""
    text, block = given.text(), given.blocks[2]
    head = block[0].replace("load", "save").replace("Load", "Save")
    if head == block[0]:
        return None
    body = [f" {head}", *(f" {line}" for line in block[1 : given.body]), f"-{block[given.body]}", f"+{block[given.body]} x",
            f" {block[given.body + 1]}"]  # fmt: skip
    return _one(given, _bare(given.path, [body]), text)


@kind
def pieces_end_with_addition(given: Source, rng: random.Random) -> Sibling | None:
    """Two edits under one header, the second of which only adds, at its end."""
    text = given.text()
    first, last = given.blocks[0], given.blocks[3]
    old, tail = first[given.body], last[-2:]
    body = [
        f" {first[0]}",
        *(f" {line}" for line in first[1 : given.body]),
        f"-{old}",
        f"+{old} x",
        f" {first[given.body + 1]}",
    ]
    body += [*(f" {line}" for line in tail), "+# the end"]
    if text.count("\n".join(tail)) != 1:
        return None
    after = text.replace(old + "\n", old + " x\n", 1) + "# the end\n"
    return _one(given, _bare(given.path, [body]), text, after)


@kind
def lines_of_another_file(given: Source, rng: random.Random) -> Sibling | None:
    """A hunk below the heading of a file that hasn't its lines; another file of the answer has."""
    before, _, hunks = _edit(given, rng)
    other = f"lib/other.{given.path.rpartition('.')[2]}"
    text = "first line\nsecond line\nthird line\n"
    patch = unified(other, [Part(1, 3, 1, 3, [" first line", "-second line", "+2nd line", " third line"]), *hunks])
    return Sibling(patch, {given.path: before, other: text})


@kind
def line_numbers_copied(given: Source, rng: random.Random) -> Sibling | None:
    before, after, hunks = _edit(given, rng)
    mark = rng.choice([": ", " | ", "| ", "\t", ":"])
    old, new, body = hunks[0].start, hunks[0].new_start, []
    for line in hunks[0].body:
        if line == BARE:
            return None
        body.append(f"{line[0]}{new if line[0] == '+' else old}{mark}{line[1:]}")
        old, new = old + (line[0] != "+"), new + (line[0] != "-")
    way = rng.choice(["numbers", "bare", "block"])
    part = hunks[0].with_body(body)
    if way == "block":
        return _one(given, _block_of(given.path, part), before, after, may_refuse=True)
    patch = unified(given.path, [part]) if way == "numbers" else _bare(given.path, [body])
    return _one(given, patch, before, after, may_refuse=True)


@kind
def line_numbers_of_the_file(given: Source, rng: random.Random) -> Sibling | None:
    """The file's own lines begin with numbers: they stay."""
    lines = [f"{at}: {block[0]}" for at, block in enumerate(given.blocks, 1)]
    before = "".join(f"{line}\n" for line in lines)
    after = before.replace(lines[1], lines[1] + " now")
    return replace(_one(given, "", before, after), patch=unified(given.path, parts(before, after)))


@kind
def done_elsewhere_by_number(given: Source, rng: random.Random) -> Sibling | None:
    """The number points at a twin that has the change already; what it removes stands in one other place."""
    pair = [f"[{name}]" for name in ("dev", "prod")]
    head = given.blocks[0][given.body]
    twin = [pair[0], head, "port = 2", "", pair[1], head, "port = 1", ""]
    before = "\n".join(twin)
    after = before.replace("port = 1", "port = 2")
    body = [f" {head}", "-port = 1", "+port = 2"]
    return _one(given, unified(given.path, [Part(2, 2, 2, 2, body)]), before, after, may_refuse=True)


@kind
def done_at_its_place(given: Source, rng: random.Random) -> Sibling | None:
    """Sent a second time: nothing is done twice, and nothing is refused."""
    _, after, hunks = _edit(given, rng)
    return _one(given, unified(given.path, hunks), after, after)

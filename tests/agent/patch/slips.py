"""Slips of models that can be done one after another to one answer, each with a seed: answers have chains of them.

A slip is a function that is registered by its name; ``errors`` has errors that fill an answer alone. Whatever the chain, it is
known what was meant: a slip after which nobody could tell gives None and does not happen.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.agent.patch.diffs import BARE, Part, parts, sides

Slip = Callable[["Draft", random.Random], "Draft | None"]
"""None where the slip can't happen to this answer."""

SLIPS: dict[str, Slip] = {}
FORMS = ("unified", "search_replace", "envelope")
ELISIONS = ("# ... existing code ...", "// ... rest of the code unchanged ...", "<!-- remains the same -->")


def slip(function: Slip) -> Slip:
    SLIPS[function.__name__] = function
    return function


@dataclass(frozen=True)
class Draft:
    """An answer about one file in parts: ``before`` is what the tree holds, ``after`` what was meant. ``header`` writes a
    hunk's first line. ``losses`` take prefixes off the bodies once nothing else needs them, ``changes`` alter the text."""

    path: str
    before: str
    after: str
    hunks: tuple[Part, ...]
    form: str
    names: tuple[str, str]
    header: Callable[[Part], str] = Part.header
    losses: tuple[Callable[[int, list[str]], list[str]], ...] = ()
    changes: tuple[Callable[[str], str], ...] = ()

    def text(self) -> str:
        """The answer."""
        bodies = [list(part.body) for part in self.hunks]
        for loss in self.losses:
            bodies = [loss(number, body) for number, body in enumerate(bodies)]
        bare_ones = replace(self, hunks=tuple(map(Part.with_body, self.hunks, bodies)))
        text = _WRITERS[self.form](bare_ones)
        for change in self.changes:
            text = change(text)
        return text

    def numbered(self) -> bool:
        return self.form == "unified" and self.header is Part.header

    def with_bodies(self, change: Callable[[list[str]], list[str]]) -> Draft:
        return replace(self, hunks=tuple(part.with_body(change(list(part.body))) for part in self.hunks))

    def losing(self, loss: Callable[[int, list[str]], list[str]]) -> Draft | None:
        return replace(self, losses=(*self.losses, loss)) if self.form != "search_replace" else None

    def then(self, change: Callable[[str], str]) -> Draft:
        return replace(self, changes=(*self.changes, change))


def draft(path: str, before: str, after: str, form: str, context: int) -> Draft:
    """The answer without a slip."""
    return Draft(path, before, after, tuple(parts(before, after, context)), form, (f"a/{path}", f"b/{path}"))


def block(path: str, part: Part) -> str:
    old, new = ("".join(f"{line}\n" for line in side) for side in sides(part))
    return f"{path}\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"


def _unified(given: Draft) -> str:
    hunks = "".join("\n".join([given.header(part), *part.body]) + "\n" for part in given.hunks)
    return f"--- {given.names[0]}\n+++ {given.names[1]}\n{hunks}"


def _blocks(given: Draft) -> str:
    return "\n".join(block(given.path, part) for part in given.hunks)


def _envelope(given: Draft) -> str:
    body = "".join("@@\n" + "".join(f"{line}\n" for line in part.body if line != BARE) for part in given.hunks)
    return f"*** Begin Patch\n*** Update File: {given.path}\n{body}*** End Patch\n"


_WRITERS: dict[str, Callable[[Draft], str]] = {"unified": _unified, "search_replace": _blocks, "envelope": _envelope}


def bare(lines: Sequence[str]) -> list[str]:
    """What is left of lines where neither space nor blank ones count."""
    return [" ".join(line.split()) for line in lines if line.strip()]


def is_unique(before: str, part: Part) -> bool:
    """Whether what the hunk shows of the file stands there once, however spaces are counted."""
    old, lines = bare(sides(part)[0]), bare(before.split("\n"))
    return bool(old) and sum(lines[at : at + len(old)] == old for at in range(len(lines) - len(old) + 1)) == 1


def all_unique(given: Draft) -> bool:
    return all(is_unique(given.before, part) for part in given.hunks)


def _counts_hold(part: Part) -> bool:
    return (part.count, part.new_count) == tuple(map(len, sides(part)))


def _context(body: Sequence[str]) -> list[int]:
    return [at for at, line in enumerate(body) if line.startswith(" ")]


@slip
def git_header(given: Draft, rng: random.Random) -> Draft | None:
    head = f"diff --git a/{given.path} b/{given.path}\nindex 1111111..2222222 100644\n"
    return given.then(lambda text: head + text) if given.form == "unified" else None


@slip
def other_prefix(given: Draft, rng: random.Random) -> Draft | None:
    old, new = rng.choice([("", ""), ("b/", "a/"), ("project-1.0/", "project-1.1/"), ("./", "./")])
    return replace(given, names=(old + given.path, new + given.path))


@slip
def decorated_path(given: Draft, rng: random.Random) -> Draft | None:
    left, right = rng.choice([("`", "`"), ("**", "**"), ("", "\t2024-05-01 10:00:00.000000000 +0000"), ("", " (modified)")])
    old, new = given.names
    return replace(given, names=(f"{left}{old}{right}", f"{left}{new}{right}"))


@slip
def two_names(given: Draft, rng: random.Random) -> Draft | None:
    stem, dot, end = given.path.rpartition(".")
    return replace(given, names=(f"a/{given.path}", f"b/{stem}_new{dot}{end}"))


@slip
def wrong_counts(given: Draft, rng: random.Random) -> Draft | None:
    more, less = rng.randint(-2, 4), rng.randint(-2, 4)
    if not given.numbered() or not all_unique(given):
        return None
    return replace(given, hunks=tuple(
        replace(part, count=max(part.count + more, 0), new_count=max(part.new_count + less, 0)) for part in given.hunks
    ))  # fmt: skip


@slip
def no_numbers(given: Draft, rng: random.Random) -> Draft | None:
    head = rng.choice(["@@", "@@ @@", "@@ ... @@", "@@ update the code here @@"])
    return replace(given, header=lambda part: head)


@slip
def wrong_line_numbers(given: Draft, rng: random.Random) -> Draft | None:
    off = rng.choice([-5, -2, -1, 1, 2, 7, 300])
    if not given.numbered() or not all_unique(given):
        return None
    hunks = (replace(one, start=max(one.start + off, 1), new_start=max(one.new_start + off, 1)) for one in given.hunks)
    return replace(given, hunks=tuple(hunks))


@slip
def fenced(given: Draft, rng: random.Random) -> Draft | None:
    info = rng.choice(["diff", "", "text"])
    return given.then(lambda text: f"Here it is:\n\n```{info}\n{text}```\n\nRun the tests.\n")


@slip
def prose_around(given: Draft, rng: random.Random) -> Draft | None:
    return given.then(lambda text: f"I changed one file.\n\n{text}\nThis is all that was needed.\n")


@slip
def crlf_answer(given: Draft, rng: random.Random) -> Draft | None:
    return given.then(lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"))


@slip
def crlf_file(given: Draft, rng: random.Random) -> Draft | None:
    if "\r" in given.before:
        return None
    return replace(given, before=given.before.replace("\n", "\r\n"), after=given.after.replace("\n", "\r\n"))


@slip
def mark_of_byte_order(given: Draft, rng: random.Random) -> Draft | None:
    """The file has one, and the answer may show it where it shows the first line."""
    if given.before.startswith("\ufeff") or not given.after:  # an empty file has a mark or none, who can tell
        return None
    marked = replace(given, before="\ufeff" + given.before, after="\ufeff" + given.after)
    if rng.random() < 0.5:
        return marked
    hunks = [_marked(part) if part.start <= 1 else part for part in given.hunks]
    return replace(marked, hunks=tuple(part for part in hunks if part is not None)) if None not in hunks else None


def _marked(part: Part) -> Part | None:
    """With the mark on the first line of both sides; None where a line of context would have it on one side only."""
    old, new = (next((at for at, line in enumerate(part.body) if line[:1] in tags), None) for tags in (" -", " +"))
    if old is None or new is None or (old != new and " " in (part.body[old][0], part.body[new][0])):
        return None
    return part.with_body([line[0] + "\ufeff" + line[1:] if at in (old, new) else line for at, line in enumerate(part.body)])


@slip
def reduced_context(given: Draft, rng: random.Random) -> Draft | None:
    """Context is cut, the header is not."""
    hunks = []
    for part in given.hunks:
        body = list(part.body)
        while rng.random() < 0.6 and len(body) > 2 and body[0].startswith(" ") and body[1].startswith(" "):
            body.pop(0)
        while rng.random() < 0.6 and len(body) > 2 and body[-1].startswith(" ") and body[-2].startswith(" "):
            body.pop()
        hunks.append(part.with_body(body))
    cut = replace(given, hunks=tuple(hunks))
    return cut if all_unique(cut) else None


@slip
def hunks_in_any_order(given: Draft, rng: random.Random) -> Draft | None:
    return replace(given, hunks=tuple(rng.sample(given.hunks, len(given.hunks)))) if len(given.hunks) > 1 else None


@slip
def hunk_repeated(given: Draft, rng: random.Random) -> Draft | None:
    return replace(given, hunks=(*given.hunks, rng.choice(given.hunks)))


@slip
def edits_under_one_header(given: Draft, rng: random.Random) -> Draft | None:
    if len(given.hunks) < 2 or not all_unique(given) or given.form == "search_replace":
        return None
    body = [line for part in given.hunks for line in part.body]
    first = given.hunks[0]
    count, new = sum(part.count for part in given.hunks), sum(part.new_count for part in given.hunks)
    return replace(given, hunks=(Part(first.start, count, first.new_start, new, body),))


@slip
def stale_edge(given: Draft, rng: random.Random) -> Draft | None:
    """The outermost line of context is not what the file has."""

    def change(body: list[str]) -> list[str]:
        at = rng.choice([0, -1])
        if len(body) > 2 and body[at].startswith(" ") and len(body[at].strip()) > 4:
            body[at] = body[at][:-1] + "ee"
        return body

    return given.with_bodies(change)


@slip
def stale_context_added(given: Draft, rng: random.Random) -> Draft | None:
    """A line of context is not what the file has, and the count of the old lines is one short."""
    part = given.hunks[0]
    where = [at for at in _context(part.body) if len(part.body[at].strip()) > 4]
    if not where or not given.numbered():
        return None
    body, at = list(part.body), rng.choice(where)
    body[at] = body[at].swapcase() if body[at].swapcase() != body[at] else body[at] + "x"
    return replace(given, hunks=(replace(part, count=part.count - 1, body=body), *given.hunks[1:]))


@slip
def indented_deeper(given: Draft, rng: random.Random) -> Draft | None:
    more = rng.choice(["  ", "    ", "\t"])
    if not all_unique(given):
        return None  # what another line is like, or what shows no line, tells nobody
    return given.with_bodies(lambda body: [line[0] + more + line[1:] if line[1:].strip() else line for line in body])


@slip
def outdented(given: Draft, rng: random.Random) -> Draft | None:
    return _outdented(given, rng.choice([2, 4]))


@slip
def one_space_outdent(given: Draft, rng: random.Random) -> Draft | None:
    return _outdented(given, 1)


def _outdented(given: Draft, size: int) -> Draft | None:
    lines = [line[1:] for part in given.hunks for line in part.body if line[1:].strip() and line != BARE]
    if not all_unique(given):
        return None
    if any(line[:size].strip(" ") or len(line) <= size for line in lines):
        return None
    return given.with_bodies(lambda body: [line[0] + line[1 + size :] if line[1:].strip() else line for line in body])


@slip
def trailing_space(given: Draft, rng: random.Random) -> Draft | None:
    return given.with_bodies(
        lambda body: [line + " " * rng.randint(0, 2) if line[0] in " -" and line != BARE else line for line in body]
    )


@slip
def curly_quotes(given: Draft, rng: random.Random) -> Draft | None:
    def curl(text: str) -> str:
        return re.sub(r"'([^']*)'", "‘\\1’", re.sub(r'"([^"]*)"', "“\\1”", text))

    return given.with_bodies(lambda body: [line[0] + curl(line[1:]) if line[0] in " -" else line for line in body])


@slip
def added_line_without_prefix(given: Draft, rng: random.Random) -> Draft | None:
    """Without counts it looks like context wherever the file has such a line."""
    if not given.numbered():
        return None
    return given.losing(_one_added(rng, lambda line: line[1:]))


@slip
def space_for_plus(given: Draft, rng: random.Random) -> Draft | None:
    """Without counts it is context."""
    if not given.numbered():
        return None
    return given.losing(_one_added(rng, lambda line: " " + line[1:]))


def _one_added(rng: random.Random, change: Callable[[str], str]) -> Callable[[int, list[str]], list[str]]:
    """Done to one of the added lines of the first hunk that has some."""
    chosen, done = rng.random(), [False]

    def loss(number: int, body: list[str]) -> list[str]:
        done[0] &= number > 0
        where = [at for at, line in enumerate(body) if line.startswith("+") and line[1:].strip()]
        if where and not done[0]:
            at = where[int(chosen * len(where))]
            body[at], done[0] = change(body[at]), True
        return body

    return loss


@slip
def blank_line_without_prefix(given: Draft, rng: random.Random) -> Draft | None:
    return given.losing(lambda _, body: _blank_ones_bare(body, " "))


@slip
def blank_added_line_without_prefix(given: Draft, rng: random.Random) -> Draft | None:
    """Where the counts tell that it is added."""
    if not given.numbered() or not all(map(_counts_hold, given.hunks)):
        return None
    return given.losing(lambda _, body: _blank_ones_bare(body, "+"))


def _blank_ones_bare(body: list[str], tag: str) -> list[str]:
    """But for those at a hunk's end: nobody could tell them from blank lines after it."""
    last = max((at for at, line in enumerate(body) if line[1:].strip()), default=0)
    return ["" if line == tag and at < last else line for at, line in enumerate(body)]


@slip
def context_without_prefix(given: Draft, rng: random.Random) -> Draft | None:
    first = int(rng.random() < 0.5)

    def loss(_: int, body: list[str]) -> list[str]:
        return [line[1:] if line.startswith(" ") and at >= first else line for at, line in enumerate(body)]

    # before others, after which an added line may look like one of context
    return replace(given, losses=(loss, *given.losses)) if given.form != "search_replace" else None


@slip
def blank_context_left_out(given: Draft, rng: random.Random) -> Draft | None:
    def change(body: list[str]) -> list[str]:
        return [
            line for at, line in enumerate(body)
            if line != " " or any(other[:1] in "+-" for other in body[max(at - 1, 0) : at + 2])
        ]  # fmt: skip

    left = given.with_bodies(change)
    return left if left != given and all_unique(left) else None


@slip
def lines_above_changed(given: Draft, rng: random.Random) -> Draft | None:
    """The file has new lines at its top since it was read."""
    if not all_unique(given) or given.before.startswith("\ufeff"):
        return None
    end = "\r\n" if "\r\n" in given.before else "\n"
    more = "".join(f"# a new line {at}{end}" for at in range(rng.randint(1, 12)))
    return replace(given, before=more + given.before, after=more + given.after)


@slip
def line_numbers_copied(given: Draft, rng: random.Random) -> Draft | None:
    """As tools show a file: each line with its number, in the form of one of them."""
    mark = rng.choice([": ", " | ", "\t"])

    def numbered(part: Part) -> Part:
        old, new, body = part.start, part.new_start, []
        for line in part.body:
            if line == BARE:
                return part
            body.append(f"{line[0]}{new if line[0] == '+' else old}{mark}{line[1:]}")
            old, new = old + (line[0] != "+"), new + (line[0] != "-")
        return part.with_body(body)

    return replace(given, hunks=tuple(map(numbered, given.hunks)))


@slip
def stray_divider(given: Draft, rng: random.Random) -> Draft | None:
    if given.form != "search_replace":
        return None
    mark = rng.choice(["=======\n>>>>>>> REPLACE", "=======\n======="])
    old = ">>>>>>> REPLACE" if mark.endswith("REPLACE") else "======="
    return given.then(lambda text: text.replace(old, mark, 1))


@slip
def second_format(given: Draft, rng: random.Random) -> Draft | None:
    """The last hunk comes in another format than the others."""
    if len(given.hunks) < 2 or not all_unique(given) or given.form == "search_replace":
        return None
    last, path = given.hunks[-1], given.path
    return replace(given, hunks=given.hunks[:-1]).then(lambda text: f"{text}\n{block(path, last)}")


@slip
def small_marks(given: Draft, rng: random.Random) -> Draft | None:
    """Markers in lower case, or with other numbers of characters."""
    if given.form != "search_replace":
        return None
    ways: list[Callable[[str], str]] = [
        lambda text: text.replace("<<<<<<< SEARCH", "<<<<<<< search").replace(">>>>>>> REPLACE", ">>>>>>> replace"),
        lambda text: text.replace("<<<<<<< SEARCH", "<<<< SEARCH").replace(">>>>>>> REPLACE", ">>>> REPLACE"),
        lambda text: text.replace("<<<<<<< SEARCH", "<<<<<<< search", 1),
    ]
    return given.then(rng.choice(ways))


@slip
def elided_context(given: Draft, rng: random.Random) -> Draft | None:
    """A comment stands for lines in the middle of the context."""
    if given.form == "search_replace":
        return None
    mark = rng.choice(["...", "# ... rest unchanged ...", "// existing code"])

    def change(body: list[str]) -> list[str]:
        runs = [at for at in _context(body) if 0 < at < len(body) - 1 and body[at - 1][0] == body[at + 1][0] == " "]
        return [f" {mark}" if at in runs[:1] else line for at, line in enumerate(body)]

    return given.with_bodies(change)


@slip
def elided_new_lines(given: Draft, rng: random.Random) -> Draft | None:
    """What shall be written has a comment in the place of code: never the right text."""
    mark = rng.choice(ELISIONS)
    change = _one_added(rng, lambda line: f"+{line[1 : 1 + len(line[1:]) - len(line[1:].lstrip())]}{mark}")
    return replace(given, hunks=tuple(part.with_body(change(at, list(part.body))) for at, part in enumerate(given.hunks)))


@slip
def cut_off(given: Draft, rng: random.Random) -> Draft | None:
    """The answer ends before its end."""
    if given.form == "unified":
        return None  # where its last hunk ends, nothing else would
    return given.then(lambda text: text[: text.rfind("\n", 0, len(text.rstrip()) - 1) + 1])

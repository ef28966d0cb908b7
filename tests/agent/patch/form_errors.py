"""What models do to the form of an answer: several formats at once, damaged marks, code that is left out, marks copied along.

Like ``errors``, of which they are a part: each is a function that does it to a correct edit, with a seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.agent.patch.corpus import Edit
from tests.agent.patch.damage import Damaged, error, of_blocks, unique
from tests.agent.patch.diffs import BARE, parts, sides, unified

OTHER = "second_file.txt"
_BEFORE, _AFTER = "alpha\nbeta\ngamma\n", "alpha\nBETA\ngamma\n"
_HUNK = "@@ -1,3 +1,3 @@\n alpha\n-beta\n+BETA\n gamma\n"


def _second(rng: random.Random) -> str:
    """An edit of the second file, in some format, its marks as models damage them so that they can still be read."""
    left, right, even = rng.choice([("<" * 7, ">" * 7, "=" * 7), ("<" * 4, ">" * 4, "=" * 4), ("<" * 6, ">" * 8, "=" * 6)])
    search, replace = rng.choice([("SEARCH", "REPLACE"), ("search", "replace"), ("Search", "Replace"), ("ORIGINAL", "UPDATED")])
    block = f"{OTHER}\n{left} {search}\nbeta\n{even}\nBETA\n{right} {replace}\n"
    return rng.choice(
        [
            block,
            f"Then:\n\n{_indented(block, 3)}",
            f"- `{OTHER}`:\n\n{_indented(block, rng.choice([2, 4]))}",
            f"### `{OTHER}`\n\n```text\n{block.removeprefix(OTHER).lstrip()}```\n",
            f"--- a/{OTHER}\n+++ b/{OTHER}\n{_HUNK}",
            f"Also:\n\n   ```diff\n{_indented(f'--- {OTHER}{chr(10)}+++ {OTHER}{chr(10)}{_HUNK}', 3)}   ```\n",
            f"*** Begin Patch\n*** Update File: {OTHER}\n@@\n alpha\n-beta\n+BETA\n*** End Patch\n",
            f"*** begin patch\n*** update file: {OTHER}\n@@\n-beta\n+BETA\n*** end patch\n",
            f"FILE: {OTHER}\n{_AFTER}",
            f"**FILE: {OTHER}**\n```\n{_AFTER}```\n",
        ]
    )


def _indented(text: str, depth: int) -> str:
    return "".join(" " * depth + line if line.strip() else line for line in text.splitlines(keepends=True))


def _main(edit: Edit, rng: random.Random) -> str | None:
    """The edit itself in some format, or None."""
    made = of_blocks(edit)
    whole = f"FILE: {edit.path}\n```\n{edit.after}```\n" if edit.after.endswith("\n") and "```" not in edit.after else None
    hunks = parts(edit.before, edit.after)
    body = "".join("@@\n" + "".join(f"{line}\n" for line in part.body if line != BARE) for part in hunks)
    envelope = f"*** Begin Patch\n*** Update File: {edit.path}\n{body}*** End Patch\n"
    ways = [
        made and made.text,
        whole,
        unified(edit.path, hunks),
        envelope if all(unique(edit.before, p) for p in hunks) else None,
    ]
    return rng.choice(ways)


def _with_second(edit: Edit, main: str, second: str, rng: random.Random, after: str | None) -> Damaged:
    first, last = (main, second) if rng.random() < 0.7 else (second, main)
    if last is main and (second.startswith("FILE:") or edit.path == OTHER):
        first, last = main, second
    text = f"{first.rstrip(chr(10))}\n\n{last}"
    return Damaged(text, edit.before, after, {OTHER: (_BEFORE, _AFTER if after is not None else _BEFORE)})


@error
def second_format(edit: Edit, rng: random.Random) -> Damaged | None:
    main = _main(edit, rng)
    if main is None or edit.before.endswith("\n\n") or edit.after.endswith("\n\n"):
        return None
    return _with_second(edit, main, _second(rng), rng, edit.after)


@error
def unreadable_second_part(edit: Edit, rng: random.Random) -> Damaged | None:
    """The second part's marks are damaged so that nobody can tell: only a refusal is right."""
    second = rng.choice(
        [
            f"{OTHER}\n<<<<<<<\nbeta\n=======\nBETA\n>>>>>>>\n",
            f"{OTHER}\n<<<<<<< FIND\nbeta\n=======\nBETA\n>>>>>>> REPLACE WITH\n",
            f"{OTHER}\n<<<<<<< HEAD\nbeta\n=======\nBETA\n>>>>>>> new\n",
            f"*** Update: {OTHER}\n@@\n-beta\n+BETA\n",
            f"** Update File: {OTHER}\n@@\n-beta\n+BETA\n",
            f"{OTHER}\n```diff\n-beta\n+BETA\n```\n",
            f"### {OTHER}\n\n```yaml\nalpha\nBETA\ngamma\n```\n",
            f"`{OTHER}`:\n```\nalpha\nBETA\ngamma\n```\n",
            f"{OTHER}\n<<<<<<< SEARCH\nbeta\nBETA\n>>>>>>> REPLACE\n",
            f"{OTHER}\n<<<<<<< SEARCH\nbeta\n=======\nBETA\n",
            f"-- {OTHER}\n++ {OTHER}\n-beta\n+BETA\n",
        ]
    )
    main = of_blocks(edit)
    return None if main is None else _with_second(edit, main.text, second, random.Random(1), None)


@error
def stray_divider(edit: Edit, rng: random.Random) -> Damaged | None:
    made = of_blocks(edit)
    if made is None or edit.path.endswith((".rst", ".md", ".txt")):
        return None
    old, new = rng.choice(
        [
            ("=======\n", "=======\n=======\n"),
            (">>>>>>> REPLACE", "=======\n>>>>>>> REPLACE"),
            ("=======\n", "=======\n========\n"),
        ]
    )
    return Damaged(made.text.replace(old, new, 1), edit.before, edit.after)


@error
def fence_language(edit: Edit, rng: random.Random) -> Damaged | None:
    """The path is in the heading, the fence has a language."""
    made = of_blocks(edit)
    if made is None:
        return None
    name = rng.choice(
        [
            f"### 1. `{edit.path}`",
            f"**1. Change it:** `{edit.path}`",
            f"1. `{edit.path}` (modified)",
            f"#### File: `{edit.path}`",
        ]
    )
    language = rng.choice(["python", "typescript", "c++", "objective-c", "jsx"])
    text = made.text.replace(f"{edit.path}\n<<<<<<< SEARCH", f"{name}\n\n```{language}\n<<<<<<< SEARCH")
    return Damaged(text.replace(">>>>>>> REPLACE", ">>>>>>> REPLACE\n```"), edit.before, edit.after)


@error
def hunk_of_another_file(edit: Edit, rng: random.Random) -> Damaged:
    main = unified(edit.path, parts(edit.before, edit.after))
    head = rng.choice([f"`{OTHER}`", f"**{OTHER}**", f"### {OTHER}", f"### 2. `{OTHER}`", f"File: {OTHER}"])
    hunk = rng.choice([_HUNK, f"@@\n{_HUNK.partition(chr(10))[2]}", "@@ -2 +2 @@\n-beta\n+BETA\n"])
    second = rng.choice([f"{head}\n{hunk}", f"{head}\n\n```diff\n{hunk}```\n"])
    first = rng.choice([main, f"```diff\n{main}```\n"])
    return Damaged(f"{first}\n{second}", edit.before, edit.after, {OTHER: (_BEFORE, _AFTER)})


@error
def name_with_nothing_below(edit: Edit, rng: random.Random) -> Damaged | None:
    """An answer that was cut off below a FILE line must not empty that file."""
    if not edit.after.endswith("\n") or "```" in edit.after:
        return None
    whole = f"FILE: {edit.path}\n```\n{edit.after}```\n"
    text = rng.choice([f"{whole}\nFILE: {OTHER}\n", f"FILE: {OTHER}\n\n{whole}", f"{whole}\nFILE: {OTHER}\n\n\n"])
    return Damaged(text, edit.before, None, {OTHER: (_BEFORE, _BEFORE)})


@error
def mark_in_hunk(edit: Edit, rng: random.Random) -> Damaged | None:
    """The byte order mark is in the hunk's first line, as git shows it; on one side only it is put there, or taken away."""
    first, changed = "# head\n", "# another head\n"
    old, new = rng.choice([(True, True), (True, True), (True, False), (False, True)])
    before = ("\ufeff" if old else "") + first + edit.before
    after = ("\ufeff" if new else "") + (changed if rng.random() < 0.5 else first) + edit.after
    if not edit.before or edit.before[0] == "\n" or before == after:
        return None
    return Damaged(unified(edit.path, parts(before, after)), before, after)


@error
def space_for_plus(edit: Edit, rng: random.Random) -> Damaged | None:
    hunks = parts(edit.before, edit.after)
    places = [
        (number, at)
        for number, part in enumerate(hunks)
        for at, line in enumerate(part.body)
        if line.startswith("+") and line[1:].strip() and any(x.startswith("+") for n, x in enumerate(part.body) if n != at)
    ]
    if not places or any(BARE in part.body for part in hunks):
        return None
    number, at = rng.choice(places)
    body = list(hunks[number].body)
    body[at] = " " + body[at][1:]
    old = [line[1:] for line in body if line[0] != "+"]
    if f"\n{chr(10).join(old)}\n" in f"\n{edit.before}\n":
        return None
    hunks[number] = hunks[number].with_body(body)
    return Damaged(unified(edit.path, hunks), edit.before, edit.after)


_ELISIONS: tuple[Callable[[str], str], ...] = (
    lambda mark: f"{mark} ... rest unchanged ...",
    lambda mark: f"{mark} ... existing code ...",
    lambda mark: f"{mark} ...",
    lambda mark: f"{mark} (existing code remains the same)",
    lambda mark: f"{mark} rest of the code unchanged",
    lambda mark: f"{mark} … unchanged …",
    lambda mark: "[... rest of the file ...]",
    lambda mark: f"{mark} Rest des Codes bleibt unverändert",
    lambda mark: f"{mark} 其余代码保持不变",
    lambda mark: f"{mark} le reste du code est inchangé",
    lambda mark: f"{mark} остальной код без изменений",
)


def _mark(path: str) -> str:
    return "//" if path.endswith((".js", ".ts", ".go", ".c", ".java", ".rs")) else "#"


@error
def elided_between(edit: Edit, rng: random.Random) -> Damaged | None:
    """A whole file with a line for some that it does not change: those stay."""
    old, new = edit.before.split("\n"), edit.after.split("\n")
    runs = [
        at
        for at in range(2, len(new) - 8)
        if new[at - 1 : at + 7] == old[at - 1 : at + 7] and _tells(old, at - 1) and _tells(old, at + 6)
    ]
    if not runs or edit.path.endswith((".rst", ".md", ".txt")) or edit.before.endswith("\n") != edit.after.endswith("\n"):
        return None
    if edit.before.endswith("\n\n") or edit.after.endswith("\n\n") or not edit.after.endswith("\n"):
        return None
    at = rng.choice(runs)
    depth = len(new[at]) - len(new[at].lstrip())
    lines = [*new[:at], " " * depth + rng.choice(_ELISIONS)(_mark(edit.path)), *new[at + 6 :]]
    return Damaged(f"FILE: {edit.path}\n" + "\n".join(lines), edit.before, edit.after)


def _tells(lines: list[str], at: int) -> bool:
    return bool(lines[at].strip()) and lines.count(lines[at]) == 1 and lines[at].strip() not in ('"""', "'''")


@error
def elided_end(edit: Edit, rng: random.Random) -> Damaged | None:
    """A whole file whose end is left out: nothing says what stays, so only a refusal is right."""
    lines = edit.after.split("\n")
    if len(lines) < 12 or edit.path.endswith((".rst", ".md", ".txt")):
        return None
    cut = rng.randrange(4, len(lines) - 4)
    text = "\n".join([*lines[:cut], rng.choice(_ELISIONS)(_mark(edit.path))])
    return Damaged(f"FILE: {edit.path}\n{text}\n", edit.before, None)


@error
def elided_in_block(edit: Edit, rng: random.Random) -> Damaged | None:
    """The new part of a block leaves out lines of the old one; where lines beside them are kept, so are they."""
    hunks = [part for part in parts(edit.before, edit.after, 6) if unique(edit.before, part) and BARE not in part.body]
    if not hunks or edit.path.endswith((".rst", ".md", ".txt")):
        return None
    part = rng.choice(hunks)
    old, new = sides(part)
    head = next((n for n, line in enumerate(part.body) if line[0] != " "), 0)
    if head < 5 or not _tells(old, 0) or not _tells(old, head - 1) or old[1] in ("", old[0]):
        return None
    lines = [old[0], rng.choice(_ELISIONS)(_mark(edit.path)), *new[head - 1 :]]
    text = f"{edit.path}\n<<<<<<< SEARCH\n" + "\n".join(old) + "\n=======\n" + "\n".join(lines) + "\n>>>>>>> REPLACE\n"
    after = edit.before.replace("\n".join(old), "\n".join(new), 1)
    return Damaged(text, edit.before, after)


_OWN = (
    "\n\nclass Port(Protocol):\n    def send(self) -> None: ...\n\n    def read(self) -> bytes:\n        ...\n",
    "\n\n# ... rest of the options as before ...\nOPTIONS = (1, ...)\n",
    '\n\nTEXT = """\nOnce ...\n...\nThe rest of the story is unchanged.\n"""\n',
    "\n\ndef later():\n    # existing code\n    return {**_ALL, 'x': [...]}\n",
)


@error
def own_ellipsis(edit: Edit, rng: random.Random) -> Damaged | None:
    """The file has such lines itself: they are its own and stay."""
    if (
        not edit.path.endswith(".py")
        or not edit.before.endswith("\n")
        or not edit.after.endswith("\n")
        or "\nFILE:" in edit.after
    ):
        return None
    own = rng.choice(_OWN)
    before, after = edit.before.rstrip("\n") + own, edit.after.rstrip("\n") + own
    whole, diff = f"FILE: {edit.path}\n{after}", unified(edit.path, parts(before, after))
    return Damaged(rng.choice([whole, diff]), before, after)

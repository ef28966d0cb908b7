"""Splits a plan into parts that can be written concurrently: steps whose files do not depend on each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from agent.patch import Edits
from agent.patterns import escape, linear
from agent.ports import JSONObject

MIN_FILES = 4
"""Fewer are written sooner by one answer than the context is read twice."""
MIN_STEM = 3


@dataclass(frozen=True)
class Part:
    """``steps`` are numbers in the plan, from 1."""

    steps: tuple[int, ...]
    files: tuple[str, ...]

    def to_json(self) -> JSONObject:
        return asdict(self)


def parts_of(plan: JSONObject, texts: Mapping[str, str], limit: int) -> list[Part]:
    """At most ``limit`` parts, of about as many files each; none where the plan is better written at once.

    Steps belong together when they share a file, or when one's files speak of the other's by name, in their path or in their
    ``texts`` so far. Steps without files belong to the first part. A person may have edited the plan: its shape is not trusted.
    """
    steps = [_files(step) for step in plan.get("steps") or ()]
    if limit < 2 or len({path for files in steps for path in files}) < MIN_FILES:
        return []
    groups: list[list[int]] = []
    for number, files in enumerate(steps, 1):
        if not files:
            continue
        related = [group for group in groups if any(_related(files, steps[other - 1], texts) for other in group)]
        groups = [group for group in groups if group not in related] + [sorted([number, *(n for g in related for n in g)])]
    if len(groups) < 2:
        return []
    groups.sort()
    shares: list[list[int]] = [[] for _ in range(min(limit, len(groups)))]
    for group in sorted(groups, key=lambda group: (-_size(group, steps), group)):
        min(shares, key=lambda share: (_size(share, steps), shares.index(share))).extend(group)
    shares.sort(key=min)
    shares[0] += [number for number, files in enumerate(steps, 1) if not files]
    return [_part(sorted(share), steps) for share in shares]


def split_conflicting(answers: Sequence[Edits]) -> tuple[list[Edits], list[Edits]]:
    """The ``answers`` that go together, and those that touch a file which one before them touches too."""
    taken: set[str] = set()
    together: list[Edits] = []
    late: list[Edits] = []
    for answer in answers:
        touched = answer.touched()
        if taken & touched:
            late.append(answer)
        else:
            together.append(answer)
            taken |= touched
    return together, late


def _part(numbers: Sequence[int], steps: Sequence[Sequence[str]]) -> Part:
    return Part(tuple(numbers), tuple(dict.fromkeys(path for number in numbers for path in steps[number - 1])))


def _size(numbers: Sequence[int], steps: Sequence[Sequence[str]]) -> int:
    return len({path for number in numbers for path in steps[number - 1]})


def _files(step: object) -> list[str]:
    files = step.get("files") if isinstance(step, dict) else None
    return [path for path in files if isinstance(path, str)] if isinstance(files, list) else []


def _related(mine: Sequence[str], theirs: Sequence[str], texts: Mapping[str, str]) -> bool:
    return bool(set(mine) & set(theirs)) or _speak_of(mine, theirs, texts) or _speak_of(theirs, mine, texts)


def _speak_of(files: Sequence[str], others: Sequence[str], texts: Mapping[str, str]) -> bool:
    stems = {PurePosixPath(path).name.split(".")[0] for path in others}
    wanted = [stem for stem in stems if len(stem) >= MIN_STEM]
    if not wanted:
        return False
    pattern = linear(rf"(?:^|[^A-Za-z0-9])(?:{'|'.join(map(escape, sorted(wanted)))})(?:[^A-Za-z0-9]|$)")
    return any(pattern.search(PurePosixPath(path).name) or pattern.search(texts.get(path, "")) for path in files)

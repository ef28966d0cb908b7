"""The formats' page is true: every example is applied to its files, and every text of a refusal stands in the docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.patch import PatchRejected, apply_patch, parse_edits, preview
from tests.agent.patch import kinds, placement_kinds
from tests.agent.patch.tree_judge import put

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/DIFF_FORMAT.md"
_BLOCK = re.compile(
    r"^````(before|result|answer|after|gone|refused)(?: (\S+))?\n(.*?)^````$|^## ([^\n]+)$", re.DOTALL | re.MULTILINE
)


@dataclass
class Example:
    """One answer of the page; ``line`` is where it stands."""

    line: int
    text: str
    before: dict[str, str]
    after: dict[str, str | None] = field(default_factory=dict)
    refused: str = ""


def examples() -> Iterator[Example]:
    page = PAGE.read_text("utf-8")
    always: dict[str, str] = {}
    result: dict[str, str | None] = {}
    files: dict[str, str] = {}
    found: list[Example] = []
    for hit in _BLOCK.finditer(page):
        word, path, text, heading = hit.groups()
        if heading:
            files = dict(always)
        elif word == "before":
            files[path] = text
            if not found:
                always[path] = text
        elif word == "result":
            result[path] = text
        elif word == "answer":
            found.append(Example(page.count("\n", 0, hit.start()) + 1, text, dict(files)))
        elif word == "refused":
            found[-1].refused = text.strip()
        else:
            found[-1].after[path] = text if word == "after" else None
    for example in found:
        example.after = example.after or (dict(result) if not example.refused else {})
        yield example


EXAMPLES = list(examples())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
def test_an_example_does_what_the_page_says(tmp_path: Path, example: Example) -> None:
    for path, text in example.before.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    said = ""
    try:
        result = apply_patch(tmp_path, example.text)
        assert all(file.action != "unchanged" for file in result.files)
    except PatchRejected as refused:
        said = refused.detail
    assert bool(said) == bool(example.refused), said
    assert example.refused in said
    held = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    expected = {path: text for path, text in {**example.before, **example.after}.items() if text is not None}
    assert {path: text for path, text in held.items() if not path.startswith(".mgx/")} == expected


def test_the_page_shows_every_format_and_refusals() -> None:
    assert len(EXAMPLES) >= 30
    assert sum(bool(example.refused) for example in EXAMPLES) >= 5
    starts = ("FILE:", "<<<<<<< SEARCH", "--- ", "*** Begin Patch", "rename from", "copy from", "*** Move to:", "/dev/null")
    assert [start for start in starts if not any(start in example.text for example in EXAMPLES)] == []


def refusals() -> Iterator[tuple[str, str]]:
    """Module and words of each text that says why something is refused, wherever the engine makes one."""
    for path in sorted((ROOT / "agent/patch").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in ("Refusal", "refused", "Blocked", "NotText", "TooMuchWork") or node.func.id.endswith("Invalid"):
                for part in (text for argument in node.args for text in ast.walk(argument)):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value.split()) > 2:
                        yield path.name, part.value.strip()


def test_every_refusal_stands_in_the_docs() -> None:
    page = (ROOT / "docs/PATCH_MODE.md").read_text("utf-8").replace("\\|", "|")
    missing = [(module, text) for module, text in refusals() if text not in page]
    assert missing == [], "run `make docs`; what it does not find, docs/patch_refusals.py has to learn"
    assert len(list(refusals())) > 60


def _documented() -> list[re.Pattern[str]]:
    """The texts of the tables of refusals; … stands for anything."""
    page = (ROOT / "docs/PATCH_MODE.md").read_text("utf-8")
    rows = (re.split(r"(?<!\\)\|", line)[1:-1] for line in page.split("\n") if line.startswith("| "))
    texts = {(row[1] if row[0].strip().startswith("`") else row[0]).strip().replace("\\|", "|") for row in rows if row}
    return [re.compile(".*".join(map(re.escape, text.split("…"))), re.DOTALL) for text in texts if text.strip("… ")]


def _said(root: Path) -> Iterator[str]:
    """Why answers of every kind, and damaged ones, are refused."""
    for name in kinds.KINDS:
        for answer in kinds.siblings(name, 6):
            yield from _reasons(root, answer.files, answer.text)
            yield from _reasons(root, answer.files, answer.text[: len(answer.text) * 2 // 3])
    for name in placement_kinds.KINDS:
        for sibling in placement_kinds.siblings(name, 6):
            yield from _reasons(root, sibling.before, sibling.patch)


def _reasons(root: Path, files: dict[str, str], text: str) -> Iterator[str]:
    put(root, kinds.Answer(files, text, ()))
    edits = parse_edits(text)
    if edits.error is not None:
        yield edits.error.detail
        return
    result, _ = preview(root, edits)
    for hunk in (hunk for file in result.files for hunk in file.hunks if hunk.status == "refused"):
        yield re.sub(r"\Athe edit at line \d+ of the answer: ", "", hunk.reason)


def test_what_is_said_of_refused_answers_stands_in_the_docs(tmp_path: Path) -> None:
    documented = _documented()
    said = {text for text in _said(tmp_path / "tree") if text}
    assert len(said) > 40
    assert [text for text in said if not any(pattern.fullmatch(text) for pattern in documented)] == []

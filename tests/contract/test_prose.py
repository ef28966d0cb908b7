"""Sentences are in the field's standard English: a short list of phrases that this project once wrote instead.

It reads the product's files, templates and docs. Names in code may contain such a word (``room = width``): of Python only
docstrings, comments and strings are read.
"""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest
import re2

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "agent",
    "benchmarks",
    "cli",
    "deploy",
    "docs",
    "metrics",
    "mgx_project",
    "npm-wrapper",
    "projects",
    "repositories",
    "runs",
    "tasks",
    "workspaces",
)
"""What is read, beside the pages and deployment files at the top."""
TOP = ("*.md", "Makefile", "Dockerfile", "docker-compose.yml", ".env.example", ".pre-commit-config.yaml")
HISTORY = ("CHANGELOG.md", "docs/SECURITY.md", "docs/adr/0018-folders-by-what-they-do.md")
"""Pages of record, which keep the words of their time."""
TEXT = {".html", ".js", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}

NOT_A = r"(?!longer\b|more\b|fewer\b|less\b|need\b|reason\b|doubt\b|way\b|such\b|op\b)"
BANNED = (
    (rf"(?<![Tt]here )\b(?:is|are|was|were|be|am) no {NOT_A}\w", "write “is not a …”"),
    (r"\b(?:that|which|who|whom|it|they) (?:is|are|was|were) none\b", "write “is not one” or “there is none”"),
    (r"\bis none (?:of|that|here)\b", "write “is not one of …”"),
    (r"\b(?:roof|cellar)s?\b", "name the layer: “configuration”, “shared plumbing”"),
    (r"\b(?:this|that|every|each|upper|lower|the) rooms?\b|\brooms (?:above|below)\b", "write “application” or “package”"),
    (r"\bmakes? room\b|\bthere is room\b|\bhas no room\b|\broom left\b", "say what is free: a limit, disk space, a share"),
    (r"\b(?:front|back|everyday|one) doors?\b|\bat the door\b|\bthrough (?:a|the|its) \w* ?door\b", "name the entry point"),
    (r"\b(?:whole|one|only) road\b|\broads? (?:to|from)\b", "write “process”, “path” or “call”"),
    (r"\b(?:the|a) floor (?:under|for|that|is)\b", "write “minimum”, “limit” or “budget”"),
    (r"\bweather\b", "name what changes"),
    (r"\bof (?:ours|mine|theirs) to (?:obey|ask|fill)\b", "say what happens"),
    (r"\b[Mm]end(?:s|ed|ing)?\b", "write “fix” or “correct”"),
    (r"\b(?:begins?|begun|planned|made|starts?) anew\b", "write “again”"),
    (r"\bsays? nothing of\b", "write “says nothing about”"),
    (r"\btwice is once\b", "write “idempotent”"),
    (r"\b(?:a|the|for|by|of|is|not) nudge[sd]?\b", "write “notify” or “notification”"),
)
"""Pattern of a phrase → what to write instead."""
LOOSE = re2.compile("|".join(re.sub(r"\(\?<?!.*?\)", "", pattern).replace(r"\w", r"[\pL\pN_]") for pattern, _ in BANNED))
"""Finds all that they find and some more, in a hundredth of the time: where it finds nothing a file need not be taken apart."""


def texts(path: Path) -> list[tuple[int, str]]:
    """(line number, text) of what people read in the file: all of a page, and of Python its comments and strings."""
    content = path.read_text("utf-8")
    if path.suffix != ".py":
        return list(enumerate(content.splitlines(), 1))
    found = []
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            found += enumerate(token.string.splitlines(), token.start[0])
    return found


def product_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *FOLDERS, *(f":(glob){name}" for name in TOP)],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    wanted = (name for name in listed if name and name not in HISTORY and "/migrations/" not in f"/{name}")
    return [CHECKOUT / name for name in wanted if Path(name).suffix in TEXT and (CHECKOUT / name).is_file()]


def findings(where: str, lines: list[tuple[int, str]]) -> list[str]:
    return [
        f"{where}:{number}: “{hit[0]}”: {instead}"
        for number, line in lines
        for pattern, instead in BANNED
        for hit in re.finditer(pattern, line)
    ]


def test_no_banned_phrase_is_in_the_product() -> None:
    files = product_files()
    assert len(files) > 300
    suspected = [path for path in files if LOOSE.search(path.read_text("utf-8"))]
    found = [line for path in suspected for line in findings(str(path.relative_to(CHECKOUT)), texts(path))]
    assert not found, "\n".join(["Write these in plain English:", *found])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The body is no JSON", 1),
        ("a superuser who is no member", 1),
        ("This pull request is none of mine", 1),
        ("What this room announces to the rooms above", 2),
        ("The one road to the model", 1),
        ("There is no run here yet. It is no longer linked, and there are no commits.", 0),
        ("There is no such row; the path is no more than a name.", 0),
        ("room = width - len(name)  # math.floor", 0),
        ("The road map, a recommendation and an amendment", 0),
    ],
)
def test_the_list_finds_what_it_should_and_no_more(text: str, count: int) -> None:
    assert len(findings("text", [(1, text)])) == count
    assert LOOSE.search(text) or not count

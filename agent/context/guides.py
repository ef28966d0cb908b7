"""Pages that explain a project: the rules for agents whole, of README and CONTRIBUTING the beginning and further headings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from agent.context.context_budget import UNITS, ContextBudget, cut_to, within
from agent.context.reading import read
from agent.patterns import linear
from agent.token_estimates import estimate_weight

RULES = "AGENTS.md"
"""For the folder that it is in and all below (https://agents.md)."""
OTHER_RULES = ("CLAUDE.md", ".github/copilot-instructions.md", ".cursorrules")
"""Of other programs; the first of them counts where there is no AGENTS.md."""
HOW_TO_CONTRIBUTE = (
    "CONTRIBUTING.md", "CONTRIBUTING.rst", "CONTRIBUTING.txt", "CONTRIBUTING", ".github/CONTRIBUTING.md",
    "docs/CONTRIBUTING.md",
)  # fmt: skip
PAGES = (("README.md", "README.rst", "README.txt", "README", "Readme.md", "readme.md"), HOW_TO_CONTRIBUTE)
"""Of each the first one that is there."""
MANIFESTS = (
    "pyproject.toml", "requirements.txt", "package.json", "tsconfig.json", "composer.json", "Dockerfile",
    "docker-compose.yml",
)  # fmt: skip
BEGINNING = 70
"""Tokens of a page, with tools: what the project is. Its commands are in the profile."""
BEGINNING_WITHOUT_TOOLS = 2_000
MAX_HEADINGS = 15
MAX_HEADING = 60

_HEADING = linear(r"^#{1,3} +(.+?)[ #]*$")
_UNDERLINE = linear(r"^(?:={3,}|-{3,}|~{3,})\s*$")
_DECORATION = linear(
    r"^\s*(?:(?:\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?\s*)+|\.\. (?:image|figure|\|[^|]*\| image)::.*"
    r"|:(?:target|alt|width|height|align):.*|</?(?:p|a|img|div|span|picture|source|br|center|h[1-6]|strong|sub)\b.*"
    r"|(?:by|and)?\s*<a\b.*|\[[^\]]*\]: *\S+.*|<!--.*-->)\s*$"
)
"""Badges, pictures, and where links lead."""


def rules_of(files: Sequence[str], focus: Iterable[str]) -> list[str]:
    """Pages with rules that hold for ``focus``: of the whole, then those of its folders, outermost first."""
    present = set(files)
    folders = {folder.as_posix() for path in focus for folder in PurePosixPath(path).parents} - {".", "/"}
    own = [path for path in (RULES, *(f"{folder}/{RULES}" for folder in sorted(folders))) if path in present]
    return own if RULES in own else [*[path for path in OTHER_RULES if path in present][:1], *own]


def pages_of(files: Sequence[str]) -> list[str]:
    present = set(files)
    return [found[0] for names in PAGES if (found := [name for name in names if name in present])]


def read_guides(
    root: Path, rules: Sequence[str], pages: Sequence[str], budget: ContextBudget, *, tools: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Whole texts, and beginnings of those that are longer than their share; what can't be shown is left out."""
    whole: dict[str, str] = {}
    begun: dict[str, str] = {}
    left = budget.guides
    for path in (*rules, *pages):
        text, _ = read(root / path, path)
        if not text or left <= 0:
            continue
        share = left if path in rules else min(left, BEGINNING if tools else BEGINNING_WITHOUT_TOOLS)
        if estimate_weight(text) <= share * UNITS:
            whole[path] = text
            left -= estimate_weight(text) // UNITS
            continue
        more = "… and more" + (": read it." if tools else ".")
        # what else a README is about is of no use to a task that does not name it; how people contribute may be
        also = not tools or path in HOW_TO_CONTRIBUTE
        begun[path] = cut_to(text.splitlines(), share, more) if path in rules else beginning(text, share, headings=also)
        left -= estimate_weight(begun[path]) // UNITS
    # the rules of folders are those of the task
    first = [path for path in (*[path for path in rules if path in (RULES, *OTHER_RULES)], *pages, *rules) if path in whole]
    return {path: whole[path] for path in first}, begun


def beginning(text: str, tokens: int, *, headings: bool = True) -> str:
    """Without badges and pictures, and by its ``headings`` what else the page is about."""
    lines = [line for line in text.splitlines() if not _DECORATION.match(line)]
    lines = [line for at, line in enumerate(lines) if line.strip() or (at and lines[at - 1].strip())]
    if not headings:
        return cut_to(lines, tokens, "…")
    titles = _headings(lines)
    room = max(tokens // 3, tokens - estimate_weight("\n".join(title for _, title in titles)) // UNITS - 20)
    shown = cut_to(lines, room, "…").split("\n")
    rest = within([title for at, title in titles if at >= len(shown)], tokens - room)[:MAX_HEADINGS]
    if shown[-1] != "…" or not rest:
        return "\n".join(shown)
    return "\n".join([*shown, f"More is said under: {'; '.join(rest)}"])


def _headings(lines: Sequence[str]) -> list[tuple[int, str]]:
    found = []
    fenced = False
    for at, line in enumerate(lines):
        fenced ^= line.lstrip().startswith("```")
        if fenced:
            continue
        if hit := _HEADING.match(line):
            found.append((at, hit[1][:MAX_HEADING]))
        elif at and _UNDERLINE.match(line) and (title := lines[at - 1].strip()) and not _UNDERLINE.match(title):
            found.append((at - 1, title[:MAX_HEADING]))
    return found[: 2 * MAX_HEADINGS]

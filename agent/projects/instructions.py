"""Commands in pages for people and agents: AGENTS.md, CONTRIBUTING, README. Only lines that are known to test or lint
are taken, and of a README only those that stand where it speaks about working on the project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.shell import MAX_LINE, without_prompt

PAGES = (
    "AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md", "CONTRIBUTING.rst", "CONTRIBUTING.txt", "CONTRIBUTING",
    ".github/CONTRIBUTING.md",
    ".github/CONTRIBUTING.rst", "docs/CONTRIBUTING.md", "docs/contributing.md", "docs/contributing.rst",
    "DEVELOPMENT.md", "DEVELOPING.md",
    "HACKING.md", "HACKING.rst", "docs/development.md", "docs/development.rst", "README.md", "README.rst",
    "README.txt", "README",
)  # fmt: skip
"""In the order of their authority."""
FOR_AGENTS = ("AGENTS.md", "CLAUDE.md")
MAX_LINES = 4_000
NEAR = 6
"""Lines of prose before a command that are looked at for what it is about."""

_FENCE = linear(r"^\s*(?:```|~~~)+\s*\{?\.?([\w+-]*)")
_LANGUAGES = (
    "",
    "sh",
    "bash",
    "shell",
    "console",
    "zsh",
    "text",
    "shell-session",
    "terminal",
    "cmd",
    "plain",
    "plaintext",
    "pycon",
)
_HEADING = linear(r"^(#{1,6})\s+(.{1,120}?)\s*#*$")
_UNDERLINE = linear(r"^([=~^\"'*+#-])[=~^\"'*+#-]{2,}\s*$")
_RST_CODE = linear(r"^\s*\.\. (?:code-block|code|sourcecode|prompt)::\s*([\w-]*)")
_SPAN = linear(r"`{1,2}([^`\n]{2,200})`{1,2}")
_ABOUT_TESTS = linear(r"(?i)\b(?:unit[- ]?|re-?)?tests?\b|\btesting\b|\btest[- ]suite\b|\bpytest\b|\btox\b|\bnox\b")
_DEVELOPING = linear(
    r"(?i)contribut|develop|hacking|(?:run|launch|execut)\w* (?:the |all |unit |our )*tests?"
    r"|^tests?$|^testing$|test suite|local setup"
)
_PLACEHOLDER = linear(
    r"[<>{}…]|\.\.\.|path/to|your[_-]|my[_-]?test|test_(?:foo|file|something|name|example|module)\b|\b(?:foo|bar|baz)\b"
)


@dataclass(frozen=True)
class PageLine:
    """A line that may be a command: the page with its heading, and whether it stands where tests are spoken of."""

    line: str
    evidence: str
    about_tests: bool


def page_lines(files: ProjectFiles, *, readme: bool = True) -> Iterator[PageLine]:
    """Of all pages in their order; without ``readme`` only of those that are for developers."""
    seen = {path.lower() for path in PAGES if path in files}
    for path in PAGES:
        if path in files and path.lower() in seen:
            seen.discard(path.lower())
            is_readme = path.startswith("README")
            if readme or not is_readme:
                yield from _of_page(path, files.from_root(path), files.read(path) or "", is_readme)


def _of_page(name: str, place: str, text: str, is_readme: bool) -> Iterator[PageLine]:
    headings: list[tuple[int, str]] = []
    prose: list[str] = []
    fenced: str | None = None
    literal = False
    previous = ""
    for raw in text.splitlines()[:MAX_LINES]:
        line = raw[:MAX_LINE].rstrip()
        fence = _FENCE.match(line)
        if fence is not None:
            fenced = None if fenced is not None else fence[1].lower()
            continue
        if fenced is None and (heading := _heading(line, previous)) is not None:
            headings = [*[entry for entry in headings if entry[0] < heading[0]][:5], heading]
            prose, literal = [], False
        elif fenced is None and line:
            indented = line[:1] in (" ", "\t")
            literal = (literal and indented) or line.endswith("::") or _RST_CODE.match(line) is not None
        previous = line or previous
        if not line or not _is_for_developers(name, headings, is_readme):
            continue
        titles = " ".join(title for _, title in headings[1:] or headings)
        evidence = f"{place}: {headings[-1][1]}" if headings else place
        in_block = (
            fenced in _LANGUAGES
            if fenced is not None
            else line[:1] in (" ", "\t") and (literal or line.lstrip().startswith("$ "))
        )
        if in_block:
            if line.lstrip().startswith("#"):
                prose = [*prose, line][-NEAR:]
                continue
            about = name in FOR_AGENTS or _ABOUT_TESTS.search(" ".join([titles, *prose])) is not None
            command = without_prompt(line).strip()
            if not _PLACEHOLDER.search(command):
                yield PageLine(command, evidence, about)
        elif fenced is None:
            prose = [*prose, line][-NEAR:]
            about = name in FOR_AGENTS or _ABOUT_TESTS.search(" ".join([titles, *prose[-2:]])) is not None
            for span in _SPAN.finditer(line):
                if " " in span[1].strip() or span[1] in ("tox", "nox", "pytest"):
                    command = without_prompt(span[1]).strip()
                    if not _PLACEHOLDER.search(command):
                        yield PageLine(command, evidence, about)


def _heading(line: str, previous: str) -> tuple[int, str] | None:
    """Its level and text: of Markdown by its number signs, of both by the line below it."""
    if hit := _HEADING.match(line):
        return len(hit[1]), hit[2]
    underline = _UNDERLINE.match(line)
    if (
        underline is None
        or not previous
        or previous[:1] in (" ", "\t", "|", "-")
        or len(line) < len(previous) - 2
        or _UNDERLINE.match(previous)
    ):
        return None
    return {"=": 1, "-": 2}.get(underline[1], 3), previous.strip()[:120]


def _is_for_developers(name: str, headings: list[tuple[int, str]], is_readme: bool) -> bool:
    """Of a README only below headings that are about working on the project; its first heading is the project's name."""
    if not is_readme:
        return True
    return any(_DEVELOPING.search(title) for _, title in headings[1:])

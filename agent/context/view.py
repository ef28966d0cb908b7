"""What the team sees of the workdir without asking: a bounded list of files, a bounded part of their text, and what is known of
the repository as a whole. No secrets, no links."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from agent.context.context_budget import UNITS, budget_for
from agent.context.history import recent_history
from agent.context.listing import list_files
from agent.context.missing_content import absent, is_pointer
from agent.context.paths import is_regular, is_secret
from agent.context.repomap import repository_map
from agent.context.testlayout import layout_of_tests
from agent.context.tree import tree
from agent.ports import JSONObject
from agent.token_estimates import estimate_weight

MAX_LISTED = 2_000
MAX_FILE_CHARACTERS = 24_000
MAX_CHARACTERS = 90_000
MAX_MENTIONED = 8

RULES = "AGENTS.md"
"""For the folder that it is in and all below (https://agents.md)."""

GUIDES = (RULES, "README.md", "CONTRIBUTING.md")
MANIFESTS = (
    "pyproject.toml", "requirements.txt", "package.json", "tsconfig.json", "composer.json", "Dockerfile",
    "docker-compose.yml",
)  # fmt: skip


@dataclass(frozen=True)
class View:
    """What was read: ``files`` are the listed paths, ``texts`` path → text, ``hidden`` path → why its text is not shown.

    ``tree`` lists the files as prompts show them, ``map`` is the repository map, ``tests`` says where and how it is tested,
    ``history`` what happened last, ``absent`` what the repository names and the workdir does not hold; "" is nothing.
    """

    files: Sequence[str] = ()
    texts: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    tree: str = ""
    map: str = ""
    tests: str = ""
    history: str = ""
    absent: str = ""

    def explaining(self) -> list[str]:
        """The paths among ``texts`` that explain the project as a whole; they hardly change from task to task."""
        return [path for path in self.texts if path in GUIDES or path in MANIFESTS or path.endswith("/" + RULES)]

    def to_json(self) -> JSONObject:
        digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in self.texts.items()}
        known = {"tree": self.tree, "map": self.map, "tests": self.tests, "history": self.history, "absent": self.absent}
        return {"files": list(self.files), "texts": self.texts, "hidden": self.hidden, "sha256": digests, **known}

    @classmethod
    def from_json(cls, data: JSONObject) -> View:
        known = {name: data.get(name, "") for name in ("tree", "map", "tests", "history", "absent")}
        return cls(files=tuple(data["files"]), texts=data["texts"], hidden=data["hidden"], **known)


@dataclass(frozen=True)
class Interest:
    """What the team is about to do: ``words`` of the task, the stack's ``test`` command, and the ``window`` of the smallest
    model (tokens, None where it is not known) that its prompts must fit. ``cache`` as in ``Ports.map_cache``."""

    words: Sequence[str] = ()
    test: Sequence[str] = ()
    window: int | None = None
    cache: Path | None = None


async def collect_context(root: Path, wanted: Sequence[str] = (), interest: Interest | None = None) -> View:
    """Lists the workdir and reads the guides, the manifests and ``wanted`` (paths that need not exist), in that order.

    With an ``interest`` also what takes longer to find out: map, layout of the tests, history.
    """
    files = await list_files(root)
    budget = budget_for(interest.window if interest else None)
    mentioned = _mentioned(files, interest.words) if interest else []
    focus = list(dict.fromkeys((*wanted, *mentioned)))
    texts, hidden = _texts(root, files, focus, budget.texts)
    view = View(files[:MAX_LISTED], texts, hidden, "\n".join(tree(files, budget.listing)))
    if interest is None:
        return view
    near = (*interest.words, *focus)
    return replace(
        view,
        map=await repository_map(root, files, words=interest.words, focus=focus, tokens=budget.map, cache=interest.cache),
        tests=layout_of_tests(files, texts, command=interest.test, near=near, tokens=budget.tests),
        history=await recent_history(root, focus, files, budget.history),
        absent=absent(root, files),
    )


def _texts(root: Path, files: Sequence[str], focus: Sequence[str], tokens: int) -> tuple[dict[str, str], dict[str, str]]:
    """Texts in the order of their use, guides first; where not all fit, rules and ``focus`` come first."""
    left, budget = UNITS * tokens, MAX_CHARACTERS
    present = set(files)
    rules = _rules(focus)
    order = [path for path in dict.fromkeys((*GUIDES, *rules, *MANIFESTS, *focus)) if path in present]
    found: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for path in dict.fromkeys((RULES, *rules, *focus, *MANIFESTS, *GUIDES)):
        if path not in present:
            continue
        text, reason = read(root / path, path)
        if reason or len(text) > budget or estimate_weight(text) > left:
            hidden[path] = reason or "the context is full"
            continue
        found[path] = text
        budget -= len(text)
        left -= estimate_weight(text)
    texts = {path: found[path] for path in order if path in found}
    return texts, {path: hidden[path] for path in order if path in hidden}


def _rules(focus: Iterable[str]) -> list[str]:
    """Where the rules of the folders of ``focus`` would be, outermost first."""
    folders = {folder.as_posix() for path in focus for folder in PurePosixPath(path).parents}
    return [f"{folder}/{RULES}" for folder in sorted(folders) if folder not in (".", "/")]


def _mentioned(files: Sequence[str], words: Sequence[str]) -> list[str]:
    """The files that a task names by their path, or by a name that only one file has."""
    names: dict[str, list[str]] = {}
    for path in files:
        names.setdefault(path.rpartition("/")[2], []).append(path)
    paths = set(files)
    found = []
    for word in words:
        candidate = word.removeprefix("./").rstrip(".")
        if candidate in paths:
            found.append(candidate)
        elif "." in candidate and len(names.get(candidate, ())) == 1:
            found += names[candidate]
    return list(dict.fromkeys(found))[:MAX_MENTIONED]


def read_text(root: Path, name: str) -> str | None:
    """The text of a regular file inside ``root``; None where it can't be shown."""
    if not is_regular(root, name):
        return None
    text, reason = read(root / name, name)
    return None if reason else text


def read(path: Path, name: str) -> tuple[str, str]:
    """Text of a file and "", or "" and why it is not shown."""
    if is_secret(name):
        return "", "it may hold secrets"
    if path.stat().st_size > MAX_FILE_CHARACTERS * 4:
        return "", "it is too large"
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "", "it is not UTF-8 text"
    if "\0" in text:
        return "", "it is binary"
    if is_pointer(text):
        return "", "Git LFS keeps its content elsewhere"
    return (text, "") if len(text) <= MAX_FILE_CHARACTERS else ("", "it is too large")

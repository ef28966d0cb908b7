"""What the team sees of the workdir without asking: a bounded list of files, a bounded part of their text, and what is known of
the repository as a whole. No secrets, no links."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.context.guides import MANIFESTS, OTHER_RULES, PAGES, RULES
from agent.ports import JSONObject

EXPLAINING = frozenset((RULES, *OTHER_RULES, *MANIFESTS, *(name for names in PAGES for name in names)))


@dataclass(frozen=True)
class View:
    """What was read: ``files`` are the listed paths, ``texts`` path → text, ``hidden`` path → why its text is not shown.

    ``guides`` are the beginnings of pages that explain the project (path → text), ``outlines`` the definitions and the relevant
    parts of files that are too long for their share of the prompt; neither is in ``texts``, which are whole.
    ``tree`` lists the files as prompts show them, ``map`` is the repository map, ``resolved`` where what the task names is,
    ``tests`` says where and how it is tested, ``history`` what happened last, ``absent`` what the repository names and the
    workdir does not hold; "" is nothing.
    """

    files: Sequence[str] = ()
    texts: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    tree: str = ""
    map: str = ""
    tests: str = ""
    history: str = ""
    absent: str = ""
    guides: dict[str, str] = field(default_factory=dict)
    outlines: dict[str, str] = field(default_factory=dict)
    resolved: str = ""

    def explaining(self) -> list[str]:
        """The paths among ``texts`` that explain the project as a whole; they hardly change from task to task."""
        return [path for path in self.texts if path in EXPLAINING or path.endswith("/" + RULES)]

    def to_json(self) -> JSONObject:
        digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in self.texts.items()}
        known: JSONObject = {
            "tree": self.tree,
            "map": self.map,
            "tests": self.tests,
            "history": self.history,
            "absent": self.absent,
        }
        known |= {"guides": self.guides, "outlines": self.outlines, "resolved": self.resolved}
        return {"files": list(self.files), "texts": self.texts, "hidden": self.hidden, "sha256": digests, **known}

    @classmethod
    def from_json(cls, data: JSONObject) -> View:
        known = {name: data.get(name, "") for name in ("tree", "map", "tests", "history", "absent")}
        parts = {"guides": data.get("guides", {}), "outlines": data.get("outlines", {}), "resolved": data.get("resolved", "")}
        return cls(files=tuple(data["files"]), texts=data["texts"], hidden=data["hidden"], **known, **parts)


@dataclass(frozen=True)
class Interest:
    """What the team is about to do: the task's ``text`` as people wrote it and its ``words``, the stack's ``test`` command, and
    the ``window`` of the smallest model (tokens, None where it is not known) that its prompts must fit. ``cache`` as in
    ``Ports.map_cache``. ``tools``: the model can read more, so little is shown at first. ``again``: not the first look of a
    phase; map, tests' layout, history and what the task names elsewhere are known already."""

    words: Sequence[str] = ()
    test: Sequence[str] = ()
    window: int | None = None
    cache: Path | None = None
    text: str = ""
    tools: bool = False
    again: bool = False

    @property
    def said(self) -> str:
        return self.text or "\n".join(self.words)

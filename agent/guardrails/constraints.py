"""What the person asked for in words, where it can be checked by parsing. The reviewer judges the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.guardrails.answer import Answer
from agent.guardrails.imports import declared, imports_of, third_party
from agent.guardrails.result import Finding
from agent.patch import FileBlock

_NO_EXTRA = re.compile(
    r"\b(?:no|without|don['’]?t (?:add|use)|do not (?:add|use)|avoid)\s+(?:any\s+)?"
    r"(?:(?:extra|new|additional|other|more|further|external|third[- ]party)\s+)+(?:librar\w+|dependenc\w+|packages?|modules?)"
    r"|\b(?:only|just)\s+(?:use\s+)?(?:the\s+)?standard library|\bstandard library only\b|\bstdlib only\b"
    r"|\b(?:ek|yeni|harici|ekstra)\s+(?:kütüphane|paket|bağımlılık)\w*\s+(?:yok|olmadan|kullanma\w*|ekleme\w*|olmasın)",
    re.IGNORECASE,
)
_STDLIB = re.compile(r"standard library|stdlib", re.IGNORECASE)


def constraints(answer: Answer) -> Iterator[Finding]:
    wish = next((hit[0] for text in (*answer.spec.constraints, answer.spec.text) if (hit := _NO_EXTRA.search(text))), None)
    if wish is None or answer.stack.language != "python":
        return
    own = frozenset() if _STDLIB.search(wish) else frozenset(name.lower() for name in answer.stack.packages)
    allowed = _declared_before(answer) | own
    for block in answer.safe:
        yield from _extra_in(answer, block, allowed, wish)


def _extra_in(answer: Answer, block: FileBlock, allowed: frozenset[str], wish: str) -> Iterator[Finding]:
    if block.path.endswith(".py"):
        known = {entry.module for entry in imports_of(answer.text_before(block.path) or "")}
        for entry in third_party(imports_of(block.content), answer.paths):
            if entry.distribution not in allowed and entry.module not in known:
                message = f"This imports {entry.module}, but the task says “{wish}”."
                yield Finding("forbidden_import", message, "Use what the project has already.", block.path, entry.line)
    for name in declared(block.path, block.content):
        if name not in allowed:
            message = f"This adds the dependency {name}, but the task says “{wish}”."
            yield Finding("forbidden_dependency", message, "Leave it out.", block.path)


def _declared_before(answer: Answer) -> frozenset[str]:
    return frozenset(name for path in answer.existing for name in declared_in(answer, path))


def declared_in(answer: Answer, path: str) -> list[str]:
    name = path.rsplit("/", 1)[-1]
    if name != "pyproject.toml" and not (name.startswith("requirements") and name.endswith(".txt")):
        return []
    return declared(path, answer.text_before(path) or "")

"""Compares what the code imports with what the manifests declare, and with what the stack and the task rule out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from agent.guardrails import javascript, namespaces
from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.declared import Declared
from agent.guardrails.imports import DISTRIBUTION, Import, imports_of, third_party
from agent.guardrails.result import GuardrailFinding
from agent.patch import FileBlock
from agent.patterns import linear
from agent.stacks.denial import rules_out
from agent.stacks.manifests import is_manifest, names_in

IMPLIED = {
    "django": {"asgiref", "sqlparse"},
    "fastapi": {"annotated-types", "anyio", "pydantic", "starlette", "typing-extensions"},
    "flask": {"blinker", "click", "itsdangerous", "jinja2", "markupsafe", "werkzeug"},
    "httpx": {"anyio", "certifi", "httpcore", "idna"},
    "pydantic": {"annotated-types", "pydantic-core", "typing-extensions"},
    "pytest": {"-pytest", "pluggy"},
    "starlette": {"anyio"},
}
"""What a distribution brings as a part of its own interface, so that nobody declares it beside it."""
OTHER_MANIFESTS = linear(
    r"(?s)(?:.*/)?(?:setup\.(?:py|cfg)|Pipfile|environment\.ya?ml|conda.*\.ya?ml|requirements[\pL\pN_.-]*\.in)"
)
MAX_SCANNED = 1_000
MAX_SCANNED_CHARACTERS = 16_000_000
"""Of all files that are looked at for imports."""
MAX_NAMED = 1_000
"""Different packages that one file may newly import or declare; each is compared with the task's words."""

_IMPORTS = linear(r"(?m)^[ \t]*(?:from|import)[ \t]+([\pL\pN_]+)")
_PYTHON_MANIFEST = linear(r"(?s)(?:.*/)?(?:pyproject\.toml|requirements[\pL\pN_.-]*\.txt)")


def imports_in(path: str, text: str) -> list[Import]:
    """Packages, modules or namespaces that one file imports; optional imports of Python (in ``try``) are left out."""
    if path.endswith((".py", ".pyi")):
        return imports_of(text, optional=False)
    if path.endswith((".php", ".cs")):
        return list(namespaces.used(path, text))
    return list(javascript.imports_of(path, text))


def undeclared(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """New imports of packages that no manifest names. Where nothing is declared in a form that we read, nothing is judged."""
    if not answer.declared.whole:
        return
    declared = answer.declared
    project = javascript.JavaScriptProject(answer)
    in_use = _Uses(answer)
    judged_python = any(_is_python_manifest(path) for path in answer.paths) and not any(
        map(OTHER_MANIFESTS.fullmatch, answer.paths)
    )
    for block in answer.safe:
        for entry in _new(answer, block)[:MAX_NAMED]:
            name: str | None = entry.module
            if block.path.endswith(".py"):
                known = not judged_python or _python_declares(declared, entry) or not third_party([entry], answer.modules)
                name = None if known or entry.module in in_use.modules else entry.distribution
            elif block.path.endswith((".php", ".cs")):
                package = namespaces.library(block.path, entry.module)
                name = None if package is None or namespaces.is_declared(package, declared) else package.rstrip("/")
            elif not project.manifests or project.provides(block.path, entry.module):
                name = None
            if name:
                message = f"This imports {entry.module}, which no manifest of the project declares."
                hint = f"Declare {name} in the project's manifest, or remove the import."
                yield GuardrailFinding("undeclared_dependency", message, hint, block.path, entry.line)


def forbidden(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """New imports and dependencies that belong to another stack, or that the task says to do without."""
    before = answer.declared_before.names
    in_use = _Uses(answer)
    for block in answer.safe:
        found = [(entry.module, entry.line, "forbidden_import", "imports") for entry in _new(answer, block)]
        if is_manifest(block.path):
            found += [(name, None, "forbidden_dependency", "declares") for name in names_in(block.path, block.content)]  # type: ignore[misc]
        found = [entry for entry in found if entry[0].lower() not in before]
        if len(found) > MAX_NAMED:
            message = f"This file declares {len(found):,} new packages; at most {MAX_NAMED:,} are checked."
            yield GuardrailFinding("too_many_packages", message, "Leave out those that are not needed.", block.path)
        for name, line, code, verb in found[:MAX_NAMED]:
            if any(_fits(pattern, name) for pattern in answer.stack.imports_forbidden) and not _at_home(
                answer, block.path, name, in_use
            ):
                message = f"This {verb} {name}, which does not belong in a {answer.stack.title} project."
                yield GuardrailFinding(code, message, f"Use {answer.stack.title} only.", block.path, line)
            elif quote := _denied(answer, name):
                yield GuardrailFinding(
                    code, f"This {verb} {name}, but the task says “{quote}”.", "Leave it out.", block.path, line
                )


def _at_home(answer: CheckedAnswer, path: str, module: str, in_use: _Uses) -> bool:
    """Whether the project had or used a Python module before: then it is not a sign of another stack, whatever the stack is."""
    if not path.endswith(".py"):
        return False
    return not third_party([Import(module, 0)], answer.modules_before) or module in in_use.modules


def _new(answer: CheckedAnswer, block: FileBlock) -> list[Import]:
    known = {entry.module for entry in imports_in(block.path, answer.text_before(block.path) or "")}
    fresh = {entry.module: entry for entry in reversed(imports_in(block.path, block.content)) if entry.module not in known}
    return sorted(fresh.values(), key=lambda entry: entry.line)


def _denied(answer: CheckedAnswer, name: str) -> str | None:
    """The quote that rules out ``name``: "without axios", "lodash kullanma"."""
    word = name.split("\\", 1)[0].split(".", 1)[0].rsplit("/", 1)[-1]
    stated = (*answer.spec.constraints, answer.spec.text)
    return next((quote.strip()[:80] for quote in stated if len(word) > 2 and rules_out(quote, word)), None)


def _fits(pattern: str, name: str) -> bool:
    if pattern.endswith("/*"):
        return name.startswith(pattern[:-1])
    return name == pattern or name.startswith((pattern + "\\", pattern + "."))


def _is_python_manifest(path: str) -> bool:
    return _PYTHON_MANIFEST.fullmatch(path) is not None


def _python_declares(declared: Declared, entry: Import) -> bool:
    """Import names differ from distributions in a few regular ways; in doubt it is declared."""
    module = entry.module.lower().replace("_", "-")
    spellings = {entry.distribution, module, f"python-{module}", f"py{module}", f"{module}-python", f"{module}-py"}
    spellings |= {name for name in DISTRIBUTION.values() if name == entry.distribution}
    if spellings & declared.names or declared.any_begins_with(f"{module}-"):
        return True
    brought = [names for name, names in IMPLIED.items() if name in declared.names]
    return any(module in names or entry.distribution in names for names in brought)


class _Uses:
    """What files of the project import already, so that it comes from somewhere; looked for once, where it is asked for."""

    def __init__(self, answer: CheckedAnswer) -> None:
        self._answer = answer

    @cached_property
    def modules(self) -> frozenset[str]:
        found: set[str] = set()
        left = MAX_SCANNED_CHARACTERS
        for path in [path for path in sorted(self._answer.existing) if path.endswith(".py")][:MAX_SCANNED]:
            text = self._answer.text_before(path) or ""
            left -= len(text)
            if left < 0:
                break
            found.update(_IMPORTS.findall(text))
        return frozenset(found)

"""What the code imports against what the manifests declare, and against what the stack and the task rule out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.guardrails import javascript, namespaces
from agent.guardrails.answer import Answer
from agent.guardrails.imports import DISTRIBUTION, Import, imports_of, third_party
from agent.guardrails.result import Finding
from agent.patch import FileBlock
from agent.stacks.inference import rules_out
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
OTHER_MANIFESTS = re.compile(r"(?:.*/)?(?:setup\.(?:py|cfg)|Pipfile|environment\.ya?ml|conda.*\.ya?ml|requirements[\w.-]*\.in)")
MAX_SCANNED = 1_000


def imports_in(path: str, text: str) -> list[Import]:
    """Packages, modules or namespaces that one file imports; optional imports of Python (in ``try``) are left out."""
    if path.endswith((".py", ".pyi")):
        return imports_of(text, optional=False)
    if path.endswith((".php", ".cs")):
        return list(namespaces.used(path, text))
    return list(javascript.imports_of(path, text))


def undeclared(answer: Answer) -> Iterator[Finding]:
    """New imports of packages that no manifest names. Where nothing is declared in a form that we read, nothing is judged."""
    declared = frozenset(
        name for path in answer.paths if is_manifest(path) for name in names_in(path, answer.text_of(path) or "")
    )
    project = javascript.Project(answer)
    judged_python = any(_is_python_manifest(path) for path in answer.paths) and not any(
        map(OTHER_MANIFESTS.fullmatch, answer.paths)
    )
    for block in answer.safe:
        for entry in _new(answer, block):
            name: str | None = entry.module
            if block.path.endswith(".py"):
                known = not judged_python or _python_declares(declared, entry) or _in_use(answer, entry.module)
                name = None if known or not third_party([entry], answer.paths) else entry.distribution
            elif block.path.endswith((".php", ".cs")):
                package = namespaces.library(block.path, entry.module)
                name = None if package is None or namespaces.is_declared(package, declared) else package.rstrip("/")
            elif not project.manifests or project.provides(block.path, entry.module):
                name = None
            if name:
                message = f"This imports {entry.module}, which no manifest of the project declares."
                hint = f"Declare {name} in the project's manifest, or do without it."
                yield Finding("undeclared_dependency", message, hint, block.path, entry.line)


def forbidden(answer: Answer) -> Iterator[Finding]:
    """New imports and dependencies that belong to another stack, or that the task says to do without."""
    before = frozenset(
        name for path in answer.existing if is_manifest(path) for name in names_in(path, answer.text_before(path) or "")
    )
    for block in answer.safe:
        found = [(entry.module, entry.line, "forbidden_import", "imports") for entry in _new(answer, block)]
        if is_manifest(block.path):
            found += [(name, None, "forbidden_dependency", "declares") for name in names_in(block.path, block.content)]  # type: ignore[misc]
        for name, line, code, verb in found:
            if name.lower() in before:
                continue
            if any(_fits(pattern, name) for pattern in answer.stack.imports_forbidden) and not _at_home(
                answer, block.path, name
            ):
                message = f"This {verb} {name}, which does not belong into a {answer.stack.title} project."
                yield Finding(code, message, f"Write it with {answer.stack.title} only.", block.path, line)
            elif wish := _denied(answer, name):
                yield Finding(code, f"This {verb} {name}, but the task says “{wish}”.", "Do without it.", block.path, line)


def _at_home(answer: Answer, path: str, module: str) -> bool:
    """Whether the project had or used a Python module before: then it is no sign of another stack, whatever the stack is."""
    if not path.endswith(".py"):
        return False
    return not third_party([Import(module, 0)], answer.existing) or _in_use(answer, module)


def _new(answer: Answer, block: FileBlock) -> list[Import]:
    known = {entry.module for entry in imports_in(block.path, answer.text_before(block.path) or "")}
    fresh = {entry.module: entry for entry in reversed(imports_in(block.path, block.content)) if entry.module not in known}
    return sorted(fresh.values(), key=lambda entry: entry.line)


def _denied(answer: Answer, name: str) -> str | None:
    """The wish that rules out ``name``: "without axios", "lodash kullanma"."""
    word = re.split(r"[\\.]", name)[0].rsplit("/", 1)[-1]
    wishes = (*answer.spec.constraints, answer.spec.text)
    return next((wish.strip()[:80] for wish in wishes if len(word) > 2 and rules_out(wish, word)), None)


def _fits(pattern: str, name: str) -> bool:
    if pattern.endswith("/*"):
        return name.startswith(pattern[:-1])
    return name == pattern or name.startswith((pattern + "\\", pattern + "."))


def _is_python_manifest(path: str) -> bool:
    return re.fullmatch(r"(?:.*/)?(?:pyproject\.toml|requirements[\w.-]*\.txt)", path) is not None


def _python_declares(declared: frozenset[str], entry: Import) -> bool:
    """Import names differ from distributions in a few regular ways; in doubt it is declared."""
    module = entry.module.lower().replace("_", "-")
    spellings = {entry.distribution, module, f"python-{module}", f"py{module}", f"{module}-python", f"{module}-py"}
    spellings |= {name for name in DISTRIBUTION.values() if name == entry.distribution}
    if spellings & declared or any(name.startswith(f"{module}-") for name in declared):
        return True
    return any(module in brought or entry.distribution in brought for name, brought in IMPLIED.items() if name in declared)


def _in_use(answer: Answer, module: str) -> bool:
    """Other files of the project import it already, so it comes from somewhere."""
    pattern = re.compile(rf"^\s*(?:from|import)\s+{re.escape(module)}\b", re.MULTILINE)
    paths = [path for path in sorted(answer.existing) if path.endswith(".py")][:MAX_SCANNED]
    return any(pattern.search(answer.text_before(path) or "") for path in paths)

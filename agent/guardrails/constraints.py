"""Constraints that the task states in words, where parsing can check them: as they are meant, with their negations. The
reviewer, who reads them as well, judges the rest."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent.documents import Unreadable, read_python
from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.assertions import asks_for, denies
from agent.guardrails.imports import imports_of, third_party
from agent.guardrails.result import GuardrailFinding
from agent.guardrails.trees import nodes, sources, text_of
from agent.patch import FileBlock
from agent.patterns import linear
from agent.stacks.denial import rules_out
from agent.stacks.manifests import is_manifest, names_in

_NO_EXTRA = linear(
    r"(?i)\b(?:no|without|avoid|(?:don['’]?t|(?:do|must|should|shall|may) not|never) (?:add|use|introduce|install|require))\s+"
    r"(?:any\s+)?"
    r"(?:(?:extra|new|additional|other|more|further|external|third[- ]party)\s+)+(?:librar\w+|dependenc\w+|packages?|modules?)"
    r"|\b(?:keine|ohne)\s+(?:(?:neuen?|weiteren?|zusätzlichen?|externen?)\s+)+(?:abhängigkeit\w*|paket\w*|bibliothek\w*)"
    r"|\b(?:only|just)\s+(?:use\s+)?(?:the\s+)?standard library|\bstandard library only\b|\bstdlib only\b"
    r"|\b(?:ek|yeni|harici|ekstra)\s+(?:kütüphane|paket|bağımlılık)[\pL\pN_]*\s+(?:yok|olmadan|kullanma\w*|ekleme\w*|olmasın)"
)
_MANAGER = linear(
    r"(?i)\b(?:use|using|with|via|by)\s+(npm|pnpm|yarn|bun)\b|\b(npm|pnpm|yarn|bun)(?:['’]?[\pL\pN_]*)?\s+(?:kullan\w*|ile)\b"
)
_UNWANTED = linear(
    r"(?i)\b(?:(?:do|must|should|shall) not use|don['’]?t use|never use|avoid(?: using)?|without(?: using)?|no)\s+"
    r"(npm|pnpm|yarn|bun)\s*(?:[.,;!)\n]|$)"
)
_OTHERS = linear(
    r"(?i),?\s*(?:and |but )?(?:not|instead of|rather than|in place of|never)\s+(?:use |using |with |via |by )?"
    r"(?:npm|pnpm|yarn|bun)\b"
)
_NAMED = linear(r"(?i)\b(npm|pnpm|yarn|bun)\b")
_LOCKS = {"package-lock.json": "npm", "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
_ENVIRONMENT = linear(
    r"(?i)\b(?:env(?:ironment)?[ -]?var\w*|environment variables?|ortam değişken[\pL\pN_]*)|çevre değişken[\pL\pN_]*"
)
_READS = linear(
    r"os\.environ|os\.getenv|\bgetenv|process\.env|import\.meta\.env|\benv\(|BaseSettings|Environment\.Get|Configuration|\$\{\w+|\benv\."
)
_CONFIGURES = (".py", ".ts", ".tsx", ".js", ".mjs", ".php", ".cs", ".yml", ".yaml", ".vue")
_STDLIB = linear(r"(?i)standard library|stdlib")
_FOR_MANAGER = {name: linear(rf'"packageManager":\s*"{name}@') for name in ("npm", "pnpm", "yarn", "bun")}
MAX_READ = 200
"""Bytes of an expression that are searched for an environment variable; what is inside of it is an expression too."""


def constraints(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    stated = (*answer.spec.constraints, answer.spec.text)
    yield from _package_manager(answer, stated)
    yield from _environment(answer, stated)
    found = ((text, hit) for text in stated for hit in _NO_EXTRA.finditer(text))
    quote = next((hit[0] for text, hit in found if denies(text, hit.start(), hit.end())), None)
    if quote is None:
        return
    own: frozenset[str] = frozenset()
    if not _STDLIB.search(quote):
        starter = answer.stack.starter_files()
        own = frozenset(name.lower() for name in answer.stack.packages)
        own |= frozenset(name for path, text in starter.items() if is_manifest(path) for name in names_in(path, text))
    allowed = answer.declared_before.names | own
    for block in answer.safe:
        yield from _extra_in(answer, block, allowed, quote)


def _extra_in(answer: CheckedAnswer, block: FileBlock, allowed: frozenset[str], quote: str) -> Iterator[GuardrailFinding]:
    if block.path.endswith(".py"):
        known = {entry.module for entry in imports_of(answer.text_before(block.path) or "")}
        for entry in third_party(imports_of(block.content), answer.modules):
            if entry.distribution not in allowed and entry.module not in known:
                message = f"This imports {entry.module}, but the task says “{quote}”."
                yield GuardrailFinding("forbidden_import", message, "Use what the project already has.", block.path, entry.line)
    if is_manifest(block.path):
        for name in sorted(names_in(block.path, block.content) - allowed - {"php"}):
            if not name.startswith(("ext-", "microsoft.net.sdk")) and name:
                message = f"This adds the dependency {name}, but the task says “{quote}”."
                yield GuardrailFinding("forbidden_dependency", message, "Leave it out.", block.path)


def _package_manager(answer: CheckedAnswer, stated: tuple[str, ...]) -> Iterator[GuardrailFinding]:
    """After "use pnpm" there is no lock file of another one, and package.json names it (Node.js: packageManager)."""
    unwanted = {hit[1].lower(): hit[0].strip(" .,;!)\n") for text in stated for hit in _UNWANTED.finditer(text)}
    wanted, quote = _wanted_manager(stated)
    for block in answer.created:
        owner = _LOCKS.get(block.path.rsplit("/", 1)[-1], "")
        if owner in unwanted and owner != wanted:
            message = f"This is the lock file of {owner}, but the task says “{unwanted[owner]}”."
            yield GuardrailFinding("wrong_package_manager", message, "Leave it out.", block.path)
        elif owner and wanted not in ("", owner):
            message = f"This is the lock file of {owner}, but the task says “{quote}”."
            yield GuardrailFinding("wrong_package_manager", message, f"Leave it out; {wanted} writes its own.", block.path)
    for block in answer.safe:
        if block.path == "package.json" and wanted not in ("", "npm") and not _FOR_MANAGER[wanted].search(block.content):
            message = f"package.json does not say that it is for {wanted}, but the task says “{quote}”."
            yield GuardrailFinding("wrong_package_manager", message, f'Add "packageManager": "{wanted}@<version>".', block.path)


def _wanted_manager(stated: tuple[str, ...]) -> tuple[str, str]:
    """The one that the task asks for, and its words; "" where it asks for none, or names others that it does not deny."""
    found = [(text, hit) for text in stated for hit in _MANAGER.finditer(text)]
    asked = [hit for text, hit in found if asks_for(text, hit.start(), hit.end(), set_aside=_OTHERS)]
    wanted = {(hit[1] or hit[2]).lower() for hit in asked}
    named = {hit[1].lower() for text in stated for hit in _NAMED.finditer(text)}
    others = {name for name in named - wanted if not all(name not in text.lower() or rules_out(text, name) for text in stated)}
    return (wanted.pop(), asked[0][0]) if len(wanted) == 1 and not others else ("", "")


def _environment(answer: CheckedAnswer, stated: tuple[str, ...]) -> Iterator[GuardrailFinding]:
    """After "settings from environment variables" a new project reads at least one; comments and strings don't count."""
    found = ((text, hit) for text in stated for hit in _ENVIRONMENT.finditer(text))
    hit = next((hit for text, hit in found if asks_for(text, hit.start(), hit.end())), None)
    code = [block for block in answer.created if block.path.endswith(_CONFIGURES)]
    if hit is None or answer.spec.output_mode != "generate_new" or not code:
        return
    if not any(_reads_environment(block) for block in code):
        message = f"Nothing reads an environment variable, but the task says “{hit[0]}”."
        yield GuardrailFinding("environment_not_read", message, "Read the settings from environment variables.")


def _reads_environment(block: FileBlock) -> bool:
    if block.path.endswith(".py"):
        try:
            return bool(_READS.search(ast.unparse(_without_strings(read_python(block.content)))))
        except (Unreadable, RecursionError, MemoryError):
            return False
    programs = sources(block.path, block.content)
    if not programs:
        return bool(_READS.search(block.content))
    kinds = (
        "member_expression",
        "call_expression",
        "function_call_expression",
        "member_access_expression",
        "invocation_expression",
    )
    return any(_READS.search(text_of(source, node, MAX_READ)) for source in programs for node, _ in nodes(source, *kinds))


def _without_strings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return tree

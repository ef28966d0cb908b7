"""noxfile.py: what the sessions that run tests install, where it is literal (https://nox.thea.codes)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agent.documents import read_python
from agent.sandbox.requirements.commands import Asked, add, of_arguments, of_argv
from agent.sandbox.requirements.declared import ManifestDeclarations
from agent.sandbox.requirements.kinds import is_for_something_else
from agent.sandbox.requirements.literals import Computed, Literals, assigned, name_of
from agent.sandbox.requirements.manifests import Manifests, joined

RUNS = frozenset(("run", "run_install", "run_always"))


def read(files: Manifests, directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    text = files.text(joined(directory, "noxfile.py") or "")
    if text is None:
        return
    tree = read_python(text)
    literals = Literals(assigned(tree))
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and _is_session(function):
            asked = Asked()
            for call in _calls(function):
                arguments = _literal(call, literals)
                if name_of(call.func) == "install":
                    of_arguments(arguments, asked)
                elif name_of(call.func) in RUNS:
                    of_argv(arguments, asked)
            add(asked, f"noxfile.py: {function.name}", into)


def _is_session(function: ast.FunctionDef) -> bool:
    """A session for tests: by its name, unless that is for something else, and only if it runs something with "test"."""
    decorators = [node.func if isinstance(node, ast.Call) else node for node in function.decorator_list]
    if not any(name_of(node) == "session" for node in decorators) or is_for_something_else(function.name):
        return False
    words = (node.value for node in ast.walk(function) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return any("test" in word for word in words)


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """``session.install(…)``, ``session.run(…)`` and the like."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and name_of(node.func) in {"install", *RUNS}:
            yield node


def _literal(call: ast.Call, literals: Literals) -> list[str]:
    """The arguments that are known, those of lists that are unpacked among them."""
    found: list[str] = []
    for argument in call.args:
        try:
            value = literals.value(argument.value if isinstance(argument, ast.Starred) else argument)
        except Computed:
            continue
        found += [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str)]
    return found

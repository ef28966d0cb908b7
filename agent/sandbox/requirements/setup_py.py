"""setup.py, as far as the arguments of ``setup()`` are literals or names of such; nothing of it is run."""

from __future__ import annotations

import ast
from typing import Any

from packaging.utils import canonicalize_name

from agent.documents import read_python
from agent.sandbox.requirements.declared import BuildSystem, Declaration, ManifestDeclarations
from agent.sandbox.requirements.literals import Computed, Literals, assigned, name_of
from agent.sandbox.requirements.manifests import Manifests, joined


def read(files: Manifests, directory: str, into: ManifestDeclarations) -> list[str]:
    """The names of arguments that are computed and thus not read. Raises ``Unreadable``."""
    text = files.text(joined(directory, "setup.py") or "")
    if text is None:
        return []
    into.build = into.build or BuildSystem()
    tree = read_python(text)
    literals = Literals(assigned(tree))
    call = next((node for node in ast.walk(tree) if isinstance(node, ast.Call) and name_of(node.func) == "setup"), None)
    computed: list[str] = []

    def argument(name: str) -> Any:
        for keyword in call.keywords if call else ():
            if keyword.arg == name:
                try:
                    return literals.value(keyword.value)
                except Computed:
                    computed.append(name)
        return None

    for field, name in (("name", "name"), ("version", "version"), ("python", "python_requires")):
        value = argument(name) if not getattr(into, field) else None
        if isinstance(value, str):
            setattr(into, field, value)
    if not into.runtime:
        into.runtime += _declared(argument("install_requires"), "setup.py: install_requires")
    into.always += _declared(argument("tests_require"), "setup.py: tests_require")
    extras = argument("extras_require")
    for name, lines in extras.items() if isinstance(extras, dict) else ():
        into.extras.setdefault(canonicalize_name(str(name)), []).extend(_declared(lines, f"setup.py: extra {name}"))
    needed = [line.text for line in _declared(argument("setup_requires"), "")]
    into.build = BuildSystem((*into.build.requires, *needed), into.build.backend, into.build.paths)
    return [name for name in computed if name.endswith(("_requires", "_require"))]


def _declared(value: Any, where: str) -> list[Declaration]:
    lines = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else []
    return [Declaration(line.strip(), where) for line in lines if isinstance(line, str) and line.strip()]

"""Pipfile: [packages] and [dev-packages] (https://github.com/pypa/pipfile)."""

from __future__ import annotations

from typing import Any

from packaging.utils import canonicalize_name

from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations, strings, table, text_of
from agent.sandbox.requirements.poetry import source_of

MARKERS = ("os_name", "sys_platform", "platform_machine", "platform_system", "python_version", "implementation_name")
"""Keys of a package that are markers: ``sys_platform = "== 'win32'"``."""


def read(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    requires = table(data, "requires")
    version = text_of(requires, "python_full_version") or text_of(requires, "python_version")
    into.python = into.python or (f"=={version}.*" if version.count(".") == 1 else f"=={version}" if version else "")
    for section in ("packages", "dev-packages"):
        where = f"Pipfile: [{section}]"
        lines = into.runtime if section == "packages" else into.always
        for name, said in table(data, section).items():
            entry: dict[str, Any] = said if isinstance(said, dict) else {"version": said}
            source = source_of(entry, directory)
            if source == directory:
                into.ask(strings(entry, "extras"))
                continue
            if source is not None:
                into.sources[canonicalize_name(name)] = source
            lines.append(Declaration(_line(name, entry), where))


def _line(name: str, entry: dict[str, Any]) -> str:
    extras = f"[{','.join(strings(entry, 'extras'))}]" if entry.get("extras") else ""
    version = text_of(entry, "version").strip()
    markers = [f"({text_of(entry, 'markers')})"] if text_of(entry, "markers") else []
    markers += [f"{key} {text_of(entry, key)}" for key in MARKERS if text_of(entry, key)]
    text = f"{name}{extras}{'' if version == '*' else version}"
    return f"{text} ; {' and '.join(markers)}" if markers else text

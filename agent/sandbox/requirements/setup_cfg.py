"""setup.cfg of setuptools: [metadata], [options] and [options.extras_require]."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from agent.sandbox.requirements.declared import BuildSystem, Declaration, ManifestDeclarations
from agent.sandbox.requirements.manifests import Manifests, joined, value_of


def read(files: Manifests, directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    parser = files.ini(joined(directory, "setup.cfg") or "")
    if not parser.has_section("metadata") and not parser.has_section("options"):
        return
    into.name = into.name or value_of(parser, "metadata", "name").strip()
    version = value_of(parser, "metadata", "version").strip()
    if not version.startswith(("attr:", "file:")):
        into.version = into.version or version
    into.python = into.python or value_of(parser, "options", "python_requires").strip()
    if not into.runtime:  # pyproject.toml stands above
        into.runtime += _declared(value_of(parser, "options", "install_requires"), "setup.cfg: install_requires", into)
    into.always += _declared(value_of(parser, "options", "tests_require"), "setup.cfg: tests_require", into)
    if parser.has_section("options.extras_require"):
        for name, text in parser.items("options.extras_require"):
            declared = list(_declared(text or "", f"setup.cfg: extra {name}", into))
            into.extras.setdefault(canonicalize_name(name), []).extend(declared)
    if into.build is None:
        needed = (line.text for line in _declared(value_of(parser, "options", "setup_requires"), "", into))
        into.build = BuildSystem(("setuptools", *needed))


def _declared(text: str, where: str, into: ManifestDeclarations) -> Iterator[Declaration]:
    """One a line, or split by semicolons where it is one line. ``file: requirements.txt`` names files."""
    if text.strip().startswith("file:"):
        into.files += [name.strip() for name in text.strip()[5:].replace("\n", ",").split(",") if name.strip()]
        return
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            yield Declaration(line.strip(), where)

"""What a built project depends on: files whose text is read by a build, and names that it looks for."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path

from agent.context.paths import is_regular
from agent.sandbox.python.layout import layout, modules
from agent.sandbox.python.products import LEFT_OUT
from agent.sandbox.python.version import VERSION_FILES
from agent.sandbox.requirements.declared import ManifestDeclarations
from agent.sandbox.requirements.manifests import Manifests

READ = frozenset(
    ("pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in", "hatch.toml", "hatch_build.py", "build.py", "versioneer.py",
     "PKG-INFO", "VERSION", "VERSION.txt", "version.txt", "meson.build", "CMakeLists.txt", "Cargo.toml",
     "Cargo.lock", "uv.lock")
)  # fmt: skip
CARGO = ("Cargo.toml", "Cargo.lock")
"""Also where they lie deeper."""
COMPILED = (".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".pyx", ".pxd", ".pxi", ".rs", ".f", ".f90")
MAX_FILES = 100_000
MAX_BYTES = 64 << 20
"""Of the text that is read; of what is beyond it, size and time count."""


def inputs(root: Path, projects: Mapping[str, ManifestDeclarations]) -> str:
    """A digest. It is another one when a manifest, a version file or a source that is compiled is, or a top-level module comes
    or goes; editing a module does not change it."""
    files, digest = Manifests(root), hashlib.sha256()
    left = MAX_BYTES
    for directory, declared in projects.items():
        names = layout(files, directory, declared.name)
        known = [f"{at}:{name}" for at in names.roots for name in modules(files, at)]
        digest.update(os.fsencode("\0".join([directory, *names.roots, *known])))
        packages = [posixpath.join(at, name) for at in names.roots for name in names.main]
        versions = [f"{package}/{file}.py" for package in packages for file in VERSION_FILES]
        for path in [*versions, *_paths(root, directory)]:
            if not is_regular(root, path):
                continue
            found = (root / path).stat()
            left -= found.st_size
            body = (root / path).read_bytes() if left > 0 else f"{found.st_size} {found.st_mtime_ns}".encode()
            digest.update(os.fsencode(f"\0{path}\0") + hashlib.sha256(body).digest())
    return digest.hexdigest()


def _paths(root: Path, directory: str) -> Iterator[str]:
    top = root / directory
    has_setup_py = (top / "setup.py").is_file()
    for name in sorted(os.listdir(top)):
        # setup.py may import the modules beside it
        if name in READ or (has_setup_py and name.endswith(".py")):
            yield posixpath.join(directory, name)
    seen = 0
    for place, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        seen += len(names)
        if seen > MAX_FILES:
            return
        for name in sorted(names):
            if name.endswith(COMPILED) or (place != str(top) and name in CARGO):
                yield posixpath.join(directory, os.path.relpath(os.path.join(place, name), top))

"""Which directories of a repository may be projects of their own."""

from __future__ import annotations

from agent.projects.files import ProjectFiles

MAX_PARTS = 100
MAX_LEVELS = 6
SKIPPED = frozenset((
    "node_modules", "bower_components", "vendor", "vendored", "_vendor", "third_party", "third-party", "thirdparty", "external",
    "site-packages", "venv", "env", "virtualenv", "__pycache__", "dist", "build", "target", "out", "bin", "obj",
    "test", "tests", "testing", "testdata", "test_data", "test-data", "__tests__", "fixture", "fixtures",
    "__fixtures__", "spec", "specs",
    "cases", "corpus", "playground",
    "snapshots", "__snapshots__", "example", "examples", "sample", "samples", "demo", "demos", "template", "templates",
    "cookiecutter", "skeleton", "skeletons", "starter", "starters", "boilerplate", "doc", "docs", "documentation", "website",
    "benchmark", "benchmarks", "bench",
))  # fmt: skip
"""Names of directories with projects of others, or that only serve the project around them."""

_MANIFESTS = frozenset((
    "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "manage.py", "tox.ini", "noxfile.py", "package.json", "go.mod",
    "Cargo.toml",
    "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "composer.json", "Gemfile",
    "CMakeLists.txt", "meson.build", "configure.ac", "GNUmakefile", "Makefile", "makefile",
))  # fmt: skip
_SUFFIXES = (".csproj", ".fsproj", ".vbproj", ".sln", ".slnx", ".gemspec", "requirements.txt")


def project_directories(files: ProjectFiles) -> list[str]:
    """The top ("") and the directories that hold a manifest, the outermost first; at most ``MAX_PARTS``."""
    found = {""}
    skipped: dict[str, bool] = {"": False}
    for path in files.paths:
        directory, _, name = path.rpartition("/")
        if not _is_manifest(name) or directory in found or directory.count("/") >= MAX_LEVELS:
            continue
        if directory not in skipped:
            skipped[directory] = any(_is_skipped(part) for part in directory.split("/"))
        if not skipped[directory]:
            found.add(directory)
    return sorted(found, key=lambda directory: (directory.count("/") + bool(directory), directory))[:MAX_PARTS]


def _is_manifest(name: str) -> bool:
    return name in _MANIFESTS or name.endswith(_SUFFIXES) or (name.startswith("requirements") and name.endswith(".txt"))


def _is_skipped(name: str) -> bool:
    return name.startswith((".", "{{")) or name.lower() in SKIPPED

"""A directory as a Python project, or not."""

from __future__ import annotations

from collections import Counter

from agent.projects.directories import SKIPPED
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectCommand, ProjectPart
from agent.projects.python.metadata import PythonMetadata, metadata_of
from agent.projects.python.testing import tests_of
from agent.projects.python.tools import with_tools
from agent.projects.tables import table, toml_of
from agent.stacks.manifests import is_manifest, names_in

MAX_MANIFESTS = 50
OTHERS = (
    "package.json", "go.mod", "Cargo.toml", "composer.json", "Gemfile", "pom.xml", "build.gradle", "build.gradle.kts",
    "CMakeLists.txt", "configure.ac", "meson.build",
)  # fmt: skip
"""Manifests of other ecosystems: with one of them, a few Python files do not make a Python project."""
_OWN = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "requirements.txt", "manage.py")
_SERVING = ("scripts", "script", "tools", "ci")
_SOURCES = (".py", ".js", ".ts", ".tsx", ".jsx", ".go", ".rs", ".java", ".kt", ".rb", ".php", ".cs", ".c", ".cc", ".cpp", ".h")


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    """None where no manifest says so and Python is not what most files there are written in."""
    metadata = metadata_of(files)
    if not metadata.has_manifest and not _mostly_python(files):
        return None
    if not metadata.name and not metadata.build_backend and not any(path.endswith(".py") for path in files.paths):
        return None
    declared = declared_names(files)
    tests = tests_of(files, declared)
    evidence = {**metadata.evidence, "runner": tests.why}
    if tests.configuration:
        evidence["test_configuration"] = tests.configuration
    command = ProjectCommand(tests.command, f"convention: {tests.why}")
    one = ProjectCommand(tests.one, command.evidence)
    found = ProjectPart(
        directory=directory,
        ecosystem="python",
        language="Python",
        name=metadata.name,
        package_manager=metadata.package_manager,
        lock_file=metadata.lock_file,
        build_backend=metadata.build_backend,
        layout=_layout(files, metadata),
        members=metadata.members,
        runtime=metadata.runtime,
        runner=tests.runner,
        commands={"test": command, **({"test_one": one} if one.argv != command.argv else {})},
        test_files=tests.globs,
        evidence=evidence,
    )
    return with_tools(found, files)


def declared_names(files: ProjectFiles) -> frozenset[str]:
    """Lower-case names of what the manifests of the directory itself ask for, for whatever purpose."""
    near = [path for path in files.paths_at("") if is_manifest(path)]
    near += [path for path in files.starting_with("requirements/") if is_manifest(path)]
    return frozenset(name for path in near[:MAX_MANIFESTS] for name in names_in(path, files.read(path) or ""))


def _layout(files: ProjectFiles, metadata: PythonMetadata) -> str:
    if metadata.members:
        return "workspace"
    return (
        "src"
        if any(path.endswith(".py") for path in files.starting_with("src/")) and "src/__init__.py" not in files
        else "flat"
    )


def _mostly_python(files: ProjectFiles) -> bool:
    """Of a directory without a manifest: Python files at its top or in packages there, and more of them than of any
    other kind."""
    if any(name in files for name in OTHERS) or any(path.endswith((".csproj", ".sln", ".slnx")) for path in files.paths_at("")):
        return False
    if table(toml_of(files, "pyproject.toml"), "tool") or "tox.ini" in files or "noxfile.py" in files:
        return any(path.endswith(".py") and path.count("/") <= 2 for path in files.paths)
    counts = Counter(suffix for path in files.paths for suffix in _SOURCES if path.endswith(suffix))
    return (
        counts.most_common(1) != []
        and counts.most_common(1)[0][0] == ".py"
        and any(_is_own_code(path, files) for path in files.paths)
    )


def _is_own_code(path: str, files: ProjectFiles) -> bool:
    """Whether ``path`` is Python at the top, or in a directory there that is not another project nor serves one."""
    directory, _, name = path.rpartition("/")
    if not name.endswith(".py") or "/" in directory or directory.lower() in (*SKIPPED - {"test", "tests"}, *_SERVING):
        return False
    return not directory or not any(f"{directory}/{manifest}" in files for manifest in (*OTHERS, *_OWN))

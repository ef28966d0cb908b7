"""A static site: pages and what they load, with nothing that builds or tests them. It has no commands and no rules."""

from __future__ import annotations

from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectPart

MANIFESTS = (
    "package.json", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "manage.py", "go.mod", "go.work",
    "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "composer.json", "Gemfile", "gems.rb", "CMakeLists.txt",
    "meson.build", "configure", "Makefile", "mix.exs", "deno.json", "pubspec.yaml",
)  # fmt: skip
CODE = (".py", ".php", ".rb", ".go", ".rs", ".java", ".kt", ".cs", ".c", ".cpp", ".ts", ".tsx", ".jsx")
"""What a page does not load as it is: such a file belongs to a program."""
NO_TESTS = "a static site has no tests of its own"


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    page = next((name for name in ("index.html", "index.htm") if name in files), "")
    if not page or any(name in files for name in MANIFESTS) or any(path.endswith(CODE) for path in files.paths):
        return None
    return ProjectPart(directory, "static", "html", layout="flat", evidence={"language": page, "test": NO_TESTS})

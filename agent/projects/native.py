"""C and C++: CMake, Meson, configure scripts, and plain make.

A tree is built outside of the sources where its tool can, so that what a build makes never lies beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import text
from agent.projects.model import ProjectCommand, ProjectPart
from agent.stacks.model import FormatTool

SOURCES = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".m", ".mm")
PLUS = (".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
OTHERS = (
    "pyproject.toml", "setup.py", "setup.cfg", "package.json", "go.mod", "Cargo.toml", "pom.xml", "build.gradle",
    "build.gradle.kts", "composer.json", "Gemfile", "mix.exs",
)  # fmt: skip
"""Manifests of other languages, whose projects may have a Makefile and some C without being projects of C."""
BUILD = '"${TMPDIR:-/tmp}/build"'
"""Shell: where it is built."""
TEST_FILES = (
    "**/test/**|**/tests/**|**/testsuite/**|**/t/**",
    "**/*_test.c*|**/test_*.c*|**/*Test.c*|**/*_tests.c*|**/*_unittest.c*|**/test.c*|**/tests.c*|**/check.c*|**/check_*.c*",
)

_COMMENT = linear(r"(?m)#[^\n]*")
_PROJECT = linear(r"(?i)\bproject\s*\(\s*([\w.-]{1,100})")
_LEAST = linear(r"(?i)\bcmake_minimum_required\s*\(\s*VERSION\s+(\d{1,4}(?:\.\d{1,6}){0,3})")
_TESTS = linear(r"(?i)\b(?:enable_testing\s*\(|include\s*\(\s*CTest\b|add_test\s*\(|\w{1,60}_discover_tests\s*\()")
_SWITCH = linear(
    r"(?i)\boption\s*\(\s*((?:\w{1,40}_)?(?:BUILD|ENABLE|WITH|MAKE|RUN)_(?:UNIT_?)?TEST(?:S|ING)?|[A-Z0-9]{1,40}_TEST(?:S|ING)?)\s"
    r"[^)]{0,200}\bOFF\s*\)"
)
"""Options that switch on the tests as a whole, off by default."""
AGAINST = ("DISABLE", "NO_", "WITHOUT", "SKIP", "EXCLUDE")
_MESON = linear(r"project\s*\(\s*'([^'\n]{1,100})'")
_MESON_LEAST = linear(r"meson_version\s*:\s*'([^'\n]{1,40})'")
_MESON_TEST = linear(r"(?m)^\s*(?:test|subdir)\s*\(")
_TARGET = linear(r"(?m)^(test|check|tests)[ \t]*:(?:[^=]|$)")
_INIT = linear(r"AC_INIT\(\s*\[?([^\],)\n]{1,100})")


@dataclass
class _Build:
    """What one build tool's file says. ``lines`` are shell commands by kind; ``said`` is how people write them."""

    file: str
    tool: str
    name: str = ""
    runtime: str = ""
    runner: str = ""
    lines: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    untested: str = ""


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    """By the first of CMake, Meson, configure and make that has tests, else the first that is there.

    None where the project is one of another language.
    """
    builds = [build for read in (_cmake, _meson, _configure, _make) if (build := read(files)) is not None]
    build = next((build for build in builds if "test" in build.lines), builds[0] if builds else None)
    if build is None or ("test" not in build.lines and any(name in files for name in OTHERS)):
        return None
    if build.tool in ("make", "autotools") and any(name in files for name in OTHERS):
        return None
    evidence = {"language": build.file, "runner": build.file}
    if build.runtime:
        evidence["runtime"] = build.file
    if build.untested:
        evidence["test"] = build.untested
    commands = {
        kind: ProjectCommand(_argv(line, build.runner), build.file, build.said.get(kind, ""))
        for kind, line in build.lines.items()
    }
    config = next((name for name in (".clang-format", "_clang-format") if name in files), "")
    if config:
        evidence["formatters"] = config
    return ProjectPart(
        directory,
        "native",
        _language(files),
        build.name,
        "",
        build_backend=build.tool,
        layout="src" if next(files.starting_with("src/"), None) is not None else "flat",
        runtime=build.runtime,
        runner=build.runner,
        commands=commands,
        test_files=TEST_FILES,
        formatters=(_CLANG_FORMAT,) if config else (),
        evidence=evidence,
    )


def _argv(line: str, runner: str) -> tuple[str, ...]:
    """A line that ends with ``"$@"`` hands on what is appended to its words; the word before is the script's name."""
    return ("sh", "-c", line, runner) if line.endswith('"$@"') else ("sh", "-c", line)


_CLANG_FORMAT = FormatTool("clang-format", ("clang-format", "-i"), ("clang-format", "--dry-run", "--Werror"), SOURCES)


def _language(files: ProjectFiles) -> str:
    plus, plain = (sum(path.endswith(ends) for path in files.paths) for ends in (PLUS, ".c"))
    return "c++" if plus > plain else "c"


def _cmake(files: ProjectFiles) -> _Build | None:
    source = files.read("CMakeLists.txt")
    if source is None:
        return None
    lists = [path for path in files.paths if path.rpartition("/")[2] == "CMakeLists.txt"][:200]
    texts = [_COMMENT.sub("", files.read(path) or "") for path in lists]
    top = _COMMENT.sub("", source)
    least = _found(_LEAST, top)
    build = _Build("CMakeLists.txt", "cmake", _found(_PROJECT, top), f"cmake >={least}" if least else "", "ctest")
    switches = sorted({hit[1] for one in texts for hit in _SWITCH.finditer(one) if not hit[1].upper().startswith(AGAINST)})[:10]
    wanted = "".join(f" -D{name}=ON" for name in switches)
    configure = f"cmake -S . -B {BUILD}{wanted} && cmake --build {BUILD} --parallel 2"
    build.lines["build"], build.said["build"] = configure, "cmake --build"
    if any(_TESTS.search(one) for one in texts):
        build.lines["test"] = f'{configure} && ctest --test-dir {BUILD} --output-on-failure "$@"'
        build.said["test"] = "ctest"
    else:
        build.untested = "CMakeLists.txt adds no tests"
    return build


def _meson(files: ProjectFiles) -> _Build | None:
    source = files.read("meson.build")
    if source is None:
        return None
    least = _found(_MESON_LEAST, source)
    build = _Build("meson.build", "meson", _found(_MESON, source), f"meson {least}" if least else "", "meson")
    setup = f"meson setup {BUILD}"
    build.lines["build"], build.said["build"] = f"{setup} && meson compile -C {BUILD}", "meson compile"
    if _MESON_TEST.search(_COMMENT.sub("", source)):
        build.lines["test"], build.said["test"] = f'{setup} && meson test -C {BUILD} "$@"', "meson test"
    else:
        build.untested = "meson.build adds no tests"
    return build


def _configure(files: ProjectFiles) -> _Build | None:
    """Automake's projects can be built anywhere; another configure script may expect its own directory."""
    source = next((files.read(name) for name in ("configure.ac", "configure.in") if name in files), None)
    if "configure" not in files and source is None:
        return None
    made = "./configure" if "configure" in files else "autoreconf -i && ./configure"
    file = "configure" if "configure" in files else "configure.ac"
    name = _found(_INIT, source or "").strip("[]\"' ")
    target = "check" if "Makefile.am" in files else _target(files, "Makefile.in")
    build = _Build(file, "autotools", name, runner="automake" if "Makefile.am" in files else "")
    build.lines["build"] = f"{made} && make"
    if not target:
        build.untested = "Makefile.in has no target check or test"
        return build
    build.lines["test"] = f"{made} && make {target}"
    if "Makefile.am" in files and "configure" in files:
        build.lines["test"] = f'top=$PWD && mkdir -p {BUILD} && cd {BUILD} && "$top/configure" && make {target}'
        build.said["test"] = f"./configure && make {target}"
    return build


def _make(files: ProjectFiles) -> _Build | None:
    file = next((name for name in MAKEFILES if name in files), "")
    if not file or not any(path.endswith(SOURCES) for path in files.paths):
        return None
    build = _Build(file, "make", lines={"build": "make"})
    if target := _target(files, file):
        build.lines["test"] = f"make {target}"
    else:
        build.untested = f"{file} has no target test or check"
    return build


def _target(files: ProjectFiles, makefile: str) -> str:
    return _found(_TARGET, files.read(makefile) or "")


def _found(pattern: re.Pattern[str], source: str) -> str:
    hit = pattern.search(source)
    return text(hit[1]) if hit else ""

"""A solution or project of .NET: ``*.sln``, ``*.slnx``, ``*.csproj``, ``*.fsproj``, ``*.vbproj``."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import MAX_ENTRIES, json_with_comments, table, text, xml_root
from agent.projects.model import ProjectCommand, ProjectPart
from agent.stacks.model import FormatTool

PROJECTS = (".csproj", ".fsproj", ".vbproj")
LANGUAGES = {".csproj": "csharp", ".fsproj": "fsharp", ".vbproj": "vb"}
SOLUTIONS = (".sln", ".slnx")
SHARED = ("/Directory.Build.props", "/Directory.Build.targets")
"""Below the top, where they are the settings of a folder of projects, such as all that test."""
TEST_PACKAGES = frozenset(("Microsoft.NET.Test.Sdk", "xunit.v3", "TUnit", "MSTest"))
NO_TESTS = "no project of it names a test SDK"
CONVENTION = "convention of .NET"

_IN_SOLUTION = linear(r"""(?m)^Project\([^)\n]*\)\s*=\s*"[^"\n]*"\s*,\s*"([^"\n]{1,300})\"""")


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    """A solution holds its projects; without one the directory's own project counts."""
    here = [path for path in files.paths if "/" not in path and path.endswith((*SOLUTIONS, *PROJECTS))]
    solutions = [path for path in here if path.endswith(SOLUTIONS)]
    if not here:
        return None
    main = solutions[0] if solutions else here[0]
    projects = _projects(files, main) if solutions else tuple(here)
    roots = {path: root for path in projects if (root := xml_root(files, path)) is not None}
    shared = [path.rpartition("/")[0] for path in files.paths if path.endswith(SHARED) and _names_sdk(xml_root(files, path))]
    tests = [path for path, root in roots.items() if _tests(path, root, shared)]
    wanted, place = _runtime(files, roots)
    evidence = {"language": main, "runner": CONVENTION}
    if wanted:
        evidence["runtime"] = place
    if solutions:
        evidence["members"] = main
    commands = {
        "install": ProjectCommand(("dotnet", "restore", *_named(here, main)), CONVENTION),
        "build": ProjectCommand(("dotnet", "build", "--no-restore", *_named(here, main)), CONVENTION, "dotnet build"),
    }
    if tests or len(roots) < len(projects):
        said = " ".join(("dotnet test", *_named(here, main)))
        where = f"{tests[0]} tests" if tests else CONVENTION
        commands["test"] = ProjectCommand(("dotnet", "test", "--no-restore", *_named(here, main)), where, said)
    else:
        evidence["test"] = NO_TESTS
    formatters = _formatters(files, evidence)
    members = sorted({path.rpartition("/")[0] for path in projects if "/" in path}) if solutions else []
    return ProjectPart(
        directory,
        "dotnet",
        _language(projects or here),
        main.rpartition(".")[0],
        "nuget",
        files.from_root("packages.lock.json") if "packages.lock.json" in files else "",
        layout="workspace" if members else "flat",
        members=tuple(files.from_root(path) for path in members),
        runtime=wanted,
        runner="dotnet",
        commands=commands,
        test_files=_test_files(tests),
        formatters=formatters,
        evidence=evidence,
    )


def _named(here: list[str], main: str) -> tuple[str, ...]:
    """Where a directory holds several, ``dotnet`` has to be told which (MSB1011)."""
    return (main,) if len(here) > 1 else ()


def _projects(files: ProjectFiles, solution: str) -> tuple[str, ...]:
    """The project files that a solution lists, as far as they are there."""
    if solution.endswith(".slnx"):
        root = xml_root(files, solution)
        listed = [text(entry.get("Path")) for entry in root.iter("Project")] if root is not None else []
    else:
        listed = [hit[1] for hit in _IN_SOLUTION.finditer(files.read(solution) or "")]
    paths = (path.replace("\\", "/").removeprefix("./") for path in listed[:MAX_ENTRIES])
    return tuple(dict.fromkeys(path for path in paths if path.endswith(PROJECTS) and path in files))


def _tests(path: str, root: ET.Element, shared: list[str]) -> bool:
    """By the project's own settings, those of a folder around it, or its name: packages may be named in one central place."""
    name = path.rpartition("/")[2].rpartition(".")[0].lower()
    return _names_sdk(root) or name.endswith(("tests", ".test")) or any(path.startswith(f"{folder}/") for folder in shared)


def _names_sdk(root: ET.Element | None) -> bool:
    if root is None:
        return False
    if any(text(entry.text).lower() == "true" for entry in root.iterfind(".//{*}IsTestProject")):
        return True
    named = {entry.get("Include", "") for entry in root.iterfind(".//{*}PackageReference")}
    return not TEST_PACKAGES.isdisjoint(named) or root.get("Sdk", "").startswith("MSTest.Sdk")


def _runtime(files: ProjectFiles, roots: dict[str, ET.Element]) -> tuple[str, str]:
    """The SDK that global.json asks for, else the framework that the projects are built for."""
    if version := text(table(json_with_comments(files, "global.json").get("sdk")).get("version")):
        return f"dotnet {version}", "global.json: sdk.version"
    shared = xml_root(files, "Directory.Build.props")
    for path, root in (*roots.items(), *((("Directory.Build.props", shared),) if shared is not None else ())):
        for name in ("TargetFramework", "TargetFrameworks"):
            found = next((text(entry.text) for entry in root.iterfind(f".//{{*}}{name}")), "")
            if found and "$(" not in found:
                return found, f"{path}: {name}"
    return "", ""


def _test_files(tests: list[str]) -> tuple[str, ...]:
    folders = [path.rpartition("/")[0] for path in tests][:40]
    found = [f"{folder}/**" for folder in folders if folder]
    return (*found, "**/*Tests.cs|**/*Test.cs|**/*Tests.fs|**/*Tests.vb")


def _language(projects: tuple[str, ...] | list[str]) -> str:
    return next((name for end, name in LANGUAGES.items() if any(path.endswith(end) for path in projects)), "csharp")


def _formatters(files: ProjectFiles, evidence: dict[str, str]) -> tuple[FormatTool, ...]:
    """CSharpier where it is one of the project's tools, else white space as .editorconfig has it for C#."""
    tools = table(json_with_comments(files, ".config/dotnet-tools.json").get("tools"))
    config = next((path for path in files.starting_with(".csharpierrc") if "/" not in path), "")
    if config or "csharpier" in tools:
        evidence["formatters"] = config or ".config/dotnet-tools.json: csharpier"
        run = ("dotnet", "csharpier")
        return (FormatTool("csharpier", (*run, "format"), (*run, "check"), (".cs",)),)
    editor = files.read(".editorconfig") or ""
    if not any(mark in editor for mark in (".cs]", "cs,", ",cs", "{cs")):
        return ()
    evidence["formatters"] = ".editorconfig"
    spaces = ("dotnet", "format", "whitespace", "--folder")
    return (FormatTool("dotnet format", (*spaces, "--include"), (*spaces, "--verify-no-changes", "--include"), (".cs",)),)

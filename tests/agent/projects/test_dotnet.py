"""Facts of .NET solutions and projects."""

from __future__ import annotations

import pytest

from agent.projects import ProjectFiles, ProjectPart, dotnet

APP = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>'
TESTS = '<Project><ItemGroup><PackageReference Include="Microsoft.NET.Test.Sdk" Version="17"/></ItemGroup></Project>'
SOLUTION = (
    "Microsoft Visual Studio Solution File\n"
    'Project("{FAE0}") = "Shop", "src\\Shop\\Shop.csproj", "{1}"\nEndProject\n'
    'Project("{FAE0}") = "Shop.Tests", "tests\\Shop.Tests\\Shop.Tests.csproj", "{2}"\nEndProject\n'
    'Project("{2150}") = "docs", "docs", "{3}"\nEndProject\n'
)
TREE = {"src/Shop/Shop.csproj": APP, "tests/Shop.Tests/Shop.Tests.csproj": TESTS}
SLNX = """<Solution><Folder Name="/src/"><Project Path="src/Shop/Shop.csproj"/></Folder>
<Project Path="tests/Shop.Tests/Shop.Tests.csproj"/></Solution>"""


def part_of(files: dict[str, str]) -> ProjectPart:
    found = dotnet.part(ProjectFiles.of(files), "")
    assert found is not None
    return found


@pytest.mark.parametrize("solution", [{"Shop.sln": SOLUTION}, {"Shop.slnx": SLNX}])
def test_a_solution(solution: dict[str, str]) -> None:
    part = part_of({**TREE, **solution})
    assert (part.name, part.language, part.runtime, part.runner) == ("Shop", "csharp", "net8.0", "dotnet")
    assert part.members == ("src/Shop", "tests/Shop.Tests")
    assert part.commands["test"].argv == ("dotnet", "test", "--no-restore")
    assert part.commands["test"].line == "dotnet test"
    assert part.evidence["runtime"] == "src/Shop/Shop.csproj: TargetFramework"
    assert part.test_files[0] == "tests/Shop.Tests/**"


def test_what_a_folder_of_projects_names_for_all_of_them_counts() -> None:
    files = {
        **TREE,
        "tests/Shop.Tests/Shop.Tests.csproj": APP,
        "Shop.sln": SOLUTION.replace("Shop.Tests.csproj", "Checks.csproj"),
    }
    files["tests/Shop.Tests/Checks.csproj"] = APP
    assert part_of(files).test == ()
    assert part_of({**files, "tests/Directory.Build.props": TESTS}).test == ("dotnet", "test", "--no-restore")


def test_one_of_several_in_a_directory_is_named() -> None:
    part = part_of({**TREE, "Shop.sln": SOLUTION, "Other.csproj": APP})
    assert part.test == ("dotnet", "test", "--no-restore", "Shop.sln")


@pytest.mark.parametrize(
    ("files", "tested"),
    [
        ({"App.csproj": APP}, False),
        ({"App.Tests.fsproj": TESTS}, True),
        ({"App.csproj": "<Project><PropertyGroup><IsTestProject>true</IsTestProject></PropertyGroup></Project>"}, True),
        ({"App.csproj": "<Project"}, True),
        ({"App.Tests.csproj": APP}, True),
    ],
)
def test_there_is_a_test_command_where_a_project_tests_or_can_not_be_read(files: dict[str, str], tested: bool) -> None:
    part = part_of(files)
    assert bool(part.test) is tested
    assert part.evidence.get("test") == (None if tested else dotnet.NO_TESTS)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"global.json": '{"sdk": {"version": "8.0.100"}} // pinned'}, "dotnet 8.0.100"),
        ({"App.csproj": "<Project/>", "Directory.Build.props": APP.replace("net8.0", "net9.0")}, "net9.0"),
        ({"App.csproj": APP.replace("Framework>", "Frameworks>").replace("net8.0", "net8.0;net472")}, "net8.0;net472"),
    ],
)
def test_the_framework(files: dict[str, str], wanted: str) -> None:
    assert part_of({"App.csproj": APP, **files}).runtime == wanted


@pytest.mark.parametrize(
    ("files", "formatters"),
    [
        ({}, []),
        ({".editorconfig": "root = true\n[*.py]\nindent_size = 4\n"}, []),
        ({".editorconfig": "[*.cs]\nindent_size = 4\n"}, ["dotnet format"]),
        ({".csharpierrc.json": "{}"}, ["csharpier"]),
        ({".config/dotnet-tools.json": '{"tools": {"csharpier": {"version": "1"}}}'}, ["csharpier"]),
    ],
)
def test_formatters_are_those_that_are_configured(files: dict[str, str], formatters: list[str]) -> None:
    assert [tool.name for tool in part_of({"App.csproj": APP, **files}).formatters] == formatters


def test_no_project_is_no_part() -> None:
    assert dotnet.part(ProjectFiles.of({"src/App.csproj": APP}), "") is None

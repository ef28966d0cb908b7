"""Facts of Go modules and workspaces."""

from __future__ import annotations

import pytest

from agent.projects import ProjectFiles, ProjectPart, go

MODULE = "// the shop\nmodule example.com/shop/v2\n\ngo 1.22.1\n\nrequire (\n\texample.com/x v1.0.0\n)\n"
WORKSPACE = "go 1.22\n\nuse (\n\t./api // http\n\t./tools/gen\n\t./gone\n\t../outside\n)\nuse ./cli\n"
TREE = {"api/go.mod": "module a", "tools/gen/go.mod": "module g", "cli/go.mod": "module c", "go.work": WORKSPACE}


def part_of(files: dict[str, str]) -> ProjectPart:
    found = go.part(ProjectFiles.of(files), "")
    assert found is not None
    return found


def test_a_module() -> None:
    part = part_of({"go.mod": MODULE, "go.sum": "", "a.go": "package a"})
    assert (part.name, part.runtime, part.lock_file) == ("example.com/shop/v2", "go 1.22.1", "go.sum")
    assert (part.language, part.package_manager, part.runner, part.layout) == ("go", "go", "go", "flat")
    assert part.test == ("go", "test", "./...")
    assert part.evidence["runtime"] == "go.mod: go 1.22.1"
    assert part.commands["test"].evidence == "convention of Go"


@pytest.mark.parametrize(
    ("files", "test", "members"),
    [
        (TREE, ("go", "test", "./api/...", "./tools/gen/...", "./cli/..."), ("api", "tools/gen", "cli")),
        ({"go.mod": MODULE, "go.work": "use .\n"}, ("go", "test", "./..."), ()),
        ({"go.mod": MODULE, "go.work": "use (\n\t.\n\t./b\n)", "b/go.mod": ""}, ("go", "test", "./...", "./b/..."), ("b",)),
    ],
)
def test_a_workspace_tests_each_of_its_modules(files: dict[str, str], test: tuple[str, ...], members: tuple[str, ...]) -> None:
    part = part_of(files)
    assert (part.test, part.members, part.layout) == (test, members, "workspace")


def test_paths_of_members_begin_at_the_root_of_the_repository() -> None:
    part = go.part(ProjectFiles.of({f"back/{path}": text for path, text in TREE.items()}).below("back"), "back")
    assert part is not None
    assert part.members == ("back/api", "back/tools/gen", "back/cli")
    assert part.path("go.mod") == "back/go.mod"


@pytest.mark.parametrize(
    ("files", "formatters", "linters"),
    [
        ({}, ["gofmt"], []),
        (
            {".golangci.yml": "version: 2\nformatters:\n  enable: [gofumpt, goimports]\n"},
            ["gofumpt", "goimports"],
            ["golangci-lint"],
        ),
        ({".golangci.toml": "[linters]\nenable = ['goimports']\n"}, ["goimports"], ["golangci-lint"]),
        ({".golangci.json": "{}"}, ["gofmt"], ["golangci-lint"]),
    ],
)
def test_formatters_and_linters(files: dict[str, str], formatters: list[str], linters: list[str]) -> None:
    part = part_of({"go.mod": MODULE, **files})
    assert [tool.name for tool in part.formatters] == formatters
    assert [tool.name for tool in part.linters] == linters
    assert part.evidence["formatters"] == ("convention of Go" if formatters == ["gofmt"] else next(iter(files)))


def test_gofmt_is_checked_by_what_it_lists() -> None:
    tool = part_of({"go.mod": MODULE}).formatters[0]
    assert tool.argv == ("gofmt", "-w")
    assert tool.check == ("sh", "-c", 'found=$(gofmt -l "$@") && test -z "$found"', "sh")


def test_no_module_is_no_part() -> None:
    assert go.part(ProjectFiles.of({"main.go": "package main", "sub/go.mod": ""}), "") is None

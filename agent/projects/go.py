"""A module of Go, or a workspace of several: ``go.mod`` and ``go.work``."""

from __future__ import annotations

import re

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import MAX_ENTRIES, table, text, texts, toml_table, yaml_map
from agent.projects.model import ProjectCommand, ProjectPart
from agent.stacks.model import FormatTool

CONVENTION = "convention of Go"
LINT_CONFIGURATION = (".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json")
IN_THEIR_DIRECTORIES = """for file; do dirname "./$file"; done | sort -u | tr '\\n' '\\0' | xargs -0"""
"""Shell: the directories of the files that are appended, for tools of packages."""

_MODULE = linear(r"""(?m)^module[ \t]+["`]?([^\s"`]+)""")
_VERSION = linear(r"(?m)^go[ \t]+(\d[\w.]*)")
_USE = linear(r"""(?m)^(?:use[ \t]+|[ \t]+)["`]?(\.[^\s"`)]*)""")


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    module, workspace = files.read("go.mod"), files.read("go.work")
    if module is None and workspace is None:
        return None
    name = _first(_MODULE, module or "")
    version = _first(_VERSION, module or "") or _first(_VERSION, workspace or "")
    used = _used(workspace or "", files)
    manifest = "go.mod" if module is not None else "go.work"
    evidence = {"language": manifest, "runner": CONVENTION, "formatters": CONVENTION}
    formatters = _formatters(files)
    settings = next((name for name in LINT_CONFIGURATION if name in files), "")
    if version:
        evidence["runtime"] = f"{manifest}: go {version}"
    if used:
        evidence["members"] = "go.work: use"
    if "vendor/modules.txt" in files:
        evidence["vendor"] = "vendor/modules.txt: the packages are part of the repository"
    linters = _linters(files)
    if linters:
        evidence["linters"] = settings
    if formatters[0].name != "gofmt":
        evidence["formatters"] = settings
    return ProjectPart(
        directory,
        "go",
        "go",
        name,
        "go",
        files.from_root("go.sum") if "go.sum" in files else "",
        layout="workspace" if used else "flat",
        members=tuple(files.from_root(path) for path in used if path),
        runtime=f"go {version}" if version else "",
        runner="go",
        commands=_commands(used),
        test_files=("**/*_test.go", "**/testdata/**"),
        formatters=formatters,
        linters=linters,
        evidence=evidence,
    )


def _commands(used: tuple[str, ...]) -> dict[str, ProjectCommand]:
    """``./...`` has only the packages of one module; those of a workspace are named one by one."""
    wanted = tuple(f"./{path}/..." if path else "./..." for path in used) or ("./...",)
    one = ("sh", "-c", f"{IN_THEIR_DIRECTORIES} go test", "sh")
    return {
        "install": ProjectCommand(("go", "mod", "download"), CONVENTION),
        "test": ProjectCommand(("go", "test", *wanted), "go.work: use" if used else CONVENTION),
        "test_one": ProjectCommand(one, CONVENTION, "go test ./PACKAGE"),
        "lint": ProjectCommand(("go", "vet", *wanted), CONVENTION),
        "build": ProjectCommand(("go", "build", *wanted), CONVENTION),
    }


def _used(workspace: str, files: ProjectFiles) -> tuple[str, ...]:
    """The directories that go.work names, "" for its own; those that hold no module are left out."""
    found: list[str] = []
    for hit in _USE.finditer(workspace):
        path = hit[1].removeprefix("./").strip("/")
        path = "" if path == "." else path
        if len(found) < MAX_ENTRIES and ".." not in path and (f"{path}/go.mod" if path else "go.mod") in files:
            found.append(path)
    return tuple(dict.fromkeys(found))


def _formatters(files: ProjectFiles) -> tuple[FormatTool, ...]:
    """gofmt, which the language has for everybody, or the stricter ones of the same place that the linter's settings enable."""
    settings = next((name for name in LINT_CONFIGURATION if name in files), "")
    read = toml_table(files, settings) if settings.endswith(".toml") else yaml_map(files, settings) if settings else {}
    enabled = set(texts(table(read.get("formatters")).get("enable")) + texts(table(read.get("linters")).get("enable")))
    names: list[str] = [name for name in ("gofumpt", "goimports") if name in enabled] or ["gofmt"]
    return tuple(
        FormatTool(name, (name, "-w"), ("sh", "-c", f'found=$({name} -l "$@") && test -z "$found"', "sh"), (".go",))
        for name in names
    )


def _linters(files: ProjectFiles) -> tuple[FormatTool, ...]:
    """golangci-lint looks at whole packages."""
    if not any(name in files for name in LINT_CONFIGURATION):
        return ()
    run = f"{IN_THEIR_DIRECTORIES} golangci-lint run"
    return (FormatTool("golangci-lint", ("sh", "-c", f"{run} --fix", "sh"), ("sh", "-c", run, "sh"), (".go",)),)


def _first(pattern: re.Pattern[str], source: str) -> str:
    hit = pattern.search(source)
    return text(hit[1]) if hit else ""

"""A crate of Rust, or a workspace of several: ``Cargo.toml``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import table, text, texts, toml_table
from agent.projects.member_directories import member_directories
from agent.projects.model import ProjectCommand, ProjectPart
from agent.stacks.model import FormatTool

CONVENTION = "convention of Cargo"
EDITION = "2015"
"""Of a crate that names none (The Cargo Book: the edition field)."""
OF_WORKSPACE = "Cargo.toml: edition.workspace"


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    if "Cargo.toml" not in files:
        return None
    manifest = toml_table(files, "Cargo.toml")
    package, workspace = table(manifest.get("package")), table(manifest.get("workspace"))
    shared = table(workspace.get("package"))
    members = member_directories(files, "Cargo.toml", texts(workspace.get("members")), texts(workspace.get("exclude")))
    version, evidence = _runtime(files, package, shared)
    evidence |= {"language": "Cargo.toml", "runner": CONVENTION}
    if members:
        evidence["members"] = "Cargo.toml: [workspace] members"
    edition = text(package.get("edition")) or text(shared.get("edition"))
    if table(package.get("edition")) and not edition:
        evidence["edition"] = OF_WORKSPACE
    evidence["formatters"] = next((name for name in ("rustfmt.toml", ".rustfmt.toml") if name in files), CONVENTION)
    return ProjectPart(
        directory,
        "rust",
        "rust",
        text(package.get("name")),
        "cargo",
        files.from_root("Cargo.lock") if "Cargo.lock" in files else "",
        layout="workspace" if workspace else "src",
        members=members,
        runtime=f"rust {version}" if version else "",
        runner="cargo",
        commands=_commands(manifest, files),
        test_files=("**/tests/**/*.rs", "**/tests.rs", "**/test.rs", "**/*_test.rs", "**/*_tests.rs"),
        formatters=(_rustfmt(edition or EDITION),),
        evidence=evidence,
    )


def inherit(member: ProjectPart, top: ProjectPart) -> ProjectPart:
    """``member`` of the workspace ``top`` with what it has from there: lock file, version of Rust, and edition."""
    if member.directory not in top.members or top.ecosystem != "rust":
        return member
    formatters = top.formatters if member.evidence.get("edition") == OF_WORKSPACE else member.formatters
    return replace(
        member, lock_file=member.lock_file or top.lock_file, runtime=member.runtime or top.runtime, formatters=formatters
    )


def _commands(manifest: dict[str, Any], files: ProjectFiles) -> dict[str, ProjectCommand]:
    """In a workspace whose top is a crate too, plain ``cargo test`` would test that one only."""
    all_of = ("--workspace",) if "workspace" in manifest and "package" in manifest else ()
    said = "Cargo.toml: [workspace] beside [package]" if all_of else CONVENTION
    found = {
        "install": ProjectCommand(("cargo", "fetch"), CONVENTION),
        "test": ProjectCommand(("cargo", "test", *all_of), said),
        "format": ProjectCommand(("cargo", "fmt", *(("--all",) if "workspace" in manifest else ())), CONVENTION),
        "build": ProjectCommand(("cargo", "build", *all_of), said),
    }
    lints = table(table(manifest.get("lints")).get("clippy")) or table(
        table(table(manifest.get("workspace")).get("lints")).get("clippy")
    )
    configured = next(
        (name for name in ("clippy.toml", ".clippy.toml") if name in files), "Cargo.toml: [lints]" if lints else ""
    )
    if configured:
        found["lint"] = ProjectCommand(("cargo", "clippy", *all_of), configured)
    return found


def _runtime(files: ProjectFiles, package: dict[str, Any], shared: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The least version of the crate, or the toolchain that rustup is told to take, which is more exact."""
    toolchain = text(table(toml_table(files, "rust-toolchain.toml").get("toolchain")).get("channel"))
    if toolchain:
        return toolchain, {"runtime": "rust-toolchain.toml: channel"}
    if (plain := files.read("rust-toolchain")) is not None and (channel := _channel(plain, files)):
        return channel, {"runtime": "rust-toolchain"}
    for place, found in (("Cargo.toml: rust-version", package), ("Cargo.toml: [workspace.package] rust-version", shared)):
        if wanted := text(found.get("rust-version")):
            return f">={wanted}", {"runtime": place}
    return "", {}


def _channel(plain: str, files: ProjectFiles) -> str:
    """Of the file without an ending, which is one line or TOML."""
    return text(table(toml_table(files, "rust-toolchain").get("toolchain")).get("channel")) or text(plain.split("\n", 1)[0])


def _rustfmt(edition: str) -> FormatTool:
    """By the standard input: given a file's name, rustfmt rewrites all modules that the file declares too."""
    run = f"rustfmt --edition {edition if edition.isdigit() else EDITION}"
    write = f'for file; do new=$(mktemp) && {run} <"$file" >"$new" && cat "$new" >"$file" || exit 1; rm -f "$new"; done'
    check = f'for file; do {run} <"$file" | cmp -s - "$file" || exit 1; done'
    return FormatTool("rustfmt", ("sh", "-c", write, "sh"), ("sh", "-c", check, "sh"), (".rs",))

"""Facts of Rust crates and workspaces."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agent.projects import ProjectFiles, ProjectPart, rust

CRATE = '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\nrust-version = "1.74"\n'
MEMBERS = {"crates/a/Cargo.toml": "", "crates/b/Cargo.toml": "", "xtask/Cargo.toml": "", "old/Cargo.toml": ""}
VIRTUAL = (
    '[workspace]\nmembers = ["crates/*", "xtask", "gone"]\nexclude = ["crates/b"]\n[workspace.package]\nrust-version = "1.70"\n'
)


def part_of(files: dict[str, str]) -> ProjectPart:
    found = rust.part(ProjectFiles.of(files), "")
    assert found is not None
    return found


def test_a_crate() -> None:
    part = part_of({"Cargo.toml": CRATE, "Cargo.lock": "", "src/lib.rs": ""})
    assert (part.name, part.runtime, part.lock_file, part.layout) == ("shop", "rust >=1.74", "Cargo.lock", "src")
    assert (part.language, part.package_manager, part.runner, part.test) == ("rust", "cargo", "cargo", ("cargo", "test"))
    assert part.evidence["runtime"] == "Cargo.toml: rust-version"


def test_a_workspace() -> None:
    part = part_of({"Cargo.toml": VIRTUAL, **MEMBERS})
    assert (part.layout, part.members, part.test) == ("workspace", ("crates/a", "xtask"), ("cargo", "test"))
    assert part.runtime == "rust >=1.70"


def test_a_workspace_whose_top_is_a_crate_is_tested_as_a_whole() -> None:
    part = part_of({"Cargo.toml": CRATE + VIRTUAL, **MEMBERS})
    assert part.test == ("cargo", "test", "--workspace")
    assert part.commands["test"].evidence == "Cargo.toml: [workspace] beside [package]"


@pytest.mark.parametrize(
    ("files", "wanted", "said"),
    [
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.80"\n'}, "rust 1.80", "rust-toolchain.toml: channel"),
        ({"rust-toolchain": "nightly-2024-01-01\n"}, "rust nightly-2024-01-01", "rust-toolchain"),
        ({"rust-toolchain": '[toolchain]\nchannel = "stable"\n'}, "rust stable", "rust-toolchain"),
    ],
)
def test_the_toolchain_is_more_exact_than_the_least_version(files: dict[str, str], wanted: str, said: str) -> None:
    part = part_of({"Cargo.toml": CRATE, **files})
    assert (part.runtime, part.evidence["runtime"]) == (wanted, said)


@pytest.mark.parametrize(
    ("text", "files", "lint"),
    [
        ("", {}, ()),
        ("", {"clippy.toml": ""}, ("cargo", "clippy")),
        ("[lints.clippy]\npedantic = 'warn'\n", {}, ("cargo", "clippy")),
    ],
)
def test_clippy_is_used_where_it_is_configured(text: str, files: dict[str, str], lint: tuple[str, ...]) -> None:
    command = part_of({"Cargo.toml": CRATE + text, **files}).commands.get("lint")
    assert (command.argv if command else ()) == lint


def test_a_member_has_the_edition_of_its_workspace() -> None:
    files = ProjectFiles.of({
        "Cargo.toml": '[workspace]\nmembers = ["a"]\n[workspace.package]\nedition = "2024"\n', "Cargo.lock": "",
        "a/Cargo.toml": '[package]\nname = "a"\nedition.workspace = true\n',
    })  # fmt: skip
    top, member = rust.part(files, ""), rust.part(files.below("a"), "a")
    assert top is not None and member is not None
    inherited = rust.inherit(member, top)
    assert inherited.lock_file == "Cargo.lock"
    assert "rustfmt --edition 2024" in " ".join(inherited.formatters[0].argv)
    assert "rustfmt --edition 2015" in " ".join(member.formatters[0].argv)


def rustfmt_runs() -> bool:
    """What is on the PATH may be a proxy of a tool chain that is not there."""
    program = shutil.which("rustfmt")
    return program is not None and subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not rustfmt_runs(), reason="rustfmt is not installed")
def test_rustfmt_touches_the_named_file_only(tmp_path: Path) -> None:
    (tmp_path / "lib.rs").write_text("mod other;\nfn  a( ){}\n")
    (tmp_path / "other.rs").write_text("fn  b( ){}\n")
    tool = part_of({"Cargo.toml": CRATE}).formatters[0]

    def run(argv: tuple[str, ...], *paths: str) -> int:
        return subprocess.run([*argv, *paths], cwd=tmp_path, check=False, capture_output=True).returncode

    assert run(tool.check, "./lib.rs") != 0
    assert run(tool.argv, "./lib.rs") == 0
    assert run(tool.check, "./lib.rs") == 0
    assert (tmp_path / "lib.rs").read_text() == "mod other;\nfn a() {}\n"
    assert (tmp_path / "other.rs").read_text() == "fn  b( ){}\n"
    (tmp_path / "broken.rs").write_text("fn (")
    assert run(tool.check, "./broken.rs") != 0
    assert run(tool.argv, "./broken.rs") != 0
    assert (tmp_path / "broken.rs").read_text() == "fn ("


@pytest.mark.parametrize("text", ["", "[package", "package = 3\nworkspace = []\n", '[workspace]\nmembers = "a"\n'])
def test_a_manifest_of_any_shape_gives_a_part(text: str) -> None:
    part = part_of({"Cargo.toml": text})
    assert (part.name, part.members, part.runtime) == ("", (), "")


def test_no_manifest_is_no_part() -> None:
    assert rust.part(ProjectFiles.of({"src/main.rs": ""}), "") is None

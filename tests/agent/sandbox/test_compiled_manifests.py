"""What Go and Cargo may see of a repository's manifests and lock files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agent.sandbox.toolchains import cargo_manifest, go_modules


def written(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_a_module_keeps_what_it_requires_by_version(tmp_path: Path) -> None:
    text = (
        "module example.org/own // a comment\n\ngo 1.21\ntoolchain go1.99.0\n\nrequire example.org/a v1.2.3\n"
        "require (\n\texample.org/b/v2 v2.0.0-20240101000000-abcdef123456 // indirect\n)\n"
        "exclude example.org/a v1.0.0\nreplace example.org/a => example.org/c v1.0.0\ntool example.org/evil\n"
    )
    written(tmp_path, {"go.mod": text, "go.sum": "example.org/a v1.2.3 h1:" + "a" * 43 + "=\nevil line\n"})
    found = go_modules.read(tmp_path, "")

    assert found.files["go.mod"].splitlines() == [
        "module example.org/own",
        "go 1.21",
        "require example.org/a v1.2.3",
        "require example.org/b/v2 v2.0.0-20240101000000-abcdef123456",
        "exclude example.org/a v1.0.0",
        "replace example.org/a => example.org/c v1.0.0",
    ]
    assert found.files["go.sum"] == "example.org/a v1.2.3 h1:" + "a" * 43 + "=\n"
    assert found.wanted
    assert found.notes == []


@pytest.mark.parametrize(
    "line",
    [
        "require ../x v1.0.0", "require example.org/x latest", "require example.org/x v1.0.0;rm", "replace a => /etc",
        "replace a => ../..", "replace a => ../linked", "replace a => git@example.org:x v1", "require -x v1.0.0 extra",
    ],
)  # fmt: skip
def test_other_places_are_refused_by_name(tmp_path: Path, line: str) -> None:
    root = tmp_path / "root"
    written(root, {"svc/go.mod": f"module own\n{line}\n"})
    (root / "linked").symlink_to(tmp_path)
    found = go_modules.read(root, "svc")

    assert found.files == {"svc/go.mod": "module own\n"}
    assert [note.split(":")[0] for note in found.notes] == ["refused"]
    assert not found.wanted


def test_a_workspace_takes_its_modules_along(tmp_path: Path) -> None:
    written(tmp_path, {
        "go.work": "go 1.21\nuse (\n\t./a\n\t./b\n\t../outside\n)\n", "a/go.mod": "module a\n",
        "b/go.mod": "module b\nreplace c => ../c\n",
        "c/go.mod": "module c\n",
    })  # fmt: skip
    found = go_modules.read(tmp_path, "")

    assert set(found.files) == {"go.work", "a/go.mod", "b/go.mod", "c/go.mod"}
    assert found.files["go.work"] == "go 1.21\nuse ./a\nuse ./b\n"


def crates(text: str) -> dict[str, dict[str, object]]:
    return {entry["package"]: entry for entry in tomllib.loads(text)["dependencies"].values()}


LOCK = """version = 3
[[package]]
name = "own"
version = "0.1.0"
[[package]]
name = "serde"
version = "1.0.200"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "abc"
"""


def test_a_lock_file_s_crates_are_asked_for_exactly(tmp_path: Path) -> None:
    written(tmp_path, {"Cargo.toml": '[package]\nname = "own"\n', "Cargo.lock": LOCK})
    found = cargo_manifest.read(tmp_path, "")

    assert crates(found.text) == {
        "serde": {"package": "serde", "version": "=1.0.200", "default-features": False, "features": []},
    }  # fmt: skip
    assert found.notes == []


@pytest.mark.parametrize(
    "package",
    [
        'name = "x"\nversion = "1.0.0"\nsource = "git+https://evil.example/x#abc"',
        'name = "x"\nversion = "1.0.0"\nsource = "registry+https://evil.example/index"',
        'name = "../x"\nversion = "1.0.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"',
        'name = "x"\nversion = "1.0.0\\" }\\n[patch]"\nsource = "registry+https://github.com/rust-lang/crates.io-index"',
        'name = "x"\nversion = 1\nsource = ["x"]',
    ],
)
def test_crates_of_other_places_are_refused_by_name(tmp_path: Path, package: str) -> None:
    written(tmp_path, {"Cargo.toml": "[package]\n", "Cargo.lock": f"{LOCK}[[package]]\n{package}\n"})
    found = cargo_manifest.read(tmp_path, "")

    assert set(crates(found.text)) == {"serde"}
    assert [note.split(":")[0] for note in found.notes] == ["refused"]


def test_without_a_lock_file_the_manifests_say_what_is_needed(tmp_path: Path) -> None:
    top = (
        '[workspace]\nmembers = ["crates/*", "../outside"]\n[workspace.dependencies]\n'
        'serde = { version = "1", features = ["derive"] }\n'
        '[package]\nname = "own"\n[dependencies]\nlog = "0.4"\nevil = { git = "https://evil.example/x" }\nodd = 3\n'
        '[target."cfg(unix)".dev-dependencies]\nother = { package = "libc", version = "0.2" }\n'
        'other-registry = { version = "1", registry = "x" }\n'
    )
    member = '[package]\nname = "a"\n[dependencies]\nserde = { workspace = true }\nown = { path = "../.." }\n'
    written(tmp_path, {"Cargo.toml": top, "crates/a/Cargo.toml": member})
    found = cargo_manifest.read(tmp_path, "")

    assert {name: (entry["version"], entry["features"]) for name, entry in crates(found.text).items()} == {
        "log": ("0.4", []), "libc": ("0.2", []), "serde": ("1", ["derive"]),
    }  # fmt: skip
    assert len(found.notes) == 2

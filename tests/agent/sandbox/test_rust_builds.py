"""What Rust compiled for one run and the next one begins with, with crates of a sparse registry that is served here."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.projects.model import ProjectCommand, ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.sandbox.toolchains import cargo_skeleton, laid_ahead, rust_builds
from tests.agent.sandbox.conftest import put
from tests.agent.sandbox.registry_server import serving
from tests.agent.sandbox.test_install_compiled import NEEDS_CARGO
from tests.agent.sandbox.test_install_project import shop, write

RUST = ProjectPart(ecosystem="rust", runner="cargo", commands={"test": ProjectCommand(("cargo", "test"))})
CRATE = {
    "Cargo.toml": '[package]\nname = "hello"\nversion = "1.2.0"\nedition = "2021"\n',
    "build.rs": 'fn main() {\n    println!("cargo:rerun-if-changed=build.rs");\n}\n',
    "src/lib.rs": 'pub const WHO: &str = "hello";\n',
}
ATTACK = """
fn poison(place: &std::path::Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            poison(&entry.path());
        } else {
            let _ = std::fs::write(entry.path(), "poison");
        }
    }
    let _ = std::fs::write(place.join("ran"), "");
}

#[test]
fn own() {
    assert_eq!(own::who(), "hello");
    if let Ok(place) = std::env::var("POISON") {
        poison(std::path::Path::new(&place));
    }
}
"""
PROJECT = {
    "Cargo.toml": '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nhello = "1"\n',
    "build.rs": 'fn main() {\n    println!("cargo:rustc-env=HEAD={}", std::path::Path::new(".git/HEAD").exists());\n}\n',
    "src/lib.rs": 'pub fn who() -> &\'static str {\n    assert_eq!(env!("HEAD"), "true");\n    hello::WHO\n}\n',
    "tests/own.rs": ATTACK,
}


def registry(url: str) -> dict[str, bytes]:
    """The index and the one crate, as Cargo asks for them (The Cargo Book, Registry Index)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in CRATE.items():
            entry = tarfile.TarInfo(f"hello-1.2.0/{name}")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    crate = gzip.compress(buffer.getvalue(), mtime=0)
    cksum = hashlib.sha256(crate).hexdigest()
    line = {"name": "hello", "vers": "1.2.0", "deps": [], "cksum": cksum, "features": {}, "yanked": False}
    return {
        "/index/config.json": json.dumps({"dl": f"{url}/crates/{{crate}}/{{version}}"}).encode(),
        "/index/he/ll/hello": json.dumps(line).encode(),
        "/crates/hello/1.2.0": crate,
    }


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that the server's own Cargo settings led to."""
    home = tmp_path / "cargo-home"
    home.mkdir()
    monkeypatch.setenv("CARGO_HOME", str(home))
    with serving(registry) as (url, paths):
        text = f'[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+{url}/index/"\n'
        (home / "config.toml").write_text(text)
        yield paths


def checkout(tmp_path: Path, name: str, **changed: str) -> WorkdirSandbox:
    root = tmp_path / name
    for path, text in {**PROJECT, **changed}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return open_sandbox(root, cache=tmp_path / "cache")


async def compiled(sandbox: WorkdirSandbox) -> tuple[set[str], set[str]]:
    """The packages that Cargo finds as they should be after the install step, and those that it compiles."""
    installed = await sandbox.install(RUST)
    assert installed is not None
    assert installed.ok, installed.output_tail
    built = await sandbox.run(("cargo", "test", "--no-run", "-v"))
    assert built.ok, built.output_tail
    words = [line.split()[:2] for line in built.output_tail.splitlines() if len(line.split()) > 1]
    return {word[1] for word in words if word[0] == "Fresh"}, {word[1] for word in words if word[0] == "Compiling"}


def kept(cache: Path) -> dict[Path, bytes]:
    places = [path for kind in (rust_builds.TREES, rust_builds.CRATES) for path in (cache / kind).rglob("*")]
    return {path: path.read_bytes() for path in places if path.is_file() and not path.is_symlink()}


@NEEDS_CARGO
@pytest.mark.asyncio
async def test_what_rust_compiled_is_kept_and_nothing_of_what_tests_write(tmp_path: Path, asked: list[str]) -> None:
    """Each sandbox begins with it. Tests run in the first one, and write over all that they see of it. The build script of the
    repository, which looks at git, runs in each: the crate is not compiled again for it."""
    first, cache = checkout(tmp_path, "first"), tmp_path / "cache"

    fresh, _ = await compiled(first)
    assert "hello" in fresh
    assert "/crates/hello/1.2.0" in asked
    before = kept(cache)
    poison = {"POISON": f"{rust_builds.BUILDS}/{rust_builds.CACHE}"}
    tested = await first.run(("cargo", "test", "--test", "own"), environment=poison)
    assert tested.ok, tested.output_tail
    assert [*(cache / "compiled").glob("*/cargo/ran")], "the attack was not tried"
    assert kept(cache) == before

    (tree,) = (cache / rust_builds.TREES).iterdir()
    laid_ahead.make(tree, rust_builds.LAID, rust_builds.copy)
    (ahead,) = (cache / rust_builds.LAID).iterdir()
    del asked[:]
    second = checkout(tmp_path, "second")
    fresh, _ = await compiled(second)
    assert not ahead.exists(), "what was made ahead was not taken"
    assert "hello" in fresh
    assert (await second.run(("cargo", "test"))).ok

    third = checkout(tmp_path, "third", **{"src/lib.rs": 'pub fn who() -> &\'static str {\n    "none"\n}\n'})
    fresh, _ = await compiled(third)
    assert "hello" in fresh
    assert "assertion" in (await third.run(("cargo", "test"))).output_tail, "the code of another tree was tested"
    (third.root / "src/lib.rs").write_text(PROJECT["src/lib.rs"])
    assert (await third.run(("cargo", "test"))).ok, "a change after the install step was not compiled"
    assert not asked, "crates that are there were fetched again"


@NEEDS_CARGO
@pytest.mark.asyncio
async def test_a_warm_tree_without_a_build_script_compiles_nothing(tmp_path: Path) -> None:
    files = {"Cargo.toml": PROJECT["Cargo.toml"].partition("\n\n")[0], "build.rs": "", "src/lib.rs": "pub const A: u8 = 1;\n"}
    files |= {"tests/own.rs": "#[test]\nfn own() {\n    assert_eq!(own::A, 1);\n}\n"}
    for name in ("first", "second"):
        sandbox = checkout(tmp_path, name, **files)
        (sandbox.root / "build.rs").unlink()
        assert await compiled(sandbox) == ({"own"}, set())


@NEEDS_CARGO
@pytest.mark.asyncio
async def test_the_build_of_a_python_project_has_the_compiler_and_the_crates(
    sandbox: WorkdirSandbox, index: Path, asked: list[str]
) -> None:
    put(index, "maturin")
    run = (
        "import subprocess\n    subprocess.run('cargo run --quiet >../src/shop/said.txt', cwd='native', shell=True, check=True)"
    )
    shop(sandbox.root, first=run)
    files = {
        "pyproject.toml": (sandbox.root / "pyproject.toml").read_text().replace("requires = []", 'requires = ["maturin>=1"]'),
        "native/Cargo.toml": PROJECT["Cargo.toml"],
        "native/src/main.rs": 'fn main() {\n    print!("{} of a crate", hello::WHO);\n}\n',
    }
    write(sandbox.root, files)
    for who in ("hello", "changed"):
        installed = await sandbox.install(ProjectPart(ecosystem="python"))
        assert installed is not None
        assert installed.ok, installed.output_tail
        said = await sandbox.run(("cat", "src/shop/said.txt"))
        assert said.output_tail == f"{who} of a crate", installed.output_tail
        (sandbox.root / "native/src/main.rs").write_text('fn main() {\n    print!("changed of a crate");\n}\n')
    assert not (sandbox.root / "native/target").exists()


def test_a_skeleton_has_every_source_that_cargo_looks_for_and_no_code(tmp_path: Path) -> None:
    manifest = '[package]\nname = "own"\n\n[[bin]]\nname = "tool"\n\n[[bench]]\nname = "fast"\npath = "speed/fast.rs"\n\n'
    manifest += '[[test]]\nname = "out"\npath = "../../out.rs"\n'
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["a"]\n',
        "Cargo.lock": "version = 4\n",
        ".cargo/config.toml": "[build]\n",
        "a/Cargo.toml": manifest,
        "a/src/lib.rs": "secret",
        "a/src/bin/tool/main.rs": "secret",
        "a/build.rs": "secret",
        "a/src/other.rs": "secret",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    found = cargo_skeleton.read(tmp_path)

    program = cargo_skeleton.PROGRAM
    sources = {"a/src/lib.rs": "", "a/build.rs": program, "a/src/bin/tool/main.rs": program, "a/speed/fast.rs": program}
    given = {name: files[name] for name in ("Cargo.toml", "Cargo.lock", ".cargo/config.toml", "a/Cargo.toml")}
    assert found.files == {**given, **sources}
    assert (found.packages, found.scripted) == ({"own"}, {"own"})


LINKS = """
use std::os::unix::fs::symlink;

fn main() {
    let _ = std::fs::rename("/opt/cargo-builds/cargo", "/opt/cargo-builds/moved");
    let _ = std::fs::remove_dir_all("/opt/cargo-builds/cargo");
    let _ = symlink("SECRETS", "/opt/cargo-builds/cargo");
    let _ = std::fs::create_dir_all("/opt/cargo-builds/cargo/debug/.fingerprint");
    for name in ["debug/.fingerprint/own-0", "debug/deps", "linked"] {
        let _ = symlink("SECRETS", std::path::Path::new("/opt/cargo-builds/cargo").join(name));
    }
    let _ = symlink("SECRETS/MGX_SECRET_KEY", "/opt/cargo-builds/cargo/debug/key");
}
"""


@NEEDS_CARGO
@pytest.mark.asyncio
async def test_a_build_script_reads_nothing_of_ours_through_links_that_it_leaves(tmp_path: Path, asked: list[str]) -> None:
    """What is kept of a build is read outside of the sandbox, by an account that may read more."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "MGX_SECRET_KEY").write_text("canary-of-the-server")
    (secrets / "own-0").mkdir()
    for name in ("first", "second"):
        sandbox = checkout(tmp_path, name, **{"build.rs": LINKS.replace("SECRETS", str(secrets))})
        await sandbox.install(RUST)
        seen = await sandbox.run(("grep", "-rs", "canary", "/opt/cargo-builds"))
        assert "canary-of-the-server" not in seen.output_tail
    assert not any(b"canary-of-the-server" in text for text in kept(tmp_path / "cache").values())
    assert (secrets / "own-0").is_dir()

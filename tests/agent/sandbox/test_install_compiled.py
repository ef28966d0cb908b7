"""The install step of Go and Rust, with a module proxy that lies in a directory, and the ecosystems that have none."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from agent.projects.model import Ecosystem, ProjectCommand, ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from agent.sandbox.programs import here
from agent.sandbox.toolchains.places import home_of

pytestmark = pytest.mark.asyncio

NEEDS_GO = pytest.mark.skipif(not here("go"), reason="go is not installed here")
NEEDS_CARGO = pytest.mark.skipif(not home_of("rustc", ("--print", "sysroot")), reason="cargo is not installed here")
GO_TEST = 'package own\n\nimport (\n\t"testing"\n%s)\n\nfunc TestOwn(t *testing.T) {\n\tif %s {\n\t\tt.Fatal("no")\n\t}\n}\n'
HELLO = {"go.mod": "module example.org/hello\n\ngo 1.19\n", "hello.go": 'package hello\n\nconst Who = "hello"\n'}


def written(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "-C", str(root), "init", "--quiet"], check=True)
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)


def untracked(root: Path) -> list[str]:
    told = subprocess.run(["git", "-C", str(root), "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    return [line for line in told.splitlines() if not line.startswith("A  ")]


def summed(files: dict[str, str]) -> str:
    """The hash h1 of go.sum (golang.org/x/mod/sumdb/dirhash)."""
    lines = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))
    return "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Knows one module; gives its lines of go.sum."""
    versions = tmp_path / "proxy" / "example.org" / "hello" / "@v"
    versions.mkdir(parents=True)
    (versions / "list").write_text("v1.0.0\n")
    (versions / "v1.0.0.info").write_text('{"Version": "v1.0.0", "Time": "2024-01-01T00:00:00Z"}')
    (versions / "v1.0.0.mod").write_text(HELLO["go.mod"])
    inside = {f"example.org/hello@v1.0.0/{name}": text for name, text in HELLO.items()}
    with zipfile.ZipFile(versions / "v1.0.0.zip", "w") as archive:
        for name, text in inside.items():
            archive.writestr(name, text)
    monkeypatch.setenv("GOPROXY", f"file://{tmp_path / 'proxy'},direct")
    monkeypatch.setenv("GOSUMDB", "off")
    of_manifest = summed({"go.mod": HELLO["go.mod"]})
    return f"example.org/hello v1.0.0 {summed(inside)}\nexample.org/hello v1.0.0/go.mod {of_manifest}\n"


@NEEDS_GO
async def test_go_s_modules_are_fetched_once_and_seen_offline(sandbox: WorkdirSandbox, proxy: str) -> None:
    files = {
        "svc/go.mod": "module example.org/own\n\ngo 1.19\n\nrequire (\n\texample.org/hello v1.0.0\n"
        "\texample.org/near v0.0.0\n)\n\n"
        "replace example.org/near => ../near\n",
        "svc/go.sum": proxy,
        "svc/own_test.go": GO_TEST % ('\t"example.org/hello"\n\t"example.org/near"\n', 'hello.Who != "hello" || near.By != 1'),
        "near/go.mod": "module example.org/near\n\ngo 1.19\n",
        "near/near.go": "package near\n\nconst By = 1\n",
    }
    written(sandbox.root, files)
    part = ProjectPart(directory="svc", ecosystem="go")

    installed = await sandbox.install(part)
    tested = await sandbox.run(("go", "test", "./..."), directory="svc")
    again = await sandbox.install(part)

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert tested.ok, tested.output_tail
    assert again is not None
    assert "cached" in again.output_tail
    assert (await sandbox.run(("go", "test", "./..."), directory="svc")).output_tail.endswith("(cached)\n")
    assert untracked(sandbox.root) == []


@NEEDS_GO
async def test_a_project_of_go_s_standard_library_needs_no_network(
    sandbox: WorkdirSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    written(sandbox.root, {"go.mod": "module own\n\ngo 1.19\n", "own_test.go": GO_TEST % ("", "1 != 1")})

    installed = await sandbox.install(ProjectPart(ecosystem="go"))

    assert installed is not None
    assert installed.ok, installed.output_tail
    tested = await sandbox.run(("go", "test", "./..."))
    assert tested.ok, tested.output_tail
    assert untracked(sandbox.root) == []


HOSTILE = """package own

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	cache := os.Getenv("GOCACHE")
	os.WriteFile(filepath.Join(cache, "ran"), nil, 0o600)
	filepath.Walk(cache, func(path string, _ os.FileInfo, _ error) error {
		os.WriteFile(path, []byte("poison"), 0o600)
		if seen, err := filepath.EvalSymlinks(path); err == nil && seen != path {
			os.WriteFile(seen, []byte("poison"), 0o600)
			os.Remove(seen)
		}
		return nil
	})
	os.Exit(m.Run())
}
"""
GO = ProjectPart(ecosystem="go", runner="go", commands={"test": ProjectCommand(("go", "test", "./..."))})


async def compiles(sandbox: WorkdirSandbox) -> int:
    """How many packages the compiler is started for when all tests are built."""
    installed = await sandbox.install(GO)
    assert installed is not None
    assert installed.ok, installed.output_tail
    built = await sandbox.run(("sh", "-c", "go test -x -run '^$' -exec true ./... 2>&1 | grep -c '/compile -o'"))
    return int(built.output_tail)


@NEEDS_GO
async def test_what_go_compiled_is_kept_and_nothing_of_what_tests_write(tmp_path: Path) -> None:
    """Each sandbox begins with it. Tests run in the first one, and write over all that they see of it."""
    files = {
        "go.mod": "module own\n\ngo 1.19\n",
        "own.go": "package own\n",
        "own_test.go": HOSTILE,
        "far/far.go": "package far\n",
    }
    sandboxes = []
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, files)
        sandboxes.append(open_sandbox(tmp_path / name, cache=tmp_path / "cache"))
    first, second, third = sandboxes

    assert await compiles(first) == 0
    (made,) = (tmp_path / "cache" / "go-builds").iterdir()
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    await first.run(("go", "test", "-vet=off", "./..."))

    assert not (made / "go" / "ran").exists(), "code of the repository ran while it was compiled"
    assert (first.cache / "compiled").is_dir()
    assert any((place / "go" / "ran").exists() for place in (first.cache / "compiled").iterdir()), "the attack was not tried"
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before
    assert await compiles(second) == 0

    (third.root / "own.go").write_text("package own\n\nconst One = 1\n")
    assert await compiles(third) == 0
    (new,) = {*made.parent.iterdir()} - {made}
    shared = [path for path in new.rglob("*-d") if path.stat().st_nlink > 1]
    assert len(shared) > 10, "the new build did not begin with the one before"


@NEEDS_CARGO
async def test_rust_is_built_beside_the_workdir_and_leaves_no_lock_file(sandbox: WorkdirSandbox) -> None:
    files = {
        "Cargo.toml": '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n'
        '[dependencies]\nnear = { path = "near" }\n',
        "src/lib.rs": "#[test]\nfn own() {\n    assert_eq!(near::BY, 1);\n}\n",
        "near/Cargo.toml": '[package]\nname = "near"\nversion = "0.1.0"\n',
        "near/src/lib.rs": "pub const BY: u8 = 1;\n",
    }
    written(sandbox.root, files)

    installed = await sandbox.install(ProjectPart(ecosystem="rust"))

    assert installed is not None
    assert installed.ok, installed.output_tail
    tested = await sandbox.run(("cargo", "test"))
    assert tested.ok, tested.output_tail
    assert "1 passed" in tested.output_tail
    assert untracked(sandbox.root) == []
    assert len(list((sandbox.cache / "compiled").iterdir())) == 1


@pytest.mark.parametrize(("ecosystem", "program"), [("ruby", "bundle"), ("dotnet", "dotnet"), ("java", "gradle")])
async def test_what_is_absent_is_said_and_what_is_not_fetched_too(
    sandbox: WorkdirSandbox, ecosystem: Ecosystem, program: str
) -> None:
    installed = await sandbox.install(ProjectPart(ecosystem=ecosystem))

    assert installed is not None
    if installed.available:
        assert installed.output_tail.startswith("Nothing was fetched: ")
    else:
        assert program in installed.output_tail
        assert "is not available here." in installed.output_tail


async def test_a_kind_of_project_without_packages_has_no_install_step(sandbox: WorkdirSandbox) -> None:
    assert await sandbox.install(ProjectPart(ecosystem="native")) is None

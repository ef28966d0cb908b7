"""A run's change in a checkout: whole or not at all, and never outside it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin

README = b"diff --git a/README.md b/README.md\n--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n hello\n+world\n"
BINARY = b"diff --git a/logo.png b/logo.png\nnew file mode 100644\nindex 0000000..f76dd23\n"
BINARY += b"Binary files /dev/null and b/logo.png differ\n"


def created(path: str, mode: str = "100644", text: str = "mine", end: str = "\n") -> bytes:
    tail = "" if end else "\n\\ No newline at end of file\n"
    head = f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex 0000000..1111111\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1 @@\n+{text}{end}{tail}".encode()


WHOLE = README + created("app/main.py")


@pytest.fixture
def run_id(mgx: Mgx, server: Standin) -> str:
    server.diff = WHOLE
    return mgx("task", "Create a health endpoint", "--yes").stdout.splitlines()[0] and next(iter(server.runs))


def seen(top: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(top)): path.read_bytes()
        for path in sorted(top.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(top).parts
    }


def test_it_is_written_and_taken_out_again(mgx: Mgx, repo: Path, run_id: str) -> None:
    (repo / "app").mkdir()
    (repo / "notes.txt").write_text("not committed\n")
    before = seen(repo)
    would = mgx("apply", run_id, "--check")
    assert (would.returncode, seen(repo)) == (0, before), would.stderr
    assert "The change applies" in would.stderr
    done = mgx("apply", run_id, cwd=repo / "app")  # all of it, wherever in the checkout it is asked for
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["README.md  +1 −0", "app/main.py  +1 −0"]
    assert "git diff" in done.stderr and "git commit" in done.stderr
    assert seen(repo) == {**before, "README.md": b"hello\nworld\n", "app/main.py": b"mine\n"}
    again = mgx("apply", run_id)
    assert (again.returncode, again.stdout) == (0, "")
    assert "The change of run #1 is already applied" in again.stderr
    assert mgx("apply", run_id, "--reverse").returncode == 0
    assert seen(repo) == before
    assert json.loads(mgx("apply", run_id, "--reverse", "--json").stdout)["state"] == "there"


def test_a_checkout_elsewhere_and_json(mgx: Mgx, repo: Path, tmp_path: Path, run_id: str) -> None:
    outside = mgx("apply", run_id, cwd=tmp_path)
    assert outside.returncode == 2
    assert "--repo PATH" in outside.stderr
    assert mgx("apply", run_id, "--repo", str(tmp_path / "none")).returncode == 2
    done = mgx("apply", run_id, "--repo", str(repo), "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (document["run_id"], document["repository"], document["state"]) == (run_id, str(repo), "applied")
    assert document["files"][0] == {"path": "README.md", "added": 1, "removed": 0}


def test_where_it_does_not_fit_the_files_are_named_and_nothing_is_written(mgx: Mgx, repo: Path, run_id: str) -> None:
    (repo / "README.md").write_text("other\n")
    (repo / "app").mkdir()
    (repo / "app/main.py").write_text("yours\n")
    before = seen(repo)
    for way in ((), ("--check",)):
        done = mgx("apply", run_id, *way)
        assert done.returncode == 1
        assert "  README.md: patch does not apply" in done.stderr
        assert "  app/main.py: already exists in working directory" in done.stderr
    document = json.loads(mgx("apply", run_id, "--json").stdout)
    assert [found["path"] for found in document["error"]["conflicts"]] == ["README.md", "app/main.py"]
    assert seen(repo) == before


def test_one_file_that_does_not_fit_keeps_all_others_as_they_are(mgx: Mgx, repo: Path, run_id: str) -> None:
    (repo / "README.md").write_text("other\n")
    assert mgx("apply", run_id).returncode == 1
    assert not (repo / "app").exists()


def test_what_git_stops_in_the_middle_of_is_undone(mgx: Mgx, repo: Path, bare_env: dict[str, str], run_id: str) -> None:
    (repo / ".gitattributes").write_text("*.py filter=broken\n")
    for name, value in (("smudge", "false"), ("clean", "cat"), ("required", "true")):
        subprocess.run(["git", "config", f"filter.broken.{name}", value], cwd=repo, env=bare_env, check=True)
    before = seen(repo)
    done = mgx("apply", run_id)
    assert done.returncode == 1
    assert "All files were restored" in done.stderr
    assert seen(repo) == before
    assert not (repo / "app").exists()


def test_binary_files_are_named_and_nothing_is_written(mgx: Mgx, server: Standin, repo: Path, run_id: str) -> None:
    server.diff, before = README + BINARY, seen(repo)
    done = mgx("apply", run_id)
    assert done.returncode == 1
    assert "not part of the diff: logo.png" in done.stderr
    assert "git merge mgx/health/run-1" in done.stderr
    assert seen(repo) == before


@pytest.mark.parametrize(
    "hostile",
    [
        created("../outside.txt"),
        created("/tmp/../absolute.txt"),
        created(".git/hooks/post-checkout", "100755"),
        created(".GIT/config"),
        created("sub/.git/config"),
        created("link", "120000", "..", end="") + created("link/outside.txt"),
        created("dangling/outside.txt"),
        b"diff --git a/README.md b/../moved.md\nsimilarity index 100%\nrename from README.md\nrename to ../moved.md\n",
        b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n",
        b"not a diff\n",
    ],
)
def test_a_hostile_diff_writes_nothing(
    mgx: Mgx, server: Standin, repo: Path, tmp_path: Path, run_id: str, hostile: bytes
) -> None:
    (repo / "dangling").symlink_to(tmp_path)
    server.diff = README + hostile if hostile.startswith(b"diff") else hostile
    before, around, hooks = seen(repo), sorted(tmp_path.iterdir()), sorted((repo / ".git/hooks").iterdir())
    done = mgx("apply", run_id)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert (seen(repo), sorted(tmp_path.iterdir()), sorted((repo / ".git/hooks").iterdir())) == (before, around, hooks)


def test_symbolic_links_are_named(mgx: Mgx, server: Standin, repo: Path, run_id: str) -> None:
    server.diff = created("link", "120000", "README.md", end="")
    done = mgx("apply", run_id)
    assert done.returncode == 0, done.stderr
    assert "symbolic links: link" in done.stderr


def test_a_run_without_a_change_says_why(mgx: Mgx, server: Standin, run_id: str) -> None:
    server.diff, server.runs[run_id]["status"] = None, "awaiting_changes"
    done = mgx("apply", run_id)
    assert done.returncode == 8
    assert "it is awaiting changes" in done.stderr
    assert "mgx changes" in done.stderr
    server.diff = b""
    assert "changed nothing" in mgx("apply", run_id).stderr


def test_a_run_of_another_repository_is_refused_unless_forced(
    mgx: Mgx, server: Standin, repo: Path, run_id: str, tmp_path: Path
) -> None:
    for link in server.links.values():
        link["clone_url"] = "https://github.com/octocat/shop.git"
    before = seen(repo)
    refused = mgx("apply", run_id)
    assert (refused.returncode, seen(repo)) == (2, before)
    assert "another repository" in refused.stderr and "--force" in refused.stderr
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, text=True, check=True).stdout.strip()
    server.runs[run_id]["base_sha"] = head  # a checkout without remotes that has the run's own commit
    assert mgx("apply", run_id, "--check").returncode == 0
    server.runs[run_id]["base_sha"] = "0" * 40
    assert mgx("apply", "--force", run_id).returncode == 0
    assert seen(repo) != before

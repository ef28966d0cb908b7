from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.agent.harness import git
from tests.agent.tools.repository import call

WHO = ("-c", "user.name=T", "-c", "user.email=t@example.com")


def commit(root: Path, message: str, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        git(root, "add", "-f", "--", path.relative_to(root).as_posix())
    git(root, *WHO, "commit", "-q", "-m", message)


def test_the_last_commits_of_a_file_come_with_message_and_patch(root: Path) -> None:
    commit(root, "shop: add a discount\n\nIt was wanted.", **{"shop__cart.py": "x = 1\n", "other.py": "y = 1\n"})
    commit(root, "other: double it", **{"other.py": "y = 2\n"})
    said = call(root, "history", path="shop/cart.py").text
    assert "shop: add a discount" in said and "It was wanted." in said and "+x = 1" in said
    assert said.index("shop: add a discount") < said.index("first")
    assert "other.py" not in said and "other: double it" not in said
    assert call(root, "history", path=".", count="1").text.count("commit ") == 1
    assert "double it" in call(root, "history", path="other.py", count=99).text


def test_a_long_history_is_cut_and_says_so(root: Path) -> None:
    for number in range(4):
        commit(root, f"grow {number}", **{"big.txt": f"{number} {'x' * 80}\n" * 3_000})
    said = call(root, "history", path="big.txt", count=10).text
    assert "the rest of this file's patch is left out" in said
    assert "shown in part or not at all" in said


def test_secrets_of_the_past_are_left_out(root: Path) -> None:
    secrets = {".env": "KEY=canary-two\n", "conf__id_rsa": "canary\n", "b__\u00e9.pem": "canary\n"}
    commit(root, "oops", **secrets, **{"a.py": "x = 1\n"})
    git(root, "rm", "-q", "--cached", ".env")
    commit(root, "take it out", **{"a.py": "x = 2\n"})
    said = call(root, "history", path=".", count=5).text
    assert "+x = 1" in said and "left out" in said
    assert call(root, "history", path=".env").is_error
    assert call(root, "history", path="conf").text


def test_without_git_or_commits_it_says_so(root: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert call(tmp_path / "plain", "history", path=".").is_error
    assert "No commit touched" in call(root, "history", path="nowhere.py").text
    for path in ("--all", "-p", "--output=x", ":(top)secret", "../..", ":/"):
        assert call(root, "history", path=path).is_error
    assert not (root / "x").exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"diff.external": "touch owned"}, {"core.fsmonitor": "touch owned"}, {"core.pager": "touch owned"},
        {"log.showSignature": "true", "gpg.program": "touch"},
        {"diff.x.textconv": "touch owned; cat", "core.attributesFile": "attributes"},
    ],
)  # fmt: skip
def test_a_hostile_repository_runs_nothing(root: Path, settings: dict[str, str]) -> None:
    (root / "attributes").write_text("* diff=x\n")
    for name, value in settings.items():
        git(root, "config", name, value)
    assert "first" in call(root, "history", path="shop/cart.py").text
    assert not (root / "owned").exists()


def test_in_the_clone_of_a_run_the_history_lies_beside_it(root: Path) -> None:
    """As `repositories.git.cloning` leaves it: the base under refs/mgx, and no branch."""
    place = root.parent / "clone"
    place.mkdir()
    sha = git(root, "rev-parse", "HEAD").strip()
    shutil.copytree(root / ".git", place / "git")
    git(place / "git", "config", "core.bare", "true")
    git(place / "git", "update-ref", "refs/mgx/base", sha)
    git(place / "git", "update-ref", "-d", "refs/heads/main")
    (place / "repo").mkdir()
    assert "+class Cart:" in call(place / "repo", "history", path="shop").text

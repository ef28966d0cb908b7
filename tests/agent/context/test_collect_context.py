"""What is read at the beginning of a phase beside the texts: rules of folders, tests, history, the list of files; bounds."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from agent.context import Interest, View, collect_context
from agent.context.context_budget import budget_for
from agent.context.history import recent_history
from agent.context.testlayout import is_test, layout_of_tests
from agent.context.tokenization import words_of
from agent.context.tree import tree
from agent.token_estimates import estimate_tokens
from tests.agent.harness import make_repository


def seen(root: Path, *wanted: str, about: str = "", window: int | None = None) -> View:
    return asyncio.run(collect_context(root, wanted, Interest(words=words_of(about), window=window)))


def commit(root: Path, subject: str, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("a") as file:
            file.write(f"# {subject}\n")
    git = ["git", "-C", str(root), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", subject], check=True)


def test_rules_of_the_folders_that_are_worked_in_are_read_outermost_first(tmp_path: Path) -> None:
    files = ("AGENTS.md", "app/AGENTS.md", "app/api/AGENTS.md", "other/AGENTS.md", "app/api/new.py", "README.md")
    make_repository(tmp_path, {path: f"{path}\n" for path in files})
    view = seen(tmp_path, "app/api/new.py")
    assert list(view.texts) == ["AGENTS.md", "README.md", "app/AGENTS.md", "app/api/AGENTS.md", "app/api/new.py"]
    assert view.explaining() == ["AGENTS.md", "README.md", "app/AGENTS.md", "app/api/AGENTS.md"]


def test_a_file_that_the_task_names_is_read(tmp_path: Path) -> None:
    make_repository(tmp_path, {"a/cart.py": "1\n", "b/mail.py": "2\n", "c/mail.py": "3\n", "d.py": "4\n"})
    assert list(seen(tmp_path, about="See cart.py, mail.py and ./d.py.").texts) == ["a/cart.py", "d.py"]


def test_what_explains_takes_no_room_from_what_is_worked_on(tmp_path: Path) -> None:
    readme = "# Shop\n" + "It sells.\n" * 2_000 + "## Install\n"
    make_repository(tmp_path, {"README.md": readme, "AGENTS.md": "rules\n", "app.py": "y = 1\n" * 1_200})
    view = seen(tmp_path, "app.py", window=20_000)
    assert list(view.texts) == ["AGENTS.md", "app.py"]
    assert view.guides["README.md"].startswith("# Shop\nIt sells.\n")
    assert view.guides["README.md"].endswith("More is said under: Install")
    assert view.hidden == {}


def test_everything_together_fits_the_models_window(tmp_path: Path) -> None:
    files = {f"pkg{n % 40}/mod{n}.py": f"def run_{n}(): return other_{n + 1}()\n" * 10 for n in range(1_200)}
    root = make_repository(tmp_path, {**files, "README.md": "x" * 20_000, "AGENTS.md": "y" * 2_000, "tests/test_a.py": ""})
    shown = {}
    for window in (2_000, 8_000, 32_000, 200_000):
        view = seen(root, "pkg1/mod1.py", "pkg2/mod2.py", about="run_3 must work", window=window)
        parts = [*view.texts.values(), *view.guides.values(), *view.outlines.values()]
        shown[window] = estimate_tokens([*parts, view.tree, view.map, view.tests, view.history, view.resolved])
    assert all(tokens <= 0.4 * window + 100 for window, tokens in shown.items()), shown


def test_room_shrinks_with_the_window() -> None:
    assert budget_for(None) == budget_for(1_000_000)
    assert budget_for(10_000).total <= 4_000


def test_a_long_list_of_files_is_folded_from_its_depth(tmp_path: Path) -> None:
    files = sorted(f"pkg{n % 3}/sub/deep/mod{n}.py" for n in range(30))
    assert tree(files, 10_000) == files
    assert tree(files, 150)[0] == "pkg0/sub/deep/: " + " ".join(sorted(f"mod{n}.py" for n in range(0, 30, 3)))
    focused = tree(files, 100, ["pkg2/sub/deep/mod2.py"], "… more")
    assert focused[-2:] == ["pkg2/sub/deep/: " + " ".join(sorted(f"mod{n}.py" for n in range(2, 30, 3))), "… more"]
    assert focused[0] == "pkg0/sub/: deep/ (10)"
    assert tree(files, 25) == [f"pkg{n}/: sub/ (10)" for n in range(3)]
    assert tree(files, 15) == [f"pkg{n}/ (10)" for n in range(3)]
    assert tree(files, 12) == ["pkg0/ (10)", "… and more"]


@pytest.mark.parametrize(
    "path",
    ["tests/test_a.py", "pkg/a_test.go", "src/a.spec.ts", "src/__tests__/a.tsx", "tests/Unit/CartTest.php", "spec/a_spec.rb",
     "Shop.Tests/CartTests.cs", "test/app.e2e-spec.ts"],
)  # fmt: skip
def test_tests_are_known_by_their_path(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["src/latest.py", "tests/conftest.py", "tests/fixtures/a.py", "testing.md", "src/contest.ts"])
def test_what_only_sounds_like_a_test_is_none(path: str) -> None:
    assert not is_test(path)


def test_the_layout_says_where_tests_live_and_what_runs_them() -> None:
    files = ["package.json", "pyproject.toml", "tests/api/test_mail.py", "tests/test_cart.py", "vitest.config.ts"]
    texts = {"pyproject.toml": "[tool.pytest.ini_options]\n", "package.json": '{"scripts": {"test": "vitest run"}}'}
    said = layout_of_tests(files, texts, command=("python", "-m", "pytest"), near=["mail"], tokens=500)
    assert said.splitlines() == [
        "Configured: pytest (pyproject.toml), vitest.config.ts, npm test: vitest run", "Command: python -m pytest",
        "2 test files: tests/ 1, tests/api/ 1", "tests/api/test_mail.py", "tests/test_cart.py",
    ]  # fmt: skip
    assert layout_of_tests(["a.py"], {}, tokens=500) == ""
    assert (
        layout_of_tests(["tests/test_a.py"], {"package.json": "[" * 100_000}, tokens=500)
        == "1 test files: tests/ 1\ntests/test_a.py"
    )


def test_history_tells_the_last_commits_and_what_belongs_together(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"a.py": "", "b.py": "", "c.py": "", ".env": ""})
    for number in range(12):
        commit(root, f"cart: step {number}", "a.py", *(["b.py", ".env"] if number % 2 else ["c.py"] if number == 4 else []))
    said = asyncio.run(recent_history(root, ["a.py", "gone.py"], ["a.py", "b.py", "c.py"], 800)).splitlines()
    assert said[:2] == ["- cart: step 11", "- cart: step 10"]
    assert len(said) == 11
    assert said[-1] == "a.py was often changed together with b.py (7×), c.py (2×)"


def test_there_is_no_history_without_git_or_commits(tmp_path: Path) -> None:
    assert asyncio.run(recent_history(tmp_path, [], [], 800)) == ""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert asyncio.run(recent_history(tmp_path, [], [], 800)) == ""


def test_history_runs_no_program_of_the_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": ""})
    commit(root, "subject \x1b[2J", "a.py")
    owned = f"touch {tmp_path}/owned"
    with (root / ".git/config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "{owned}"\n\tpager = "{owned}"\n[log]\n\tshowSignature = true\n')
        config.write(f'[gpg]\n\tprogram = "{owned}"\n[diff]\n\texternal = "{owned}"\n[pager]\n\tlog = "{owned}"\n')
    assert asyncio.run(recent_history(root, ["a.py"], ["a.py"], 800)).startswith("- subject [2J")
    assert not (tmp_path / "owned").exists()


def test_a_view_survives_the_journal(tmp_path: Path) -> None:
    make_repository(tmp_path, {"cart.py": "class Cart: ...\n", "tests/test_cart.py": "def test_cart(): ...\n"})
    view = seen(tmp_path, about="Cart")
    assert view.map and view.tests and view.history and view.tree
    assert view.resolved == "Cart -> cart.py:1 class Cart: ..."
    assert View.from_json(view.to_json()) == replace(view, files=tuple(view.files))


def test_two_looks_at_the_same_tree_are_the_same(tmp_path: Path) -> None:
    make_repository(tmp_path, {f"m{n}.py": f"def f{n}(): return f{n + 1}()\n" for n in range(50)})
    assert seen(tmp_path, "m3.py", about="f7") == seen(tmp_path, "m3.py", about="f7")

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.context.listing import list_files
from agent.tools import TOOLS, ToolResult, specs
from agent.tools.search import search
from tests.agent.tools.repository import CODE, call


def test_files_are_listed_by_level_and_ignored_ones_left_out(root: Path) -> None:
    assert call(root, "list").text.splitlines() == [
        "The repository: 6 files", ".env", ".gitignore", "README.md", "shop/cart.py", "shop/deep/ (1 files)", "ui/app.ts",
    ]  # fmt: skip
    assert call(root, "list", path="./shop/", depth=9).text == "shop: 2 files\ncart.py\ndeep/er/still/a.py"
    assert call(root, "list", path="shop/cart.py").is_error
    assert call(root, "list", path="nowhere").is_error


def test_a_long_list_says_that_it_is_cut(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"a-rather-long-name-{number}.txt").touch()
    assert "more entries" in call(tmp_path, "list").text.splitlines()[-1]


HOSTILE = [
    "/etc/passwd", "../outside.txt", "shop/../../outside.txt", "~/.ssh/id_rsa", "C:\\windows\\win.ini", "..\\outside.txt",
    "link.txt", "away/outside.txt", ".env", "./.env", "shop//../.env", ".git/config", ".GIT/config", "local/private.py",
    "a\0b", "a\nb", "x" * 5_000, 7, None, True, ["shop"], {"a": 1}, "\ud800", "\N{RIGHT-TO-LEFT OVERRIDE}", "-rf", "id_rsa",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_leads_to_what_may_not_be_seen(root: Path, path: Any) -> None:
    assert call(root, "read", paths=path).is_error
    for name, more in (("list", {}), ("search", {"pattern": "canary|."}), ("symbols", {}), ("history", {})):
        result = call(root, name, path=path, **more)
        assert result.is_error or path is None


def test_search_finds_lines_and_respects_ignore_files(root: Path) -> None:
    assert call(root, "search", pattern="net_?price", ignore_case=True).text.splitlines() == [
        "shop/cart.py", "3:        return net_price(self.gross)", "6:def net_price(gross):",
        "ui/app.ts", "1:export function netPrice() {}",
    ]  # fmt: skip
    assert call(root, "search", pattern="net_?price", ignore_case="true", glob="*.ts").text.startswith("ui/app.ts\n1:")
    assert call(root, "search", pattern="def", path="shop").text.startswith("shop/cart.py\n2:")
    assert call(root, "search", pattern="nothing_like_this").text == "Nothing matches."


@pytest.mark.parametrize("glob", ["*", "**/.env", ".env*", "/etc/*", "../*", "*.log", "!x", "local/**"])
def test_no_glob_finds_what_may_not_be_seen(root: Path, glob: str) -> None:
    call(root, "search", pattern="canary", glob=glob)
    call(root, "search", pattern="canary", path="away", glob=glob)


@pytest.mark.parametrize("pattern", ["(", "[", "a{99999999}", "(?P<x", "\\"])
def test_a_pattern_that_is_wrong_says_so(root: Path, pattern: str) -> None:
    result = call(root, "search", pattern=pattern)
    assert result.is_error and "Escape" in result.text


@pytest.mark.parametrize("pattern", ["--files", "-e", "--pre=cat", "--hostname-bin=/bin/sh", "-f/etc/passwd"])
def test_a_pattern_is_no_option(root: Path, pattern: str) -> None:
    assert call(root, "search", pattern=pattern).text == "Nothing matches."


def test_settings_of_a_person_do_not_change_a_search(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rc").write_text("--invert-match\n")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(tmp_path / "rc"))
    (tmp_path / ".ignore").write_text("*\n")
    assert call(root, "search", pattern="class Cart").text == "shop/cart.py\n1:class Cart:"


def test_lines_around_a_hit_are_told_from_hits(root: Path) -> None:
    assert call(root, "search", pattern="def (total|net_price)", context="1").text.splitlines() == [
        "shop/cart.py", "1-class Cart:", "2:    def total(self):", "3-        return net_price(self.gross)", "--", "5-",
        "6:def net_price(gross):", "7-    return gross",
    ]  # fmt: skip
    assert call(root, "search", pattern="KEY|canary", context=5).text == "Nothing matches."


def test_many_hits_are_cut_and_say_so(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"f{number}.txt").write_text(f"hit {'x' * 100}\n" * 50)
    assert "narrow it" in call(tmp_path, "search", pattern="hit").text


def test_a_search_ends_when_its_time_is_up(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (endless := tmp_path / "rg").write_text("#!/bin/sh\nexec /bin/sleep 3600\n")
    endless.chmod(0o700)
    monkeypatch.setattr("agent.tools.search.sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr("agent.tools.search.TIMEOUT", 0.2)
    assert "timed out" in call(root, "search", pattern="x").text


def test_symbols_of_a_file_and_places_of_a_name(root: Path) -> None:
    assert call(root, "symbols", path="shop/cart.py").text.splitlines() == [
        "shop/cart.py defines:", "1\tclass Cart:", "2\t    def total(self):", "6\tdef net_price(gross):",
    ]  # fmt: skip
    assert call(root, "symbols", name="net_price").text == "shop/cart.py:6: def net_price(gross):"
    assert call(root, "symbols", name="Cart.total()").text == "shop/cart.py:2: class Cart: … def total(self):"
    assert "net_price" in call(root, "symbols", name="price").text
    assert call(root, "symbols", name="canary_ignored"[7:]).text.startswith("Nothing named")
    assert call(root, "symbols").is_error
    assert call(root, "symbols", path="shop/cart.py", name="Cart").is_error
    assert "No definitions" in call(root, "symbols", path="README.md").text


def test_a_call_that_does_not_exist_names_those_that_do(root: Path) -> None:
    assert "read, search" in call(root, "write_file", path="x").text
    assert "has no argument" in call(root, "read", colour="x").text
    assert [spec.name for spec in specs(("search", "read"))] == ["search", "read"]


def test_every_tool_tells_its_limits_in_a_schema_that_is_checked() -> None:
    assert list(TOOLS) == ["read", "search", "symbols", "list", "history", "edit", "run", "finish"]
    for spec in TOOLS.values():
        assert set(spec.parameters.get("required", ())) <= set(spec.parameters["properties"])
        assert len(spec.description) < 400 and spec.description.endswith(".")


@pytest.mark.parametrize("name", ["edit", "finish"])
def test_what_the_session_does_is_refused_here(root: Path, name: str) -> None:
    result = call(root, name, path="shop/cart.py", content="")
    assert result.is_error and "can't be used here" in result.text
    assert (root / "shop/cart.py").read_text() == CODE


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("read_file", {"path": "shop/cart.py"}), ("read_file", {"path": "shop/cart.py", "start": 1, "end": "7"}),
        ("read", {"path": ["shop/cart.py"]}), ("read", {"paths": [{"path": "shop/cart.py"}]}),
        ("read", {"file": "shop/cart.py"}),
        ("read_files", {"files": ["shop/cart.py"]}), ("read", {"paths": "shop/cart.py:1-7"}),
    ],
)  # fmt: skip
def test_names_that_models_send_from_habit_are_understood(root: Path, name: str, arguments: Any) -> None:
    assert call(root, name, **arguments).read == {"shop/cart.py": CODE}
    assert call(root, "list_files", directory="shop").text == call(root, "list", path="shop").text
    assert call(root, "search", query="class Cart").text == "shop/cart.py\n1:class Cart:"


def test_a_result_survives_the_journal() -> None:
    result = ToolResult("text", read={"a": "b"}, kept=["c"], has_failed=True)
    assert ToolResult.from_json(result.to_json()) == result
    assert ToolResult.from_json({"text": "old", "is_error": False, "read": {}}).kept == []


def test_in_the_clone_of_a_run_all_files_are_the_project_s(tmp_path: Path) -> None:
    """It has its git directory beside it, and what commands leave in it is removed: ignore rules and names hide nothing."""
    root, places = tmp_path / "repo", ("bin/tool.py", "lib/ignored.py", "vendor/a.py")
    for path, text in {".gitignore": "lib/\n", **dict.fromkeys((*places, "node_modules/x.js", ".env"), "marked = 1\n")}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    assert asyncio.run(list_files(root)) == [".env", ".gitignore", "lib/ignored.py"], "nobody says what belongs to the project"
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert asyncio.run(list_files(root)) == [".env", ".gitignore", *places]
    found = asyncio.run(search(root, {"pattern": "marked"})).text
    assert found.splitlines()[::2] == list(places)

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent import stacks
from agent.context.listing import list_files
from agent.context.tools import MAX_RESULT, TOOLS, Toolbox, ToolResult, specs
from agent.context.tools.run import heads
from agent.context.tools.search import search
from agent.errors import Paused
from agent.ports import CommandResult
from tests.agent.harness import make_repository

CODE = "class Cart:\n    def total(self):\n        return net_price(self.gross)\n\n\ndef net_price(gross):\n    return gross\n"


class Ran:
    """Commands that end as they are told to."""

    def __init__(self, result: CommandResult | Exception) -> None:
        self.result = result
        self.argv: list[tuple[str, ...]] = []

    async def run(self, argv: Sequence[str], *, timeout: float = 300) -> CommandResult:
        self.argv.append(tuple(argv))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "README.md": "# Shop\n",
        "shop/cart.py": CODE,
        "shop/deep/er/still/a.py": "x = 1\n",
        ".gitignore": "*.log\nlocal/\n",
        ".env": "KEY=canary-secret\n",
        "ui/app.ts": "export function netPrice() {}\n",
    }
    (tmp_path / "outside.txt").write_text("canary-outside")
    root = make_repository(tmp_path / "root", files)
    (root / "noise.log").write_text("canary-ignored")
    (root / "local").mkdir()
    (root / "local/private.py").write_text("canary_ignored = 1\n")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "away").symlink_to(tmp_path, target_is_directory=True)
    return root


def call(root: Path, tool: str, commands: Any = None, /, stack: str | None = "fastapi", **arguments: Any) -> ToolResult:
    toolbox = Toolbox(root, commands, stacks.get(stack) if stack else None, map_cache=None)
    result = asyncio.run(toolbox.call(tool, arguments))
    assert result.text and len(result.text) <= MAX_RESULT
    assert "canary" not in result.text
    return result


def test_files_are_listed_by_level_and_ignored_ones_left_out(root: Path) -> None:
    assert call(root, "list_files").text.splitlines() == [
        "The repository: 6 files", ".env", ".gitignore", "README.md", "shop/cart.py", "shop/deep/ (1 files)", "ui/app.ts",
    ]  # fmt: skip
    assert call(root, "list_files", path="./shop/", depth=9).text == "shop: 2 files\ncart.py\ndeep/er/still/a.py"
    assert call(root, "list_files", path="shop/cart.py").is_error
    assert call(root, "list_files", path="nowhere").is_error


def test_a_long_list_says_that_it_is_cut(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"a-rather-long-name-{number}.txt").touch()
    assert "more entries" in call(tmp_path, "list_files").text.splitlines()[-1]


def test_a_file_is_shown_with_numbers_and_counts_as_read(root: Path) -> None:
    result = call(root, "read_file", path="shop/cart.py")
    assert result.text.splitlines()[:2] == ["shop/cart.py: lines 1-7 of 7", "    1| class Cart:"]
    assert result.read == {"shop/cart.py": CODE}


def test_a_part_of_a_file_says_how_to_go_on_and_is_not_read_in_full(root: Path) -> None:
    result = call(root, "read_file", path="shop/cart.py", start="2", end=3)
    assert result.text.splitlines()[0] == "shop/cart.py: lines 2-3 of 7"
    assert result.text.splitlines()[-1] == "There is more: continue with start=4."
    assert result.read == {}
    assert call(root, "read_file", path="shop/cart.py", start=8).is_error
    assert call(root, "read_file", path="shop/cart.py", start=3, end=2).is_error


def test_a_long_file_comes_in_pieces_that_cover_it(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"line {number}\n" for number in range(1, 3_001)))
    start, seen = 1, 0
    while start <= 3_000:
        result = call(tmp_path, "read_file", path="long.txt", start=start)
        lines = [line for line in result.text.splitlines() if "| line" in line]
        seen += len(lines)
        start += len(lines)
    assert seen == 3_000


def test_a_line_that_is_cut_or_not_printable_is_no_full_reading(tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_text("x" * 5_000)
    (tmp_path / "bell.txt").write_text("a\x1b[2Jb\n")
    (tmp_path / "empty.txt").touch()
    assert "(cut)" in call(tmp_path, "read_file", path="wide.txt").text
    assert "\x1b" not in call(tmp_path, "read_file", path="bell.txt").text
    assert call(tmp_path, "read_file", path="bell.txt").read == {}
    assert call(tmp_path, "read_file", path="empty.txt").read == {"empty.txt": ""}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("cart.py", "shop/cart.py"), ("shop/crat.py", "Did you mean shop/cart.py?"), ("shop", "is a folder"), ("", "missing"),
        (".", "Name a file"), ("noise.log", "ignored"),
    ],
)  # fmt: skip
def test_a_wrong_path_is_answered_with_what_to_do(root: Path, path: str, said: str) -> None:
    result = call(root, "read_file", path=path)
    assert result.is_error and said in result.text


HOSTILE = [
    "/etc/passwd", "../outside.txt", "shop/../../outside.txt", "~/.ssh/id_rsa", "C:\\windows\\win.ini", "..\\outside.txt",
    "link.txt", "away/outside.txt", ".env", "./.env", "shop//../.env", ".git/config", ".GIT/config", "local/private.py",
    "a\0b", "a\nb", "x" * 5_000, 7, None, True, ["shop"], {"a": 1}, "\ud800", "\N{RIGHT-TO-LEFT OVERRIDE}", "-rf", "id_rsa",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_no_path_leads_to_what_may_not_be_seen(root: Path, path: Any) -> None:
    assert call(root, "read_file", path=path).is_error
    for name, more in (("list_files", {}), ("search", {"pattern": "canary|."}), ("symbols", {})):
        result = call(root, name, path=path, **more)
        assert result.is_error or path is None


def test_what_is_no_text_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "big.txt").write_text("x\n" * 1_200_000)
    assert call(tmp_path, "read_file", path="a.bin").is_error
    assert "search" in call(tmp_path, "read_file", path="big.txt").text


def test_search_finds_lines_and_respects_ignore_files(root: Path) -> None:
    assert call(root, "search", pattern="net_?price", ignore_case=True).text.splitlines() == [
        "shop/cart.py:3:        return net_price(self.gross)",
        "shop/cart.py:6:def net_price(gross):",
        "ui/app.ts:1:export function netPrice() {}",
    ]
    assert call(root, "search", pattern="net_?price", ignore_case="true", glob="*.ts").text.startswith("ui/app.ts:1:")
    assert call(root, "search", pattern="def", path="shop").text.startswith("shop/cart.py:2:")
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
    assert call(root, "search", pattern="class Cart").text == "shop/cart.py:1:class Cart:"


def test_many_hits_are_cut_and_say_so(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"f{number}.txt").write_text(f"hit {'x' * 100}\n" * 50)
    assert "narrow it" in call(tmp_path, "search", pattern="hit").text


def test_a_search_ends_when_its_time_is_up(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (endless := tmp_path / "rg").write_text("#!/bin/sh\nexec /bin/sleep 3600\n")
    endless.chmod(0o700)
    monkeypatch.setattr("agent.context.tools.search.sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr("agent.context.tools.search.TIMEOUT", 0.2)
    assert "timed out" in call(root, "search", pattern="x").text


def test_symbols_of_a_file_and_places_of_a_name(root: Path) -> None:
    assert call(root, "symbols", path="shop/cart.py").text.splitlines() == [
        "shop/cart.py defines:", "    1| class Cart:", "    2|     def total(self):", "    6| def net_price(gross):",
    ]  # fmt: skip
    assert call(root, "symbols", name="net_price").text == "shop/cart.py:6: def net_price(gross):"
    assert call(root, "symbols", name="Cart.total()").text == "shop/cart.py:2: def total(self):"
    assert "net_price" in call(root, "symbols", name="price").text
    assert call(root, "symbols", name="canary_ignored"[7:]).text.startswith("Nothing named")
    assert call(root, "symbols").is_error
    assert call(root, "symbols", path="shop/cart.py", name="Cart").is_error
    assert "No definitions" in call(root, "symbols", path="README.md").text


PASSED = CommandResult(("python",), 0, 5, "3 passed in 0.01s")


def test_the_stacks_own_commands_run_with_operands(root: Path) -> None:
    ran = Ran(PASSED)
    result = call(root, "run", ran, argv=["python", "-m", "pytest", "tests/test_cart.py", "-q", "-k", "total"])
    assert result.text == "python -m pytest tests/test_cart.py -q -k total\nExit code 0.\n3 passed in 0.01s"
    assert not call(root, "run", ran, argv=["ruff", "check", "shop"]).is_error
    assert not call(root, "run", ran, argv=["black", "--quiet", "--check", "shop"]).is_error
    assert not call(root, "run", ran, argv=["ruff", "--version"]).is_error
    assert not call(root, "run", ran, argv=["ls", "-l", "shop"]).is_error
    assert len(ran.argv) == 5


@pytest.mark.parametrize(
    "argv",
    [
        ["sh", "-c", "cat .env"], ["bash"], ["python", "-c", "print(1)"], ["python", "evil.py"], ["python", "-m", "http"],
        ["uv", "pip", "install", "x"], ["cat", ".env"], ["ruff", "check", "--fix", "."], ["ruff", "format"], ["black", "."],
        ["python -m pytest"], "python -m pytest", [], None, [1], [["python"]], ["python", "-m", "pytest"] + ["x"] * 100,
        ["python", "-m", "pytest", "a\0b"], ["", "x"], ["/bin/sh"],
        ["ruff", "check", ".env"], ["ls", ".git/config"], ["wc", "-l", "--files0-from=.env"],
        ["env", "python"], ["curl", "example.com"], ["--version"],
    ],
)  # fmt: skip
def test_nothing_else_is_run(root: Path, argv: Any) -> None:
    ran = Ran(PASSED)
    assert call(root, "run", ran, argv=argv).is_error
    assert ran.argv == []


def test_how_a_command_ended_is_told(root: Path) -> None:
    argv = ["python", "-m", "pytest"]
    assert "Exit code 1." in call(root, "run", Ran(CommandResult(argv, 1, 5, "x" * 50_000)), argv=argv).text
    assert "timed out" in call(root, "run", Ran(CommandResult(argv, 124, 5, "", timed_out=True)), argv=argv).text
    assert call(root, "run", Ran(CommandResult(argv, 127, 5, "", available=False)), argv=argv).is_error
    assert call(root, "run", None, argv=argv).is_error
    assert call(root, "run", Ran(PASSED), stack=None, argv=argv).is_error


def test_an_interruption_of_the_run_is_no_answer_to_the_model(root: Path) -> None:
    with pytest.raises(Paused):
        call(root, "run", Ran(Paused("sandbox", "It is dead.")), argv=["python", "-m", "pytest"])


def test_no_stack_allows_a_shell_or_a_bare_interpreter() -> None:
    for stack in stacks.catalogue():
        for head in heads(stack):
            assert head[0] not in ("sh", "bash"), stack.id
            assert head != ("dotnet", "format"), "it would rewrite files"
            assert len(head) > 1 or head[0] not in ("python", "node", "npm", "npx", "php", "docker", "dotnet", "uv"), stack.id


def test_a_call_that_does_not_exist_names_those_that_do(root: Path) -> None:
    assert "read_file" in call(root, "write_file", path="x").text
    assert "has no argument" in call(root, "read_file", file="x").text
    assert [spec.name for spec in specs(("search", "read_file"))] == ["search", "read_file"]
    assert all(spec.parameters["additionalProperties"] is False for spec in TOOLS.values())


def test_a_result_survives_the_journal() -> None:
    result = ToolResult("text", read={"a": "b"})
    assert ToolResult.from_json(result.to_json()) == result


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
    assert [line.partition(":")[0] for line in found.splitlines()] == list(places)

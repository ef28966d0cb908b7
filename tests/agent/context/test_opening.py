"""The sections of an opening, with tools and without: what is whole, what is shown in parts, in which order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.context import Interest, View, collect_context, sections
from agent.context.guides import beginning
from agent.context.tokenization import words_of
from agent.token_estimates import estimate_tokens
from tests.agent.harness import make_repository

LONG = "import os\n\n\n" + "".join(
    f"class Machine{number}:\n    def start_{number}(self):\n        return {number}\n\n\n" for number in range(300)
)
README = (
    "# Shop\n\n[![build](https://x.example/b.svg)](https://x.example)\n<p align=center><img src=a.png></p>\n\nIt sells.\n\n"
    + "## Usage\n\n"
    + "Call it as you like.\n" * 200
    + "## Internals\n\nText.\n"
)
FILES = {
    "AGENTS.md": "Run make.\n",
    "README.md": README,
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "shop/cart.py": "class Cart:\n    def total(self):\n        return 1\n",
    "shop/machines.py": LONG,
    "tests/test_cart.py": "def test_total(): ...\n",
}


def opened(root: Path, text: str, *wanted: str, tools: bool = True, again: bool = False) -> View:
    interest = Interest(words=words_of(text), text=text, tools=tools, again=again)
    return asyncio.run(collect_context(root, wanted, interest))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    make_repository(root, FILES)
    return root


def test_what_changes_least_comes_first(shop: Path) -> None:
    found = sections(opened(shop, "Cart.total is wrong, see start_250()"), ["It is Python."])
    assert [section.name for section in found] == [
        "file", "guide", "project", "repository_files", "repository_map", "named", "file", "outline",
    ]  # fmt: skip
    assert [section.title for section in found if section.name == "file"] == [
        "Content of AGENTS.md:", "Content of shop/cart.py:"
    ]  # fmt: skip
    assert [section.of_task for section in found] == [False] * 4 + [True] * 4


def test_with_tools_an_opening_is_short(shop: Path) -> None:
    view = opened(shop, "Cart.total is wrong, see start_250()")
    assert estimate_tokens(section.text for section in sections(view, ())) < 2_500
    assert list(view.texts) == ["AGENTS.md", "shop/cart.py"], "manifests are facts of the profile"
    assert estimate_tokens([view.guides["README.md"]]) <= 70


def test_with_tools_the_map_names_definitions_in_a_line_for_each_file(shop: Path) -> None:
    lines = opened(shop, "Cart.total is wrong").map.splitlines()
    assert "shop/cart.py: 1 Cart, 2 Cart.total" in lines
    assert "shop/cart.py\n1: class Cart\n2:   def total(self)" in opened(shop, "Cart.total is wrong", tools=False).map


def test_without_tools_a_model_sees_what_it_can_not_ask_for(shop: Path) -> None:
    view = opened(shop, "Cart.total is wrong", tools=False)
    assert {"pyproject.toml", "README.md", "shop/cart.py"} <= {*view.texts, *view.guides}
    assert len(view.texts["README.md"]) > 4_000
    assert "read" not in view.outlines.get("shop/machines.py", "")


def test_a_manifest_that_the_task_names_is_shown_with_tools(shop: Path) -> None:
    assert "pyproject.toml" in opened(shop, "Declare it in pyproject.toml").texts


def test_a_long_file_has_its_definitions_and_the_part_that_is_meant(shop: Path) -> None:
    said = opened(shop, "start_250() is slow").outlines["shop/machines.py"]
    assert said == "Lines 1255-1256:\n    def start_250(self):\n        return 250"
    without = opened(shop, "start_250() is slow", tools=False).outlines
    assert "shop/machines.py" not in without, "it fits whole where nothing can be looked up"


def test_a_later_look_shows_the_parts_of_the_wanted_files_again(shop: Path) -> None:
    view = opened(shop, "start_250() is slow", "shop/machines.py", again=True)
    assert (view.map, view.history) == ("", "")
    assert "def start_250(self):\n        return 250" in view.outlines["shop/machines.py"]


def test_rules_of_other_programs_count_where_there_is_no_agents_page(tmp_path: Path) -> None:
    make_repository(tmp_path, {"CLAUDE.md": "a\n", ".cursorrules": "b\n", "x.py": ""})
    assert list(opened(tmp_path, "x").texts) == ["CLAUDE.md"]
    (tmp_path / "AGENTS.md").write_text("c\n")
    assert list(opened(tmp_path, "x").texts) == ["AGENTS.md"]


def test_long_rules_are_cut_at_a_line_and_say_so(tmp_path: Path) -> None:
    make_repository(tmp_path, {"AGENTS.md": "Keep to it.\n" * 2_000})
    said = opened(tmp_path, "x").guides["AGENTS.md"]
    assert said.endswith("Keep to it.\n… and more: read it.")


def test_a_page_begins_without_badges_and_names_its_other_headings() -> None:
    said = beginning(README, 100)
    assert said.startswith("# Shop\n\nIt sells.\n\n## Usage\n")
    assert said.endswith("…\nMore is said under: Internals")
    assert beginning(README, 100, headings=False).endswith("Call it as you like.\n…")

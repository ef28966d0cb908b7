"""The tool ``run`` by what it makes of commands' results; what a sandbox does with them is in ``test_run_sandboxed``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Paused
from agent.ports import CommandResult, JSONObject
from agent.projects import ProjectPart, ProjectProfile
from agent.tools import Toolbox
from tests.agent.tools.repository import call

pytestmark = pytest.mark.filterwarnings("error")


class Ran:
    """Commands that end as they are told to."""

    def __init__(self, output: str = "3 passed in 0.01s", error: Exception | None = None, **more: Any) -> None:
        self.result = {**CommandResult((), 0, 5, "").to_json(), "output": output, "kept": [], "kept_as": {}, "refused": {}}
        self.result |= {"dropped": {}, "more": 0, **more}
        self.error = error
        self.lines: list[tuple[str, float, str, str]] = []

    async def run_line(
        self, line: str, root: Path, *, keep: Callable[[str], bool], timeout: float, directory: str = "", rest: str = ""
    ) -> JSONObject:
        self.lines.append((line, timeout, directory, rest))
        if self.error is not None:
            raise self.error
        return self.result


def test_a_line_runs_and_says_how_it_ended(root: Path) -> None:
    ran = Ran()
    assert call(root, "run", ran, command="pytest -x tests").text == "@run1: Exit code 0.\n3 passed in 0.01s"
    assert ran.lines == [("pytest -x tests", 120, "", "")]
    assert "Exit code 1." in call(root, "run", Ran(exit_code=1), command="false").text
    assert not call(root, "run", Ran(exit_code=1), command="false").is_error, "that it fails is what was asked"
    assert "stopped after 7 seconds" in call(root, "run", Ran(timed_out=True), command="sleep 9", timeout="7").text
    assert "(no output)" in call(root, "run", Ran(""), command="true").text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"command": "a && b | c > d"}, "a && b | c > d"), ({"command": "cat <<'E'\n1\t2\r\nE\n"}, "cat <<'E'\n1\t2\nE"),
        ({"argv": ["python", "-m", "pytest", "-k", "a or b"]}, "python -m pytest -k 'a or b'"), ({"argv": "ls -l"}, "ls -l"),
        ({"command": ["bash", "-lc", "ls | wc"]}, "ls | wc"), ({"command": ["ls -l"]}, "ls -l"), ({"cmd": "ls"}, "ls"),
    ],
)  # fmt: skip
def test_a_line_is_taken_in_the_ways_that_models_write_it(root: Path, arguments: Any, line: str) -> None:
    ran = Ran()
    call(root, "run", ran, **arguments)
    assert [taken[0] for taken in ran.lines] == [line]


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"command": ""}, {"command": " \n"}, {"command": None}, {"command": 7}, {"command": []}, {"command": [1]},
        {"command": "a\0b"}, {"command": "\ud800"}, {"command": "x" * 30_000}, {"command": "ls", "timeout": "soon"},
        {"command": "ls", "timeout": 0}, {"command": "ls", "shell": "zsh"}, {"command": {"a": 1}},
    ],
)  # fmt: skip
def test_what_is_no_line_is_refused_and_says_what_to_send(root: Path, arguments: Any) -> None:
    ran = Ran()
    result = call(root, "run", ran, **arguments)
    assert result.is_error and result.text[-1] == "."
    assert ran.lines == []


def test_a_time_beyond_the_most_is_the_most(root: Path) -> None:
    ran = Ran()
    call(root, "run", ran, command="ls", timeout=3_600)
    assert [line[1] for line in ran.lines] == [300]


def test_where_nothing_may_be_run_it_says_so(root: Path) -> None:
    assert "can't be run" in call(root, "run", None, command="ls").text


def test_an_interruption_of_the_run_is_no_answer_to_the_model(root: Path) -> None:
    with pytest.raises(Paused):
        call(root, "run", Ran(error=Paused("sandbox", "It is dead.")), command="pytest")


def test_the_middle_of_a_long_output_is_read_by_a_further_call(root: Path) -> None:
    outputs: list[str] = ["the first"]
    lines = [f"line {number} {'x' * 40}" for number in range(1, 2_001)]
    said = call(root, "run", Ran("\n".join(lines)), outputs=outputs, command="seq").text
    shown = said.splitlines()
    assert shown[0] == "@run2: Exit code 0." and shown[1] == lines[0] and shown[-1] == lines[-1]
    assert 7_000 < len(said) < 9_000
    between = next(line for line in shown if line.startswith("…"))
    first, last = between.rpartition(":")[2].split("-")
    assert lines[int(first) - 2] in shown and lines[int(first) - 1] not in shown
    assert lines[int(last)] in shown and lines[int(last) - 1] not in shown
    read = call(root, "read", outputs=outputs, paths=f"@run2:{first}-{last}").text
    assert f"\t{lines[int(first) - 1]}" in read


def test_output_is_text_without_colours_and_painted_over_lines(root: Path) -> None:
    said = call(root, "run", Ran("\x1b[31mred\x1b[0m\r\n10 %\r100 %\r\nbell\x07\n\x1b]0;title\x07end"), command="x").text
    assert said.splitlines()[1:] == ["red", "100 %", "bell\N{REPLACEMENT CHARACTER}", "end"]


def test_one_endless_line_is_cut(root: Path) -> None:
    said = call(root, "run", Ran("x" * 200_000), command="x").text
    assert "(cut)" in said and len(said) < 2_000


def test_what_was_kept_and_undone_is_told(root: Path) -> None:
    ran = Ran(
        kept=["a.py"], kept_as={"a.py": "changed"}, refused={"b.py": "it is behind a link"},
        dropped={"b.py": "created", **{f"c{number}.py": "created" for number in range(40)}}, more=7,
    )  # fmt: skip
    result = call(root, "run", ran, command="make")
    assert result.kept == ["a.py"]
    assert "Kept: a.py (changed)" in result.text and "Not kept: b.py, for it is behind a link." in result.text
    assert "c0.py (created)" in result.text and "and 27 more" in result.text


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("cd backend && pytest -x", ("backend", "pytest -x")), ("cd ./backend/tests; pytest", ("backend/tests", "pytest")),
        ("cd backend", ("", "")), ("cd other && ls", ("", "")), ("cd backend/../.. && ls", ("", "")),
        ("ls; cd backend", ("", "")), ("cd /workdir && ls", ("", "")), ("cd $HOME && ls", ("", "")),
    ],
)  # fmt: skip
async def test_a_line_that_goes_to_a_part_has_its_environment(tmp_path: Path, line: str, place: tuple[str, str]) -> None:
    ran = Ran()
    profile = ProjectProfile((ProjectPart(), ProjectPart(directory="backend")))
    await Toolbox(tmp_path, ran, profile, map_cache=None).call("run", {"command": line})
    assert ran.lines == [(line, 120, *place)]

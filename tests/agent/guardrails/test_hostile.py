"""What the guardrails say where an answer is more than they read; the time they take is measured in ``tests/hostile``."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.documents import Unreadable, check_yaml, read_json, read_python, read_toml
from agent.guardrails import check, trees
from agent.guardrails.imports import imports_of
from agent.guardrails.javascript import _options
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import get
from agent.stacks.manifests import names_in

EDIT = TaskSpec("Fix it", output_mode="patch_existing")


@pytest.mark.parametrize(
    ("read", "text", "reason", "line"),
    [
        (read_json, "[" * 50_000, "nested too deeply", None),
        (read_json, '{"a": ' + "1" * 5_000 + "}", "limit", None),
        (read_json, '{"a":\n1,}', "Expecting|Illegal", 2),
        (read_toml, "a = " + "[" * 50_000, "nested too deeply", None),
        (read_toml, "b = 1\n" + "a." * 50 + "a = 1", "more than 32 parts", 2),
        (read_toml, "b = 1\n" + '"\\"" . ' * 50 + "a = 1", "more than 32 parts", 2),
        (read_toml, "a = " + "1" * 5_000, "limit", None),
        (check_yaml, "a: 1\nb: " + "[" * 500, "nested too deeply", 2),
        (check_yaml, "a: [", "expected", None),
        (read_python, "x = 1\ny = f'''" + "{a}\n" * 10_000 + "'''", "f-string", 2),
        (read_python, "-" * 50_000 + "1", "nested too deeply", None),
        (read_python, "x = 1\ny = (", "never closed", 2),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_reason(read, text: str, reason: str, line: int | None) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unreadable, match=reason) as refused:
        read(text)
    assert line is None or refused.value.line == line


def test_long_honest_python_is_read() -> None:
    text = "'''a \"doc\" # f'''\n" + 'x = f"{a}" # it\'s f"\n' * 2_000 + "import os\n"
    assert [entry.module for entry in imports_of(text)] == ["os"]


def test_imports_that_are_guarded_are_optional() -> None:
    text = "import a\nif typing.TYPE_CHECKING:\n    import b\ntry:\n    import c\nexcept ImportError:\n    import d\n"
    assert [entry.module for entry in imports_of(text, optional=False)] == ["a"]
    assert {entry.module for entry in imports_of(text)} == {"a", "b", "c", "d"}


def test_a_compilers_settings_lose_their_comments_and_nothing_else() -> None:
    text = '{"compilerOptions": {"paths": {"a,]": ["// no /* comment */"], /* x */ }, // y\n "baseUrl": "\\\\",},}'
    assert _options(text) == {"paths": {"a,]": ["// no /* comment */"]}, "baseUrl": "\\"}


def test_a_manifest_with_names_that_are_none_names_the_rest() -> None:
    assert names_in("package.json", '{"dependencies": [1, "a"]}') == {"a"}
    assert names_in("pyproject.toml", "a = " + "[" * 50_000) == frozenset()


def test_more_packages_than_are_checked_are_refused(tmp_path: Path) -> None:
    text = "".join(f"import a{at}\n" for at in range(1_001))
    result = check([parse_edits(f"FILE: a.py\n{text}")], root=tmp_path, stack=get("fastapi"), spec=EDIT)
    assert [(error.code, error.path) for error in result.errors] == [("too_many_packages", "a.py")]
    assert "1,001" in result.errors[0].message


def test_of_many_secrets_the_first_are_reported_with_their_lines(tmp_path: Path) -> None:
    text = "".join(f"sk-abcdefghijklmnopqrst{98_700_000 + at}\n" for at in range(100))
    result = check([parse_edits(f"FILE: a.txt\n{text}")], root=tmp_path, stack=get("fastapi"), spec=EDIT)
    assert [error.line for error in result.errors] == list(range(1, 21))


def test_a_program_that_takes_too_much_work_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    source = trees.SourceTree("javascript", "import a from 'a';\n" * 2_000 + "{")
    assert trees.mistake(source) is not None
    monkeypatch.setattr(trees, "AT_LEAST", 1)
    monkeypatch.setattr(trees, "PER_CHARACTER", 0)
    assert trees.mistake(source) is None
    assert list(trees.nodes(source, "import_statement")) == []
    monkeypatch.undo()
    assert trees.mistake(trees.SourceTree("javascript", "x = (")) is not None, "the parser goes on after it was stopped"

from __future__ import annotations

from pathlib import Path

import pytest

from agent.guardrails import GuardrailResult, check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import get

NEW = TaskSpec("A FastAPI service")
EDIT = TaskSpec("Fix it", output_mode="patch_existing")


def judge(root: Path, text: str, spec: TaskSpec = EDIT, stack: str = "fastapi") -> GuardrailResult:
    return check([parse_edits(text)], root=root, stack=get(stack), spec=spec)


def found(result: GuardrailResult) -> list[tuple[str, str | None, int | None]]:
    return [(finding.code, finding.path, finding.line) for finding in result.errors]


def test_the_starter_passes_its_own_rules(tmp_path: Path) -> None:
    text = "".join(f"FILE: {path}\n{content}" for path, content in get("fastapi").starter_files().items())

    assert judge(tmp_path, text, NEW).to_json() == {"is_valid": True, "errors": [], "warnings": []}


def test_an_answer_without_files_is_a_format_error(tmp_path: Path) -> None:
    result = judge(tmp_path, "I would rather not.")

    assert found(result) == [("format", None, None)]
    assert not result.is_valid
    assert "FILE: path" in result.errors[0].hint


def test_paths(tmp_path: Path) -> None:
    text = "FILE: ../a.txt\nx\nFILE: b.txt\nx\nFILE: b.txt\ny\nFILE: B.txt\nz\n"

    assert found(judge(tmp_path, text)) == [
        ("unsafe_path", "../a.txt", None),
        ("duplicate_path", "b.txt", None),
        ("duplicate_path", "B.txt", None),
    ]


def test_required_files_may_be_in_the_tree_already(tmp_path: Path) -> None:
    answer = "FILE: service/main.py\nx = 1\n"

    assert found(judge(tmp_path, answer, NEW)) == [("missing_file", None, None)]
    (tmp_path / "pyproject.toml").write_text("")
    assert judge(tmp_path, answer, NEW).is_valid


def test_an_existing_repository_keeps_its_own_layout(tmp_path: Path) -> None:
    result = judge(tmp_path, "FILE: library/core.py\nx = 1\n", EDIT)

    assert result.is_valid
    assert {finding.code for finding in result.warnings} == {"missing_file"}


def test_forbidden_files_may_not_be_created_but_may_be_changed(tmp_path: Path) -> None:
    assert found(judge(tmp_path, "FILE: package.json\n{}\n")) == [("forbidden_file", "package.json", None)]
    (tmp_path / "package.json").write_text("{}")
    assert judge(tmp_path, 'FILE: package.json\n{"a": 1}\n').is_valid


def test_stacks_are_not_mixed(tmp_path: Path) -> None:
    assert ("mixed_stacks", "web/App.vue", None) in found(judge(tmp_path, "FILE: web/App.vue\n<template/>\n"))
    (tmp_path / "Old.vue").write_text("")
    assert judge(tmp_path, "FILE: web/App.vue\n<template/>\n").is_valid
    assert judge(tmp_path, "FILE: Dockerfile\nFROM scratch\nFILE: .github/workflows/ci.yml\non: push\n").is_valid


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("a.py", "x = 1\ndef f(:\n", 2),
        ("a.py", "x = (\n", 1),
        ("a.json", '{"a": 1,\n}', 2),
        ("a.toml", "a = 1\na = [\n", None),
        ("a.yaml", "a:\n  - b\n c: d\n", 3),
    ],
)
def test_what_does_not_parse_is_named_with_its_line(tmp_path: Path, path: str, content: str, line: int | None) -> None:
    result = judge(tmp_path, f"FILE: {path}\n{content}\n")

    assert [finding.code for finding in result.errors] == ["syntax"]
    assert result.errors[0].path == path
    if line is not None:
        assert result.errors[0].line == line


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tsconfig.json", '{\n  // comment\n  "a": 1,\n}'),
        ("chart/templates/x.yaml", "a: {{ .Values.b }}\n{{- if x }}\n"),
        ("a.yaml", "a: 1\n---\nb: !custom 2\n"),
        ("empty.json", ""),
        ("a.rb", "not checked here ("),
        ("deep.json", "[" * 400 + "]" * 400),
    ],
)
def test_what_has_another_syntax_is_left_alone(tmp_path: Path, path: str, content: str) -> None:
    assert judge(tmp_path, f"FILE: {path}\n{content}\n").is_valid


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert judge(tmp_path, "FILE: a.py\n\ufeffx = 1\nFILE: b.json\n\ufeff{}\n").errors == ()


def test_a_hostile_file_can_not_exhaust_the_parser(tmp_path: Path) -> None:
    deep = "[" * 100_000
    text = f"FILE: a.py\n{deep}\nFILE: b.json\n{deep}\nFILE: c.toml\na = {deep}\n"

    assert {finding.path for finding in judge(tmp_path, text).errors} == {"a.py", "b.json", "c.toml"}


SECRETS = [
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx8kD1m2Qw9Zt\n",
    "AKIA" + "Q3ZT7HKX5MNPLV2B",
    "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6",
    "sk-proj-" + "Ab3dEf6hIjKlMn0pQrStUvWx9z",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_found_and_never_repeated(tmp_path: Path, secret: str) -> None:
    result = judge(tmp_path, f"FILE: settings.txt\nfirst\nkey: {secret}\n")

    assert found(result) == [("secret_in_output", "settings.txt", 2)]
    assert secret[:20] not in str(result.to_json())


@pytest.mark.parametrize(
    "text", ["AKIAIOSFODNN7EXAMPLE", "sk-" + "x" * 40, "sk-your-key-goes-here-please-now", "BEGIN PRIVATE KEY"]
)
def test_placeholders_are_no_secrets(tmp_path: Path, text: str) -> None:
    assert judge(tmp_path, f"FILE: settings.txt\n{text}\n").is_valid


def test_a_secret_that_the_file_held_before_is_not_the_answer_s(tmp_path: Path) -> None:
    (tmp_path / "settings.txt").write_text(f"{SECRETS[1]}\n")

    assert judge(tmp_path, f"FILE: settings.txt\n{SECRETS[1]}\nmore\n").is_valid


@pytest.mark.parametrize(
    "wish", ["no extra libraries", "Don't add new dependencies", "ek kütüphane kullanma", "only the standard library"]
)
def test_no_extra_libraries(tmp_path: Path, wish: str) -> None:
    (tmp_path / "helper.py").write_text("")
    spec = TaskSpec("Fix it", output_mode="patch_existing", constraints=[wish])
    text = (
        "FILE: a.py\nimport os, json\nfrom helper import x\nimport requests  # import numpy\ns = 'import pandas'\n"
        "FILE: requirements.txt\nrequests\n"
    )

    assert found(judge(tmp_path, text, spec)) == [
        ("forbidden_import", "a.py", 3),
        ("forbidden_dependency", "requirements.txt", None),
    ]


def test_what_the_project_has_is_not_extra(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("PyYAML>=6\n")
    (tmp_path / "a.py").write_text("import requests\n")
    spec = TaskSpec("Fix it, no extra libraries", output_mode="patch_existing")

    assert judge(tmp_path, "FILE: a.py\nimport requests\nimport yaml\n", spec).is_valid
    assert judge(tmp_path, "FILE: requirements.txt\nPyYAML>=6\nfastapi\nFILE: a.py\nimport fastapi\n", spec).is_valid


def test_without_the_wish_imports_are_free(tmp_path: Path) -> None:
    assert judge(tmp_path, "FILE: a.py\nimport requests\n").is_valid


def test_an_answer_that_changes_nothing_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x\n")

    assert "no_change" in [finding.code for finding in judge(tmp_path, "FILE: a.txt\nx\n").warnings]


def test_a_finding_reads_as_a_sentence(tmp_path: Path) -> None:
    (finding,) = judge(tmp_path, "FILE: a.py\ndef\n").errors

    assert str(finding) == "[syntax] a.py:1: This file does not parse: invalid syntax. Send the whole, corrected file."


@pytest.mark.parametrize("home", ["django/__init__.py", "shop/models.py"])
def test_what_the_project_is_made_of_is_no_other_stack(tmp_path: Path, home: str) -> None:
    """A stack that was guessed wrong must not forbid the project its own framework."""
    text = "FILE: tests/test_text.py\nfrom django.utils.text import slugify\n"
    assert found(judge(tmp_path, text)) == [("forbidden_import", "tests/test_text.py", 1)]
    (tmp_path / home).parent.mkdir()
    (tmp_path / home).write_text("from django.db import models\n")
    assert judge(tmp_path, text).is_valid

"""A parser that is older, or stricter, than the repository can't judge it; what parsed before and no longer does is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent.guardrails import check, check_change
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stages.apply import ANY_STACK

SPEC = TaskSpec(text="Change A", output_mode="patch_existing")
NEWER = {"pyproject.toml": '[project]\nname = "shop"\nversion = "0"\nrequires-python = ">=3.90"\n'}
Found = tuple[list[str], list[str]]


def put(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def judged(root: Path, answer: str) -> Found:
    """The codes of errors and of warnings."""
    found = check([parse_edits(answer)], root=root, stack=ANY_STACK, spec=SPEC)
    return [error.code for error in found.errors], [warning.code for warning in found.warnings]


def edited(root: Path, path: str, before: str, old: str, new: str) -> Found:
    put(root, {path: before})
    return judged(root, f"{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE\n")


def created(root: Path, path: str, text: str) -> Found:
    return judged(root, f"FILE: {path}\n````text\n{text}````\n")


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("py312_type.py", "type Price = int\nA = 1\n"),
        ("py312_generic.py", "def f[T](x: T) -> T:\n    return x\n\n\nA = 1\n"),
        ("py312_fstring.py", 'D = {"a": 1}\nS = f"{D["a"]}"\nA = 1\n'),
        ("py314_except.py", "try:\n    pass\nexcept ValueError, TypeError:\n    pass\nA = 1\n"),
        ("py314_tstring.py", 'N = 1\nS = t"{N}"\nA = 1\n'),
        ("py2_print.py", 'print "x"\nA = 1\n'),
        ("py2_exec.py", "exec 'x' in {}\nraise ValueError, 'x'\nA = 1\n"),
        ("{{cookiecutter.slug}}/main.py", "import {{ cookiecutter.slug }}\nA = 1\n"),
        ("template.toml", "a = {{ value }}\nA = 1\n"),
        ("turbo.json", '{\n  // tasks\n  "a": [\nA = 1\n'),
        ("data.json", '{"x": {{ x }},\nA = 1\n'),
        ("playbook.yml", "- name: {{ title }}: x\nA = 1\n"),
        ("deploy/app.yaml", "{{- if .Values.on }}\nA = 1\n{{- end }}\n"),
        ("old.ts", "let a = <<<;\nlet b = 1\nA = 1\n"),
    ],
)
def test_what_the_parser_did_not_know_before_is_not_judged(tmp_path: Path, path: str, before: str) -> None:
    errors, warnings = edited(tmp_path, path, before, "A = 1", "A = 2")
    assert errors == []
    assert set(warnings) <= {"not_judged"}


@pytest.mark.parametrize(
    ("path", "before", "old", "new"),
    [
        ("broken.py", "A = 1\n", "A = 1", "A = = 2"),
        ("broken.json", '{"a": 1}\n', '{"a": 1}', '{"a": }'),
        ("broken.toml", "a = 1\n", "a = 1", "a = = 1"),
        ("broken.yaml", "a: 1\n", "a: 1", "a: [1"),
        ("broken.ts", "let a = 1\n", "let a = 1", "let a = (1"),
        # a second parser knew these before, so it knows what became of them
        ("newer.py", "type Price = int\nA = 1\n", "A = 1", "A = = 2"),
        ("older.py", 'print "x"\nA = 1\n', "A = 1", "A = (1"),
        ("commented.json", '{\n  // one\n  "a": 1\n}\n', '  "a": 1', '  "a": '),
        ("tsconfig.json", '{\n  // one\n  "a": 1,\n}\n', '  "a": 1,', '  "a": ,'),
        (".vscode/settings.json", '{\n  /* one */\n"a": 1\n}\n', '"a": 1', '"a" 1'),
    ],
)  # fmt: skip
def test_what_parsed_before_and_no_longer_does_is_refused(tmp_path: Path, path: str, before: str, old: str, new: str) -> None:
    assert edited(tmp_path, path, before, old, new)[0] == ["syntax"]


@pytest.mark.parametrize(
    "path",
    [
        "tsconfig.build.json", "jsconfig.json", "web/turbo.json", "biome.json", ".vscode/launch.json", "shop.code-workspace",
        ".devcontainer/devcontainer.json", "wrangler.jsonc", "api-extractor.json", "nx.json", "common/config/rush/pnpm.json",
    ],
)  # fmt: skip
def test_json_with_comments_is_read_as_such_by_its_name(tmp_path: Path, path: str) -> None:
    text = '{\n  // "quoted": and // twice\n  "a": "// not a comment, /* nor this */",\n  /* two\n  lines */ "b": [1, 2,],\n}\n'
    assert created(tmp_path, path, text) == ([], [])
    assert created(tmp_path, path, text.replace('"b":', '"b"'))[0] == ["syntax"]


def test_the_line_of_a_mistake_in_json_with_comments_is_the_file_s(tmp_path: Path) -> None:
    found = check(
        [parse_edits('FILE: tsconfig.json\n{\n  /* one\n  two */\n  // three\n  "a" 1\n}\n')],
        root=tmp_path, stack=ANY_STACK, spec=SPEC,
    )  # fmt: skip
    assert [(error.path, error.line) for error in found.errors] == [("tsconfig.json", 5)]


@pytest.mark.parametrize("path", ["data.json", "babel.config.json", "renovate.json"])
def test_other_json_has_no_comments_unless_its_neighbours_have(tmp_path: Path, path: str) -> None:
    text = "{\n  // a comment\n}\n"
    assert created(tmp_path, path, text)[0] == (["syntax"] if path == "data.json" else [])
    put(tmp_path, {"other.json": text})
    assert created(tmp_path, path, text) == ([], [])


@pytest.mark.parametrize(
    "manifest",
    [
        NEWER,
        {"setup.cfg": "[options]\npython_requires = >=3.90\n"},
        {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.90"\n'},
        {"pyproject.toml": "[tool.ruff]\n", "setup.cfg": "[options]\npython_requires=>=3.90,<4\n"},
    ],
)
def test_a_new_file_of_a_project_for_a_newer_python_may_use_its_syntax(tmp_path: Path, manifest: dict[str, str]) -> None:
    put(tmp_path, manifest)
    assert created(tmp_path, "shop/new.py", "type Price = int\n\n\ndef f[T](x: T) -> T:\n    return x\n") == ([], [])
    assert created(tmp_path, "shop/unknown.py", "A = = 2\n") == ([], ["not_judged"])


def test_an_old_file_of_a_project_for_a_newer_python_may_begin_to_use_its_syntax(tmp_path: Path) -> None:
    put(tmp_path, NEWER)
    assert edited(tmp_path, "a.py", "A = 1\n", "A = 1", "type A = int") == ([], [])
    assert edited(tmp_path, "b.py", "A = 1\n", "A = 1", "A = = 2")[0] == ["syntax"]


def test_the_nearest_manifest_decides(tmp_path: Path) -> None:
    put(tmp_path, {**NEWER, "old/pyproject.toml": '[project]\nrequires-python = ">=3.8"\n', "none/setup.cfg": "[metadata]\n"})
    text = "type Price = int\n"
    assert created(tmp_path, "old/pkg/new.py", text)[0] == ["syntax"]
    assert created(tmp_path, "none/pkg/new.py", text) == ([], [])


@pytest.mark.parametrize("said", ["not a version", ">=3.8", "^3.8 || ^3.9"])
def test_a_project_that_says_a_python_which_is_not_newer_is_judged(tmp_path: Path, said: str) -> None:
    put(tmp_path, {"pyproject.toml": f'[project]\nrequires-python = "{said}"\n'})
    assert created(tmp_path, "new.py", "type Price = int\n")[0] == ["syntax"]


def test_a_new_file_beside_others_that_nobody_here_can_read_is_not_judged(tmp_path: Path) -> None:
    put(
        tmp_path, {"legacy/a.py": 'print "x"\n', "charts/a.yaml": "{{- if .Values.on }}\na: 1\n{{- end }}\n", "b.py": "B = 1\n"}
    )
    assert created(tmp_path, "legacy/b.py", 'print "y"\n') == ([], [])
    assert created(tmp_path, "charts/b.yaml", "{{- if .Values.b }}\nb: 1\n{{- end }}\n") == ([], ["not_judged"])
    assert created(tmp_path, "c.py", 'print "y"\n')[0] == ["syntax"]
    assert created(tmp_path, "c.yaml", "{{- if .Values.b }}\nb: 1\n{{- end }}\n")[0] == ["syntax"]


def test_a_new_file_of_a_template_is_not_judged(tmp_path: Path) -> None:
    assert created(tmp_path, "{{cookiecutter.slug}}/new.py", "import {{ cookiecutter.slug }}\n") == ([], ["not_judged"])
    assert created(tmp_path, "{{cookiecutter.slug}}/plain.py", "import os\n") == ([], [])


NEW_SYNTAX = {
    "a type alias": "type Price = int\n",
    "parameters of a function": "def f[T](x: T) -> T:\n    return x\n",
    "parameters of a class": "class Box[T]:\n    pass\n",
    "quotes within an f-string": 'D = {"a": 1}\nS = f"{D["a"]}"\n',
    "a backslash within an f-string": "S = f\"{'\\n'.join([])}\"\n",
    "except without parentheses": "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",
    "a template string": 'N = 1\nS = t"{N}"\n',
}


@pytest.mark.parametrize("name", NEW_SYNTAX)
def test_newer_syntax_is_no_mistake_where_nobody_says_which_python_it_is(tmp_path: Path, name: str) -> None:
    text = NEW_SYNTAX[name]
    assert created(tmp_path, "new.py", text) == ([], [])
    assert created(tmp_path, "new.py", f"A = = 1\n{text}")[0] == ["syntax"]
    assert created(tmp_path, "new.py", f"x: list[int] = (\n{text}")[0] == ["syntax"]
    put(tmp_path, {"setup.cfg": "[options]\npython_requires = >=3.8\n"})
    assert created(tmp_path, "new.py", text)[0] == ["syntax"]


@pytest.mark.parametrize("text", ["x: list[int] = = 1\n", 'print "x"\n', 'S = f"{a b}"\n', "def f(:\n    pass\n"])
def test_what_no_python_reads_is_a_mistake_everywhere(tmp_path: Path, text: str) -> None:
    assert created(tmp_path, "new.py", text)[0] == ["syntax"]


@pytest.mark.parametrize(
    ("pinned", "codes"), [("3.99\n", []), ("3.99.1\n", []), ("python-3.99\n", []), ("pypy3.9\n", []), ("", [])]
)
def test_a_pinned_python_is_the_repository_s(tmp_path: Path, pinned: str, codes: list[str]) -> None:
    put(tmp_path, {".python-version": pinned})
    assert created(tmp_path, "new.py", "type Price = int\n")[0] == codes


def test_a_pinned_python_that_runs_here_is_judged(tmp_path: Path) -> None:
    put(tmp_path, {".python-version": f"{sys.version_info[0]}.{sys.version_info[1]}.1\n"})
    assert created(tmp_path, "new.py", "A = = 1\n")[0] == ["syntax"]


def test_a_script_that_says_python_2_is_read_as_such(tmp_path: Path) -> None:
    assert created(tmp_path, "tool.py", "#!/usr/bin/env python2\nprint 'x'\n") == ([], [])
    assert created(tmp_path, "tool.py", "#!/usr/bin/env python3\nprint 'x'\n")[0] == ["syntax"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("templates/settings.json", '{"name": {{ name }}}\n'),
        ("skeleton/pyproject.toml", "[project]\nname = {{ name }}\n"),
        ("app/config.j2.json", '{"name": {{ name }}}\n'),
        ("cookiecutter-lib/setup.py", "from {{ slug }} import x\n"),
        ("ci/build.yml", "{% if docker %}\nsteps: [a, b]\n{% endif %}\n"),
        ("main.py", "{%- for name in names %}\nimport {{ name }}\n{%- endfor %}\n"),
    ],
)
def test_a_new_file_that_is_clearly_a_template_is_not_judged(tmp_path: Path, path: str, text: str) -> None:
    assert created(tmp_path, path, text) in (([], ["not_judged"]), ([], []))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("settings.json", '{"name": {{ name }}}\n'),
        ("templates/settings.json", '{"name": }\n'),
        ("main.py", 'S = "{% if x %}"\nA = = 1\n'),
        ("templates/__init__.py", "A = = 1\n"),
    ],
)
def test_any_other_new_file_must_parse(tmp_path: Path, path: str, text: str) -> None:
    assert created(tmp_path, path, text)[0] == ["syntax"]


def test_a_file_that_never_parsed_may_be_moved(tmp_path: Path) -> None:
    moved = "diff --git a/old/tool.py b/new/tool.py\nrename from old/tool.py\nrename to new/tool.py\n"
    put(tmp_path, {"old/tool.py": 'exec "x" in {}\nA = 1\n'})
    assert judged(tmp_path, moved)[0] == []
    put(tmp_path, {"old/tool.py": "A = 1\n"})
    broken = f"{moved}--- a/old/tool.py\n+++ b/new/tool.py\n@@ -1 +1 @@\n-A = 1\n+A = = 1\n"
    assert judged(tmp_path, broken)[0] == ["syntax"]


def test_a_moved_file_is_judged_as_before_in_the_whole_change_too(tmp_path: Path) -> None:
    text = 'exec "x" in {}\n'
    put(tmp_path, {"new/tool.py": text})
    texts: dict[str, tuple[str | None, str | None]] = {"old/tool.py": (text, None), "new/tool.py": (None, text)}
    assert check_change(texts, root=tmp_path, stack=ANY_STACK, spec=SPEC).errors == ()
    del texts["old/tool.py"]
    assert [found.code for found in check_change(texts, root=tmp_path, stack=ANY_STACK, spec=SPEC).errors] == ["syntax"]

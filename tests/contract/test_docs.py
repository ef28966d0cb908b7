"""Documentation in step with the code: settings, generated parts, commands and links."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "cli/README.md", ROOT / "npm-wrapper/README.md"])
GENERATED_SECRETS = {"MGX_SECRET_KEY", "MGX_ENCRYPTION_KEYS"}
DERIVED_DEFAULTS = {"MGX_BASE_URL"}


def known_settings() -> dict[str, str]:
    """Name → default as text, of every variable that env.py asks for."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse((ROOT / "mgx_project/env.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            asked = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "env"
            if asked or getattr(node.func, "id", "") == "_secret":
                default = next((key.value for key in node.keywords if key.arg == "default"), None)
                value = ast.literal_eval(default) if default is not None and not isinstance(default, ast.JoinedStr) else ""
                text = ",".join(value) if isinstance(value, list) else str(value)
                found[str(node.args[0].value)] = text or found.get(str(node.args[0].value), "")
    return found


def example_settings() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(hit.groups() for line in lines if (hit := re.match(r"# ([A-Z][A-Z0-9_]+)=(.*)$", line)))


def test_the_example_names_every_setting_with_its_default() -> None:
    known = known_settings()
    assert len(known) > 30
    assert set(known) >= GENERATED_SECRETS
    assert example_settings() == {name: "" if name in DERIVED_DEFAULTS else default for name, default in known.items()}


def test_nothing_but_env_reads_the_servers_settings() -> None:
    rooms = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics", "mgx_project")
    readers = [
        path.relative_to(ROOT)
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if "embedded" not in path.parts and re.search(r"os\.environ(\[|\.get\()|os\.getenv", path.read_text("utf-8"))
    ]
    # What it passes on to git is the machine's, no setting of ours.
    assert [str(path) for path in readers if str(path) != "repositories/git/process.py"] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_and_commands_that_pages_name_exist(page: Path) -> None:
    from mgx_cli.main import SECTIONS

    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    commands = {name for section in SECTIONS.values() for name in section} | {"COMMAND"}
    blocks = "\n".join(re.findall(r"```(?:bash|console)\n(.*?)```", text, re.DOTALL))
    code = blocks + "\n" + "\n".join(re.findall(r"`([^`\n]+)`", text))
    for line in re.findall(r"(?:^|\$ )make ([a-z -]+)", code, re.MULTILINE):
        assert set(line.split()) <= targets, f"make {line}"
    for name in re.findall(r"(?:^|\$ )mgx ([A-Za-z]+)", code, re.MULTILINE):
        assert name in commands, f"mgx {name}"


def test_the_threat_model_names_tests_that_exist() -> None:
    named = re.findall(r"`(tests/\S+\.py)::(\w+)`", (ROOT / "docs" / "SECURITY.md").read_text("utf-8"))
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in _text_of(ROOT / path)]
    assert len(named) > 20
    assert missing == []


def test_every_decision_is_listed_in_order() -> None:
    listed = re.findall(r"^(\d+)\. \[.+\]\(adr/(\S+\.md)\)$", _text_of(ROOT / "docs/ARCHITECTURE.md"), re.MULTILINE)
    assert [f"{int(number):04}" for number, _ in listed] == [name[:4] for _, name in listed]
    assert [name for _, name in listed] == sorted(path.name for path in (ROOT / "docs/adr").glob("*.md"))


def test_the_glossary_has_a_line_and_a_file_for_each_term() -> None:
    table = _text_of(ROOT / "CONTRIBUTING.md").partition("## Glossary")[2]
    rows = re.findall(r"^\| ([a-z ]+) \| (\S.+) \| \[(\S+)\]\((\S+)\) \|$", table, re.MULTILINE)
    terms = [term for term, _, _, _ in rows]
    assert len(rows) == len(table.strip().splitlines()) - 2, "a row is not of the form | term | meaning | [file](file) |"
    assert terms == sorted(set(terms))
    assert {"run", "phase", "step", "journal", "lease", "fence", "stack", "project profile", "guardrail", "hunk"} <= set(terms)
    assert [target for _, _, name, target in rows if name != target or not (ROOT / target).is_file()] == []


def test_the_readme_lists_every_page() -> None:
    listed = set(re.findall(r"\]\((docs/\S+\.md)\)", _text_of(ROOT / "README.md").partition("## Documentation")[2]))
    assert listed == {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}


def test_every_field_of_a_test_report_is_explained() -> None:
    from runs.events.commands import TestsFinished

    fields = _text_of(ROOT / "docs/OUTPUT_VALIDATION.md").partition("## Fields of `tests_finished`")[2]
    rows = re.findall(r"^\| (`.+?) \| \S.+ \|$", fields, re.MULTILINE)
    explained = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(explained) == sorted(TestsFinished.model_fields)


def test_every_ecosystem_has_a_row() -> None:
    from agent.projects.model import Ecosystem

    page = _text_of(ROOT / "docs/WEB_STACK_SUPPORT.md").partition("## Existing projects")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) | {"none"} == set(get_args(Ecosystem))


def _text_of(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""

"""What GitHub calls its things is known to `repositories/hosting/github/` alone: another provider is a package beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_layers import CHECKOUT, imports, package_of

PRODUCT = ("agent", "metrics", "mgx_project", "projects", "repositories", "runs", "tasks", "workspaces")
HOME = CHECKOUT / "repositories/hosting/github"
SIGNS = ("x-github-", "x-hub-signature", "api.github.com", "x-access-token", "installation_repositories", "issue_comment")
"""What only GitHub's headers, addresses and events hold, in whatever text."""
FIELDS = {
    "sender", "login", "html_url", "full_name", "head_sha", "head_branch", "check_suite", "submitted_at", "repositories_added",
    "pull_request_review_id",
}  # fmt: skip
"""Fields and values of its payloads, where they are a text of their own."""
EXCEPTIONS = {
    ("mgx_project/env.py", "api.github.com"): "The default of GITHUB_API_URL, which the contract names.",
    ("mgx_project/settings.py", "MGX_GITHUB_"): "Settings of the contract, read by the provider alone.",
    (
        "repositories/git/remote.py",
        "x-access-token",
    ): "A token needs some user for git: GitHub wants this, others any.",
}
"""(file, what it names) → why it may."""


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            if not {"starters", "migrations"} & set(path.parts):
                yield path


def texts(tree: ast.AST) -> Iterator[str]:
    """All but docstrings, which may say how another service calls something."""
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def named_in(path: Path) -> set[str]:
    """What of GitHub's a module names."""
    tree = ast.parse(path.read_text("utf-8"))
    found: set[str] = set()
    for text in texts(tree):
        found |= {sign for sign in SIGNS if sign in text.lower()}
        found |= FIELDS & {text, *text.split("__")}
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name.startswith("MGX_GITHUB_"):
            found.add("MGX_GITHUB_")
    return found


def test_pygithub_is_imported_by_its_provider_alone() -> None:
    assert [
        f"{path.relative_to(CHECKOUT)}: {module}"
        for path in sources(*PRODUCT)
        if HOME not in path.parents
        for module in imports(path, package_of(path))
        if module.split(".")[0] == "github"
    ] == []


def test_the_registry_alone_knows_a_provider() -> None:
    knowing = {
        str(path.relative_to(CHECKOUT))
        for path in sources(*PRODUCT)
        if HOME not in path.parents
        for module in imports(path, package_of(path))
        if module.startswith("repositories.hosting.github")
    }
    assert knowing == {"repositories/hosting/registry.py"}


def test_nothing_else_names_what_github_names() -> None:
    named = {
        (str(path.relative_to(CHECKOUT)), name)
        for path in sources(*PRODUCT)
        if HOME not in path.parents
        for name in named_in(path)
    }
    assert named == set(EXCEPTIONS), "Move it into the provider's package, or give a reason in EXCEPTIONS."


def test_the_guard_finds_what_it_looks_for() -> None:
    """Each of its words is there, where it may be: a list that has grown old guards nothing."""
    there = {name for path in HOME.glob("*.py") for name in named_in(path)}
    assert {*SIGNS, *FIELDS, "MGX_GITHUB_"} - there == set()


@pytest.mark.parametrize("word", ["github", "gitlab"])
def test_runs_name_no_service(word: str) -> None:
    """Whatever a run says or does, it says and does on the service that its link is on."""
    naming = [
        f"{path}: {text}"
        for path in sources("runs")
        for text in texts(ast.parse(path.read_text("utf-8")))
        if word in text.lower()
    ]
    assert naming == []

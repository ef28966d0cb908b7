"""What reads text by patterns or parsers is measured in ``tests/hostile``, or stands here with why it need not be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.hostile.readers import READERS

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "mgx_project", "metrics", "runs", "tasks", "repositories", "projects", "workspaces")
"""Not ``cli``: it runs on its user's machine, for its user alone."""
PARSERS = frozenset((
    "agent.documents", "agent.matching", "agent.patterns", "ast", "configparser", "csv", "difflib", "fnmatch", "html",
    "json_repair", "packaging", "re", "re2", "shlex", "tomllib", "tree_sitter", "xml", "yaml",
))  # fmt: skip
"""What is imported to read text with. ``json`` is linear, and what it raises is kept by ``agent.documents``."""
NOT_READING = frozenset(("Match", "Pattern", "escape", "Unreadable", "Replacement"))
_SHORT = "What it matches is bounded in length before, and its pattern has no repetition inside of another."
_WORDS = "Each pattern is a chain of fixed words and of repetitions that exclude what follows them: one pass over the text."
_OURS = "It reads what comes with the product or was written by it."
EXEMPT: dict[str, str] = {
    "workspaces.audit": "Its pattern has alternatives without repetition, and searches names of fields.",
    "agent.checks.commands": _WORDS,
    "agent.context.paths": "Its patterns are ours, of one or two stars, and are matched with names of at most 255 bytes.",
    "agent.tools.arguments": "It writes a shell line and reads none.",
    "agent.tools.read": "Paths are compared for MAX_COMPARED steps at most; its patterns are linear.",
    "agent.tools.run": _WORDS,
    "agent.stages.apply": _WORDS,
    "agent.stacks.outside": _OURS,
    "agent.models.anthropic": _WORDS,
    "agent.models.anthropic_messages": "Its pattern is one character.",
    "agent.models.error_messages": _WORDS,
    "agent.models.offline": _WORDS,
    "agent.models.openai": "It hands an answer in one piece, of MAX_PLAIN bytes at most, to what reads JSON.",
    "agent.patch.recovery_record": _OURS,
    "agent.patterns": "It is where the linear engine is compiled.",
    "agent.runtime.finder": "It reads the source of installed packages.",
    "agent.sandbox.given_install": "It looks for words in the end of an output, which is bounded.",
    "agent.sandbox.toolchains.go_builds": _SHORT,
    "agent.sandbox.bubblewrap": "It reads the version that bubblewrap says.",
    "agent.sandbox.python.imports": "It reads JSON of a script of ours, by `agent.documents`; output is bounded.",
    "agent.sandbox.python.interpreter": _SHORT,
    "agent.sandbox.python.packages": _WORDS,
    "agent.sandbox.python.path_file": _SHORT,
    "agent.sandbox.python.project": "Requirements are checked by `agent.sandbox.requirements.model` before; output is bounded.",
    "agent.stacks.store": _OURS,
    "mgx_project.common.filtering": _SHORT,
    "mgx_project.common.ids": _SHORT,
    "mgx_project.common.logs": _WORDS,
    "mgx_project.common.query_parameters": _SHORT,
    "projects.validators": "Its serializers bound the length of what it matches before.",
    "repositories.git.address": "Addresses are bounded in length before, and host names to 253 characters.",
    "repositories.git.fetching": _WORDS,
    "repositories.git.progress": _WORDS,
    "repositories.git.refusals": _WORDS,
    "repositories.git.remote": _WORDS,
    "repositories.git.signing": "It reads commits that the server made.",
    "repositories.hosting.github.addresses": _SHORT,
    "repositories.hosting.github.client": _SHORT,
    "repositories.hosting.github.webhook_parsing": _SHORT,
    "repositories.hosting.service_limits": _SHORT,
    "runs.phases.commit_message": "Its pattern is a choice of fixed words.",
    "runs.reports.timing": "It matches the keys of journal steps, which the server made.",
}
"""Module → why no text can stop it."""


def parsing(source: str) -> set[str]:
    """The parsers that a module's code uses at run time; annotations and escaping read nothing."""
    tree = ast.parse(source)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in PARSERS:
                    names[alias.asname or alias.name.split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parser = node.module if node.module in PARSERS else node.module.split(".")[0]
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in PARSERS or (parser in PARSERS and alias.name not in NOT_READING):
                    names[alias.asname or alias.name] = whole if whole in PARSERS else parser
    return set(_used(tree, names))


def _used(tree: ast.AST, names: dict[str, str]) -> Iterator[str]:
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        bases = node.bases if isinstance(node, ast.ClassDef) else ()
        for used in (called, *bases):
            through = used.value if isinstance(used, ast.Attribute) and used.attr not in NOT_READING else used
            if isinstance(through, ast.Name) and through.id in names:
                yield names[through.id]


@cache
def modules() -> dict[str, set[str]]:
    """Those of the product that read text, by dotted name, with what they read it by."""
    found = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        inside = path.relative_to(ROOT)
        if "migrations" in inside.parts or "starters" in inside.parts:
            continue
        used = parsing(path.read_text(encoding="utf-8"))
        if used:
            found[".".join(inside.with_suffix("").parts).removesuffix(".__init__")] = used
    return found


MEASURED = frozenset(module for reader in READERS for module in reader.modules)


def test_every_reader_of_text_is_measured_or_exempt() -> None:
    missing = {name: used for name, used in modules().items() if name not in MEASURED and name not in EXEMPT}
    assert not missing, "Give each a Reader in tests/hostile/readers, or a reason in EXEMPT."


def test_no_exemption_is_left_over() -> None:
    assert not {name for name in EXEMPT if name not in modules() or name in MEASURED}
    assert all(reason.endswith(".") and len(reason) > 20 for reason in EXEMPT.values())


def test_what_is_said_to_be_measured_exists() -> None:
    paths = {module: ROOT.joinpath(*module.split(".")) for module in MEASURED}
    absent = [
        name for name, path in paths.items() if not (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())
    ]
    assert MEASURED and not absent


@pytest.mark.parametrize(
    "source",
    [
        "import re\n_NAME = re.compile('a')\n",
        "import re as r\n\ndef f(text: str) -> object:\n    return r.search('a+', text)\n",
        "from re import fullmatch\nfullmatch('a', 'a')\n",
        "from agent.patterns import linear\n_NAME = linear('a')\n",
        "from agent import documents\ndocuments.read_json('')\n",
        "import ast\nast.parse('')\n",
        "import xml.etree.ElementTree as ET\nET.fromstring('')\n",
        "def f() -> object:\n    import yaml\n    return yaml.parse('')\n",
        "from difflib import SequenceMatcher\n\nclass A(SequenceMatcher):\n    pass\n",
    ],
)
def test_a_new_module_that_reads_text_would_be_found(source: str) -> None:
    assert parsing(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\n\ndef f(hit: re.Match[str]) -> str:\n    return re.escape(hit[0])\n",
        "from agent.patterns import escape\nescape('a')\n",
        "import ast\n\ndef f(node: ast.AST) -> bool:\n    return isinstance(node, ast.If)\n",
    ],
)
def test_what_only_names_or_escapes_reads_nothing(source: str) -> None:
    assert not parsing(source)

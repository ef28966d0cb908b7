"""What tells which stack a repository is of, and what it asks to be installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.checks import test_configuration
from agent.context import testlayout
from agent.sandbox.lockfiles import pins
from agent.sandbox.node import npmrc, project
from agent.stacks import infer, said_in_replies
from agent.stacks.denial import rules_out
from agent.stacks.globs import matches
from agent.stacks.manifests import packages_of
from tests.hostile.reader import Reader

GLOBS = ("**/a/**/b/**/c", "**/a*b*c*d", "a**b**c**d", "**/**/**/x")


def held(name: str, read: Callable[[Path], object]) -> Callable[[object], object]:
    def reader(text: object) -> object:
        with TemporaryDirectory() as folder:
            Path(folder, name).write_text(str(text))
            return read(Path(folder))

    return reader


def read_node_project(root: Path) -> object:
    return project.read(root, "npm", npmrc.registry("", {}))


def said_of_stacks(text: object) -> object:
    said = str(text)
    return infer(said), said_in_replies([said], "fastapi"), rules_out(said, "axios"), rules_out("a - " * 50, said)


JSON = {
    "lists": lambda n: '{"a": ' + "[" * n,
    "maps": lambda n: '{"overrides":' + '{"a":' * (n // 5),
    "maps that end": lambda n: '{"overrides":' * min(n // 14, 900) + "{}" + "}" * min(n // 14, 900) + " " * n,
    "digits": lambda n: '{"version": ' + "1" * n + "}",
    "dependencies": lambda n: '{"dependencies": {' + ",".join(f'"a{at}": "^1 || {at}"' for at in range(n // 20)) + "}}",
    "long versions": lambda n: '{"dependencies": {"a": "' + "1" * n + ':"}}',
    "long names": lambda n: '{"dependencies": {"' + "a" * n + '/": "1"}}',
    "numbers for names": lambda n: '{"dependencies": [' + "1," * (n // 2) + "1]}",
}
TOML = {
    "tables of tables": lambda n: "a." * (n // 2) + "a = 1",
    "tables below tables": lambda n: "[" + "a." * 31 + "a]\n" + "".join(f"b{at} = 1\n" for at in range(n // 9)),
    "lists": lambda n: "package = " + "[" * n,
    "digits": lambda n: "a = " + "1" * n,
    "packages": lambda n: "[[package]]\nname = 'a'\nversion = '1'\n" * (n // 38),
    "long names": lambda n: "[[package]]\nname = '" + "a." * (n // 2) + "!'\n",
}
XML = {
    "elements": lambda n: "<a>" * (n // 3),
    "elements that end": lambda n: "<a>" * (n // 7) + "</a>" * (n // 7),
    "packages": lambda n: "<a>" + "<PackageReference Include='b'/>" * (n // 31) + "</a>",
}
INI = {
    "sections": lambda n: "".join(f"[tool:pytest{at}]\na=1\n" for at in range(n // 22)),
    "lines of one value": lambda n: "[pytest]\na = 1\n" + " 2\n" * (n // 3),
    "blank lines of one value": lambda n: "[pytest]\na = 1\n" + "\n" * n,
}

READERS = [
    Reader(
        "globs",
        lambda path: [matches(glob, str(path)) for glob in GLOBS],
        {
            "folders": lambda n: "a/b/" * (n // 4) + "d",
            "letters": lambda n: "abc" * (n // 3),
            "lines": lambda n: "\n" * n,
        },
        ("agent.stacks.globs",),
    ),
    Reader(
        "stacks of words",
        said_of_stacks,
        {
            "names": lambda n: "django react " * (n // 13),
            "verbs": lambda n: "express " * (n // 8),
            "denials": lambda n: "not use or or django " * (n // 21),
            "addresses": lambda n: "www." * (n // 4),
            "dashes": lambda n: "fast" + "-" * n,
            "spaces": lambda n: "fast" + " \t" * (n // 2),
            "moves": lambda n: "from react to vue in " * (n // 21),
            "one sentence": lambda n: "react'ten vue'ya " * (n // 17),
            "code": lambda n: "app.MapGet(@Get(v-if " * (n // 21),
            "paths": lambda n: "app/[a]/" * (n // 8),
            "brackets": lambda n: "(req, res" * (n // 9),
        },
        tuple(f"agent.stacks.{name}" for name in ("inference", "mentions", "roles", "replies", "denial")),
        start=4_000,
    ),
    Reader("package.json", lambda text: packages_of({"package.json": str(text)}), JSON, ("agent.stacks.manifests",)),
    Reader("pyproject.toml", lambda text: packages_of({"pyproject.toml": str(text)}), TOML, ("agent.stacks.manifests",)),
    Reader("project files", lambda text: packages_of({"a.csproj": str(text)}), XML, ("agent.stacks.manifests",)),
    Reader("npm's manifest", held("package.json", read_node_project), JSON, ("agent.sandbox.node.project",)),
    Reader("lock files", held("uv.lock", pins), TOML, ("agent.sandbox.lockfiles",)),
    Reader(
        "scripts of npm", lambda text: testlayout.layout_of_tests(["a.test.js"], {"package.json": str(text)}, tokens=99), JSON,
        ("agent.context.testlayout",),
    ),
    Reader("settings of tests in JSON", lambda text: test_configuration._json(str(text).encode()), JSON, ()),
    Reader(
        "settings of tests in TOML", lambda text: test_configuration._toml_part(str(text).encode()), TOML,
        ("agent.checks.test_configuration",),
    ),
    Reader(
        "settings of tests", lambda text: test_configuration._ini_part(str(text).encode()), INI,
        ("agent.checks.test_configuration",),
    ),
]  # fmt: skip

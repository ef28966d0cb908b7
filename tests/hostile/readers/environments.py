"""What tells which packages of Node, Go and Rust a repository asks to be installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.sandbox.node import npmrc, project
from agent.sandbox.toolchains import cargo_manifest, cargo_skeleton, composer_manifest, go_modules, maven_manifest, maven_poms
from tests.hostile.reader import Reader


def laid(read: Callable[[Path], object], name: str, beside: Mapping[str, str]) -> Callable[[object], object]:
    """Reads a directory with the text in the file ``name`` and with the files ``beside``."""

    def reader(text: object) -> object:
        with TemporaryDirectory() as folder:
            for path, content in {**beside, name: str(text)}.items():
                Path(folder, path).write_text(content)
            return read(Path(folder))

    return reader


def node(manager: str) -> Callable[[Path], object]:
    return lambda root: project.read(root, manager, npmrc.registry("", {}))


def pom(inside: str) -> str:
    """Of the elements that ``inside`` opens and leaves open."""
    return f"<project>{inside}{''.join(f'</{name}>' for name in reversed(opened(inside)))}</project>"


def opened(text: str) -> list[str]:
    names: list[str] = []
    for sign, name in re.findall(r"<(/?)(\w+)", text):
        if sign:
            names.pop()
        else:
            names.append(name)
    return names


PACKAGE = {"package.json": '{"name": "a", "dependencies": {"b": "1"}}'}
READERS = [
    Reader(
        "npm's lock file",
        laid(node("npm"), "package-lock.json", PACKAGE),
        {
            "places": lambda n: '{"lockfileVersion": 3, "packages": {"' + "node_modules/a/" * (n // 15) + '": {}}}',
            "packages": lambda n: (
                '{"lockfileVersion": 3, "packages": {' + ",".join(f'"node_modules/a{at}": {{}}' for at in range(n // 24)) + "}}"
            ),
            "lists": lambda n: '{"packages": ' + "[" * n,
        },
        ("agent.sandbox.node.npm_lock", "agent.sandbox.node.specs"),
    ),
    Reader(
        "pnpm's lock file",
        laid(node("pnpm"), "pnpm-lock.yaml", PACKAGE),
        {
            "packages": lambda n: (
                "lockfileVersion: '9.0'\npackages:\n" + "".join(f"  a{at}@1.0.0: {{}}\n" for at in range(n // 18))
            ),
            "peers": lambda n: "lockfileVersion: '9.0'\npackages:\n  a@1.0.0" + "(b@1)" * (n // 5) + ": {}\n",
            "version": lambda n: "lockfileVersion: '" + "9." * (n // 2) + "'\n",
        },
        ("agent.sandbox.node.pnpm_lock", "agent.sandbox.node.managers"),
    ),
    Reader(
        "yarn's lock file",
        laid(node("yarn"), "yarn.lock", PACKAGE),
        {
            "entries": lambda n: "# yarn lockfile v1\n\n" + "".join(f'a{at}@1:\n  version "1.0.0"\n' for at in range(n // 26)),
            "ranges": lambda n: "# yarn lockfile v1\n\n" + '"a@1", ' * (n // 7) + '"a@2":\n  version "1.0.0"\n',
            "spaces": lambda n: "# yarn lockfile v1\n\na@1:\n" + " " * n + "version",
            "of yarn 2": lambda n: "__metadata:\n  version: 8\n\n" + '"a@npm:1": ' + "{" * min(n, 90) + " " * n,
        },
        ("agent.sandbox.node.yarn_lock",),
    ),
    Reader(
        "npm's settings",
        laid(node("npm"), ".npmrc", PACKAGE),
        {
            "spaces": lambda n: "legacy-peer-deps" + " " * n + "=",
            "lines": lambda n: "a=b\n" * (n // 4),
            "lists": lambda n: "public-hoist-pattern[]=x\n" * (n // 25),
        },
        ("agent.sandbox.node.npmrc",),
    ),
    Reader(
        "Go's modules",
        laid(lambda root: go_modules.read(root, ""), "go.mod", {"go.sum": ""}),
        {
            "requirements": lambda n: "module a\nrequire (\n" + "b.c/d v1.0.0\n" * (n // 13) + ")\n",
            "a path": lambda n: "module a\nrequire " + "b/" * (n // 2) + " v1\n",
            "comments": lambda n: "module a\n" + "//" * (n // 2),
            "replacements": lambda n: "module a\n" + "replace a => ./b\n" * (n // 17),
        },
        ("agent.sandbox.toolchains.go_modules",),
    ),
    Reader(
        "Cargo's manifest",
        laid(lambda root: cargo_manifest.read(root, ""), "Cargo.toml", {}),
        {
            "dependencies": lambda n: "[dependencies]\n" + "".join(f'a{at} = "1"\n' for at in range(n // 12)),
            "a version": lambda n: '[dependencies]\na = "' + "1." * (n // 2) + '"\n',
            "members": lambda n: "[workspace]\nmembers = [" + '"a/*", ' * (n // 7) + "]\n",
            "lists": lambda n: "a = " + "[" * n,
        },
        ("agent.sandbox.toolchains.cargo_manifest",),
    ),
    Reader(
        "a Rust repository without its code",
        laid(cargo_skeleton.read, "Cargo.toml", {}),
        {
            "targets": lambda n: "[package]\nname = 'a'\n" + "".join(f"[[bin]]\nname = 'b{at}'\n" for at in range(n // 20)),
            "a path": lambda n: "[package]\n[lib]\npath = '" + "a/../" * (n // 5) + "'\n",
            "lists": lambda n: "bin = " + "[" * n,
        },
        ("agent.sandbox.toolchains.cargo_skeleton",),
    ),
    Reader(
        "Composer's manifest",
        laid(lambda root: composer_manifest.read(root, ""), "composer.json", {}),
        {
            "a name": lambda n: '{"require": {"' + "a-" * (n // 2) + '": "1"}}',
            "a version": lambda n: '{"require": {"a/b": "' + "1 " * (n // 2) + '"}}',
            "places": lambda n: '{"autoload": {"files": [' + ", ".join(['"a/../b"'] * (n // 12)) + "]}}",
            "a place": lambda n: '{"autoload": {"psr-4": {"A": "' + "a/../" * (n // 5) + '"}}}',
        },
        ("agent.sandbox.toolchains.composer_manifest",),
    ),
    Reader(
        "a pom without what it runs",
        laid(lambda root: maven_manifest.read(root, ""), "pom.xml", {}),
        {
            "dependencies": lambda n: pom("<dependencies>" + "<dependency><version>1</version></dependency>" * (n // 45)),
            "modules": lambda n: pom("<modules>" + "<module>a/../b</module>" * (n // 23)),
            "a module": lambda n: pom("<modules><module>" + "a/../" * (n // 5) + "</module>"),
            "plugins in plugins": lambda n: pom("<build><plugins>" + "<plugin>" * (n // 20)),
            "processors": lambda n: pom("<annotationProcessorPaths>" * (n // 60)),
            "properties": lambda n: pom("<properties>" + "<a>${a}</a>" * (n // 11)),
            "a version": lambda n: pom("<parent><groupId>a</groupId><artifactId>b</artifactId><version>" + "1." * (n // 2)),
        },
        ("agent.sandbox.toolchains.maven_manifest", "agent.sandbox.toolchains.maven_poms"),
    ),
    Reader(
        "a list of Maven's packages",
        lambda text: maven_manifest.listing([maven_poms.Coordinates("a", str(text), "1")]),
        {"a name": lambda n: "a" * n},
        (),
    ),
]

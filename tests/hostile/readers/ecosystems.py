"""What tells the facts of a project of each ecosystem from its manifests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

from agent.documents import Unreadable, read_commented_json
from agent.projects import ProjectFiles, ProjectPart, dotnet, go, java, native, node, php, ruby, rust, static
from tests.hostile.reader import Reader

Tree = dict[str, str]
Detect = Callable[[ProjectFiles, str], ProjectPart | None]


def told(detect: Detect) -> Callable[[object], object]:
    return lambda tree: detect(ProjectFiles.of(cast("Tree", tree)), "")


def script(text: Callable[[int], str], **others: str) -> Callable[[int], object]:
    return lambda n: {"package.json": json.dumps({"name": "a", "scripts": {"test": text(n), **others}})}


def scripts(text: Callable[[int], str]) -> Callable[[int], object]:
    """As many as there may be; each calls each twice."""
    return lambda n: {
        "package.json": json.dumps({"name": "a", "scripts": {"test": text(n), **{f"a{at}": text(n) for at in range(n // 20)}}})
    }


def one(path: str, text: Callable[[int], str], **others: str) -> Callable[[int], object]:
    return lambda n: {path: text(n), **others}


def globs(count: Callable[[int], int], glob: str) -> Callable[[int], object]:
    members = {f"packages/a{at}/package.json": "{}" for at in range(400)}
    return lambda n: {"package.json": json.dumps({"name": "a", "workspaces": [glob] * count(n)}), **members}


def comments(text: object) -> object:
    try:
        return read_commented_json(str(text))
    except Unreadable:
        return None


NODE = {
    "a script of many commands": script(lambda n: "a && " * (n // 5) + "jest"),
    "a script of one word": script(lambda n: "a" * n),
    "quotes that do not close": script(lambda n: '"\\' * (n // 2)),
    "quotes in turn": script(lambda n: "\"'" * (n // 2)),
    "redirections": script(lambda n: ">" * n),
    "wrappers of wrappers": script(lambda n: "npx " * (n // 4) + "jest"),
    "settings": script(lambda n: "a=1 " * (n // 4) + "jest"),
    "watching": script(lambda n: "jest --watch && " * (n // 16)),
    "scripts that call all others": scripts(lambda n: "run-s a* a*; npm run a1 && npm run a2 && jest --watch"),
    "scripts that call each other": scripts(lambda n: "npm run a0; " * 300 + "jest --watch"),
    "many globs": globs(lambda n: n // 10, "packages/*"),
    "globs of many stars": globs(lambda n: 1, "**/" * 60 + "*a*b*c"),
    "globs of braces": globs(lambda n: n // 200, "{" + "a," * 60 + "packages}/*"),
    "imports of a test": lambda n: {
        "package.json": '{"name": "a", "scripts": {"test": "node a.js"}}', "a.js": "import " * (n // 7),
    },
    "lists in TypeScript's configuration": lambda n: {"package.json": '{"name": "a"}', "tsconfig.json": "[" * n},
    "lists in the members of pnpm": lambda n: {"package.json": '{"name": "a"}', "pnpm-workspace.yaml": "- " * n},
    "names of dependencies": lambda n: {
        "package.json": json.dumps({"name": "a", "dependencies": {f"a{at}": "1" for at in range(n // 10)}})
    },
}  # fmt: skip
COMMENTS = {
    "comments that do not end": lambda n: "/*" * (n // 2),
    "strings that do not end": lambda n: '"\\' * (n // 2),
    "strings in a comment": lambda n: '/*"a"' * (n // 5),
    "commas": lambda n: "[" + ", " * (n // 2),
    "lines": lambda n: "// a\n" * (n // 5) + "{}",
}
GO = {
    "versions": one("go.mod", lambda n: "go 1" + "0." * (n // 2)),
    "members": one("go.work", lambda n: "use ./a\n" * (n // 8)),
    "spaces": one("go.mod", lambda n: "module" + " " * n),
}
RUST = {
    "members": one("Cargo.toml", lambda n: "[workspace]\nmembers = [" + "'a/*'," * (n // 6) + "]"),
    "toolchain": one("rust-toolchain", lambda n: "a" * n, **{"Cargo.toml": ""}),
}
JAVA = {
    "elements": one("pom.xml", lambda n: "<a>" * (n // 3)),
    "elements that end": one("pom.xml", lambda n: "<modules>" * (n // 19) + "</modules>" * (n // 19)),
    "plugins": one("pom.xml", lambda n: "<a>" + "<plugin><artifactId>b</artifactId></plugin>" * (n // 43) + "</a>"),
    "properties": one("pom.xml", lambda n: "<a><properties>" + "<b>${b}</b>" * (n // 11) + "</properties></a>"),
    "members that do not end": one("settings.gradle", lambda n: "include(\n" * (n // 9)),
    "members of many lines": one("settings.gradle", lambda n: "include 'a',\n" * (n // 13)),
    "versions": one("build.gradle", lambda n: "sourceCompatibility" * (n // 19)),
    "quotes": one("settings.gradle", lambda n: "include '" + "'" * n),
}
PHP = {
    "scripts that call each other": one("composer.json", lambda n: json.dumps({"scripts": {"test": ["@test"] * (n // 8)}})),
    "a script of one word": one("composer.json", lambda n: json.dumps({"scripts": {"test": "a" * n}})),
    "suites": one("phpunit.xml", lambda n: "<a>" + "<testsuite><directory>b</directory></testsuite>" * (n // 47) + "</a>"),
}
RUBY = {
    "gems": one("Gemfile", lambda n: "gem 'a'\n" * (n // 8)),
    "spaces": one("Gemfile", lambda n: "\n" * n),
    "names": one("a.gemspec", lambda n: "a.name" * (n // 6)),
    "tasks": one("Rakefile", lambda n: "task :default " * (n // 14), **{"Gemfile": "", "test/a": ""}),
}
DOTNET = {
    "projects": one("a.sln", lambda n: 'Project("{1}") = "a", "a.csproj", "{2}"\n' * (n // 40)),
    "quotes": one("a.sln", lambda n: 'Project("' * (n // 9)),
    "elements": one("a.csproj", lambda n: "<a>" + "<PackageReference Include='b'/>" * (n // 31) + "</a>"),
}
NATIVE = {
    "options": one("CMakeLists.txt", lambda n: "option(TEST " * (n // 12)),
    "projects": one("CMakeLists.txt", lambda n: "project(" * (n // 8)),
    "comments": one("CMakeLists.txt", lambda n: "#" * n),
    "targets": one("Makefile", lambda n: "test " * (n // 5), **{"a.c": ""}),
    "lines": one("meson.build", lambda n: " \n" * (n // 2)),
    "versions": one("CMakeLists.txt", lambda n: "cmake_minimum_required(VERSION " + "1." * (n // 2)),
    "initialisations": one("configure.ac", lambda n: "AC_INIT([" * (n // 9)),
}

READERS = [
    Reader(
        "agent.projects.node",
        told(node.part),
        NODE,
        ("agent.projects.node", "agent.projects.node_scripts", "agent.projects.node_runners"),
    ),
    Reader("agent.documents read_commented_json", comments, COMMENTS, ("agent.documents",)),
    Reader("agent.projects.go", told(go.part), GO, ("agent.projects.go",)),
    Reader("agent.projects.rust", told(rust.part), RUST, ("agent.projects.manifest_values",)),
    Reader("agent.projects.java", told(java.part), JAVA, ("agent.projects.java", "agent.projects.manifest_values")),
    Reader("agent.projects.php", told(php.part), PHP, ("agent.projects.php", "agent.projects.manifest_values")),
    Reader("agent.projects.ruby", told(ruby.part), RUBY, ("agent.projects.ruby",)),
    Reader("agent.projects.dotnet", told(dotnet.part), DOTNET, ("agent.projects.dotnet",)),
    Reader("agent.projects.native", told(native.part), NATIVE, ("agent.projects.native",)),
    Reader(
        "agent.projects.static",
        told(static.part),
        {"pages": lambda n: {"index.html": "", **{f"{at}.html": "" for at in range(n // 10)}}},
        ("agent.projects.static",),
    ),
]

"""The checks that read the languages of the stacks: by their syntax trees, so comments and strings don't count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.guardrails import check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import get


def judge(
    root: Path, stack: str, files: dict[str, str], *wishes: str, new: bool = False
) -> list[tuple[str, str | None, int | None]]:
    """Without what is missing: these answers are parts of a project."""
    mode = "generate_new" if new else "patch_existing"
    spec = TaskSpec("Do it", output_mode=mode, constraints=wishes)  # type: ignore[arg-type]
    text = "".join(f"FILE: {path}\n{content}\n" for path, content in files.items())
    errors = check([parse_edits(text)], root=root, stack=get(stack), spec=spec).errors
    assert all(error.message and error.hint for error in errors)
    return [(error.code, error.path, error.line) for error in errors if error.code != "missing_file"]


@pytest.mark.parametrize(
    ("stack", "path", "text", "line"),
    [
        ("express-ts", "a.js", "const x = 1;\nfunction (\n", 2),
        ("express-ts", "a.ts", "const x: number = 1;\nif (x {\n}\n", 2),
        ("react-vite", "a.tsx", "export const A = () => (\n  <p>{x</p>\n);\n", 2),
        ("vue-vite", "A.vue", "<template><p /></template>\n<script setup lang=\"ts\">\nconst x = ;\n</script>\n", 3),
        ("laravel", "a.php", "<?php\n\nfunction f( {\n", 3),
        ("laravel", "b.php", "<?php\n$x = 1\n$y = 2;\n", 2),
        ("dotnet-api", "A.cs", "class A\n{\n    void F( {\n}\n", 3),
    ],
)  # fmt: skip
def test_what_does_not_parse_is_named_with_its_line(tmp_path: Path, stack: str, path: str, text: str, line: int) -> None:
    ((code, where, found),) = judge(tmp_path, stack, {path: text})

    assert (code, where) == ("syntax", path)
    assert found is not None
    assert abs(found - line) <= 1


@pytest.mark.parametrize(
    ("stack", "path", "text"),
    [
        ("nextjs", "app/[...slug]/page.tsx",
         "type P = { params: Promise<{ slug: string[] }> };\nexport default async function Page({ params }: P) {\n"
         "  return <p>{(await params).slug.join('/')}</p>;\n}\n"),
        ("nextjs", "app/(shop)/@modal/[[...id]]/page.tsx", "export default () => <></>;\n"),
        ("express-ts", "a.ts", "const x = { a: 1 } satisfies Record<string, number>;\nexport type { T } from './t.js';\n"),
        ("express-ts", "types.d.ts", "declare module 'x' { export = y }\n"),
        ("nestjs", "src/a.ts", "@Injectable()\nexport class A { constructor(private readonly b: B) {} }\n"),
        ("vue-vite", "A.vue",
         "<script setup lang=\"ts\">\ndefineProps<{ a: string }>();\n</script>\n<template>{{ p.a }</template>\n"),
        ("laravel", "a.php", "<?php\nenum A: string { case B = 'b'; }\nfn (): int => match (true) { default => 1 };\n"),
        ("laravel", "view.blade.php", "@if ($x) {{ $y }} @endif\n"),
        ("dotnet-api", "A.cs", "namespace A;\npublic sealed record B(int C) { public int[] D => [.. new[] { 1 }]; }\n"),
        ("react-vite", "template.js", "module.exports = '<%= name %>' <%= x %>\n"),
    ],
)  # fmt: skip
def test_legal_files_are_left_alone(tmp_path: Path, stack: str, path: str, text: str) -> None:
    assert judge(tmp_path, stack, {path: text}) == []


def test_a_file_that_the_grammar_never_understood_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("syntax of tomorrow (\n")

    assert judge(tmp_path, "express-ts", {"a.ts": "syntax of tomorrow ((\n"}) == []


def test_deep_nesting_is_read_without_recursion(tmp_path: Path) -> None:
    assert [code for code, _, _ in judge(tmp_path, "express-ts", {"a.js": "[" * 50_000})] == ["syntax"]


PACKAGE = json.dumps(
    {"name": "own", "dependencies": {"express": "5", "@scope/a": "1"}, "devDependencies": {"@types/koa__x": "1"}}
)
TSCONFIG = '{\n  // places\n  "compilerOptions": { "paths": { "@app/*": ["./src/*"], "~lib": ["./lib"] }, }\n}'


def test_packages_that_nobody_declares_are_found(tmp_path: Path) -> None:
    code = """import express from "express";
import fs from "fs"; import { readFile } from "node:fs/promises";
import { a } from "@scope/a/deep"; import type { K } from "@koa/x"; import own from "own/x";
import { b } from "./b.js"; import c from "@app/c"; import d from "~lib"; import "virtual:x"; import e from "@/e";
// import hidden from "hidden";
const text = 'import quoted from "quoted"';
import axios from "axios";
export * from "@other/pkg/sub";
const lodash = require("lodash/fp");
const lazy = await import("lazy");
require(`${text}`);
"""
    files = {"package.json": PACKAGE, "tsconfig.json": TSCONFIG, "src/a.ts": code}

    assert judge(tmp_path, "express-ts", files) == [
        ("undeclared_dependency", "src/a.ts", line) for line in (7, 8, 9, 10)
    ]  # fmt: skip


def test_a_monorepo_declares_by_directory(tmp_path: Path) -> None:
    files = {
        "package.json": '{"devDependencies": {"shared-tool": "1"}}',
        "api/package.json": '{"name": "@me/api", "dependencies": {"express": "5"}}',
        "api/a.ts": 'import "express"; import "shared-tool"; import "zod";',
        "web/package.json": '{"name": "@me/web"}',
        "web/a.ts": 'import "@me/api/types"; import "express";',
    }
    found = judge(tmp_path, "express-ts", files)

    assert found == [("undeclared_dependency", "api/a.ts", 1), ("undeclared_dependency", "web/a.ts", 1)]


def test_without_a_manifest_nothing_is_judged(tmp_path: Path) -> None:
    assert judge(tmp_path, "express-ts", {"a.js": 'import "anything";'}) == []
    assert judge(tmp_path, "fastapi", {"a.py": "import anything\n"}) == []


def test_python_names_and_distributions(tmp_path: Path) -> None:
    code = """import os, yaml, dateutil, google.cloud.storage
from starlette.requests import Request
from helper import x
try:
    import orjson
except ImportError:
    orjson = None
if TYPE_CHECKING:
    import mypy_extensions
import numpy
"""
    files = {
        "requirements.txt": "PyYAML\npython-dateutil\ngoogle-cloud-storage\nfastapi\n",
        "helper.py": "", "a.py": code, "old_requirements.txt.bak": "numpy\n",
    }  # fmt: skip

    assert judge(tmp_path, "fastapi", files) == [("undeclared_dependency", "a.py", 10)]
    (tmp_path / "setup.py").write_text("")
    assert judge(tmp_path, "fastapi", files) == []


def test_what_a_python_project_uses_already_comes_from_somewhere(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "old.py").write_text("import numpy\n")

    assert judge(tmp_path, "fastapi", {"a.py": "import numpy\n"}) == []


def test_well_known_libraries_of_php_and_csharp(tmp_path: Path) -> None:
    php = (
        "<?php\nuse Illuminate\\Support\\Str;\n// use Stripe\\X;\nuse Spatie\\Permission\\Models\\Role;\nuse App\\Models\\A;\n"
    )
    files = {"composer.json": '{"require": {"laravel/framework": "^12"}}', "a.php": php}
    assert judge(tmp_path, "laravel", files) == [("undeclared_dependency", "a.php", 4)]
    files["composer.json"] = '{"require": {"spatie/laravel-permission": "^6"}}'
    assert judge(tmp_path, "laravel", files) == []

    project = '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup><PackageReference Include="%s"/></ItemGroup></Project>'
    code = "using System.Text;\nusing Microsoft.EntityFrameworkCore;\n"
    files = {"A.csproj": project % "Dapper", "A.cs": code}
    assert judge(tmp_path, "dotnet-api", files) == [("undeclared_dependency", "A.cs", 2)]
    files["A.csproj"] = project % "Microsoft.EntityFrameworkCore.Sqlite"
    assert judge(tmp_path, "dotnet-api", files) == []


@pytest.mark.parametrize(
    ("stack", "path", "text", "line"),
    [
        ("fastapi", "a.py", "import os\nfrom flask import Flask\n", 2),
        ("react-vite", "a.tsx", 'import { ref } from "vue";\n', 1),
        ("vue-vite", "A.vue", '<script setup>\nimport React from "react";\n</script>\n', 2),
        ("express-ts", "a.ts", 'import { Module } from "@nestjs/common";\n', 1),
        ("react-vite", "package.json", '{"dependencies": {"next": "16"}}', None),
    ],
)
def test_another_stack_s_libraries_are_forbidden(tmp_path: Path, stack: str, path: str, text: str, line: int | None) -> None:
    code = "forbidden_dependency" if path == "package.json" else "forbidden_import"

    assert judge(tmp_path, stack, {path: text}) == [(code, path, line)]
    assert judge(tmp_path, stack, {path: "# from flask import Flask\n" if path == "a.py" else "{}"}) == []


def test_what_a_repository_declares_already_is_its_own_affair(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"vue": "3"}}')

    assert judge(tmp_path, "react-vite", {"a.ts": 'import { ref } from "vue";'}) == []


@pytest.mark.parametrize("wish", ["without axios", "Don't use axios", "axios kullanma", "fetch, not axios"])
def test_what_the_task_names_as_unwanted(tmp_path: Path, wish: str) -> None:
    files = {"package.json": '{"dependencies": {"axios": "1"}}', "a.ts": 'import axios from "axios";'}

    assert judge(tmp_path, "express-ts", files, wish) == [
        ("forbidden_dependency", "package.json", None), ("forbidden_import", "a.ts", 1),
    ]  # fmt: skip
    assert judge(tmp_path, "express-ts", files, "use axios") == []


@pytest.mark.parametrize("wish", ["use pnpm", "pnpm kullan", "pnpm ile kur", "with pnpm please"])
def test_the_package_manager_that_was_asked_for(tmp_path: Path, wish: str) -> None:
    files = {"package.json": "{}", "package-lock.json": "{}"}

    assert judge(tmp_path, "express-ts", files, wish) == [
        ("wrong_package_manager", "package-lock.json", None), ("wrong_package_manager", "package.json", None),
    ]  # fmt: skip
    assert judge(tmp_path, "express-ts", {"package.json": '{"packageManager": "pnpm@10.0.0"}'}, wish) == []


@pytest.mark.parametrize("wish", ["no extra libraries", "ek kütüphane kullanma", "without additional packages"])
def test_no_extra_libraries_in_any_language(tmp_path: Path, wish: str) -> None:
    code = [("forbidden_dependency", "package.json", None)]
    assert judge(tmp_path, "express-ts", {"package.json": '{"dependencies": {"express": "5", "lodash": "4"}}'}, wish) == code
    assert judge(tmp_path, "laravel", {"composer.json": '{"require": {"php": "^8", "spatie/x": "1"}}'}, wish) == [
        ("forbidden_dependency", "composer.json", None)
    ]


@pytest.mark.parametrize(
    "wish", ["settings from environment variables", "use env vars", "ayarlar ortam değişkenlerinden gelsin"]
)
def test_settings_from_the_environment(tmp_path: Path, wish: str) -> None:
    unread = [("environment_not_read", None, None)]
    assert judge(tmp_path, "fastapi", {"a.py": "# os.environ['X']\nPORT = 'os.environ'\n"}, wish, new=True) == unread
    assert judge(tmp_path, "fastapi", {"a.py": "import os\nPORT = os.environ['PORT']\n"}, wish, new=True) == []
    assert judge(tmp_path, "express-ts", {"a.ts": "// process.env.X\n"}, wish, new=True) == unread
    assert judge(tmp_path, "express-ts", {"a.ts": "const p = process.env.PORT;\n"}, wish, new=True) == []
    assert judge(tmp_path, "laravel", {"a.php": "<?php\n$x = env('X');\n"}, wish, new=True) == []

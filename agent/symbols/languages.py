"""Which language a file is written in, by its name. Each has a query in ``queries/`` and its grammar in the language pack."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

QUERIES = Path(__file__).with_name("queries")
_SUFFIXES = {
    "actionscript": "as", "ada": "adb ads", "apex": "apex cls trigger", "bash": "sh bash zsh", "bicep": "bicep", "c": "c h",
    "capnp": "capnp", "clojure": "clj cljs cljc", "cmake": "cmake", "commonlisp": "lisp lsp cl",
    "cpp": "cc cpp cxx hh hpp hxx", "csharp": "cs", "css": "css", "cuda": "cu cuh", "d": "d", "dart": "dart", "elisp": "el",
    "elixir": "ex exs", "elm": "elm", "erlang": "erl hrl", "fish": "fish", "fortran": "f90 f95 f03 f08", "fsharp": "fs fsx",
    "gdscript": "gd", "gleam": "gleam", "glsl": "glsl vert frag", "go": "go", "graphql": "graphql gql",
    "groovy": "groovy gradle", "haskell": "hs", "haxe": "hx", "hcl": "tf hcl", "java": "java", "javascript": "js mjs cjs jsx",
    "julia": "jl", "kotlin": "kt kts", "lua": "lua", "luau": "luau", "make": "mk", "matlab": "m", "nim": "nim", "nix": "nix",
    "objc": "mm", "ocaml": "ml", "ocaml_interface": "mli", "odin": "odin", "pascal": "pas pp dpr", "perl": "pl pm",
    "php": "php", "pony": "pony", "powershell": "ps1 psm1", "prisma": "prisma", "proto": "proto", "purescript": "purs",
    "python": "py pyi", "r": "r R", "racket": "rkt", "rego": "rego", "ruby": "rb rake gemspec", "rust": "rs",
    "scala": "scala sc", "scheme": "scm ss", "scss": "scss", "smithy": "smithy", "solidity": "sol", "sql": "sql",
    "starlark": "bzl star", "swift": "swift", "tcl": "tcl", "thrift": "thrift", "tsx": "tsx", "twig": "twig",
    "typescript": "ts mts cts vue svelte", "v": "vv", "verilog": "v sv svh", "vhdl": "vhd vhdl", "vim": "vim", "wgsl": "wgsl",
    "zig": "zig",
}  # fmt: skip
_NAMES = {
    "Makefile": "make", "GNUmakefile": "make", "CMakeLists.txt": "cmake", "Rakefile": "ruby", "Gemfile": "ruby",
    "BUILD": "starlark", "BUILD.bazel": "starlark", "WORKSPACE": "starlark", "Jenkinsfile": "groovy",
}  # fmt: skip
_LANGUAGES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
OBJECTIVE_C = (b"@interface", b"@implementation", b"@protocol", b"#import")
COMPONENTS = (".vue", ".svelte")
"""Markup around scripts: only the scripts are read."""


def language_of(path: str, head: bytes = b"") -> str | None:
    """None: no language that we have a query for. ``head`` (the file's beginning) decides where a suffix has two languages."""
    name = PurePosixPath(path).name
    language = _NAMES.get(name) or _LANGUAGES.get(name.rpartition(".")[2] if "." in name else "")
    if language in ("matlab", "c") and any(mark in head for mark in OBJECTIVE_C[: 3 if language == "c" else 4]):
        return "objc"
    if language == "c" and name.endswith(".h") and any(mark in head for mark in (b"\nclass ", b"\nnamespace ", b"\ntemplate")):
        return "cpp"
    return language

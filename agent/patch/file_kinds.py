"""What a path says of a file: a program's text, text for people, or neither for sure.

It decides what a line of words is in it. A program holds words in comments and strings only; a page may hold any sentence.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["code", "text", "other"]

PAGES = (".md", ".mdx", ".markdown", ".mkd", ".rst", ".adoc", ".asciidoc", ".org", ".textile", ".wiki")
_TEXT = frozenset(PAGES).union(
    f".{name}"
    for name in (  # noqa: SIM905
        "txt tex csv tsv log diff patch rej po pot srt vtt fountain feature eml http rest pod rtf bib"
    ).split()
)
_TEMPLATE = (".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".in", ".template", ".erb", ".ejs", ".hbs", ".mustache", ".liquid")
_CODE = frozenset(
    f".{name}"
    for name in (  # noqa: SIM905
        "py pyi pyx pyw js jsx mjs cjs ts tsx mts cts go rs java kt kts scala groovy gradle c h cc cpp cxx hpp hh cs fs swift "
        "m mm php rb rake gemspec lua r jl dart ex exs erl hrl clj cljs edn hs ml mli elm nim zig v sol pl pm t raku css scss "
        "sass less json json5 jsonc yml yaml toml ini cfg conf env properties sh bash zsh fish ps1 bat cmd sql graphql gql "
        "proto tf tfvars hcl mk cmake dockerfile nix vim el lisp scm tcl awk sed s asm cu glsl wgsl vb bas ada adb ads pas f90 "
        "cbl robot gitignore dockerignore editorconfig npmrc bashrc eslintrc prettierrc babelrc gitattributes bazel bzl"
    ).split()
)
_NAMES = frozenset(
    "makefile gnumakefile dockerfile containerfile procfile gemfile rakefile jenkinsfile vagrantfile justfile brewfile podfile "  # noqa: SIM905
    "pipfile build workspace cmakelists.txt requirements.txt constraints.txt go.mod go.sum caddyfile tiltfile fastfile".split()
)
WORDY = frozenset(
    f".{name}"
    for name in (  # noqa: SIM905
        "sh bash zsh fish ps1 bat cmd sql vb bas ada adb ads pas f90 cbl robot cypher mk ini cfg conf env properties "
        "gitignore dockerignore gitattributes"
    ).split()
)
"""Endings of programs whose lines may be nothing but words: commands, names, settings."""


def ending(path: str) -> str:
    """The last ending in lower case with its dot; the whole of a name that begins with a dot and has no other."""
    name = path.rsplit("/", 1)[-1].lower()
    return name[name.rfind(".") :] if "." in name else ""


def kind_of(path: str) -> Kind:
    """What of the three the file is; a template is what its name says without the template's ending, else text."""
    name = path.rsplit("/", 1)[-1].lower()
    if name in _NAMES or name.startswith(("dockerfile.", "makefile.")):
        return "code"
    if name.endswith(_TEMPLATE):
        inner = ending(name.rsplit(".", 1)[0])
        return "text" if not inner or inner in _TEXT else "other"
    last = ending(name)
    if last in _CODE:
        return "code"
    return "text" if not last or last in _TEXT else "other"


def is_wordy(path: str) -> bool:
    """True for programs whose lines may be nothing but words."""
    return ending(path) in WORDY or not ending(path)

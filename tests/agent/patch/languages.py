"""Small files of several languages, each of blocks that differ in their names and are alike in their form."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

WORDS = (
    "order",
    "invoice",
    "parcel",
    "ticket",
    "ledger",
    "sensor",
    "window",
    "garden",
    "engine",
    "voyage",
    "market",
    "lantern",
)


@dataclass(frozen=True)
class Source:
    """``blocks`` are separated by blank lines; ``line`` makes one more body line of a block, ``changed`` another of one."""

    path: str
    head: list[str]
    blocks: list[list[str]]
    body: int
    step: str

    def text(self) -> str:
        lines = list(self.head)
        for block in self.blocks:
            lines += ["", *block]
        return "".join(f"{line}\n" for line in lines)


def _python(name: str, n: int) -> list[str]:
    return [f"def load_{name}(path):", f"    {name} = read(path, {n})", f"    check({name})", f"    return {name}"]


def _go(name: str, n: int) -> list[str]:
    return [
        f"func Load{name.title()}(p string) int {{",
        f"\t{name} := read(p, {n})",
        f"\tcheck({name})",
        f"\treturn {name}",
        "}",
    ]


def _javascript(name: str, n: int) -> list[str]:
    return [f"export function load{name.title()}(path) {{", f"  const {name} = read(path, {n});", f"  check({name});",
            f"  return {name};", "}"]  # fmt: skip


def _ruby(name: str, n: int) -> list[str]:
    return [f"def load_{name}(path)", f"  {name} = read(path, {n})", f"  check({name})", f"  {name}", "end"]


def _yaml(name: str, n: int) -> list[str]:
    return [f"{name}:", f"  size: {n}", f"  label: the {name}", f"  folder: /srv/{name}"]


def _css(name: str, n: int) -> list[str]:
    return [f".{name} {{", f"  margin: {n}px;", f"  content: '{name}';", f"  order: {n + 1};", "}"]


def _c(name: str, n: int) -> list[str]:
    return [f"int load_{name}(char *path)", "{", f"    int {name} = read_it(path, {n});", f"    check({name});",
            f"    return {name};", "}"]  # fmt: skip


LANGUAGES: dict[str, tuple[str, list[str], Callable[[str, int], list[str]], int, str]] = {
    "python": ("shop/load.py", ["import os", "import sys"], _python, 1, "    "),
    "go": ("shop/load.go", ["package shop", 'import "os"'], _go, 1, "\t"),
    "javascript": ("web/load.js", ["import a from 'a';", "import b from 'b';"], _javascript, 1, "  "),
    "ruby": ("lib/load.rb", ["require 'a'", "require 'b'"], _ruby, 1, "  "),
    "yaml": ("conf/load.yaml", ["version: 3", "kind: shop"], _yaml, 1, "  "),
    "css": ("web/load.css", ["@charset 'utf-8';", "@import 'base.css';"], _css, 1, "  "),
    "c": ("src/load.c", ["#include <a.h>", "#include <b.h>"], _c, 2, "    "),
}


def source(language: str, rng: random.Random, blocks: int = 4) -> Source:
    """A file of so many blocks; ``body`` is the index of a block's first body line."""
    path, head, block, body, step = LANGUAGES[language]
    names = rng.sample(WORDS, blocks)
    return Source(path, head, [block(name, rng.randint(2, 9) * 10 + at) for at, name in enumerate(names)], body, step)

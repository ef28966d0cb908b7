"""Which files the runners of Node take for tests, by their own documentation, the project's settings, and the test script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import json_object, json_with_comments, table, text, texts, yaml_map
from agent.projects.node_runners import Run

_CODE = "{0}.?s|{0}.?sx|{0}.??s"
"""JavaScript and TypeScript: .js, .ts, .jsx, .tsx, .mjs, .cjs, .mts, .cts."""
_NAMED = ("**/*.test.*", "**/*.spec.*")


def _below(*folders: str) -> tuple[str, ...]:
    return tuple(_CODE.format(f"**/{folder}/**/*") for folder in folders)


CONVENTIONS: Mapping[str, tuple[str, ...]] = {
    "node": (*_NAMED[:1], "**/*-test.*", "**/*_test.*", "**/test-*.*", _CODE.format("**/test"), *_below("test")),
    "vitest": (*_NAMED, *_below("__tests__")),
    "jest": (*_NAMED, *_below("__tests__"), _CODE.format("**/test"), _CODE.format("**/spec")),
    "mocha": (*_below("test"), *_NAMED),
    "ava": (_CODE.format("test"), _CODE.format("src/test"), _CODE.format("source/test"), _CODE.format("**/test-*"), *_NAMED,
            *_below("test", "tests", "__tests__")),
    "tap": (*_below("test", "tests", "__tests__"), "**/*.test.*", "**/*.tests.*",
            _CODE.format("**/test"), _CODE.format("**/tests")),
    "tape": (*_below("test", "tests"), "**/*.test.*", _CODE.format("test")),
    "jasmine": ("**/*Spec.*", "**/*spec.*", *_below("spec")),
    "karma": (*_NAMED, *_below("test", "spec")),
    "playwright": _NAMED,
    "cypress": ("cypress/e2e/**", "**/*.cy.*"),
}  # fmt: skip
ANY = (*_NAMED, "**/*-spec.*", "**/*-test.*", "**/*_test.*", *_below("__tests__", "tests", "test"), _CODE.format("test"))
"""Where the runner is not known."""
MAX_GLOBS = 60
_SPECIAL = frozenset("[]{}()!+@$`")
"""Of glob libraries, for more than our globs can say; such a one is left out."""


def globs_of_tests(run: Run | None, package: Mapping[str, Any], files: ProjectFiles) -> tuple[str, ...]:
    runner = run.runner if run else ""
    found = [*CONVENTIONS.get(runner, ANY)]
    found += _named_in_script(run, files) if run else ()
    found += _configured(runner, package, files)
    return tuple(dict.fromkeys(found))[:MAX_GLOBS]


def _named_in_script(run: Run, files: ProjectFiles) -> Iterable[str]:
    """``node --test "tests/**/*.spec.js"``: the paths and globs among the words; a folder stands for what is in it."""
    for word in run.words[1:]:
        path = word.text.removeprefix("./").rstrip("/")
        if path.startswith(("-", "/", "..")) or "node_modules/" in path or not path:
            continue
        if "*" in path or path in files:
            yield from _plain(path)
        elif run.runner in ("node", "mocha", "tap", "tape") and next(files.starting_with(f"{path}/"), None) is not None:
            yield from _plain(_CODE.format(f"{path}/**/*"))


def _configured(runner: str, package: Mapping[str, Any], files: ProjectFiles) -> Iterable[str]:
    own = table(package.get(runner))
    found: tuple[str, ...] = ()
    if runner == "ava":
        found = texts(own.get("files"))
    elif runner == "jest":
        found = texts(own.get("testMatch")) + texts(json_object(files, "jest.config.json").get("testMatch"))
    elif runner == "mocha":
        json = [json_with_comments(files, name) for name in (".mocharc.json", ".mocharc.jsonc")]
        yaml = [yaml_map(files, name) for name in (".mocharc.yml", ".mocharc.yaml")]
        found = tuple(glob for settings in (own, *json, *yaml) for glob in texts(settings.get("spec")))
    elif runner == "jasmine":
        settings = json_with_comments(files, "spec/support/jasmine.json")
        folder = text(settings.get("spec_dir"))
        found = tuple(f"{folder}/{glob}" if folder else glob for glob in texts(settings.get("spec_files")))
    for glob in found:
        yield from _plain(glob.removeprefix("<rootDir>/").removeprefix("./"))


def _plain(glob: str) -> Iterable[str]:
    """``glob`` where our globs mean the same by it."""
    if glob and len(glob) <= 200 and _SPECIAL.isdisjoint(glob):
        yield glob

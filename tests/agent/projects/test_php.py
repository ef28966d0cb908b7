"""Facts of PHP packages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.projects import ProjectFiles, ProjectPart, php


def part_of(composer: dict[str, Any], files: dict[str, str] | None = None) -> ProjectPart:
    found = php.part(ProjectFiles.of({"composer.json": json.dumps({"name": "shop/core", **composer}), **(files or {})}), "")
    assert found is not None
    return found


UNIT = {"require-dev": {"phpunit/phpunit": "^11"}}
PEST = {"require-dev": {"phpunit/phpunit": "^11", "pestphp/pest": "^3"}}


@pytest.mark.parametrize(
    ("composer", "files", "runner", "test", "said"),
    [
        (UNIT, {}, "phpunit", ("vendor/bin/phpunit",), "composer.json: require-dev"),
        (UNIT, {"phpunit.xml.dist": "<phpunit/>"}, "phpunit", ("vendor/bin/phpunit",), "phpunit.xml.dist"),
        (PEST, {}, "pest", ("vendor/bin/pest",), "composer.json: require-dev"),
        ({**UNIT, "config": {"bin-dir": "bin"}}, {}, "phpunit", ("bin/phpunit",), "composer.json: require-dev"),
        (
            {"scripts": {"test": "phpunit --colors=always"}},
            {},
            "phpunit",
            ("vendor/bin/phpunit", "--colors=always"),
            "composer.json: scripts.test",
        ),
        (
            {"scripts": {"test": ["@php -d memory_limit=1G vendor/bin/pest"]}},
            {},
            "pest",
            ("php", "-d", "memory_limit=1G", "vendor/bin/pest"),
            "composer.json: scripts.test",
        ),
        (
            {"scripts": {"test": ["@unit"], "unit": "@php vendor/bin/phpunit --testsuite unit"}},
            {},
            "phpunit",
            ("vendor/bin/phpunit", "--testsuite", "unit"),
            "composer.json: scripts.test",
        ),
        (
            {**UNIT, "scripts": {"test": ["@lint", "phpunit"], "lint": "phpcs"}},
            {},
            "phpunit",
            ("composer", "test"),
            "composer.json: scripts.test",
        ),
        (
            {"require": {"laravel/framework": "^12"}, **PEST},
            {"artisan": ""},
            "pest",
            ("php", "artisan", "test"),
            "artisan, with laravel/framework",
        ),
        ({"require-dev": {"phpspec/phpspec": "*"}}, {}, "phpspec", ("vendor/bin/phpspec", "run"), "composer.json: require-dev"),
        ({}, {}, "", (), None),
    ],
)  # fmt: skip
def test_how_the_tests_are_run(
    composer: dict[str, Any], files: dict[str, str], runner: str, test: tuple[str, ...], said: str | None
) -> None:
    part = part_of(composer, files)
    assert (part.runner, part.test) == (runner, test)
    assert (part.commands["test"].evidence if "test" in part.commands else None) == said
    assert ("test" in part.evidence) is not bool(test)


def test_a_package() -> None:
    part = part_of({"require": {"php": "^8.2"}, **UNIT}, {"composer.lock": "{}", "src/A.php": ""})
    assert (part.name, part.runtime, part.lock_file, part.layout) == ("shop/core", "php ^8.2", "composer.lock", "src")
    assert part.commands["test_one"].argv == ("vendor/bin/phpunit",)


def test_folders_of_test_suites_are_tests() -> None:
    suite = "<testsuite><directory>checks</directory><directory>../x</directory></testsuite>"
    xml = f"<phpunit><testsuites>{suite}</testsuites></phpunit>"
    part = php.part(ProjectFiles.of({"phpunit.xml": xml}), "")
    assert part is not None
    assert part.test_files == ("tests/**/*.php", "**/*Test.php", "checks/**/*.php")
    assert part.test == ("vendor/bin/phpunit",)


@pytest.mark.parametrize(
    ("composer", "files", "formatters", "linters"),
    [
        ({}, {}, [], []),
        ({"require-dev": {"laravel/pint": "1"}}, {"phpstan.neon": ""}, ["pint"], ["phpstan"]),
        ({}, {".php-cs-fixer.dist.php": "", "phpcs.xml.dist": ""}, ["php-cs-fixer"], ["phpcs"]),
    ],
)
def test_formatters_and_linters(
    composer: dict[str, Any], files: dict[str, str], formatters: list[str], linters: list[str]
) -> None:
    part = part_of(composer, files)
    assert [tool.name for tool in part.formatters] == formatters
    assert [tool.name for tool in part.linters] == linters


@pytest.mark.parametrize("text", ["", "[]", '{"scripts": 3, "require": [], "config": "x"}', '{"scripts": {"test": {"a": 1}}}'])
def test_a_manifest_of_any_shape_gives_a_part(text: str) -> None:
    part = php.part(ProjectFiles.of({"composer.json": text}), "")
    assert part is not None
    assert part.evidence["test"] == php.NO_TESTS


def test_scripts_that_call_each_other_end() -> None:
    part = part_of({"scripts": {"test": ["@a"] * 20, "a": ["@test"] * 20}})
    assert "test" not in part.commands


def test_no_manifest_is_no_part() -> None:
    assert php.part(ProjectFiles.of({"index.php": ""}), "") is None

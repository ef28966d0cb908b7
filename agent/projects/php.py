"""A package of PHP: ``composer.json`` and the configuration of its tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import json_object, table, text, texts, xml_root
from agent.projects.model import ProjectCommand, ProjectPart
from agent.projects.node_scripts import simple_commands
from agent.stacks.model import FormatTool

PHPUNIT = ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml")
RUNNERS = ("pest", "phpunit", "simple-phpunit", "paratest", "phpspec", "codecept", "behat", "kahlan", "tester")
PACKAGES = {
    "pestphp/pest": "pest",
    "phpunit/phpunit": "phpunit",
    "symfony/phpunit-bridge": "simple-phpunit",
    "phpspec/phpspec": "phpspec",
    "codeception/codeception": "codecept",
}
"""By the package that brings it, the most telling first: pest brings phpunit too."""
NAMES = {"simple-phpunit": "phpunit", "paratest": "phpunit", "codecept": "codeception", "tester": "nette-tester"}
"""Of programs that are another runner or are called otherwise."""
NO_TESTS = "composer.json has no test script, and neither phpunit.xml nor a test runner is named"


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    """None where there is neither composer.json nor a configuration of PHPUnit."""
    unit = next((name for name in PHPUNIT if name in files), "")
    if "composer.json" not in files and not unit:
        return None
    return _Reading(files, json_object(files, "composer.json"), unit).part(directory)


class _Reading:
    """What is known while one composer.json is read."""

    def __init__(self, files: ProjectFiles, composer: Mapping[str, Any], unit: str) -> None:
        self.files = files
        self.composer = composer
        self.unit = unit
        self.required = {**table(composer.get("require")), **table(composer.get("require-dev"))}
        settings = table(composer.get("config"))
        vendor = text(settings.get("vendor-dir")) or "vendor"
        self.programs = (text(settings.get("bin-dir")) or f"{vendor}/bin").rstrip("/")
        self.evidence = {"language": "composer.json" if composer else unit}

    def part(self, directory: str) -> ProjectPart:
        wanted = text(table(self.composer.get("require")).get("php"))
        if wanted:
            self.evidence["runtime"] = "composer.json: require.php"
        runner, commands = self._commands()
        formatters, linters = self._tools("formatters"), self._tools("linters")
        return ProjectPart(
            directory,
            "php",
            "php",
            text(self.composer.get("name")),
            "composer",
            self.files.from_root("composer.lock") if "composer.lock" in self.files else "",
            layout="src" if next(self.files.starting_with("src/"), None) is not None else "flat",
            runtime=f"php {wanted}" if wanted else "",
            runner=runner,
            commands=commands,
            test_files=self._test_files(runner),
            formatters=formatters,
            linters=linters,
            evidence=self.evidence,
        )

    def _commands(self) -> tuple[str, dict[str, ProjectCommand]]:
        found = {"install": ProjectCommand(("composer", "install"), "composer.json")}
        scripts = table(self.composer.get("scripts"))
        program, test = self._test(scripts)
        if test is not None:
            found["test"] = test
        elif "test" not in self.evidence:
            self.evidence["test"] = NO_TESTS
        if program in ("pest", "phpunit", "simple-phpunit"):
            found["test_one"] = ProjectCommand((f"{self.programs}/{program}",), self.evidence["runner"])
        for kind, names in (("lint", ("lint", "phpstan", "analyse")), ("format", ("format", "cs-fix", "fix"))):
            name = next((name for name in names if name in scripts), "")
            if name:
                found[kind] = ProjectCommand(
                    ("composer", name), f"composer.json: scripts.{name}", " && ".join(texts(scripts[name]))
                )
        return NAMES.get(program, program), found

    def _test(self, scripts: Mapping[str, Any]) -> tuple[str, ProjectCommand | None]:
        """What ``composer test`` runs where that is one command of a runner: Composer itself is then not needed."""
        lines = _lines(scripts, "test", 0)
        if lines:
            said = " && ".join(texts(scripts["test"]))
            self.evidence["runner"] = place = "composer.json: scripts.test"
            commands = [command for line in lines for command in simple_commands(line)]
            program = next((name for command in commands for name in RUNNERS if name in map(_name, command.argv[:3])), "")
            if len(commands) == 1 and program and not commands[0].settings:
                return program, ProjectCommand(self._here(commands[0].argv, program), place, said)
            return program or self._named_by_packages(), ProjectCommand(("composer", "test"), place, said)
        if "artisan" in self.files and "laravel/framework" in self.required:
            self.evidence["runner"] = "artisan"
            return self._named_by_packages(), ProjectCommand(("php", "artisan", "test"), "artisan, with laravel/framework")
        program = self._named_by_packages()
        if not program:
            return "", None
        place = self.unit if self.unit and program in ("pest", "phpunit", "simple-phpunit") else "composer.json: require-dev"
        self.evidence["runner"] = place
        return program, ProjectCommand(
            (f"{self.programs}/{program}", *(("run",) if program in ("phpspec", "codecept") else ())), place
        )

    def _named_by_packages(self) -> str:
        return next(
            (program for package, program in PACKAGES.items() if package in self.required), "phpunit" if self.unit else ""
        )

    def _here(self, argv: tuple[str, ...], program: str) -> tuple[str, ...]:
        """With the program's place, and PHP before it only where it is given options."""
        at = next(place for place, word in enumerate(argv) if _name(word) == program)
        options = argv[1:at] if argv[0] == "php" else argv[:at]
        started = (f"{self.programs}/{program}" if "/" not in argv[at] else argv[at], *argv[at + 1 :])
        if options and not options[0].startswith("-"):
            return ("composer", "test")
        return ("php", *options, *started) if options else started

    def _test_files(self, runner: str) -> tuple[str, ...]:
        if runner == "phpspec":
            return ("spec/**", "**/*Spec.php")
        if runner == "behat":
            return ("features/**",)
        found = ["tests/**/*.php", "**/*Test.php"]
        root = xml_root(self.files, self.unit) if self.unit else None
        for entry in root.iterfind(".//{*}testsuite/{*}directory") if root is not None else ():
            place = text(entry.text).removeprefix("./").rstrip("/")
            if place and not place.startswith((".", "/")) and len(found) < 40:
                found.append(f"{place}/**/*.php")
        return tuple(dict.fromkeys(found))

    def _tools(self, kind: str) -> tuple[FormatTool, ...]:
        tools, said = [], []
        for name, of, configs, package, argv, check in _TOOLS:
            config = next((config for config in configs if config in self.files), "")
            place = config or (f"composer.json: {package}" if package in self.required else "")
            if of == kind and place:
                program = f"{self.programs}/{argv[0]}"
                tools.append(FormatTool(name, (program, *argv[1:]), (f"{self.programs}/{check[0]}", *check[1:]), (".php",)))
                said.append(place)
        if said:
            self.evidence[kind] = "; ".join(said)
        return tuple(tools)


_FIXER = ("--quiet", "--using-cache=no", "--path-mode=intersection")
_STAN = ("phpstan", "analyse", "--no-progress", "--error-format=raw")
_PHPCS = (".phpcs.xml", "phpcs.xml", ".phpcs.xml.dist", "phpcs.xml.dist")
_TOOLS: tuple[tuple[str, str, tuple[str, ...], str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("pint", "formatters", ("pint.json",), "laravel/pint", ("pint", "--quiet"), ("pint", "--quiet", "--test")),
    ("php-cs-fixer", "formatters", (".php-cs-fixer.php", ".php-cs-fixer.dist.php", ".php_cs", ".php_cs.dist"),
     "friendsofphp/php-cs-fixer", ("php-cs-fixer", "fix", *_FIXER), ("php-cs-fixer", "check", *_FIXER)),
    ("phpcs", "linters", _PHPCS, "squizlabs/php_codesniffer", ("phpcbf", "-q"), ("phpcs", "-q")),
    ("phpstan", "linters", ("phpstan.neon", "phpstan.neon.dist", "phpstan.dist.neon"), "phpstan/phpstan", _STAN, _STAN),
)  # fmt: skip
"""Name, kind, files that configure it, the package that brings it, what rewrites, and what only looks."""


def _lines(scripts: Mapping[str, Any], name: str, depth: int) -> list[str]:
    """The lines of a script, those of scripts that it calls (``@unit``) in their place; ``@putenv`` is Composer's own."""
    found: list[str] = []
    for line in texts(scripts.get(name))[:20]:
        word, _, rest = line.partition(" ")
        called = word[1:] if word.startswith("@") else rest.split(" ", 1)[0] if word == "composer" else ""
        if called == "php":
            found.append(rest)
        elif called and called in scripts and depth < 3:
            found += _lines(scripts, called, depth + 1)
        elif not word.startswith("@") and "::" not in word:
            found.append(line)
    return found[:40]


def _name(word: str) -> str:
    return word.replace("\\", "/").rpartition("/")[2].removesuffix(".phar")

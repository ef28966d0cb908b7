"""A package of Node: what its package.json, lock file and configuration say of it.

The test command is whatever the project's own ``test`` script says, started by its package manager with CI set. Without such a
script there is none: what was never said can't fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from agent.documents import Unreadable, read_json
from agent.projects import node_packages, node_tools
from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import json_object, table, text
from agent.projects.model import ProjectCommand, ProjectPart
from agent.projects.node_packages import PackageManager
from agent.projects.node_runners import Run, delegates, missing_words, one_test, reaches_all, run_of, watch_words
from agent.projects.node_scripts import MAX_FOLLOWED, MAX_SCRIPT, ScriptCommand, called_scripts, commands_of, simple_commands
from agent.projects.node_tests import globs_of_tests

NO_SCRIPT = "package.json has no test script"
PLACEHOLDER = "Error: no test specified"
"""What `npm init` writes into a new package: it tests nothing and fails."""
MAX_SCRIPTS = 500
HOOKED = ("pretest", "test", "posttest")
_SHELL = frozenset("&|;()<>$`\"'\\*?[]{}~\n")


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    """None where there is no package.json, or one that only says how its files are to be read (``{"type": "module"}``)."""
    source = files.read("package.json")
    if source is None:
        return None
    try:
        package = table(read_json(source))
    except Unreadable as error:
        return ProjectPart(
            directory, "node", "javascript", package_manager="npm",
            evidence={"test": f"package.json can't be read ({error}), so its test script is not known"},
        )  # fmt: skip
    if not any(package.get(key) for key in ("name", "scripts", "workspaces", *node_packages.GROUPS)):
        return None
    return _Reading(files, package).part(directory)


def inherit(member: ProjectPart, top: ProjectPart) -> ProjectPart:
    """``member`` of the workspace ``top`` with what it has from there: package manager, lock file, and tools for all."""
    if member.directory not in top.members or top.ecosystem != "node":
        return member
    commands = {
        kind: replace(command, argv=(PackageManager(top.package_manager).program, *command.argv[1:]))
        if command.argv[0] in node_packages.MANAGERS
        else command
        for kind, command in member.commands.items()
        if kind != "install"
    }
    where = f"workspace of {top.place}"
    evidence = {**member.evidence, "package_manager": f"{where}: {top.evidence.get('package_manager', '')}"}
    for kind in ("formatters", "linters"):
        if not getattr(member, kind) and getattr(top, kind):
            evidence[kind] = f"{where}: {top.evidence.get(kind, '')}"
    return replace(
        member,
        package_manager=top.package_manager,
        lock_file=member.lock_file or top.lock_file,
        runtime=member.runtime or top.runtime,
        formatters=member.formatters or top.formatters,
        linters=member.linters or top.linters,
        commands=commands,
        evidence=evidence,
    )


class _Reading:
    """What is known while one package.json is read."""

    def __init__(self, files: ProjectFiles, package: Mapping[str, Any]) -> None:
        self.files = files
        self.package = package
        self.scripts: Mapping[str, Any] = dict(islice(table(package.get("scripts")).items(), MAX_SCRIPTS))
        self.left = MAX_FOLLOWED
        self.packages = node_packages.packages_of(package)
        self.manager = node_packages.package_manager(files, package)
        self.members, self.members_said = node_packages.workspace(files, package)
        self.tests_members = False
        self.evidence = {"package_manager": self.manager.evidence}

    def part(self, directory: str) -> ProjectPart:
        language, self.evidence["language"] = node_packages.language(self.files, self.packages)
        wanted, said = node_packages.runtime(self.files, self.package)
        if wanted:
            self.evidence["runtime"] = said
        if self.members_said:
            self.evidence["members"] = self.members_said
        if parts := node_packages.references(self.files):
            self.evidence["references"] = f"tsconfig.json: references {', '.join(parts)}"
        formatters = node_tools.formatters(self.files, self.package, self.packages)
        linters = node_tools.linters(self.files, self.package, self.packages)
        for kind, found in (("formatters", formatters), ("linters", linters)):
            if found.tools:
                self.evidence[kind] = found.evidence
        run, commands = self._commands()
        return ProjectPart(
            directory,
            "node",
            language,
            text(self.package.get("name")),
            self.manager.name,
            self.manager.lock_file,
            layout=self._layout(),
            members=self.members,
            runtime=wanted,
            runner=run.runner if run else "",
            commands=commands,
            test_files=globs_of_tests(run, self.package, self.files),
            formatters=formatters.tools,
            linters=linters.tools,
            tests_members=self.tests_members,
            evidence=self.evidence,
        )

    def _layout(self) -> str:
        if self.members_said:
            return "workspace"
        return "src" if next(self.files.starting_with("src/"), None) is not None else "flat"

    def _commands(self) -> tuple[Run | None, dict[str, ProjectCommand]]:
        install = ProjectCommand(self.manager.install, self.manager.evidence)
        run, test = self._test()
        found = {"install": install} | ({"test": test} if test else {})
        if run is not None and test is not None and (one := one_test(run)):
            found["test_one"] = ProjectCommand(one, f"package.json: scripts.{run.command.script or 'test'}")
        for kind, names in (("lint", ("lint",)), ("format", ("format", "fmt")), ("build", ("build",))):
            name = next((name for name in names if text(self.scripts.get(name))), "")
            if name:
                found[kind] = ProjectCommand(self.manager.run(name), f"package.json: scripts.{name}", text(self.scripts[name]))
        return run, found

    def _test(self) -> tuple[Run | None, ProjectCommand | None]:
        script = text(self.scripts.get("test"))
        if not script or PLACEHOLDER in script:
            return self._test_of_members()
        commands = [command for name in HOOKED[1:] + HOOKED[:1] for command in commands_of(self.scripts, name)]
        run = run_of(commands, self.files, self.packages)
        self.tests_members = bool(self.members) and reaches_all(commands)
        if run is None and (delegates(commands) or self.members_said):
            run = self._run_of_members()
        if run is not None:
            self.evidence["runner"] = f"package.json: scripts.{run.command.script or 'test'}"
        said = "package.json: scripts.test"
        line = self._without_watch()
        if line is None:
            return run, ProjectCommand(self.manager.run("test"), said, script)
        return run, ProjectCommand(_argv(line), f"{said}, without waiting for changes", script)

    def _test_of_members(self) -> tuple[Run | None, ProjectCommand | None]:
        run = self._run_of_members() if self.members else None
        if run is None:
            self.evidence["test"] = NO_SCRIPT
            return None, None
        self.evidence["runner"] = "package.json of the members"
        self.tests_members = True
        return run, ProjectCommand(self.manager.test_members, f"{self.members_said} (members have test scripts)")

    def _run_of_members(self) -> Run | None:
        """That of the members' test scripts where all of them that have one have the same, else "" as the runner; None where no
        member has one. Their words are left out: their paths are not those of this package."""
        runs: list[Run | None] = []
        root = self.files.from_root("")
        for member in self.members:
            inside = self.files.below(member[len(root) :])
            package = json_object(inside, "package.json")
            script = text(table(package.get("scripts")).get("test"))
            if script and PLACEHOLDER not in script:
                commands = commands_of(table(package.get("scripts")), "test")
                runs.append(run_of(commands, inside, node_packages.packages_of(package) | self.packages))
        if not runs:
            return None
        names = {run.runner if run else "" for run in runs}
        return Run(names.pop() if len(names) == 1 else "", ScriptCommand("test", ()))

    def _without_watch(self) -> str | None:
        """The line of the test script and its hooks without what would wait for changes; None where nothing would."""
        lines = [(name, self._ending(name, ())) for name in HOOKED]
        if all(line is None for _, line in lines):
            return None
        return " && ".join(line or text(self.scripts.get(name)) for name, line in lines if line or text(self.scripts.get(name)))

    def _ending(self, name: str, open_: tuple[str, ...]) -> str | None:
        script = self.scripts.get(name)
        self.left -= 1
        if not isinstance(script, str) or len(script) > MAX_SCRIPT or name in open_ or self.left < 0:
            return None
        cuts: list[tuple[int, int, str]] = []
        for command in simple_commands(script, name):
            called = called_scripts(command.argv, self.scripts)
            inner = [self._ending(other, (*open_, name)) for other in called]
            if any(inner):
                line = " && ".join(one or str(self.scripts[other]) for other, one in zip(called, inner, strict=True))
                whole = line if _SHELL.isdisjoint(line) else f"({line})"
                cuts.append((command.words[0].start, command.words[-1].end, whole))
            elif not called and (run := run_of([command], self.files, self.packages)) is not None:
                cuts += [(word.start, word.end, "") for word in watch_words(run)]
                if more := missing_words(run):
                    cuts.append((command.words[-1].end, command.words[-1].end, f" {more}"))
        if not cuts:
            return None
        for start, end, instead in reversed(cuts):
            script = script[:start] + instead + script[end:]
        return " ".join(script.split())


def _argv(line: str) -> tuple[str, ...]:
    """npx puts the packages' programs on the PATH, and ``-c`` gives the line to a shell, as a script is given."""
    words = tuple(line.split())
    plain = _SHELL.isdisjoint(line) and "=" not in words[0]
    return ("npx", "--no-install", *words) if plain else ("npx", "--no-install", "-c", line)

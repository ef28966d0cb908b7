"""The generated tables of what a project is checked by: stacks, ecosystems, guardrails and test runners."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tables import table

if TYPE_CHECKING:
    from agent.stacks import Stack

ROOT = Path(__file__).resolve().parent.parent
NO_INSTALL_STEP = "there is no install step: commands find what the repository and this machine have"
MANAGED = {"uv": "python", "npm": "node", "composer": "php", "nuget": "dotnet"}
"""Package manager of a stack → ecosystem."""
COMMANDS = {
    "node": ("node", "--test"), "go": ("go", "test", "./..."), "cargo": ("cargo", "test"),
    "nextest": ("cargo", "nextest", "run"), "unittest": ("python", "-m", "unittest"),
    "django": ("python", "manage.py", "test"), "maven": ("mvn", "test"), "gradle": ("gradle", "test"),
    "dotnet": ("dotnet", "test"), "phpunit": ("vendor/bin/phpunit",), "pest": ("vendor/bin/pest",),
}  # fmt: skip
"""The usual command of runners that are not started by their name alone."""
TESTS = {"go": ("a_test.go::TestA",), "maven": ("shop.ATest.adds",), "gradle": ("shop.ATest.adds",)}
"""A name of a test as the runner's reports have it, where it does not begin with a file of Python or JavaScript."""


class Rule(NamedTuple):
    """One kind of finding of the guardrails."""

    code: str
    level: str
    message: str


def stacks() -> str:
    from agent.stacks import catalogue

    rows = (
        (
            f"`{one.id}`", one.title, one.language, one.package_manager,
            " or ".join(f"`{_shown(argv)}`" for argv in one.tests), _formatters(one), _tested(one),
        )
        for one in catalogue()
    )  # fmt: skip
    return table(("Id", "Stack", "Language", "Packages by", "Tests", "Formatters", "Where a new project is tested"), rows)


def _shown(argv: Sequence[str]) -> str:
    return argv[2].removeprefix("exec ") if tuple(argv[:2]) == ("sh", "-c") else " ".join(argv)


def _formatters(stack: Stack) -> str:
    said = []
    for tool in stack.format:
        instead = f" (instead of {tool.stands_in_for} where that is absent)" if tool.stands_in_for else ""
        said.append(f"{tool.name}{instead}{' (where the project has it)' if tool.optional else ''}")
    return ", ".join(said) or "none"


def _tested(stack: Stack) -> str:
    """By the install step of its packages, or by the programs that check its files."""
    from agent.sandbox.part_env import NOT_FETCHED
    from agent.sandbox.programs import SCRIPTS

    ecosystem = MANAGED.get(stack.package_manager, "")
    if ecosystem == "python":
        return "everywhere: uv and Python come with the server"
    if ecosystem == "node":
        return "where Node.js and npm are installed"
    if ecosystem == "php":
        return "where composer and PHP are installed"
    if ecosystem in NOT_FETCHED:
        return f"nowhere yet: {NOT_FETCHED[ecosystem][1]}"
    words = {word for argv in stack.tests for word in _shown(argv).split()}
    brought = sorted(words & set(SCRIPTS))
    programs = " or ".join(dict.fromkeys(argv[0] for argv in stack.tests if argv[0] != "sh"))
    return f"everywhere: {', '.join(brought)} comes with the server" if brought else f"where {programs} is installed"


def ecosystems() -> str:
    """In the order in which a directory is read."""
    from agent.checks.coverage import TOOLS
    from agent.projects.ecosystems import ECOSYSTEMS

    rows = []
    for reader in ECOSYSTEMS:
        module = inspect.getmodule(reader)
        assert module is not None
        name = module.__name__.removeprefix("agent.projects.").partition(".")[0]
        rows.append((f"`{name}`", SOURCES[name], _packages(name), "yes" if name in TOOLS else "no"))
    return table(("Ecosystem", "Read from", "Its packages", "Coverage"), iter(rows))


SOURCES = {
    "python": "pyproject.toml, setup.py, setup.cfg, Pipfile, requirements files, manage.py, tox, nox, or mostly `.py` files",
    "node": "package.json",
    "go": "go.mod, go.work",
    "rust": "Cargo.toml",
    "java": "pom.xml, build.gradle, settings.gradle (Kotlin scripts too)",
    "php": "composer.json, or a configuration of PHPUnit",
    "ruby": "Gemfile, gems.rb, `*.gemspec`",
    "dotnet": "`*.sln`, `*.slnx`, `*.csproj`, `*.fsproj`, `*.vbproj`",
    "native": "CMakeLists.txt, meson.build, configure, or a Makefile beside C or C++",
    "static": "index.html, with no manifest and no program around it",
}
"""By the name of the reader's module; a reader without an entry has no row to stand in."""


def _packages(name: str) -> str:
    from agent.sandbox.part_env import NOT_FETCHED

    if name == "java":
        return f"Maven: what the poms name, none of their plugins runs; Gradle: not fetched, {NOT_FETCHED[name][1]}"
    if name in NOT_FETCHED:
        return f"not fetched: {NOT_FETCHED[name][1]}"
    fetched = {
        "python": "installed by uv, wheels only; then the project itself is built without a network",
        "node": "installed by npm, pnpm or yarn, from what the manifests and the lock file name",
        "go": "modules that go.mod names, from the module proxy",
        "php": "packages that composer.lock or composer.json names, by Composer, without scripts and plugins",
        "rust": "crates that Cargo.lock or Cargo.toml names, from crates.io",
    }
    return fetched.get(name, NO_INSTALL_STEP)


def findings() -> str:
    """Every code that the checks of an answer can give, with the beginning of its message."""
    from agent.guardrails.check import WARNINGS

    warnings = {rule.__name__ for rule in WARNINGS}
    found: dict[str, Rule] = {}
    for path in (*sorted((ROOT / "agent/guardrails").glob("*.py")), ROOT / "agent/stages/apply.py"):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                level = "warning" if function.name in warnings else "error"
                for rule in _rules(function, level):
                    found.setdefault(rule.code, rule)
    return table(
        ("Code", "Level", "What is said"), ((f"`{one.code}`", one.level, one.message) for _, one in sorted(found.items()))
    )


def _rules(function: ast.FunctionDef | ast.AsyncFunctionDef, level: str) -> Iterator[Rule]:
    inside = list(ast.walk(function))
    said = [(node.lineno, node.targets[0], node.value) for node in inside if isinstance(node, ast.Assign)]
    for call in inside:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "GuardrailFinding"):
            continue
        code, message = call.args[:2]
        if isinstance(message, ast.Name):  # what the variable was last set to above
            name = message.id
            values = {
                line: value for line, to, value in said if isinstance(to, ast.Name) and to.id == name and line < call.lineno
            }
            message = values[max(values)]
        if isinstance(code, ast.Constant):
            yield Rule(str(code.value), level, _template(message))


def _template(message: ast.expr) -> str:
    """Its words, with … for what only a case can say."""
    if isinstance(message, ast.BinOp):
        return _template(message.left)
    if isinstance(message, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in message.values)
    return str(message.value) if isinstance(message, ast.Constant) else "the reason that the reader of edits gives"


def runners() -> str:
    from agent.checks.reports.closing_lines import READERS

    names = sorted({*READERS, "pytest", "unittest", "django"})
    head = ("Runner", "Asked for a report by", "Report", "Single tests are run again")
    return table(head, (_runner(name) for name in names))


def _runner(name: str) -> tuple[str, str, str, str]:
    from agent.checks.reports import how_to_report, rerun

    argv = COMMANDS.get(name, (name,))
    asked = how_to_report(name, argv)
    added = [word for word in asked.argv if word.startswith("-") and word not in argv]
    by = [*(key for key in asked.environment if key != "MGX_REPORTS"), *added]
    if asked.argv[:1] == ("sh",):
        by = ["go test -json"]
    again = rerun(name, argv, TESTS.get(name, ("tests/test_a.py::test_a", "tests/a.test.js > a")))
    report = ", ".join(f"`{glob}`" for glob in asked.globs) or "its output"
    return f"`{name}`", ", ".join(f"`{word}`" for word in by) or "-", report, "yes" if again else "no"

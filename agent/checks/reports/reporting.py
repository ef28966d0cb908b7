"""How each runner is asked for a report that a machine can read, without changing which tests it runs.

What can be asked by the environment is, so that it reaches a runner behind `npm test`, `make` or a shell. Options are added
only to the runner's own command. Two things are changed on purpose: a run does not stop at the first failure or at a module
that can't be loaded, because what would not be run then could not be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from agent.checks.reports.commands import is_direct
from agent.checks.reports.model import Reporting
from agent.patterns import linear

DIRECTORY = "/reports"
TOOLS = "/tools"
SCRIPTS = ("npm", "pnpm", "yarn", "make", "sh", "bash", "just", "task", "npx")

PYTEST = (
    f"-p no:cacheprovider --junitxml={DIRECTORY}/pytest.xml -o junit_family=xunit1 -o junit_logging=no"
    " --continue-on-collection-errors --maxfail=0"
)
"""Of `PYTEST_ADDOPTS`, whose words stand after the project's own `addopts` and before those of the command line. `xunit1` names
the file of a test; `xunit2` does not."""
NODE_PRELOAD = f"--require={TOOLS}/node-reports.cjs"
"""vitest, jest and mocha."""
NODE_REPORTER = (
    "--test-reporter=spec --test-reporter-destination=stdout"
    f" --test-reporter={TOOLS}/node-reporter.mjs --test-reporter-destination=stderr"
)
_STOPS = linear(r"^(?:-[a-zA-Z]*x[a-zA-Z]*|--exitfirst|--maxfail(?:=.*)?)$")
_REFUSED = linear(
    r"is not allowed in NODE_OPTIONS|node: bad option|must match the number of specified '--test-reporter-destination'"
    r"|(?:unrecognized arguments|no such option|[Uu]nknown option|Unknown argument|Unrecognized option)[^\n]*"
    r"(?:--junitxml|--junit_family|--continue-on-collection-errors|--log-junit|--output-junit|/reports/|--outputFile|cacheprovider)"
    r"|Cannot find module '/tools/|ERR_MODULE_NOT_FOUND[^\n]*/tools/|/tools/node-report|unknown flag: --no-fail-fast"
)


def how_to_report(runner: str, argv: Sequence[str]) -> Reporting:
    """For a command of ``runner`` (a part's, "" where it is not known)."""
    command = tuple(argv)
    asked = _ASKED.get(runner)
    if asked is not None:
        return asked(command)
    if command[:1] and command[0].rpartition("/")[2] in SCRIPTS:
        return Reporting(command, {**_pytest(command).environment, **_node(command).environment}, (f"{DIRECTORY}/*",))
    return Reporting(command)


def refused(output: str, exit_code: int) -> bool:
    """Whether a runner did not start because of what was added: then the project's own command is run as it is."""
    return exit_code != 0 and _REFUSED.search(output[-100_000:]) is not None


def _pytest(argv: tuple[str, ...]) -> Reporting:
    stops = is_direct("pytest", argv) and any(_STOPS.match(word) for word in argv[1:])
    return Reporting((*argv, "--maxfail=0") if stops else argv, {"PYTEST_ADDOPTS": PYTEST}, (f"{DIRECTORY}/pytest.xml",))


def _node(argv: tuple[str, ...]) -> Reporting:
    environment = {"MGX_REPORTS": DIRECTORY, "NODE_OPTIONS": f"{NODE_PRELOAD} {NODE_REPORTER}"}
    return Reporting(argv, environment, (f"{DIRECTORY}/*.json", f"{DIRECTORY}/*.ndjson"))


def _preloaded(argv: tuple[str, ...]) -> Reporting:
    return Reporting(argv, {"MGX_REPORTS": DIRECTORY, "NODE_OPTIONS": NODE_PRELOAD}, (f"{DIRECTORY}/*.json",))


def _javascript(runner: str) -> Callable[[tuple[str, ...]], Reporting]:
    """A script may start `node --test` beside the other runner."""
    return lambda argv: _preloaded(argv) if is_direct(runner, argv) else _node(argv)


def _option(runner: str, after: int, *options: str, globs: tuple[str, ...] = ()) -> Callable[[tuple[str, ...]], Reporting]:
    """Adds ``options`` to the runner's own command: behind its word number ``after``, or at its end for -1."""

    def asked(argv: tuple[str, ...]) -> Reporting:
        if not is_direct(runner, argv) or any(word.partition("=")[0] in _names(options) for word in argv):
            return Reporting(argv, {}, tuple(glob for glob in globs if not glob.startswith(DIRECTORY)))
        at = len(argv) if after < 0 else after
        return Reporting((*argv[:at], *options, *argv[at:]), {}, globs)

    return asked


def _names(options: Sequence[str]) -> set[str]:
    return {word.partition("=")[0] for word in options if word.startswith("-")}


def _go(argv: tuple[str, ...]) -> Reporting:
    """The events are too long for the end of an output, so they go to a file; `go vet` and the compiler write beside it."""
    if argv[:2] != ("go", "test") or "-json" in argv:
        return Reporting(argv)
    script = f'exec go test -json "$@" >{DIRECTORY}/go.ndjson'
    return Reporting(("sh", "-c", script, "go", *argv[2:]), {}, (f"{DIRECTORY}/go.ndjson",))


def _rspec(argv: tuple[str, ...]) -> Reporting:
    options = f"--format progress --format json --out {DIRECTORY}/rspec.json"
    return Reporting(argv, {"SPEC_OPTS": options}, (f"{DIRECTORY}/rspec.json",))


_JUNIT = ("--log-junit", f"{DIRECTORY}/phpunit.xml")
_ASKED: Mapping[str, Callable[[tuple[str, ...]], Reporting]] = MappingProxyType(
    {
        "pytest": _pytest,
        "node": _node,
        "vitest": _javascript("vitest"),
        "jest": _javascript("jest"),
        "mocha": _javascript("mocha"),
        "go": _go,
        "cargo": _option("cargo", 2, "--no-fail-fast"),
        "phpunit": _option("phpunit", -1, *_JUNIT, globs=(f"{DIRECTORY}/phpunit.xml",)),
        "pest": _option("pest", -1, "--log-junit", f"{DIRECTORY}/pest.xml", globs=(f"{DIRECTORY}/pest.xml",)),
        "rspec": _rspec,
        "dotnet": _option(
            "dotnet", -1, "--logger", "trx", "--results-directory", f"{DIRECTORY}/dotnet", globs=(f"{DIRECTORY}/dotnet/*.trx",)
        ),
        "maven": _option("maven", -1, "-fae", globs=("**/surefire-reports/*.xml", "**/failsafe-reports/*.xml")),
        "gradle": _option("gradle", -1, "--continue", globs=("**/build/test-results/**/*.xml",)),
        "ctest": _option("ctest", -1, "--output-junit", f"{DIRECTORY}/ctest.xml", globs=(f"{DIRECTORY}/ctest.xml",)),
    }
)

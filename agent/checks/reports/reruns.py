"""The command that runs single tests again, or single files of tests, from a suite's own command: its options stay, and what it
says about where to look goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from agent.checks.reports.commands import is_direct, program
from agent.checks.reports.model import MAX_NAME, without_number
from agent.patterns import escape, linear

MAX_NAMES = 200
MAX_CHARACTERS = 20_000
"""Of the names in one command; execve(2) takes 128 KiB for one argument."""
PREFIX = 2
"""Words of `node --test`, `go test` and the like."""

_VALUED = frozenset((
    "-k", "-m", "-n", "-c", "-p", "-o", "-W", "-r", "-R", "-g", "-f", "-t", "-j", "-s", "--config", "--cov", "--cov-report",
    "--dist",    "--durations", "--ignore", "--import", "--import-mode", "--junitxml", "--maxfail", "--numprocesses",
    "--project", "--reporter",
    "--require", "--root", "--rootDir", "--rootdir", "--settings", "--tb", "--timeout", "--test-reporter", "--ui", "--env",
    "--test-reporter-destination", "--loader", "--pattern", "--start-directory", "--top-level-directory", "--dir", "-C",
    "--configuration",
))  # fmt: skip
"""Options whose value is a word of its own, which does not say where to look."""


def rerun(runner: str, argv: Sequence[str], names: Sequence[str]) -> tuple[str, ...] | None:
    """``names`` are tests as reports name them, or paths of test files; ``argv`` is the suite's command. None where the runner
    can't run single tests, where its command is a script that takes no names, or where the names are too many."""
    wanted = list(dict.fromkeys(without_number(name) for name in names))
    make = _COMMANDS.get(runner)
    if make is None or not argv or not wanted or len(wanted) > MAX_NAMES or sum(map(len, wanted)) > MAX_CHARACTERS:
        return None
    return make(tuple(argv), wanted) if all(can_be_named(runner, name) for name in wanted) else None


def can_be_named(runner: str, name: str) -> bool:
    """Whether ``name`` means one test where it is an argument: not a shortened one, none that is read as an option, a file
    of arguments or a second condition, and nothing that can't be printed. Tests choose their names, and may choose these."""
    if len(name) >= MAX_NAME or not name.isprintable() or not name.strip():
        return False
    if name.startswith("@") and runner in ("pytest", "gradle", "dotnet", "maven"):
        return False
    owner, _, test = name.partition(" > ")
    if owner.startswith("-") or (runner in ("cargo", "maven", "gradle", "rspec", "ctest") and test.startswith("-")):
        return False
    return not (runner in _CONDITIONS and any(sign in name.partition("(")[0] for sign in _CONDITIONS[runner]))


def distinct(names: Iterable[str]) -> int:
    """How many tests ``names`` are at least: what follows a parameter's bracket or is a subtest counts beside its test."""
    found = set()
    for name in map(without_number, names):
        owner, mark, test = name.rpartition(" > ")
        own = test.partition("/")[0] if mark else test
        for sign in ("[", "(", " with data set"):
            own = own.partition(sign)[0].rstrip() or own
        found.add((owner, own))
    return len(found)


def _pytest(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    tests = dict.fromkeys(_node_id(name) for name in names)
    if not is_direct("pytest", argv):
        return None
    start = 3 if argv[1:3] == ("-m", "pytest") else argv.index("pytest") + 1 if "pytest" in argv else 1
    return (*argv[:start], *_options(argv[start:]), *tests)


def _node_id(name: str) -> str:
    """Without what describes a subtest or the tear-down; a parameter stands in brackets that follow the test at once, and may
    hold brackets itself."""
    depth = 0
    for at, char in enumerate(name if "::" in name else ""):
        if char == " " and depth <= 0 and _DESCRIBED.fullmatch(name[at:]):
            return name[:at]
        depth += (char == "[") - (char == "]")
    return name


def _unittest(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    if not is_direct("unittest", argv):
        return None
    at = argv.index("unittest") + 1
    if "discover" in argv[at:] or "-s" in argv[at:]:  # names begin below its start directory: they are searched for by part
        found = [f"*{name[:-3].rpartition('/')[2]}.*" if name.endswith(".py") else name for name in names]
        return (*argv, *(word for name in _dotted(found) for word in ("-k", name)))
    kept = [word for word in argv[at:] if word in ("-v", "-q", "-b", "--verbose", "--quiet", "--buffer", "--locals")]
    return (*argv[:at], *kept, *_dotted(names))


def _django(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    if not is_direct("django", argv) or "test" not in argv:
        return None
    at = argv.index("test") + 1
    return (*argv[:at], *_options(argv[at:]), *_dotted(names))


def _dotted(names: Iterable[str]) -> list[str]:
    """``tests/test_sums.py`` → ``tests.test_sums``; a class or module whose fixture failed is run as a whole."""
    found = []
    for name in names:
        test = name.partition(" (")[0].partition(" [")[0]
        if test.endswith(".py"):
            test = test[:-3].replace("/", ".")
        for fixture in (".setUpClass", ".tearDownClass", ".setUpModule", ".tearDownModule"):
            test = test.removesuffix(fixture)
        found.append(test)
    return list(dict.fromkeys(found))


def _by_title(title_option: str) -> Callable[[tuple[str, ...], list[str]], tuple[str, ...] | None]:
    """vitest, jest and mocha: the files, and one pattern for all titles."""

    def make(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
        files, titles = _split(names)
        if not files:
            return None
        words = _script_words(argv)
        if words is None:
            return None
        options = (title_option, f"({'|'.join(titles)})$") if titles else ()
        return (*words, *options, *files)

    return make


def _node(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    files, _ = _split(names)
    if not files or program(argv[0]) != "node" or "--test" not in argv:
        return None
    titles = [name.split(" > ")[-1] for name in names if " > " in name]
    patterns = [f"--test-name-pattern=^{_pattern(title)}$" for title in dict.fromkeys(titles)]
    # a suite or a parent has to match too, or nothing in it is run: whole files are run again where tests are nested
    nested = any(name.count(" > ") > 1 for name in names) or len(titles) < len(names)
    return (*(word for word in argv if word.startswith("-") or word == argv[0]), *([] if nested else patterns), *files)


def _split(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Files, and patterns of titles, which these runners join by a space (a title may hold our separator). No patterns where a
    whole file is wanted."""
    files: dict[str, None] = {}
    titles: dict[str, None] = {}
    whole = False
    for name in names:
        file, *parts = name.split(" > ")
        if not PurePosixPath(file).suffix:
            return [], []
        files[file] = None
        whole = whole or not parts
        titles["(?: > | )".join(map(_pattern, parts))] = None
    return list(files), [] if whole else list(titles)


def _script_words(argv: tuple[str, ...]) -> tuple[str, ...] | None:
    """The command to which names can be added: a runner's own, or a package script, behind ``--``."""
    name = program(argv[0])
    if name in ("npm", "pnpm", "yarn") and argv[1:2] in (("test",), ("run",), ("t",)):
        # pnpm (since 7) and Yarn hand everything on, a "--" too
        return argv if "--" in argv or name != "npm" else (*argv, "--")
    if name in ("sh", "bash", "make", "just"):
        return None
    start = 2 if argv[1:2] in (("run",), ("watch",), ("dev",)) else 2 if name == "node" else 1
    kept = tuple("run" if word in ("watch", "dev") else word for word in argv[:start])
    return (*kept, *_options(argv[start:]))


def _go(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    """``package > Test/sub``. One pattern for all, in the packages that they are in."""
    if argv[:PREFIX] != ("go", "test"):
        return None
    packages: dict[str, None] = {}
    tests: dict[str, None] = {}
    for name in names:
        package, _, test = name.partition(" > ")
        if package.endswith("_test.go"):
            packages[f"./{PurePosixPath(package).parent}"] = None
        else:
            packages[package] = None
        if test:
            tests[test.partition("/")[0]] = None
    pattern = ("-run", f"^({'|'.join(map(_pattern, tests))})$") if tests else ()
    return ("go", "test", *_options(argv[PREFIX:]), *pattern, *packages)


def _cargo(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    """libtest takes several filters since Rust 1.60; ``--exact`` compares the whole path of a test."""
    if argv[:PREFIX] != ("cargo", "test"):
        return None
    tests = [name.partition(" > ")[2] or name for name in names]
    if any(" " in test or test.endswith(".rs") for test in tests):
        return None
    before = argv[PREFIX : argv.index("--")] if "--" in argv else argv[PREFIX:]
    return ("cargo", "test", *(word for word in before if word.startswith("-")), "--", "--exact", *tests)


def _phpunit(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    name = program(argv[0])
    if name not in ("phpunit", "pest", "php", "paratest"):
        return None
    files = [test for test in names if test.endswith(".php")]
    if files:
        return (*_options(argv), *files) if len(files) == len(names) else None
    wanted = "|".join(_pattern(test.replace(" > ", "::")) for test in names)
    return (*argv, "--filter", f"/({wanted})( with data set .*)?$/")


def _rspec(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    if not is_direct("rspec", argv):
        return None
    at = argv.index("rspec") + 1 if "rspec" in argv else 1
    titles = [("--example", name.partition(" > ")[2]) for name in names if " > " in name]
    files = dict.fromkeys(name.partition(" > ")[0].removeprefix("./") for name in names)
    return (*argv[:at], *_options(argv[at:]), *(word for pair in titles for word in pair), *files)


def _dotnet(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    if argv[:PREFIX] != ("dotnet", "test") or any(name.endswith(".cs") for name in names):
        return None
    wanted = "|".join(f"FullyQualifiedName={name.partition('(')[0]}" for name in names)
    return (*argv, "--filter", wanted)


def _maven(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    if not is_direct("maven", argv):
        return None
    return (
        *argv,
        f"-Dtest={','.join(_java(name, '#') for name in names)}",
        "-DfailIfNoTests=false",
        "-Dsurefire.failIfNoSpecifiedTests=false",
    )


def _gradle(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    if not is_direct("gradle", argv) or "test" not in argv:
        return None
    return (*argv, *(word for name in names for word in ("--tests", _java(name, "."))))


def _java(name: str, separator: str) -> str:
    owner, _, test = name.partition(" > ")
    if owner.endswith((".java", ".kt")):
        return PurePosixPath(owner).stem
    return f"{owner}{separator}{test.partition('(')[0].partition('[')[0]}" if test else owner


def _ctest(argv: tuple[str, ...], names: list[str]) -> tuple[str, ...] | None:
    return (*argv, "-R", f"^({'|'.join(map(_pattern, names))})$") if is_direct("ctest", argv) else None


def _options(words: Sequence[str]) -> list[str]:
    """The options of ``words`` with their values; other words say where to look."""
    kept: list[str] = []
    for word in words:
        if word.startswith("-") or (kept and kept[-1] in _VALUED):
            kept.append(word)
    return [word for word in kept if word != "--"]


def _pattern(text: str) -> str:
    """``text`` in a regular expression of JavaScript, Go or PCRE."""
    return _UNNEEDED.sub(r"\1", escape(text))


_DESCRIBED = linear(r"(?: \[.*\])?(?: \(.*\))*")

_CONDITIONS: Mapping[str, str] = MappingProxyType({"dotnet": "|&!~=", "maven": ",!%*?"})
"""Signs by which a filter of these runners would mean more than one test."""
_UNNEEDED = linear(r"\\([^\w\s^$.*+?()\[\]{}|\\/-]|[ ])")
"""Escapes that JavaScript's `u` flag refuses."""

_COMMANDS: Mapping[str, Callable[[tuple[str, ...], list[str]], tuple[str, ...] | None]] = MappingProxyType(
    {
        "pytest": _pytest, "unittest": _unittest, "django": _django, "vitest": _by_title("-t"), "jest": _by_title("-t"),
        "mocha": _by_title("--grep"), "node": _node, "go": _go, "cargo": _cargo, "phpunit": _phpunit, "pest": _phpunit,
        "rspec": _rspec, "dotnet": _dotnet, "maven": _maven, "gradle": _gradle, "ctest": _ctest,
    }
)  # fmt: skip

"""Which commands run no tests, or a part of them only: a page or a CI job shows those too, and they prove less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

ALWAYS = ("-k", "-m")
"""Options of pytest and unittest that choose by an expression, each with a word that follows."""
STOPPING = ("-x", "--exitfirst", "--maxfail")
"""Leave out what comes after a failure; the suite is run without that, so they only rank a command behind its equals."""
MODULES = ("pytest", "unittest", "django", "coverage")
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "pytest": ("--deselect", "--lf", "--ff", "--sw"),
    "django": ("--tag", "--exclude-tag", "-k"),
    "vitest": ("-t", "--testNamePattern", "--changed", "--shard", "--project"),
    "jest": (
        "-t", "--testNamePattern", "--testPathPattern", "--testPathPatterns", "--changedSince", "-o", "--onlyChanged",
        "--shard", "--findRelatedTests", "--selectProjects",
    ),
    "mocha": ("-g", "--grep", "-f", "--fgrep"),
    "node": ("--test-name-pattern", "--test-only", "--test-shard", "--test-skip-pattern"),
    "go": ("-run", "-skip", "--run", "--skip"),
    "cargo": (
        "--doc", "--lib", "--bins", "--bin", "--examples", "--example", "--tests", "--test", "--benches", "--bench", "-p",
        "--package", "--exclude", "--skip", "--ignored",
    ),
    "nextest": ("--lib", "--bins", "--bin", "--test", "-p", "--package", "--exclude", "-E", "--filter-expr", "--partition"),
    "maven": ("-Dtest", "-Dit.test", "-Dgroups", "-DexcludedGroups", "-pl", "--projects", "-rf", "--resume-from"),
    "gradle": ("--tests", "-x", "--exclude-task"),
    "phpunit": ("--filter", "--group", "--exclude-group", "--testsuite", "--exclude-testsuite", "--exclude-filter"),
    "pest": ("--filter", "--group", "--exclude-group", "--testsuite", "--dirty", "--shard"),
    "rspec": ("-e", "--example", "-t", "--tag", "-P", "--pattern", "--only-failures", "--next-failure"),
    "minitest": ("-n", "--name", "-i", "--include"),
    "dotnet": ("--filter",),
    "ctest": ("-R", "--tests-regex", "-E", "--exclude-regex", "-L", "--label-regex", "-LE", "--label-exclude", "-I"),
}  # fmt: skip
"""By runner: options that choose among the tests."""
_ASSIGNED = ("TEST", "TESTOPTS", "SPEC")
"""Of rake (Rake::TestTask): words with a sign of equality that choose."""
_SKIPPING = ("-DskipTests", "-Dmaven.test.skip", "-DskipUnitTests", "-Dsurefire.skip")
_VALUED = (
    frozenset(("--features", "-F", "--target", "--profile", "--jobs", "-j", "--manifest-path", "--color", "--target-dir"))
    | {"--test-threads"}
    | set(_OPTIONS["cargo"])
)
"""Options of Cargo whose next word is not the name of a test."""


def skips_tests(words: Sequence[str]) -> bool:
    """Whether a build runs none of its tests: ``mvn verify -DskipTests``, ``gradle check -x test``."""
    pairs = [word.partition("=") for word in words]
    if any(name in _SKIPPING and value.lower() != "false" for name, _, value in pairs):
        return True
    if not words or words[0] not in ("gradle", "gradlew"):
        return False
    left_out = (task for option, task in pairwise(words) if option in ("-x", "--exclude-task"))
    return any(task.rpartition(":")[2] in ("test", "check") for task in left_out)


def chosen(runner: str, argv: Sequence[str], targets: Sequence[str] = ()) -> int:
    """In how many ways ``argv`` chooses among the tests of its project; 0 where it runs all that the project means to run.

    ``-m "not slow"`` is how a project runs all that it means to, and ``-m`` before a module is Python's. A directory is the
    place where the tests are; of Go, where a package is one of many, anything but ``...`` chooses.
    """
    following = [*argv[1:], ""]
    found = 0
    for word, after in zip(argv, following, strict=True):
        name, equals, _ = word.partition("=")
        if name in _OPTIONS.get(runner, ()) and not (name == "--skip" and not after):
            found += 1
        elif name in ALWAYS and runner in ("pytest", "unittest", "") and not equals:
            found += not after.startswith("not ") and after not in MODULES
        elif runner == "minitest" and equals and name in _ASSIGNED:
            found += 1
    if runner == "go":
        plain = argv[0] == "gotestsum" and not targets
        found += not plain and not any(word.rstrip("/").endswith("...") for word in argv)
    elif runner in ("cargo", "nextest"):
        found += _has_filter(argv)
    elif runner in ("pytest", "unittest", "django"):
        found += any("::" in target for target in targets)
    return found


def stops_early(argv: Sequence[str]) -> bool:
    return any(word.partition("=")[0] in STOPPING for word in argv)


def _has_filter(argv: Sequence[str]) -> bool:
    """``cargo test NAME``, also behind ``--``."""
    start = next((at for at, word in enumerate(argv) if word in ("test", "run")), 0) + 1
    return any(not word.startswith(("-", "+")) and before not in _VALUED for before, word in pairwise(["", *argv[start:]]))

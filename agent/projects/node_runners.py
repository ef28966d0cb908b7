"""Who runs the tests of a package: by the words of its test script, its dependencies, and what the named files import."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.node_scripts import ScriptCommand, Word, program_of

PROGRAMS = {
    "vitest": "vitest", "jest": "jest", "mocha": "mocha", "_mocha": "mocha", "ts-mocha": "mocha", "electron-mocha": "mocha",
    "ava": "ava", "tap": "tap", "tape": "tape", "uvu": "uvu", "jasmine": "jasmine", "jasmine-ts": "jasmine",
    "karma": "karma", "qunit": "qunit", "lab": "lab", "wtr": "web-test-runner", "web-test-runner": "web-test-runner",
    "borp": "node", "playwright": "playwright", "cypress": "cypress", "japa": "japa", "tsdx": "jest",
}  # fmt: skip
"""By the name of the program in ``node_modules/.bin``."""
JEST_BEHIND = frozenset(("react-scripts", "craco", "react-app-rewired", "kcd-scripts", "tsdx", "wp-scripts"))
"""Programs whose ``test`` is jest."""
LIBRARIES = ("node:test", "tape", "tap", "uvu", "zora", "mocha")
"""What a file that is run by plain ``node`` may import to be a test."""
NODES = frozenset(("node", "tsx", "ts-node", "tsimp"))
WRAPPERS = NODES | {
    "c8", "nyc", "istanbul", "dotenv", "dotenvx", "env-cmd", "xvfb-run", "timeout", "nice", "stdbuf", "esm", "run",
    "pnpm", "yarn",
}  # fmt: skip
"""Programs that start another one, which is then looked for among their words: pnpm and yarn also start a package's program."""
_DELEGATES = frozenset(("npm", "pnpm", "yarn", "lerna", "nx", "turbo", "wireit", "rush", "moon", "ultra"))
_NARROWED = frozenset(
    ("-w", "--workspace", "-F", "--filter", "--scope", "--include", "--exclude", "--ignore", "--since", "-p", "--projects",
     "--affected", "-C", "--dir", "--cwd", "--prefix")
)  # fmt: skip
_IMPORTED = linear(r"""(?:\bfrom|\bimport|\brequire\()\s*["']([\w:@/.-]{1,80})["']""")
_VALUED = frozenset((
    "-c", "-r", "-t", "-R", "-g", "-f", "--config", "--require", "--import", "--loader", "--experimental-loader", "--env-file",
    "--reporter", "--timeout", "--project", "--dir", "--root", "--ui", "--extension", "--ext", "--environment", "--grep",
    "--testNamePattern", "--testPathPattern", "--env", "--workspace", "--pool", "--browser", "--conditions", "-C", "--filter",
    "--config-loader", "--test-reporter", "--test-reporter-destination", "--test-concurrency", "--test-timeout", "--maxWorkers",
))  # fmt: skip
"""Options of runners whose value is the next word."""
_SUBCOMMANDS = {"vitest": ("run", "watch", "dev"), "jest": ("test",), "playwright": ("test",)}
_WATCH = frozenset(("--watch", "--watchAll", "-w", "--watch=true", "--watchAll=true", "--watch-files", "--watchman"))
_COVERAGE = linear(
    r"--(?:coverage|collectCoverage|experimental-test-coverage|check-coverage|lines|functions|branches|statements)(?:=.*)?"
)


@dataclass(frozen=True)
class Run:
    """``runner`` is started by ``command``; ``at`` is the place of its program in the words of that command (behind ``c8`` or
    ``node``). ``library`` where plain node runs a file that imports it."""

    runner: str
    command: ScriptCommand
    at: int = 0
    library: bool = False

    @property
    def words(self) -> tuple[Word, ...]:
        return self.command.words[self.at :]


def run_of(commands: Sequence[ScriptCommand], files: ProjectFiles, packages: Collection[str]) -> Run | None:
    """The first command that is known to run tests; None where none is."""
    return next((run for command in commands if (run := _run(command, files, packages)) is not None), None)


def delegates(commands: Sequence[ScriptCommand]) -> bool:
    """Whether the tests are those of other packages: ``pnpm -r test``, ``turbo run test``."""
    return any(command.program in _DELEGATES for command in commands)


def reaches_all(commands: Sequence[ScriptCommand]) -> bool:
    """Whether they run the tests of all members of a workspace: ``pnpm -r test``, and not ``pnpm --filter web test``."""
    return any(
        command.program in _DELEGATES
        and any(word.partition(":")[0] == "test" for word in command.argv[1:])
        and not any(word.partition("=")[0] in _NARROWED for word in command.argv[1:])
        for command in commands
    )


def _run(command: ScriptCommand, files: ProjectFiles, packages: Collection[str]) -> Run | None:
    words = command.argv
    places = range(len(words)) if command.program in WRAPPERS else range(1)
    node = -1
    for at in places:
        word = words[at]
        installed = "node_modules/" in word or "/bin/" in word
        program = _program(word)
        following = words[at + 1 : at + 2]
        if at and (word.startswith("-") or (_is_file(word) and not installed)):
            continue
        start = node if node >= 0 and installed else at
        if program in NODES:
            node = at
            if found := _by_node(words[at + 1 :], files):
                return Run(found[0], command, at, library=found[1])
        elif program in JEST_BEHIND and "test" in words[at:]:
            return Run("jest", command, start)
        elif program == "ng" and "test" in words[at:]:
            return Run(next((name for name in ("vitest", "jest", "karma") if name in packages), "karma"), command, start)
        elif program in ("bun", "deno") and following == ("test",):
            return Run(program, command, start)
        elif program in PROGRAMS:
            return Run(PROGRAMS[program], command, start)
    return None


def _program(word: str) -> str:
    """Its name, or that of the package whose file it is: ``node_modules/uvu/bin.js``."""
    name = program_of(word)
    inside = word.partition("node_modules/")[2].split("/")
    return inside[0] if name not in PROGRAMS and name not in JEST_BEHIND and inside[0] in PROGRAMS else name


def _by_node(words: Sequence[str], files: ProjectFiles) -> tuple[str, bool] | None:
    """``node --test``, or the library of the file that it runs, with whether it is one."""
    if any(word == "--test" or word.startswith("--test=") for word in words):
        return "node", False
    path = next((word for word in words if not word.startswith("-") and _is_file(word) and "node_modules/" not in word), None)
    source = files.read(path.removeprefix("./")) if path else None
    if source is None:
        return None
    imported = {hit[1] for hit in _IMPORTED.finditer(source[:20_000])}
    library = next((name for name in LIBRARIES if name in imported), None)
    return ({"node:test": "node"}.get(library, library), True) if library else None


def _is_file(word: str) -> bool:
    return "." in word.rpartition("/")[2] or "/" in word


def one_test(run: Run) -> tuple[str, ...]:
    """The script's own words without the paths that it names, to which a test file can be appended; () where its runner takes
    none so."""
    words = [word.text for word in run.words]
    if words and run.library:
        return _started(run, words[:1])
    if not words or run.runner not in ("node", "vitest", "jest", "mocha", "ava", "tap", "tape", "jasmine", "playwright"):
        return ()
    program = next((at for at, word in enumerate(words) if "node_modules/" in word or "/bin/" in word), 0)
    kept, rest = words[: program + 1], words[program + 1 :]
    if rest[:1] and rest[0] in _SUBCOMMANDS.get(run.runner, ()):
        kept.append("run" if run.runner == "vitest" else rest[0])
        rest = rest[1:]
    elif run.runner == "vitest":
        kept.append("run")
    value_next = False
    for word in rest:
        if value_next or (word.startswith("-") and word not in _WATCH and not _COVERAGE.fullmatch(word)):
            kept.append(word)
        value_next = word in _VALUED
    if run.runner == "jest" and "--runTestsByPath" not in kept:
        kept.append("--runTestsByPath")
    return _started(run, kept)


def _started(run: Run, words: Sequence[str]) -> tuple[str, ...]:
    """By npx where the program is one of the packages'; node itself is there anyway."""
    started = tuple(words) if words[0] == "node" else ("npx", "--no-install", program_of(words[0]), *words[1:])
    return ("env", *run.command.settings, *started) if run.command.settings else started


def watch_words(run: Run) -> list[Word]:
    """The words that keep the runner waiting for changes although CI is set."""
    found = [word for word in run.words[1:] if word.text in _WATCH and not (word.text == "-w" and run.runner == "jest")]
    if run.runner == "vitest":
        found += [word for word in run.words[1:2] if word.text in ("watch", "dev")]
    return found


def missing_words(run: Run) -> str:
    """What has to be said so that the runner ends: Karma waits for changes unless it is told otherwise."""
    words = [word.text for word in run.words]
    if words[:2] == ["karma", "start"] and not any(word.startswith("--single-run") for word in words):
        return "--single-run"
    if words[:2] == ["ng", "test"] and not any(word.startswith("--watch=") for word in words):
        return "--watch=false"
    return ""

"""Why nothing was counted, or why the count is not the whole story, in a sentence that names the error.

What a project's own files or this machine keep from running proves nothing, so it is `unavailable`: it is not a failing test.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.patterns import linear

NONE = "There are no tests."
ABSENT = " is not available here."
ONLY_SKIPPED = "Every test was skipped."
READ = 200_000
"""Characters at the end of the output that are looked at."""

_NO_TESTS = linear(
    r"(?i)No test files? (?:were )?found|No tests found|Error: no test specified|Couldn[’']t find any files to test"
    r"|no spec files were found|No tests executed!|There are no tests to run|No tests were found!!!|(?m)^NO TESTS RAN$"
    r"|(?m)^(?:#|ℹ) tests 0$"
    r"|(?m)^no tests ran in |(?m)^Ran 0 tests in |go: warning: \"[^\"\n]*\" matched no packages|no packages to test"
    r"|No tests to run\.|No tests were executed|(?m)^> Task :\S*test NO-SOURCE$|(?m)^0 examples, 0 failures"
)
_NO_SCRIPT = linear(
    r"(?i)Missing script: \"?([\w:.-]+)\"?|ERR_PNPM_NO_SCRIPT[^\n:]*: *([\w:.-]+)|error Command \"([\w:.-]+)\" not found"
    r"|Couldn't find a script named \"([\w:.-]+)\"|(?:Script|Command) \"([\w:.-]+)\" (?:is not defined|not found)"
    r"|No rule to make target ['`]([\w:.-]+)'|[Jj]ustfile does not contain recipe [`']([\w:.-]+)'"
)
_NOT_FOUND = linear(
    r"(?m)^(?:/bin/)?(?:sh|bash|dash|zsh): (?:(?:line )?\d+: )?(?:exec: )?([^\s:]+): (?:not found|command not found)"
    r"|^env: [‘'\"]?([^\s:’'\"]+)[’'\"]?: No such file or directory|^make(?:\[\d+\])?: ([^\s:*]+): No such file or directory"
    r"|^command not found: (\S+)|^error: no such command: `([\w-]+)`"
)
_NO_MODULE = linear(r"(?m)^\S*python[\w.]*: No module named '?([\w.]+)|^error: Failed to spawn: `([\w.-]+)`")
_NOT_INSTALLED = linear(r"vendor/autoload\.php'?\)?: [Ff]ailed to open stream|\berror NETSDK1004: ")
"""Of PHP without Composer's files, and of .NET without those of ``dotnet restore``."""
_NO_PATH = linear(r"(?m)^ERROR: ((?:file or directory )?not found: \S[^\n]*)$")
_NO_PLUGIN = linear(r"(?m)is not a docker command|unknown command: docker \w+|^unknown (?:shorthand )?flag: ")
_OPTIONS = linear(r"(?m)^(?:\S+: )?error: (unrecognized arguments|no such option|argument \S+): ?([^\n]*)")
_PLUGIN = linear(r"(?m)Error importing plugin \"([^\"\n]+)\"|^(?:ERROR: )?Missing required plugins: (\S[^\n]*)$")
_USAGE = linear(r"(?m)^(?:ERROR: |pytest: error: |error: )(\S[^\n]*)$")
_NO_VERSION = linear(r"(?m)^(?:ERROR: )?[^\n]*'minversion' requires ([^\n]*)$")
_SERVICES = {
    "5432": "PostgreSQL", "3306": "MySQL", "6379": "Redis", "27017": "MongoDB", "9200": "Elasticsearch", "5672": "RabbitMQ",
    "11211": "memcached", "9092": "Kafka", "1433": "SQL Server",
}  # fmt: skip
_REFUSED = linear(
    r"(?im)^[^\n]{0,300}(?:refused|could not connect|can't connect|couldn't connect|error (?:111|61) connecting|cannot connect"
    r"|failed to connect|no such file or directory|cannot assign requested address)[^\n]{0,300}$"
)
_PORT = linear(r"(?:\bport |:|\.s\.PGSQL\.|['\"(, ])(5432|3306|6379|27017|9200|5672|11211|9092|1433)\b")
_MYSQL = linear(r"(?i)mysqld?\.sock")
_NO_NETWORK = linear(r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)|Failed to resolve '([^'\n]+)'|Could not resolve host: (\S+)")
_ERROR = linear(
    r"(?m)^(?:E +)?\s*((?:[\w.]*[A-Z]\w*)?(?:Error|Exception)\b(?:: [^\n]*| \[\w+\]: [^\n]*))$"
    r"|^(?:npm )?(?:error|ERROR|fatal):? (\S[^\n]*)$"
)
_JAVA = linear(r"(?m)^\[ERROR\] (\S+\.(?:java|kt|scala):\[\d+,\d+\] [^\n]+)$")
_NOISE = linear(
    r"^(?:npm (?:error|ERR!)|\s*at |make(?:\[\d+\])?: \*\*\*|> |\$ |[=\-_*~ ]*$|info Visit|ELIFECYCLE|\s*\^+\s*$|Node\.js v)"
)
_OPTION_PLUGINS = {
    "--cov": "pytest-cov", "-n": "pytest-xdist", "--numprocesses": "pytest-xdist", "--dist": "pytest-xdist",
    "--timeout": "pytest-timeout", "--asyncio-mode": "pytest-asyncio", "--ds": "pytest-django", "--reuse-db": "pytest-django",
    "--benchmark": "pytest-benchmark", "--randomly": "pytest-randomly", "--mypy": "pytest-mypy",
    "--reruns": "pytest-rerunfailures",
    "--html": "pytest-html", "--snapshot": "syrupy", "--socket": "pytest-socket", "--disable-socket": "pytest-socket",
    "--mpl": "pytest-mpl", "--black": "pytest-black", "--flake8": "pytest-flake8", "--ruff": "pytest-ruff",
    "--count": "pytest-repeat", "--doctest-plus": "pytest-doctestplus", "--nbval": "nbval",
    "--vcr": "pytest-recording", "--record-mode": "pytest-recording",
}  # fmt: skip
_SIGNALS = {
    134: "aborted (SIGABRT)",
    137: "was killed (SIGKILL: out of memory, or a limit of the sandbox)",
    139: "crashed (SIGSEGV)",
    143: "was ended (SIGTERM)",
    152: "used up its processor time (SIGXCPU)",
}


def nothing_to_run(argv: Sequence[str], exit_code: int, output: str) -> str:
    """What keeps the command from running any test, as a sentence; "" where its output names nothing of the kind."""
    tail = output[-READ:]
    if exit_code == 0:
        return NONE if _NO_TESTS.search(tail) else ""
    if argv[:1] == ("docker",) and _NO_PLUGIN.search(tail):
        return f"docker compose{ABSENT}"
    for pattern, sentence in (
        (_NO_SCRIPT, "There is no test command: the project has no script or target named {}."),
        (_NOT_FOUND, f"{{}}{ABSENT}"),
        (_NO_MODULE, f"{{}}{ABSENT}"),
    ):
        if hit := pattern.search(tail):
            return sentence.format(next(group for group in hit.groups() if group))
    if _NOT_INSTALLED.search(tail):
        return "The packages that the project needs are not installed here."
    if hit := _NO_PATH.search(tail):
        return f"pytest refused to start: {hit[1]}."
    if hit := _OPTIONS.search(tail):
        return _refused_options(hit[1], hit[2])
    if hit := _PLUGIN.search(tail):
        return f"pytest needs a plugin that is not installed here: {hit[1] or hit[2]}."
    if hit := _NO_VERSION.search(tail):
        return f"The project asks for another pytest: 'minversion' requires {hit[1].rstrip('.')}."
    if _NO_TESTS.search(tail):
        return NONE
    return needed_service(tail)


def usage_error(output: str) -> str:
    """What pytest says of a command line that it can't run (exit code 4)."""
    hit = _USAGE.search(output[-READ:])
    return f"pytest refused to start: {hit[1].rstrip('.')}." if hit else ""


def needed_service(output: str) -> str:
    """The database, server or network that was asked for and did not answer, as a sentence; "" where there is none."""
    tail = output[-READ:]
    for line in _REFUSED.finditer(tail):
        if hit := _PORT.search(line[0]):
            return f"{_SERVICES[hit[1]]} (port {hit[1]}) does not answer: tests run without services. {_quoted(line[0])}"
        if _MYSQL.search(line[0]):
            return f"MySQL does not answer: tests run without services. {_quoted(line[0])}"
    if hit := _NO_NETWORK.search(tail):
        host = next(group for group in hit.groups() if group)
        return f"{host} can't be reached: tests run without a network."
    return ""


def ended_early(command: str, exit_code: int, output: str) -> str:
    """For a command that ended before it counted anything, and names none of the causes above."""
    how = _SIGNALS.get(exit_code, _SIGNALS.get(128 - exit_code if exit_code < 0 else 0, f"ended with exit code {exit_code}"))
    last = last_error(output)
    return f"{command[:100]} {how} before any test was counted{f': {last}' if last else ''}".rstrip(".") + "."


def last_error(output: str) -> str:
    """The line that says what went wrong, else the last one that says anything; at most 300 characters."""
    tail = output[-READ:]
    if hit := _JAVA.search(tail):
        return hit[1][:300]
    errors = [next(group for group in hit.groups() if group) for hit in _ERROR.finditer(tail)]
    if errors:
        return errors[-1].strip()[:300]
    for line in reversed(tail.splitlines()):
        if line.strip() and not _NOISE.match(line):
            return line.strip()[:300]
    return ""


def _refused_options(problem: str, options: str) -> str:
    words = options.split()
    plugins = dict.fromkeys(
        plugin
        for word in words[:50]
        for option, plugin in _OPTION_PLUGINS.items()
        if word == option or word.startswith((f"{option}=", f"{option}-"))
    )
    what = f"The runner refused its options ({problem}: {' '.join(words)[:200]})"
    return f"{what}: {' and '.join(plugins)} {'are' if len(plugins) > 1 else 'is'} not installed." if plugins else f"{what}."


def _quoted(line: str) -> str:
    said = " ".join(line.split())
    return f"“{said if len(said) <= 200 else said[:199] + '…'}”"

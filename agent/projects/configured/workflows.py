"""The commands of a repository's CI: jobs of GitHub workflows and of .gitlab-ci.yml that test or lint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.shell import lines_of
from agent.projects.tables import table, text, texts, yaml_of

FOLDER = ".github/workflows/"
MAX_WORKFLOWS = 20
MAX_JOBS = 50
MAX_STEPS = 100
MAX_CHARACTERS = 20_000
"""Of one step."""
MAX_LINES = 100
MAX_ALL = 3_000
"""Lines of all workflows together; each is looked at for each part of the repository."""
MAX_NAME = 100
"""Characters of a job's or service's name, and of a variable's value: they are shown, with each line."""
MAX_VARIABLES = 20

_MATRIX = linear(r"\$\{\{[^}]*\}\}")
_CONTAINERS = linear(r"\bdocker(?:-compose| compose)? (?:up|run)\b")
_TESTING = linear(
    r"(?i)test|\bci\b|check|build|lint|style|format|quality|static|main|python|node|unit|pre-?commit|mypy|typ(?:e|ing)"
)
_RELEASING = linear(r"(?i)release|publish|deploy|pages|docs\b|stale|labeler|codeql|docker|nightly|benchmark|fuzz|dependabot")


@dataclass(frozen=True)
class WorkflowLine:
    """``directory`` is where it is run, from the repository's root; ``services`` are those that its job starts."""

    line: str
    evidence: str
    directory: str = ""
    services: tuple[str, ...] = ()


def workflow_lines(files: ProjectFiles) -> Iterator[WorkflowLine]:
    """Those named after tests first. ``files`` are the whole repository's."""
    yield from islice(_all_lines(files), MAX_ALL)


def _all_lines(files: ProjectFiles) -> Iterator[WorkflowLine]:
    paths = [path for path in files.starting_with(FOLDER) if path.endswith((".yml", ".yaml"))]
    names = sorted(paths, key=lambda path: (_rank(path[len(FOLDER) :]), path))
    for path in names[:MAX_WORKFLOWS]:
        if not _RELEASING.search(path[len(FOLDER) :]):
            yield from _of_workflow(path, yaml_of(files, path))
    yield from _of_gitlab(yaml_of(files, ".gitlab-ci.yml"))


def _rank(name: str) -> int:
    return next(
        (rank for rank, word in enumerate(("test", "ci", "python", "node", "main", "build", "check")) if word in name.lower()),
        9,
    )


def _of_workflow(path: str, data: Any) -> Iterator[WorkflowLine]:
    everywhere = text(data, "defaults", "run", "working-directory")
    jobs = list(table(data, "jobs").items())[:MAX_JOBS]
    for name, job in sorted(jobs, key=lambda entry: _rank(entry[0])):
        title = f"{name} {text(job, 'name')}"
        if not _TESTING.search(title) or _RELEASING.search(name):
            continue
        steps = table(job).get("steps")
        services = (*(str(name)[:MAX_NAME] for name in tuple(table(job, "services"))[:5]), *_started_by(steps))
        usual = text(job, "defaults", "run", "working-directory") or everywhere
        for step in steps[:MAX_STEPS] if isinstance(steps, list) else ():
            script = text(step, "run")[:MAX_CHARACTERS]
            directory = _inside(text(step, "working-directory") or usual)
            variables = islice(table(step, "env").items(), MAX_VARIABLES)
            environment = "".join(f"{key}={value} " for key, value in variables if _is_plain(key, value))
            for line in lines_of(script, MAX_LINES):
                plain = _without_matrix(line)
                if plain and directory is not None:
                    yield WorkflowLine(environment + plain, f"{path}: job {name[:MAX_NAME]}", directory, services)


def _started_by(steps: Any) -> Iterator[str]:
    """Docker, where a step starts containers itself."""
    scripts = (text(step, "run")[:MAX_CHARACTERS] for step in (steps[:MAX_STEPS] if isinstance(steps, list) else ()))
    if any(_CONTAINERS.search(script) for script in scripts):
        yield "docker"


def _without_matrix(line: str) -> str:
    """A line that a matrix changes is used only where it says which environment of tox, nox or hatch: it is the usual
    one then."""
    if not _MATRIX.search(line):
        return line
    words = _MATRIX.sub("\0", line).split()
    if not {"tox", "nox", "hatch"}.intersection(words):
        return ""
    kept: list[str] = []
    for word in words:
        if "\0" not in word:
            kept.append(word)
        elif kept and kept[-1] in ("-e", "-s", "--session", "--sessions", "-f", "--python"):
            kept.pop()
    return " ".join(kept)


def _is_plain(key: str, value: Any) -> bool:
    simple = isinstance(value, str) and value.isascii() and value.replace("_", "").replace(".", "").replace("-", "").isalnum()
    return (
        simple
        and len(key) <= MAX_NAME
        and len(value) <= MAX_NAME
        and key.isidentifier()
        and key.isascii()
        and "TOKEN" not in key
        and not key.startswith(("COVERAGE", "PIP_", "UV_"))
    )


def _of_gitlab(data: Any) -> Iterator[WorkflowLine]:
    for name, job in list(table(data).items())[:MAX_JOBS]:
        if not isinstance(job, Mapping) or not _TESTING.search(f"{name} {text(job, 'stage')}") or name.startswith("."):
            continue
        services = table(job).get("services")
        started = tuple([name[:MAX_NAME] for name in texts(services)[:5]] or (["a service"] if services else []))[:5]
        for script in texts(job.get("script"))[:MAX_STEPS]:
            for line in lines_of(script[:MAX_CHARACTERS], MAX_LINES):
                yield WorkflowLine(line, f".gitlab-ci.yml: {name[:MAX_NAME]}", "", started)


def _inside(directory: str) -> str | None:
    """None where it lies outside or is not known."""
    plain = directory.removeprefix("./").strip("/").removesuffix("/.")
    if "$" in plain or ".." in plain.split("/") or directory.startswith("/"):
        return None
    return "" if plain == "." else plain

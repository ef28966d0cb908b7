"""The formatters and linters that a Python project configures. A tool that it does not mention would rewrite or blame
code that is right by the project's own rules, so that nothing is added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.projects.authority import FoundCommand
from agent.projects.files import ProjectFiles
from agent.projects.model import ProjectPart
from agent.projects.tables import ini_of, table, texts, toml_of, yaml_of
from agent.stacks.model import FormatTool

HOOKS = ".pre-commit-config.yaml"
MAX_OPTIONS = 20

_PYTHON = (".py", ".pyi")
FORMATTERS: Mapping[str, FormatTool] = {
    "ruff format": FormatTool(
        "ruff format",
        ("ruff", "format", "--quiet", "--no-cache", "--force-exclude"),
        ("ruff", "format", "--check", "--quiet", "--no-cache", "--force-exclude"),
        _PYTHON,
    ),
    "isort": FormatTool(
        "isort", ("isort", "--quiet", "--filter-files"), ("isort", "--quiet", "--filter-files", "--check-only"), _PYTHON
    ),
    "black": FormatTool("black", ("black", "--quiet"), ("black", "--quiet", "--check"), _PYTHON),
    "yapf": FormatTool("yapf", ("yapf", "--in-place"), ("yapf", "--quiet"), (".py",)),
    "autopep8": FormatTool("autopep8", ("autopep8", "--in-place"), ("autopep8", "--diff", "--exit-code"), (".py",)),
}
LINTERS: Mapping[str, FormatTool] = {
    "ruff check": FormatTool(
        "ruff check",
        ("ruff", "check", "--fix", "--exit-zero", "--quiet", "--no-cache", "--force-exclude"),
        ("ruff", "check", "--quiet", "--no-cache", "--force-exclude"),
        _PYTHON,
    ),
    "flake8": FormatTool("flake8", (), ("flake8",), (".py",)),
}
"""By name. ``argv`` is empty where a tool only looks."""
_HOOK_NAMES = {"ruff-format": "ruff format", "ruff": "ruff check", "ruff-check": "ruff check", "black-jupyter": "black"}
_RUFF_FILES = ("ruff.toml", ".ruff.toml")
_DROPPED = (
    "--fix",
    "--exit",
    "--check",
    "--diff",
    "--quiet",
    "--verbose",
    "-q",
    "-v",
    "--unsafe-fixes",
    "--show-fixes",
    "--in-place",
    "-i",
)


@dataclass(frozen=True)
class ConfiguredTool:
    name: str
    where: str
    options: tuple[str, ...] = ()


def with_tools(part: ProjectPart, files: ProjectFiles, commands: Iterable[FoundCommand] = ()) -> ProjectPart:
    """``part`` with the tools that ``files`` and the project's lint and format ``commands`` (each with its evidence) name."""
    found: dict[str, ConfiguredTool] = {}
    for tool in [*_configured(files), *_of_hooks(files), *_of_commands(commands)]:
        kept = found.get(tool.name)
        if kept is None or (tool.options and not kept.options and tool.where != kept.where):
            found[tool.name] = tool if kept is None else replace(kept, options=tool.options)
    formatters = [found[name] for name in FORMATTERS if name in found]
    linters = [found[name] for name in LINTERS if name in found]
    evidence = dict(part.evidence)
    for kind, tools in (("formatters", formatters), ("linters", linters)):
        if tools:
            evidence[kind] = ", ".join(dict.fromkeys(tool.where for tool in tools))
    return replace(
        part,
        formatters=tuple(_with(FORMATTERS[tool.name], tool.options) for tool in formatters),
        linters=tuple(_with(LINTERS[tool.name], tool.options) for tool in linters),
        evidence=evidence,
    )


def _with(tool: FormatTool, options: tuple[str, ...]) -> FormatTool:
    return replace(tool, argv=(*tool.argv, *options) if tool.argv else (), check=(*tool.check, *options)) if options else tool


def _configured(files: ProjectFiles) -> Iterator[ConfiguredTool]:
    data = toml_of(files, "pyproject.toml")
    ini = {name: ini_of(files, name) for name in ("setup.cfg", "tox.ini")}
    for path, ruff in [
        ("pyproject.toml", table(data, "tool", "ruff")),
        *((name, toml_of(files, name)) for name in _RUFF_FILES),
    ]:
        prefix = "[tool.ruff" if path == "pyproject.toml" else "["
        if "format" in ruff:
            yield ConfiguredTool("ruff format", f"{path}: {prefix}.format]" if prefix != "[" else f"{path}: [format]")
        if set(ruff) - {"format"}:
            yield ConfiguredTool("ruff check", f"{path}: [tool.ruff]" if prefix != "[" else path)
    for name in ("black", "isort", "yapf", "autopep8"):
        if name in table(data, "tool"):
            yield ConfiguredTool(name, f"pyproject.toml: [tool.{name}]")
    for name, own_files, sections in (
        ("isort", (".isort.cfg",), ("isort", "tool:isort")),
        ("yapf", (".style.yapf",), ("yapf",)),
        ("autopep8", (), ("autopep8",)),
        ("flake8", (".flake8",), ("flake8",)),
    ):
        yield from (ConfiguredTool(name, path) for path in own_files if path in files)
        yield from (ConfiguredTool(name, f"{path}: [{key}]") for path, said in ini.items() for key in sections if key in said)


def _of_hooks(files: ProjectFiles) -> Iterator[ConfiguredTool]:
    config = yaml_of(files, HOOKS)
    repositories = table(config).get("repos")
    for repository in repositories[:100] if isinstance(repositories, list) else ():
        hooks = table(repository).get("hooks")
        for hook in hooks[:50] if isinstance(hooks, list) else ():
            said = table(hook).get("id")
            name = _HOOK_NAMES.get(said, said) if isinstance(said, str) else ""
            if (name in FORMATTERS or name in LINTERS) and "manual" not in texts(table(hook).get("stages")):
                yield ConfiguredTool(name, f"{HOOKS}: {said}", _options(texts(table(hook).get("args"))))


def _of_commands(commands: Iterable[FoundCommand]) -> Iterator[ConfiguredTool]:
    for command in commands:
        known, argv = command.hit.known, command.hit.argv
        if known.runner in FORMATTERS or known.runner in LINTERS:
            said = [word for word in argv[len(known.runner.split()) :] if word not in known.targets]
            options = _options(said) if argv[0] == known.runner.split()[0] else ()
            yield ConfiguredTool(known.runner, command.told().evidence, options)


def _options(words: Sequence[str]) -> tuple[str, ...]:
    """Those that say how code should look, without those that say whether to rewrite it."""
    kept: list[str] = []
    for word in words[:MAX_OPTIONS]:
        if (
            not word.startswith(_DROPPED)
            and word != "."
            and (word.startswith("-") or (kept and kept[-1].startswith("-") and "=" not in kept[-1]))
        ):
            kept.append(word)
    return tuple(kept)

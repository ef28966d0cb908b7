"""Formatters and linters of Node, each only where the project configures it or depends on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import json_with_comments, table
from agent.projects.node_scripts import simple_commands
from agent.stacks.model import FormatTool

SCRIPTS = (".js", ".jsx", ".mjs", ".cjs")
TYPED = (".ts", ".tsx", ".mts", ".cts")
STYLED = (".json", ".css", ".scss", ".less", ".vue")
WRITTEN = (".md", ".mdx", ".yml", ".yaml", ".html", ".json5", ".graphql")
"""What prettier formats too, and is asked to where the project has it look at everything."""
FLAT = tuple(f"eslint.config.{end}" for end in ("js", "mjs", "cjs", "ts", "mts", "cts"))
RC = (".eslintrc", *(f".eslintrc.{end}" for end in ("js", "cjs", "json", "yml", "yaml")))


@dataclass(frozen=True)
class Found:
    """``tools`` in the order in which they run, and by name of the tool where it is said."""

    tools: tuple[FormatTool, ...]
    evidence: str


def formatters(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> Found:
    return _found(files, package, packages, _FORMATTERS)


def linters(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> Found:
    return _found(files, package, packages, _LINTERS)


_Maker = Callable[[ProjectFiles, Mapping[str, Any], Collection[str]], tuple[str, FormatTool] | None]


def _found(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str], makers: tuple[_Maker, ...]) -> Found:
    known = [hit for make in makers if (hit := make(files, package, packages)) is not None]
    configured = [hit for hit in known if hit[0] != "package.json: prettier"]
    known = configured or known  # prettier that is only depended on formats nothing where another one is configured
    said = "; ".join(f"{tool.name}: {evidence}" for evidence, tool in known) if len(known) > 1 else "".join(e for e, _ in known)
    return Found(tuple(tool for _, tool in known), said)


def _prettier(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    said = _said(files, package, "prettier", (".prettierrc", "prettier.config."), "prettier" in packages)
    if not said:
        return None
    everywhere = WRITTEN if _over_everything(package) else ()
    return said, FormatTool(
        "prettier",
        ("prettier", "--write", "--log-level", "warn"),
        ("prettier", "--check", "--log-level", "warn"),
        (*SCRIPTS, *TYPED, *STYLED, *everywhere),
    )


def _over_everything(package: Mapping[str, Any]) -> bool:
    scripts = [script for script in table(package.get("scripts")).values() if isinstance(script, str) and "prettier" in script]
    commands = [command for script in scripts[:20] for command in simple_commands(script)]
    return any(command.program == "prettier" and {".", "**/*", "*"} & set(command.argv) for command in commands)


def _biome_format(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    return _biome(files, packages, "formatter", ("biome", "format", "--write"), ("biome", "format"))


def _biome_lint(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    return _biome(files, packages, "linter", ("biome", "lint", "--write"), ("biome", "lint"))


def _biome(
    files: ProjectFiles, packages: Collection[str], table_name: str, argv: tuple[str, ...], check: tuple[str, ...]
) -> tuple[str, FormatTool] | None:
    """Its parts can be switched off one by one; files that it does not know or is told to ignore are not errors."""
    config = next((name for name in ("biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc") if name in files), "")
    said = config or ("package.json: @biomejs/biome" if "@biomejs/biome" in packages else "")
    if not said or (config and table(json_with_comments(files, config).get(table_name)).get("enabled") is False):
        return None
    quiet = ("--files-ignore-unknown=true", "--no-errors-on-unmatched")
    suffixes = (*SCRIPTS, *TYPED, ".json", ".jsonc", ".css", ".vue")
    return said, FormatTool("biome" if table_name == "formatter" else "biome lint", (*argv, *quiet), (*check, *quiet), suffixes)


def _dprint(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    said = _said(files, package, "", ("dprint.json", ".dprint.json"), False) or (
        "package.json: dprint" if "dprint" in packages else ""
    )
    suffixes = (*SCRIPTS, *TYPED, ".json", ".md", ".toml")
    return (said, FormatTool("dprint", ("dprint", "fmt"), ("dprint", "check"), suffixes)) if said else None


def _eslint(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    """Configured by a file or a key; the dependency alone has no rules. The old form of configuration does not know
    ``--no-warn-ignored``, and looks at TypeScript only where a parser for it is there."""
    flat = next((name for name in FLAT if name in files), "")
    old = next((name for name in RC if name in files), "") or (
        "package.json: eslintConfig" if "eslintConfig" in package else ""
    )
    if not (flat or old):
        return None
    quiet = ("--no-error-on-unmatched-pattern", *(("--no-warn-ignored",) if flat else ()))
    typed = any("typescript" in name for name in packages)
    suffixes = (
        *SCRIPTS,
        *(TYPED if typed else ()),
        *((".vue",) if any("eslint-plugin-vue" in name for name in packages) else ()),
    )
    return flat or old, FormatTool("eslint", ("eslint", "--fix", *quiet), ("eslint", *quiet), suffixes)


def _standard(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    name = next((name for name in ("standard", "semistandard", "ts-standard", "xo") if name in packages), "")
    suffixes = (*SCRIPTS, *(TYPED if name in ("ts-standard", "xo") else ()))
    return (f"package.json: {name}", FormatTool(name, (name, "--fix"), (name,), suffixes)) if name else None


def _oxlint(files: ProjectFiles, package: Mapping[str, Any], packages: Collection[str]) -> tuple[str, FormatTool] | None:
    said = ".oxlintrc.json" if ".oxlintrc.json" in files else "package.json: oxlint" if "oxlint" in packages else ""
    return (said, FormatTool("oxlint", ("oxlint", "--fix"), ("oxlint",), (*SCRIPTS, *TYPED, ".vue"))) if said else None


def _said(files: ProjectFiles, package: Mapping[str, Any], key: str, starts: tuple[str, ...], depended: bool) -> str:
    """Where it is configured: a file, a key of package.json, or a dependency alone."""
    for start in starts:
        if (found := next((path for path in files.starting_with(start) if "/" not in path), None)) is not None:
            return found
    if key and key in package:
        return f'package.json: "{key}"'
    return f"package.json: {key}" if depended else ""


_FORMATTERS: tuple[_Maker, ...] = (_prettier, _biome_format, _dprint)
_LINTERS: tuple[_Maker, ...] = (_eslint, _biome_lint, _standard, _oxlint)

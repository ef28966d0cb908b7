"""The part that a stack describes: for a project that was made by one, or that has no commands of its own."""

from __future__ import annotations

from agent.projects.model import Ecosystem, ProjectCommand, ProjectPart
from agent.stacks.model import Stack

_ECOSYSTEMS: dict[str, Ecosystem] = {"uv": "python", "npm": "node", "composer": "php", "nuget": "dotnet"}

_RUNNERS = {
    "pytest": "pytest", "artisan": "pest", "dotnet": "dotnet", "docker-compose": "check", "actionlint": "check", "sh": "check",
}  # fmt: skip
"""By a word of the first test command. ``check`` counts nothing: the command is one check, which passes or fails."""


def part_of_stack(stack: Stack) -> ProjectPart:
    """With the stack's own commands and formatters, at the top of the repository."""
    commands = {
        "install": stack.install,
        "test": stack.test,
        "build": stack.build,
        "lint": stack.lint,
    }
    said = f"stack {stack.id}"
    return ProjectPart(
        ecosystem=_ECOSYSTEMS.get(stack.package_manager, "none"),
        language=stack.language,
        package_manager="" if stack.package_manager == "none" else stack.package_manager,
        runner=next((runner for word, runner in _RUNNERS.items() if word in stack.test), ""),
        commands={kind: ProjectCommand(argv, said) for kind, argv in commands.items() if argv},
        other_tests=stack.tests[1:],
        test_files=stack.test_files,
        formatters=stack.format,
    )

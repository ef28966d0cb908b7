"""The commands of a nox session, read from noxfile.py by its syntax tree; the file is never run.

Only what is written out is known: words that are computed end a command where they stand, unless they are ``session.posargs``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from agent.projects.configured.steps import TaskSteps
from agent.projects.files import ProjectFiles
from agent.projects.shell import SimpleCommand
from agent.projects.tables import python_of

MAX_COMMANDS = 50
MAX_FUNCTIONS = 100
"""So many may call each other: reading them recurses."""
TESTING = ("tests", "test", "unit", "unit_tests", "unittests", "pytest", "tests_unit", "testing", "coverage")
LINTING = ("lint", "linters", "linting", "style", "format", "black", "ruff", "flake8", "mypy", "typing", "blacken", "check")
Constants = Mapping[str, ast.expr]


def nox_steps(files: ProjectFiles, names: Sequence[str] = ()) -> TaskSteps | None:
    """Of the first session of ``names`` that is there; without names, of the one that is called as sessions of tests are."""
    module = python_of(files, "noxfile.py")
    if not module.body:
        return None
    sessions = dict(_sessions(module))
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    plain = [form for name in names for form in (name, name.partition("(")[0], name.rpartition("-")[0].partition("(")[0])]
    wanted = [name for name in plain or TESTING if name in sessions]
    if not names and not wanted:
        wanted = [name for name in sessions if "test" in name]
    for name in wanted[:5]:
        functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
        functions = dict(list(functions.items())[:MAX_FUNCTIONS])
        found = tuple(islice(_runs(sessions[name], functions, constants), MAX_COMMANDS))
        if found:
            return TaskSteps(f"noxfile.py: session {name}", found, name=name)
    return None


def _sessions(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in module.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            target = call.func if call is not None else decorator
            if (isinstance(target, ast.Attribute) and target.attr == "session") or (
                isinstance(target, ast.Name) and target.id == "session"
            ):
                given = next((key.value for key in call.keywords if key.arg == "name"), None) if call is not None else None
                yield (given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else node.name), node


def _runs(session: ast.FunctionDef, functions: dict[str, ast.FunctionDef], constants: Constants) -> Iterator[SimpleCommand]:
    """Also of functions of the module that the session is handed on to, each of ``functions`` once."""
    for node in ast.walk(session):
        if not isinstance(node, ast.Call):
            continue
        if _method(node) in ("run", "run_always"):
            words = tuple(_words(node.args, constants))
            if words:
                given = next((key.value for key in node.keywords if key.arg == "env"), None)
                yield SimpleCommand(words, tuple(_environment(given)))
        elif isinstance(node.func, ast.Name) and any(isinstance(said, ast.Name) and said.id == "session" for said in node.args):
            helper = functions.pop(node.func.id, None)
            if helper is not None:
                yield from _runs(helper, functions, constants)


def _words(arguments: Sequence[ast.expr], constants: Constants) -> Iterator[str]:
    for argument in arguments:
        value: ast.expr = argument
        if isinstance(value, ast.Starred):
            value = value.value
            if isinstance(value, ast.IfExp):
                value = value.orelse if _is_posargs(value.body) or _is_empty(value.orelse) else value.body
            if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
                value = value.values[-1]
            if _is_posargs(value):
                continue
            value = constants.get(value.id, value) if isinstance(value, ast.Name) else value
            yield from _constants(value.elts if isinstance(value, ast.List | ast.Tuple) else [])
            continue
        value = constants.get(value.id, value) if isinstance(value, ast.Name) else value
        said = list(_constants([value]))
        if not said:
            if not isinstance(value, ast.JoinedStr) or not isinstance(value.values[0], ast.Constant):
                return
            if not str(value.values[0].value).startswith("--"):
                return
            continue  # an option with a computed value, as of a report of coverage
        yield from said


def _is_posargs(value: ast.expr) -> bool:
    return isinstance(value, ast.Attribute) and value.attr == "posargs"


def _is_empty(value: ast.expr) -> bool:
    """Of ``[…] if CONDITION else []``: what a condition adds is left out."""
    return isinstance(value, ast.List | ast.Tuple) and not value.elts


def _constants(values: Sequence[ast.expr]) -> Iterator[str]:
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and "\n" not in value.value:
            yield value.value


def _environment(value: ast.expr | None) -> Iterator[str]:
    if isinstance(value, ast.Dict):
        for key, said in zip(value.keys[:10], value.values, strict=False):
            if isinstance(key, ast.Constant) and isinstance(said, ast.Constant):
                name = str(key.value)
                if (
                    name.isidentifier()
                    and name.isascii()
                    and isinstance(said.value, str)
                    and not name.startswith(("PATH", "LD_", "COVERAGE_"))
                ):
                    yield f"{name}={said.value}"


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""

"""The generated tables of what the edit engine refuses, from the places in `agent/patch` that say it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tables import table

ROOT = Path(__file__).resolve().parent.parent
CODED = ("Refusal", "refused", "Blocked")
"""What is called with a code and a text, after a path or not."""
PARTS = {"NotText": "not_text", "TooMuchWork": "too_large"}
"""Errors whose text ends another refusal's sentence, and that one's code."""
CLASSES = {"Elided": "elided_code", "Numbered": "unreadable"}
"""Errors whose ``reason`` is the refusal's text, and its code."""
DOUBTS = {"doubt": "prose_in_file"}
"""Functions that return the text of a refusal, and its code."""
REASONS = ("unsafe_reason", "_unsafe_name", "unwritable")
"""Functions that say why a path can't be used, in words that end a sentence."""


class Told(NamedTuple):
    """One refusal: its code, its text with … for what only a case can say, and what to send instead."""

    code: str
    text: str
    advice: str = ""


def unreadable() -> str:
    rows = dict.fromkeys((f"{one.text}", one.advice) for one in told() if one.code == "format")
    return table(("What is said", "What to send instead"), iter(rows))


def refusals() -> str:
    from agent.patch.feedback import advice

    found = dict.fromkeys((one.code, one.text) for one in told() if one.code not in ("format", "path"))
    rows = ((f"`{code}`", _plain(text), advice(code)) for code, text in sorted(found))
    return table(("Code", "What is said", "What the model is told to do"), rows)


def paths() -> str:
    return table(("A path can't be used because …",), ((_plain(text),) for text in dict.fromkeys(
        one.text for one in told() if one.code == "path"
    )))  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def told() -> Iterator[Told]:
    """Every refusal of every module, in the order of the files."""
    for path in sorted((ROOT / "agent/patch").rglob("*.py")):
        yield from Module(ast.parse(path.read_text("utf-8"))).told()


class Module:
    """One module's refusals."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        self._functions = {function.name: function for function in functions}

    def told(self) -> Iterator[Told]:
        for kind in (node for node in ast.walk(self._tree) if isinstance(node, ast.ClassDef) and node.name in CLASSES):
            yield from (Told(CLASSES[kind.name], text) for text in self._reason_of(kind))
        for function in self._functions.values():
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    yield from self._of_call(node, function)
                elif isinstance(node, ast.Return) and node.value is not None:
                    yield from self._of_return(node.value, function)

    def _reason_of(self, kind: ast.ClassDef) -> Iterator[str]:
        for node in kind.body:
            if isinstance(node, ast.Assign) and _names(node, "reason") and isinstance(node.value, ast.Constant):
                yield str(node.value.value)
            elif isinstance(node, ast.FunctionDef) and node.name == "reason":
                returned = (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None)
                yield from (text for value in returned for text in self.texts(value, node))

    def _of_call(self, call: ast.Call, function: ast.FunctionDef) -> Iterator[Told]:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name.endswith("Invalid") and call.args:
            hints = [hint for word in call.keywords if word.arg == "hint" for hint in self.texts(word.value, function)]
            yield from (Told("format", text, " or ".join(hints)) for text in self.texts(call.args[0], function))
        elif name in PARTS:
            yield from (Told(PARTS[name], f"… {text}") for text in self.texts(call.args[0], function))
        elif name in CODED:
            words = call.args[1:] if name == "refused" else call.args
            if len(words) > 1:
                yield from self._coded(words[0], words[1], function)

    def _of_return(self, value: ast.expr, function: ast.FunctionDef) -> Iterator[Told]:
        if function.name in REASONS:
            yield from (Told("path", text) for text in self.texts(value, function) if text)
        if function.name in DOUBTS:
            yield from (Told(DOUBTS[function.name], text) for text in self.texts(value, function) if text)
        for one in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            if isinstance(one, ast.Tuple) and len(one.elts) == 2:
                yield from self._coded(one.elts[0], one.elts[1], function)

    def _coded(self, code: ast.expr, text: ast.expr, function: ast.FunctionDef) -> Iterator[Told]:
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield from (Told(code.value, said) for said in self.texts(text, function) if said.strip("… "))

    def texts(self, node: ast.expr, function: ast.FunctionDef) -> list[str]:
        """What an expression can be: a text, one of several, or what a variable or a function of the module gives."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else []
        if isinstance(node, ast.JoinedStr):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)]
        if isinstance(node, ast.IfExp):
            return [*self.texts(node.body, function), *self.texts(node.orelse, function)]
        if isinstance(node, ast.BinOp):
            return [a + b for a in self.texts(node.left, function) for b in self.texts(node.right, function)]
        if isinstance(node, ast.Name):
            values = [one.value for one in ast.walk(function) if isinstance(one, ast.Assign) and _names(one, node.id)]
            values += [one.value for one in self._tree.body if isinstance(one, ast.Assign) and _names(one, node.id)]
            return [text for value in values for text in self.texts(value, function)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in self._functions:
            other = self._functions[node.func.id]
            returned = (one.value for one in ast.walk(other) if isinstance(one, ast.Return) and one.value is not None)
            return [text for value in returned if other is not function for text in self.texts(value, other)]
        return []


def _names(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)

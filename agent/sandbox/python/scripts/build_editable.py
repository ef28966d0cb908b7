"""Builds a project for development (PEP 660) and installs it in a directory; runs in the sandbox, without a network.

Arguments: the project's directory, its build backend, the directory to install in, and the directories that the backend may lie
in. Exits with 3 when the backend asks for packages that are not there, which are then the only output.
"""

import json
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

sys.path.append("/tools/python")

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile
from pyproject_hooks import BuildBackendHookCaller, UnsupportedOperation, default_subprocess_runner

LACKING = 3


def main(source, backend, target, *paths):
    hooks = BuildBackendHookCaller(source, backend, backend_path=list(paths) or None, runner=default_subprocess_runner)
    try:
        lacking = [line for line in hooks.get_requires_for_build_editable() if not is_here(line)]
        if lacking:
            print(json.dumps(lacking))
            return LACKING
        return build(hooks, source, backend, target)
    except subprocess.CalledProcessError:  # the backend has said why
        return 1


def build(hooks, source, backend, target):
    with tempfile.TemporaryDirectory() as wheels:
        try:
            name = hooks.build_editable(wheels)
        except UnsupportedOperation:
            print(f"{backend} can't install a project for development (PEP 660).")
            return 1
        scheme = dict.fromkeys(("purelib", "platlib", "data"), target)
        scheme |= {"scripts": f"{target}/bin", "headers": f"{target}/include"}
        destination = SchemeDictionaryDestination(scheme, "/env/bin/python", "posix", bytecode_optimization_levels=[])
        origin = json.dumps({"url": Path(source).as_uri(), "dir_info": {"editable": True}}).encode()
        with WheelFile.open(Path(wheels, name)) as wheel:
            install(wheel, destination, {"INSTALLER": b"mgx", "direct_url.json": origin})
    return 0


def is_here(line):
    """Whether the distribution is there; which version is the index's business."""
    name = line.split(";")[0].split("[")[0]
    for sign in "<>=!~ (@":
        name = name.split(sign)[0]
    try:
        version(name.strip())
    except PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""What decides how a project's tests are run and counted, and how a change to it is kept from judging itself.

A `conftest.py` can turn each failure into a pass, and so can a test script, a plugin or a setup file. In an existing project a
change is therefore judged with these files as they were before it, unless the approved plan named them. Code that the tests
import runs in the same process and can still falsify them: the reviewer has to look for that.
"""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.documents import read_json, read_toml
from agent.errors import AgentError, disk_failed
from agent.patch.tree import Blocked, Tree
from agent.stacks.globs import matches

FILES = (
    # Python: pytest, unittest, tox, nox, coverage
    "**/conftest.py|**/pytest.ini|**/.pytest.ini|**/pytest.toml|**/.pytest.toml|**/tox.ini|**/tox.toml|**/noxfile.py|**/.coveragerc",
    "**/sitecustomize.py|**/usercustomize.py|**/*.pth|**/*.pyc|**/*.egg-info/**|**/*.dist-info/**",
    # JavaScript and TypeScript: the runners, what they load first, and what starts them
    "**/vite.config.*|**/vitest.config.*|**/vitest.workspace.*|**/vitest.setup.*|**/jest.config.*|**/jest.setup.*|**/jest-*.json",
    "**/.mocharc.*|**/karma.conf.*|**/ava.config.*|**/playwright.config.*|**/cypress.config.*|**/.taprc|**/.nycrc*|**/.npmrc|**/.yarnrc*",
    "**/setupTests.*|**/setup-tests.*|**/test-setup.*|**/tests/setup.*|**/test/setup.*|**/__tests__/setup.*",
    # PHP and .NET
    "**/phpunit.xml|**/phpunit.xml.dist|**/phpunit.dist.xml|**/tests/bootstrap.php|**/tests/Pest.php|**/tests/TestCase.php",
    "**/*.runsettings|**/xunit.runner.json|**/testsettings.json",
    # what an install makes: a runner of one's own
    "**/node_modules/**|**/.venv/**|**/site-packages/**|**/vendor/bin/**",
)  # fmt: skip
"""Globs of files that are test configuration as a whole."""

SCRIPT_KEYS = ("scripts", "jest", "vitest", "mocha", "ava", "tap", "nyc", "c8", "config")
"""Of package.json: what `npm test` runs, and the settings of runners. Dependencies are not among them."""
TOML_TABLES = ("pytest", "coverage", "tox")
"""Below ``[tool]`` in pyproject.toml."""
INI_SECTIONS = ("tool:pytest", "pytest", "coverage", "tox", "testenv")
"""Beginnings of sections in setup.cfg."""
MAX_BYTES = 512 * 1024
"""A mixed file that is longer is judged with as a whole."""

_RUNNERS = {"_pytest", "pytest", "pluggy", "iniconfig", "packaging", "pygments", "exceptiongroup", "tomli", "coverage", "xdist"}
SHADOWS = (sys.stdlib_module_names | _RUNNERS) - {"test"}
"""Modules that pytest imports. A file of that name where Python looks first would be taken for them."""


def is_test_configuration(path: str) -> bool:
    """Whether ``path`` is, or holds, what decides how tests are run."""
    name = path.rpartition("/")[2]
    return (
        name in ("package.json", "pyproject.toml", "setup.cfg") or any(matches(glob, path) for glob in FILES) or _shadows(path)
    )


def _shadows(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if name == "__init__.py":
        folder, _, name = folder.rpartition("/")
    return folder in ("", "test", "tests") and name.removesuffix(".py") in SHADOWS


def judging(path: str, before: bytes | None, now: bytes | None) -> bytes | None:
    """What stands at ``path`` while the tests are run: ``now`` where it changes nothing about them, else as it was ``before``;
    None is a file that is not there. Of package.json only the keys that concern tests are as they were."""
    name = path.rpartition("/")[2]
    if before == now or not is_test_configuration(path):
        return now
    if name == "package.json" and before is not None and now is not None:
        return _with_scripts_of(before, now)
    read = {"pyproject.toml": _toml_part, "setup.cfg": _ini_part}.get(name)
    if read is not None and not _shadows(path):
        parts = [{} if text is None else read(text) for text in (before, now)]
        if parts[0] == parts[1] and None not in parts:
            return now
    elif name == "package.json" and before is None:
        return now  # a new package: nothing was tested by it before
    return before


def _with_scripts_of(before: bytes, now: bytes) -> bytes:
    old, new = _json(before), _json(now)
    if old is None or new is None:
        return before
    if all(old.get(key) == new.get(key) for key in SCRIPT_KEYS):
        return now
    kept = {key: value for key, value in new.items() if key not in SCRIPT_KEYS}
    merged = kept | {key: old[key] for key in SCRIPT_KEYS if key in old}
    return json.dumps(merged, indent=2, ensure_ascii=False).encode()


def _json(data: bytes) -> dict[str, Any] | None:
    with suppress(ValueError):
        found = read_json(data.decode("utf-8-sig")) if len(data) <= MAX_BYTES else None
        return found if isinstance(found, dict) else None
    return None


def _toml_part(data: bytes) -> Mapping[str, Any] | None:
    """None where it can't be read."""
    with suppress(ValueError):
        found = read_toml(data.decode("utf-8")) if len(data) <= MAX_BYTES else None
        tool = found.get("tool", {}) if found is not None else None
        return {key: tool[key] for key in TOML_TABLES if key in tool} if isinstance(tool, dict) else None
    return None


def _ini_part(data: bytes) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    with suppress(ValueError, configparser.Error):
        if len(data) <= MAX_BYTES:
            parser.read_string(data.decode("utf-8"))
            return {name: dict(parser[name]) for name in parser.sections() if name.startswith(INI_SECTIONS)}
    return None


@dataclass(frozen=True)
class Swap:
    """A file that the change has as ``now``, and that the tests see as ``judged``; None is a file that is not there.
    ``judged_mode`` is that of a judged one where there is none now; a file that is there keeps its own."""

    path: str
    now: bytes | None
    judged: bytes | None
    judged_mode: int | None = None


class SetAside:
    """The test configuration that a change to an existing project brings and its plan did not name: ``in_place`` puts what was
    there before in its stead."""

    def __init__(self, root: Path, swaps: Collection[Swap]) -> None:
        self._root = root
        self._swaps = sorted(swaps, key=lambda swap: swap.path)

    @property
    def paths(self) -> list[str]:
        return [swap.path for swap in self._swaps]

    def digests(self) -> dict[str, str]:
        """By path, for the inputs of a journal step."""
        return {swap.path: "" if swap.judged is None else hashlib.sha256(swap.judged).hexdigest() for swap in self._swaps}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The change's own files are back afterwards, however it ends. Raises AgentError('write_failed') where that is not
        possible, for instance because the tests made a link of a directory."""
        with ExitStack() as back:
            for swap in self._swaps:
                back.callback(self._put, swap.path, swap.now, _mode(self._root, swap.path))
                self._put(swap.path, swap.judged, swap.judged_mode)
            yield

    def _put(self, path: str, data: bytes | None, mode: int | None) -> None:
        try:
            _write(self._root, path, data, mode)
        except (Blocked, OSError) as error:
            if isinstance(error, OSError) and (paused := disk_failed(error)):
                raise paused from error
            reason = error.reason if isinstance(error, Blocked) else error.strerror
            raise AgentError(
                f"{path} could not be put in place for the tests: {reason}.",
                hint="Look at what the tests do to the project's files, then retry the run.",
                code="write_failed",
            ) from error


NOTHING = SetAside(Path(), ())


def _mode(root: Path, path: str) -> int | None:
    """None where there is no such file."""
    try:
        with Tree(root) as tree, tree.parent(path) as (directory, name):
            return os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode & 0o777
    except (FileNotFoundError, NotADirectoryError, Blocked):
        return None


def _write(root: Path, path: str, data: bytes | None, wanted: int | None = None) -> None:
    """Through descriptors only: what ran in the workdir may have made links of its directories. A file that is there keeps its
    mode, another one gets the ``wanted`` one."""
    with Tree(root) as tree:
        if data is not None:
            tree.make_parents(path)
        try:
            with tree.parent(path) as (directory, name):
                if data is None:
                    os.unlink(name, dir_fd=directory)
                    return
                mode = 0o644 if wanted is None else wanted
                with suppress(FileNotFoundError):
                    mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode & 0o777
                draft = f".{name}.mgx"
                with suppress(FileNotFoundError):
                    os.unlink(draft, dir_fd=directory)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                with os.fdopen(os.open(draft, flags, mode, dir_fd=directory), "wb") as file:
                    file.write(data)
                    os.fchmod(file.fileno(), mode)
                os.rename(draft, name, src_dir_fd=directory, dst_dir_fd=directory)
        except FileNotFoundError:
            if data is not None:
                raise

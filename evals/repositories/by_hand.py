"""What the project's documented command gives, run as its people would run it: in an environment that the description makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from evals.repositories.description import ProjectDescription
from evals.repositories.reading import Outcomes, outcomes

SETUP_SECONDS = 900
TEST_SECONDS = 900


class HandFailed(Exception):
    """A sentence that says which line of the description did not work, with the end of what it printed."""


@dataclass(frozen=True)
class HandRun:
    """``seconds`` are the command's own, without the setup."""

    outcomes: Outcomes
    exit_code: int
    output: str
    seconds: float = 0.0


def set_up(project: ProjectDescription, root: Path, environment: Path) -> None:
    """Runs the lines of ``setup`` in ``root``. Raises HandFailed."""
    environment.mkdir(parents=True, exist_ok=True)
    for line in project.setup:
        done = run_line(line, root, environment, SETUP_SECONDS)
        if done.returncode:
            raise HandFailed(f"{project.name}: `{line}` failed: {done.stdout.strip()[-1_000:]}")


def test(project: ProjectDescription, root: Path, environment: Path) -> HandRun:
    """Runs the documented command, with no more than its runner being asked for a report. Raises HandFailed."""
    reports = environment / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    if not project.test:
        return HandRun(Outcomes(), 0, "")
    begun = time.monotonic()
    done = run_line(project.test, root, environment, TEST_SECONDS)
    took = time.monotonic() - begun
    return HandRun(outcomes(project.reading, done.stdout, reports), done.returncode, done.stdout, took)


def variables(root: Path, environment: Path) -> dict[str, str]:
    """What the project's people would have in their shell: its programs first, and nothing of the Python that runs this."""
    paths = [environment / "bin", root / "node_modules/.bin", environment / "node_modules/.bin", Path(sys.executable).parent]
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "PYTHON", "DJANGO_", "VIRTUAL_"))
        },
        "PATH": os.pathsep.join([*map(str, paths), os.environ.get("PATH", "/usr/bin:/bin")]),
        "ENVIRONMENT": str(environment),
        "CI": "1",
        "FORCE_COLOR": "0",
        "PYTEST_ADDOPTS": f"--junitxml={environment / 'reports'}/pytest.xml -p no:cacheprovider",
        "TOX_OVERRIDE": "testenv.pass_env=PYTEST_ADDOPTS",
    }


def run_line(line: str, root: Path, environment: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """One line of the shell in ``root``. Raises HandFailed where it does not end in time."""
    env = variables(root, environment)
    try:
        return subprocess.run(
            ["sh", "-c", line], cwd=root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=timeout, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise HandFailed(f"`{line}` did not end within {timeout:g} seconds.") from error

"""mini-swe-agent on a case: the package as it is published, with its own configuration, against the scripted endpoint.

It brings 25 packages that nothing of ours needs (litellm, datasets, pyarrow), so it is locked with ours in a dependency group
of its own (``sessions``) and installed into an environment of its own in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from evals.repositories import by_hand
from evals.sessions.answers import ScriptedAnswer, for_mini
from evals.sessions.attempts import SessionAttempt
from evals.sessions.counting import Count, measure_prompts
from evals.sessions.endpoint import MODEL, ScriptedEndpoint, ScriptEnded, serve
from evals.sessions.places import CasePlace

CHECKOUT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("mini_driver.py")
INSTALL_SECONDS = 900
RUN_SECONDS = 900
SUBMITTED = "Submitted"
MINI, MINI_SINGLE = "mini", "mini, one command each"


@dataclass(frozen=True)
class MiniRun:
    """What ``mini_driver`` tells: how it ended, the seconds of all, and of its commands."""

    status: str
    seconds: float = 0.0
    commands: float = 0.0


class MiniAbsent(Exception):
    """A sentence: why the package could not be installed here."""


def installed(cache: Path) -> Path:
    """Its environment, made from the lock file where it is not there yet. Raises MiniAbsent."""
    lock = hashlib.sha256((CHECKOUT / "uv.lock").read_bytes()).hexdigest()
    place = cache / "mini" / lock[:16]
    if not (place / "bin/python").exists() or not _encodings(place):
        argv = [find_uv_bin(), "sync", "--quiet", "--frozen", "--no-install-project", "--only-group", "sessions"]
        done = subprocess.run(
            argv, cwd=CHECKOUT, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(place)}, capture_output=True, text=True,
            timeout=INSTALL_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise MiniAbsent(f"mini-swe-agent could not be installed: {done.stderr.strip()[-500:]}")
    return place


def encoding_folder(place: Path) -> Path:
    """Where its packages keep an encoding of tokens."""
    return _encodings(place)[0]


def _encodings(place: Path) -> list[Path]:
    return sorted(place.glob("lib/python*/site-packages/litellm/litellm_core_utils/tokenizers"))


def attempt_with_mini(place: CasePlace, environment: Path, count: Count, *, single: bool = False) -> SessionAttempt:
    """Works in ``place.root`` and leaves it as it was. ``single``: one command for each answer."""
    script = iter(for_mini(place.case, single=single))
    endpoint = ScriptedEndpoint(lambda request: _next(script))
    with serve(endpoint):
        told = _run(place, environment, endpoint.url)
    patch = place.change()
    why = "; ".join(endpoint.problems) or ("" if told.status == SUBMITTED else f"It ended as {told.status}.")
    why = why or place.judge(patch)
    own = told.seconds - told.commands - endpoint.seconds
    agent = MINI_SINGLE if single else MINI
    return SessionAttempt(agent, not why, measure_prompts(endpoint.requests, count), own, why)


def _next(script: Iterator[ScriptedAnswer]) -> ScriptedAnswer:
    answer = next(script, None)
    if answer is None:
        raise ScriptEnded("It asked for more than was written.")
    return answer


def _run(place: CasePlace, environment: Path, url: str) -> MiniRun:
    variables = by_hand.variables(place.root, place.environment)
    del variables["PYTEST_ADDOPTS"], variables["TOX_OVERRIDE"]  # of the evaluation of test reports
    variables |= {
        "HOME": str(place.environment), "MSWEA_GLOBAL_CONFIG_DIR": str(place.environment / "mini"), "MSWEA_SILENT_STARTUP": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    given = {"task": place.case.task, "root": str(place.root), "url": url, "model": MODEL}
    done = subprocess.run(
        [environment / "bin/python", DRIVER], input=json.dumps(given), env=variables, cwd=place.root, capture_output=True,
        text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        return MiniRun(f"a failure of its program: {done.stderr.strip()[-800:]}")
    return MiniRun(**json.loads(done.stdout.splitlines()[-1]))

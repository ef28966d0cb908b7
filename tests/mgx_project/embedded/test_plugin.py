"""The pytest plugin that gives every session of this suite its servers, driven as a session of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mgx_project.embedded.plan import HOME
from mgx_project.embedded.services import Services
from tests import services as plugin
from tests.mgx_project.embedded.installation import eventually
from tests.support.patience import SOON

SESSION = """
import os, time
from pathlib import Path

def test_it_has_servers():
    Path({out!r}).write_text("\\n".join([os.environ["DATABASE_URL"], os.environ["REDIS_URL"], os.environ["MGX_DATA_DIR"]]))
    assert os.environ["MGX_ENV"] == "test" and os.environ["MGX_SECRET_KEY"] and os.environ["MGX_ENCRYPTION_KEYS"]
    assert "OPENAI_API_KEY" not in os.environ
    time.sleep({seconds})
"""


class Session:
    def __init__(self, directory: Path, *, seconds: float = 0, **environ: str) -> None:
        self.directory = directory
        self.out = directory / "out"
        test = directory / "test_session.py"
        test.write_text(SESSION.format(out=str(self.out), seconds=seconds))
        ours = ("DATABASE_URL", "REDIS_URL", "PYTEST_", "COV")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        env |= {"TMPDIR": str(directory), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "OPENAI_API_KEY": "not for tests"} | environ
        alone = ("-c", os.devnull, "--rootdir", str(directory), "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *alone, "-p", "tests.services", "-q", str(test)]
        self.process = subprocess.Popen(
            command, cwd=HOME, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )

    def told(self) -> list[str]:
        """Database URL, Redis URL and data directory that the session's test saw."""
        assert eventually(lambda: self.out.exists() and self.out.read_text().count("\n") == 2, 30)
        return self.out.read_text().splitlines()

    def left(self) -> list[str]:
        return [path.name for path in self.directory.glob(f"{plugin.PREFIX}*")]


def test_a_session_starts_its_servers_and_removes_them_and_what_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / f"{plugin.PREFIX}{os.getpid()}-1-abandoned").mkdir()
    session = Session(tmp_path)
    output, _ = session.process.communicate(timeout=SOON)
    assert session.process.returncode == 0, output
    assert session.told()[0].startswith("postgresql://mgx:")
    assert session.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_session_leaves_no_server(tmp_path: Path, number: signal.Signals) -> None:
    session = Session(tmp_path, seconds=60)
    directory = Path(session.told()[2]).parent
    session.process.send_signal(number)
    session.process.communicate(timeout=SOON)
    assert eventually(lambda: not uses(directory))
    assert bool(session.left()) is (number == signal.SIGKILL)


def test_given_servers_are_used(tmp_path: Path) -> None:
    with Services(tmp_path / "given") as given:
        session = Session(tmp_path, DATABASE_URL=given.database_url, REDIS_URL=given.redis_url)
        output, _ = session.process.communicate(timeout=SOON)
        assert session.process.returncode == 0, output
        assert session.told()[:2] == [given.database_url, given.redis_url]


def uses(directory: Path) -> list[str]:
    """Pids of the processes that work below ``directory``; a zombie has no working directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            place = (entry / "cwd").readlink()
        except OSError:
            continue
        if place.is_relative_to(directory):
            found.append(entry.name)
    return found

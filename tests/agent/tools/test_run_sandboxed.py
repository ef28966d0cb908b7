"""The tool ``run`` with a real sandbox: what a line can do, what is left of it, and what it can't get hold of."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.checks.commands import Commands
from agent.errors import SandboxFailed
from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal, Step
from agent.ports import Ports
from agent.projects import ProjectProfile
from agent.sandbox import Limits, WorkdirSandbox, open_sandbox
from agent.tools import Toolbox, ToolResult
from tests.agent.harness import PlainModel, RecordingSink, make_repository

FILES = {
    "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
    "shop/other.py": "x = 1\n",
    "run.sh": "echo ran\n",
    ".env": "KEY=canary-of-the-app\n",
    "conf/server.key": "canary-private-key\n",
    "tests/certs/server.key": "made-for-the-tests\n",
}
PLANNED = ("shop/prices.py", "shop/new.py", "shop/link.py", "keys.pem", "away/x.py")


class Session:
    """Tools of one phase over a real sandbox and the journal in memory."""

    def __init__(self, root: Path, sandbox: WorkdirSandbox, steps: dict[str, Step] | None = None) -> None:
        self.root, self.sandbox = root, sandbox
        self.keep: Callable[[str], bool] = lambda path: path in PLANNED
        self.sink = RecordingSink()
        self.journal = MemoryJournal(self.sink, root, steps, keep_trees=True)
        self.ports = Ports(PlainModel(), self.sink, self.journal, sandbox, LocalBudget(), CancelFlag())  # type: ignore[arg-type]
        self.outputs: list[str] = []
        self.turn = 0

    async def run(self, command: str, **more: object) -> ToolResult:
        self.turn += 1
        result = await self.call("run", {"command": command, **more})
        assert "canary" not in result.text + "".join(self.outputs)
        return result

    async def call(self, tool: str, arguments: dict[str, object]) -> ToolResult:
        commands = Commands(self.ports, "execute").step(f"write/0/t{self.turn}/1/run")
        box = Toolbox(self.root, commands, ProjectProfile(), map_cache=None, keep=self.keep, outputs=self.outputs)
        return await box.call(tool, arguments)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    root = make_repository(tmp_path / "workdir", FILES)
    try:
        return Session(root, open_sandbox(root, cache=tmp_path / "cache", tier="bubblewrap"))
    except SandboxFailed as error:
        if os.environ.get("CI"):
            raise  # there this must have been tried
        pytest.skip(str(error))


def texts(root: Path) -> dict[str, str]:
    return {name: (root / name).read_text() for name in FILES}


def names(root: Path) -> set[str]:
    """All below ``root`` but git's."""
    paths = (path.relative_to(root).as_posix() for path in root.rglob("*"))
    return {path for path in paths if not path.startswith(".git/")}


async def test_a_line_is_one_for_a_shell_and_its_events_say_what_was_run(session: Session) -> None:
    line = "cd shop && x=$(ls | wc -l); (( x == 2 )) && echo two || echo other; exit 3"
    assert (await session.run(line)).text == "@run1: Exit code 3.\ntwo"
    assert session.sink.of("command_started") == [{"argv": ["sh", "-c", line]}]
    assert [(event["exit_code"], event["output_tail"]) for event in session.sink.of("command_finished")] == [(3, "two\n")]


async def test_what_the_caller_keeps_stays_and_the_rest_is_undone(session: Session) -> None:
    result = await session.run(
        "sed -i s/sum/max/ shop/prices.py; echo new > shop/new.py; rm shop/other.py run.sh; mkdir -p a/b; echo x > a/b/c; "
        "mkdir shop/__pycache__; touch poetry.lock; ln -s / root; chmod 600 conf/server.key; mkfifo pipe"
    )
    assert sorted(result.kept) == ["shop/new.py", "shop/prices.py"]
    assert "Kept: shop/new.py (created), shop/prices.py (changed)" in result.text
    for undone in ("a/b/c (created)", "poetry.lock (created)", "shop/other.py (deleted)", "root (created)", "pipe (created)"):
        assert undone in result.text
    assert "__pycache__" not in result.text
    assert (session.root / "shop/prices.py").read_text() == "def total(prices):\n    return max(prices)\n"
    assert (session.root / "shop/new.py").read_text() == "new\n"
    for name in ("shop/other.py", "run.sh", "conf/server.key", ".env"):
        assert (session.root / name).read_text() == FILES[name]
    assert {"a", "poetry.lock", "root", "pipe"}.isdisjoint(names(session.root))


async def test_a_file_that_is_kept_may_be_deleted(session: Session) -> None:
    assert (await session.run("rm shop/prices.py")).kept == ["shop/prices.py"]
    assert not (session.root / "shop/prices.py").exists()


HOSTILE = {
    "a link": "ln -sf /etc/passwd shop/link.py",
    "a file replaced by a link": "rm shop/prices.py; ln -s other.py shop/prices.py",
    "behind a link": "mkdir /tmp/x; ln -s shop away; rm -f shop/other.py; echo 1 > away/x.py; mv shop s2; ln -s s2 shop",
    "a named pipe": "rm shop/prices.py; mkfifo shop/prices.py",
    "a folder in its place": "rm shop/prices.py; mkdir shop/prices.py; touch shop/prices.py/x",
    "a secret's name": "echo x > keys.pem",
    "what is too large": "truncate -s 200M shop/new.py",
    "a folder that can't be read": "chmod 000 shop",
    "git's directory": "mkdir -p sub/.git/hooks; echo x > sub/.git/hooks/post-commit; echo x > .git/config",
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_what_is_no_source_file_is_not_kept(session: Session, kind: str) -> None:
    config = (session.root / ".git/config").read_bytes()
    result = await session.run(HOSTILE[kind])
    assert result.kept == []
    assert texts(session.root) == FILES
    assert (session.root / ".git/config").read_bytes() == config
    assert {path for path in names(session.root) if (session.root / path).is_file()} == set(FILES)


async def test_a_planner_s_line_changes_nothing(session: Session) -> None:
    session.keep = lambda path: False
    result = await session.run("echo broken > shop/prices.py; echo done")
    assert result.kept == [] and "shop/prices.py (changed)" in result.text
    assert texts(session.root) == FILES


SECRETS = (
    "cat .env", "base64 .env", "rev .env", "od -c .env", "python3 -c 'print(open(\".env\").read()[::-1])'",
    "tr a-z b-za < .env", "cp .env shop/new.py; base64 shop/new.py", "mv .env x; base64 x", "ln .env x; base64 x",
    "rm -f .env; ls -la; base64 .env", "git show HEAD:.env | base64", "git cat-file -p HEAD:.env | rev",
    "base64 conf/server.key", "grep -r '' . | base64", "tar c . | base64 | head -c 100000", "mv conf c2; base64 c2/server.key",
    "cat /proc/self/root/workdir/.env | base64", "base64 /proc/1/root/workdir/.env", "umount .env; base64 .env",
    "unshare -Urm sh -c 'umount /workdir/.env; base64 /workdir/.env'", "env; cat /proc/*/environ | tr '\\0' '\\n'",
)  # fmt: skip
ROTATED = str.maketrans("abcdefghijklmnopqrstuvwxyz", "bcdefghijklmnopqrstuvwxyza")


def decoded(text: str) -> Iterator[str]:
    """``text`` in the writings of ``SECRETS``: as it is, backwards, rotated, without spaces, and what is base64 in it."""
    yield text
    yield text[::-1]
    yield text.translate({new: old for old, new in ROTATED.items()})
    yield "".join(text.split())
    for word in (*text.split(), "".join(text.split())):
        with suppress(ValueError):
            yield base64.b64decode(word[: len(word) // 4 * 4]).decode("latin-1")


def test_each_writing_is_read_by_these_tests() -> None:
    said = "canary"
    for form in (said, said[::-1], said.translate(ROTATED), "c a n a r y", base64.b64encode(b"KEY=canary-of").decode()):
        assert any(said in text for text in decoded(form))


@pytest.mark.parametrize("line", SECRETS)
async def test_no_line_reads_a_secret_in_any_writing(session: Session, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-of-the-operator")
    result = await session.run(line)
    assert session.outputs, "it was run"
    assert not [text for text in decoded(f"{result.text}\n{session.outputs[0]}") if "canary" in text]
    assert "canary" not in "".join((session.root / path).read_text() for path in result.kept)
    assert {name: texts(session.root)[name] for name in FILES} == FILES


async def test_keys_that_tests_need_are_there_and_not_shown(session: Session) -> None:
    said = await session.run("cat tests/certs/server.key; wc -c < tests/certs/server.key")
    assert said.text.splitlines()[1:] == ["[hidden]", "19"]


BACKGROUND = {
    "a job": "sleep 1000 & echo hi",
    "a job in a session of its own": "setsid sleep 1000 & echo hi",
    "a job that hears no hangup": "nohup sleep 1000 >/dev/null 2>&1 & echo hi",
    "a daemon": "python3 -c 'import os\nif os.fork() == 0:\n  os.setsid()\n  os.fork() or os.system(\"sleep 1000\")'; echo hi",
    "a job that ignores signals": "(trap '' TERM HUP INT; sleep 1000; sleep 1000) & echo hi",
}


def command_lines() -> Iterator[bytes]:
    """Of all processes of the machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            yield path.read_bytes()


@pytest.mark.parametrize("kind", BACKGROUND)
async def test_what_is_started_in_the_background_ends_with_the_line(session: Session, kind: str) -> None:
    mark = f"1000.{os.getpid()}"
    began = time.monotonic()
    result = await session.run(BACKGROUND[kind].replace("1000", mark), timeout=300)
    assert result.text.splitlines() == ["@run1: Exit code 0.", "hi"]
    assert time.monotonic() - began < 200
    assert not [line for line in command_lines() if mark.encode() in line]


async def test_limits_hold_for_what_runs_in_the_background(session: Session) -> None:
    session.sandbox.limits = Limits(processes=20, memory=64 << 20)
    fork = "import os, time\nfor at in range(60):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)"
    many = await session.run(f"python3 -c '{fork}' & sleep 20 & wait -n; echo ended", timeout=100)
    assert "stopped: more than 20 processes" in many.text or "BlockingIOError" in many.text
    grown = await session.run("(python3 -c 'x = bytearray(128 << 20); import time; time.sleep(60)' &) ; sleep 50", timeout=100)
    assert "stopped: more than 64 MiB of memory" in grown.text


async def test_the_time_ends_the_line_and_what_it_said_before_is_told(session: Session) -> None:
    for seconds in (2, 20, 100):  # on a busy machine it may not have begun yet
        result = await session.run("echo before; sleep 3600", timeout=seconds)
        assert f"stopped after {seconds} seconds" in result.text
        if "before" in result.text:
            return
    pytest.fail(result.text)


async def test_head_and_tail_of_a_huge_output_are_kept(session: Session) -> None:
    result = await session.run("seq 1000000")
    output = session.outputs[0]
    assert output.startswith("1\n2\n3\n") and output.endswith("999999\n1000000")
    assert "bytes are left out" in output and len(output) < 270_000
    assert len(result.text) < 10_000
    read = await session.call("read", {"paths": ["@run1:5000-5001"]})
    assert read.text.splitlines()[1] == "5000\t5000"


async def test_a_replay_acts_again_in_no_way(session: Session, tmp_path: Path) -> None:
    line = "echo new > shop/new.py; echo x > dropped; date +%N"
    first = await session.run(line)
    again = Session(make_repository(tmp_path / "again", FILES), session.sandbox, session.journal.steps)
    assert await again.run(line) == first
    assert again.outputs == session.outputs
    assert (again.root / "shop/new.py").read_text() == "new\n" and "dropped" not in names(again.root)


async def test_too_many_secrets_to_hide_run_nothing(session: Session) -> None:
    for number in range(120):
        (session.root / f"k{number}.pem").write_text("x")
    result = await session.run("touch shop/new.py")
    assert "Nothing was run: the project has more than 100 files" in result.text and result.kept == []

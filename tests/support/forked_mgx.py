"""Starts ``mgx`` as a fork of a process that has imported all of it: a real process, without the imports that take most of the
third of a second that a start costs.

What the interpreter, the entry point and the imports do is not exercised so: terminals, pipes that are read meanwhile and
`test_help_and_doctor.py` start the executable itself.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mgx_cli import commands, main

from .patience import SOON

# MGX_UNDER_TEST names an mgx of another environment: the wheel alone, another Python.
MGX = os.environ.get("MGX_UNDER_TEST") or str(Path(sys.executable).with_name("mgx"))
AS_EXECUTABLE = any(name in os.environ for name in ("MGX_UNDER_TEST", "COVERAGE_PROCESS_CONFIG"))
"""Another environment's can't be forked from this one's, and coverage counts the lines of processes that end by themselves."""
FORKS = multiprocessing.get_context("forkserver")
COMMANDS = [f"mgx_cli.commands.{module.name}" for module in pkgutil.iter_modules(commands.__path__)]
FORKS.set_forkserver_preload(["mgx_cli.main", *COMMANDS])
STREAMS = ("stdin", "stdout", "stderr")
Done = subprocess.CompletedProcess[str]


def execute(argv: list[str], *, cwd: Path, env: dict[str, str], input: str = "", timeout: float = SOON) -> Done:
    return subprocess.run(argv, cwd=cwd, env=env, input=input, capture_output=True, text=True, timeout=timeout)


def run(*arguments: str, cwd: Path, env: dict[str, str], input: str = "", timeout: float = SOON) -> Done:
    """As `subprocess.run` with captured text. Raises `subprocess.TimeoutExpired`."""
    argv = [MGX, *arguments]
    if AS_EXECUTABLE:
        return execute(argv, cwd=cwd, env=env, input=input, timeout=timeout)
    with tempfile.TemporaryDirectory(prefix="mgx-streams-") as directory:
        streams = [Path(directory, name) for name in STREAMS]
        streams[0].write_bytes(input.encode())
        process = FORKS.Process(target=_run, args=(argv, str(cwd), env, [str(path) for path in streams]))
        process.start()
        process.join(timeout)
        if (code := process.exitcode) is None:
            process.kill()
            process.join()
        output, errors = (path.read_text("utf-8") if path.exists() else "" for path in streams[1:])
    if code is None:
        raise subprocess.TimeoutExpired(argv, timeout, output, errors)
    process.close()
    return subprocess.CompletedProcess(argv, code, output, errors)


def _run(argv: list[str], cwd: str, env: dict[str, str], streams: list[str]) -> None:
    """In the fork, whose streams, directory, environment and arguments become those of a new process."""
    for number, (name, path) in enumerate(zip(STREAMS, streams, strict=True)):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND if number else os.O_RDONLY
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
        setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv[:] = argv
    main.run()

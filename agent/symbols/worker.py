"""A process that parses what it is sent: grammars are C code and the files are untrusted, so neither runs beside secrets.

Per file, on stdin: a line of JSON {language, size} and ``size`` bytes; on stdout: a line of JSON [definitions, references].
"""

from __future__ import annotations

import resource
import signal
import sys
from contextlib import suppress
from dataclasses import astuple
from typing import BinaryIO

import orjson

from agent.symbols.tags import extract

MAX_MEMORY = 1 << 29
MAX_CPU_SECONDS = 2.0
"""For one file; the slowest honest one takes a tenth of it."""


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Until ``requests`` ends. The first line says that it can begin."""
    answers.write(b"ready\n")
    answers.flush()
    while line := requests.readline():
        wanted = orjson.loads(line)
        data = requests.read(wanted["size"])
        # not seconds of the clock, which a busy machine may take away; the signal ends this process, also inside of a grammar
        signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
        tags = extract(wanted["language"], data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        definitions = [astuple(found) for found in tags.definitions]
        answers.write(orjson.dumps([definitions, tags.references]) + b"\n")
        answers.flush()


if __name__ == "__main__":
    # a lower limit is set already, or the system knows none (macOS): then the time limit has to do
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)

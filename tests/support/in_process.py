"""``python -m agent`` and ``python -m evals`` without a process of their own: to import MetaGPT takes two seconds of the
processor, and the tests' process has done it. That they start as processes is shown once for each, in `test_command_line.py`.
"""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from unittest import mock

OURS = ("OPENAI_", "ANTHROPIC_", "MGX_")


def foreign_environment() -> dict[str, str]:
    """The environment without what the tests, or whoever runs them, say of models and of the server."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def command(
    main: Callable[[Sequence[str]], int], arguments: Sequence[str], *, stdin: str = "", env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """What ``main`` says and returns, with these variables beside the foreign ones."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**foreign_environment(), **env}, clear=True),
        mock.patch("sys.stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
    return subprocess.CompletedProcess(list(arguments), code, out.getvalue(), err.getvalue())

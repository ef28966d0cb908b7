"""Tries an installed `mgx` as a new user would, with an empty home and no server: `python .ci/try_cli.py MGX`.

Only the standard library is used, so that it runs on each Python and system that the command line is for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KEPT = ("PATH", "PATHEXT", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "TEMP", "TMP", "LANG")
"""Of the environment; Windows starts no process without some of them."""


def main() -> None:
    executable = shutil.which(sys.argv[1])
    if executable is None:
        sys.exit(f"error: {sys.argv[1]} was not found.")
    executable = os.path.abspath(executable)
    with tempfile.TemporaryDirectory(prefix="mgx-try-") as directory:
        home = Path(directory)
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment.update(HOME=directory, USERPROFILE=directory, APPDATA=directory, LOCALAPPDATA=directory, NO_COLOR="1")
        environment["PYTHONUTF8"] = "1"  # what a pipe is written in on Windows is another matter

        def mgx(*arguments: str, code: int = 0, **more: str) -> str:
            done = subprocess.run(
                [executable, *arguments], cwd=home, env={**environment, **more}, stdin=subprocess.DEVNULL,
                capture_output=True, encoding="utf-8", timeout=120,
            )  # fmt: skip
            shown = f"mgx {' '.join(arguments)}: {done.stdout}{done.stderr}"
            assert done.returncode == code, f"exit code {done.returncode}, not {code}: {shown}"
            assert "Traceback" not in done.stderr, shown
            return done.stdout

        version = mgx("--version").split()[1]
        assert json.loads(mgx("version", "--json"))["version"] == version
        commands = re.findall(r"^  ([a-z]+)  +\S", mgx("--help"), re.MULTILINE)
        assert len(commands) > 30, commands
        for command in commands:
            assert "Usage: mgx" in mgx(command, "--help"), command
        for shell in ("bash", "zsh", "fish", "powershell"):
            assert "mgx" in mgx("completion", shell)
        mgx("lst", code=2)
        mgx("list", code=6)
        mgx("list", code=6, MGX_SERVER="http://127.0.0.1:9", MGX_TOKEN="mgx_not_a_real_token_0123456789")
        mgx("config", "set", "server", "https://mgx.example.com")
        assert "https://mgx.example.com" in mgx("config", "list")
        mgx("init")
        assert (home / "mgx.yaml").is_file()
        print(f"mgx {version}, {len(commands)} commands, on {sys.platform}: as it should be")


if __name__ == "__main__":
    main()

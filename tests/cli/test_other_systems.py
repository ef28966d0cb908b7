"""The command line where Windows' Python runs: without the modules that only Unix has, and with its paths."""

from __future__ import annotations

import json
import subprocess
import sys

UNIX_ONLY = ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "readline", "syslog")
"""Modules of the standard library that Windows' Python lacks, by the "Availability" of their pages."""
OF_EXTRAS = ("keyring",)
PROGRAM = f"""
import json, pkgutil, sys
sys.modules.update(dict.fromkeys({UNIX_ONLY + OF_EXTRAS!r}))
import mgx_cli
names = [module.name for module in pkgutil.walk_packages(mgx_cli.__path__, "mgx_cli.") if not module.name.endswith("__main__")]
for name in names:
    __import__(name)
print(json.dumps(names))
"""


def test_every_module_is_imported_without_what_only_unix_or_an_extra_has() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) > 50

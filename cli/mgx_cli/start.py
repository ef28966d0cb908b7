"""The entry point: prints the help of `mgx` from a file, and leaves everything else to `main`, whose imports
take six times as long.

`docs/generate.py` writes the file, and the docs are checked against it.
"""

from __future__ import annotations

import os
import sys

WIDTH = 80
"""Columns of the widest help; narrower terminals need it wrapped for them."""


def run() -> None:
    if sys.argv[1:] in (["--help"], ["-h"], ["help"]) and _columns() >= WIDTH and "_MGX_COMPLETE" not in os.environ:
        with open(os.path.join(os.path.dirname(__file__), "help.txt"), encoding="ascii") as file:
            print(file.read(), end="")
        return
    import gc

    gc.disable()  # of what is imported nothing is garbage; a command enables it again
    from mgx_cli import main

    main.run()


def _columns() -> int:
    """Of the terminal, as `shutil.get_terminal_size` finds them, which takes longer to import."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(1).columns or WIDTH
    except OSError:  # not a terminal
        return WIDTH

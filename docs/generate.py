"""Writes the generated parts of the documentation: `python docs/generate.py`, or `--check` to only say what is out of date.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; `blocks.py` says what belongs there.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PART = re.compile(r"(<!-- generated: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
EVENT_SCHEMA = "docs/events.schema.json"
CLI_SCHEMA = "docs/cli.schema.json"
MAN_PAGE = "cli/man/mgx.1"
HELP = "cli/mgx_cli/help.txt"


def prepare() -> None:
    """Makes the code importable as the server sees it. The settings are read, no server is asked."""
    sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
    for name in ("MGX_SECRET_KEY", "MGX_ENCRYPTION_KEYS"):
        os.environ.setdefault(name, "-")
    os.environ.setdefault("DATABASE_URL", "postgres:///-")
    os.environ.setdefault("REDIS_URL", "redis://-")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mgx_project.settings")
    import django

    django.setup()


def wanted() -> dict[Path, str]:
    """Every file with a generated part, as it should be."""
    import blocks
    import help_texts

    files = {
        ROOT / EVENT_SCHEMA: blocks.event_schema(),
        ROOT / CLI_SCHEMA: blocks.cli_schema(),
        ROOT / MAN_PAGE: blocks.man(),
        ROOT / HELP: help_texts.help_text() + "\n",
    }
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text("utf-8")
        if PART.search(text):
            files[path] = PART.sub(lambda hit: f"{hit[1]}\n{blocks.BLOCKS[hit['name']]().strip()}\n\n{hit[3]}", text)
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is out of date")
    check = parser.parse_args().check
    prepare()
    stale = [path for path, text in wanted().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} {'is out of date: run `make docs`' if check else 'written'}")
    if check:
        return 1 if stale else 0
    for path, text in wanted().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

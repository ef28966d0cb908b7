"""Checks files before a commit: none is large, and none contains the markers of an unfinished merge.

`python .ci/check_files.py --large FILE…` or `--merge-markers FILE…`; prints each problem and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_BYTES = 600_000
"""Larger than uv.lock and everything that is written by hand."""
MARKERS = re.compile(rb"^(?:<{7} (?!SEARCH$)|>{7} (?!REPLACE$))", re.MULTILINE)
"""The first and last line of a conflict (git-merge, "How conflicts are presented"); the docs show SEARCH/REPLACE blocks."""
SHOW_MARKERS = ("agent/", "evals/", "tests/")
"""Code and tests about patches show such lines; there a conflict counts only while git is in a merge."""


def large(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        size = path.stat().st_size
        if size > MAX_BYTES:
            yield f"{path}: {size:,} bytes, the limit is {MAX_BYTES:,}. Keep large files outside the repository."


def merge_markers(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        if str(path).startswith(SHOW_MARKERS) and not _merging():
            continue
        content = path.read_bytes()
        if hit := MARKERS.search(content):
            line = content.count(b"\n", 0, hit.start()) + 1
            yield f"{path}:{line}: a merge marker. Resolve the conflict."


def _merging() -> bool:
    head = subprocess.run(["git", "rev-parse", "--git-path", "MERGE_HEAD"], capture_output=True, text=True, check=True)
    return Path(head.stdout.strip()).exists()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--large", action="store_const", dest="check", const=large)
    which.add_argument("--merge-markers", action="store_const", dest="check", const=merge_markers)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    problems = list(options.check([path for path in options.files if path.is_file() and not path.is_symlink()]))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

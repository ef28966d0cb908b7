"""``python -m evals.repositories``: whether a run says of a project's tests what its own command says.

Exit codes: 0 nothing is wrong, 1 something is, 2 usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from evals.repositories.comparison import Comparison, compare
from evals.repositories.description import DescriptionInvalid, read_all
from evals.repositories.ours import measure

RIGHT, WRONG, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    top = argparse.ArgumentParser(prog="python -m evals.repositories", description="What is said of whole projects' tests.")
    top.add_argument("names", nargs="*", metavar="NAME", help="only these projects; all without one")
    top.add_argument("--list", action="store_true", help="the projects, and what each is there for")
    top.add_argument("--by-hand", action="store_true", help="only what each project's own command gives")
    top.add_argument("--cache", type=Path, metavar="DIR", help="where archives are kept; default: in the user's cache")
    options = top.parse_args(arguments)
    try:
        projects = read_all(options.names)
    except DescriptionInvalid as error:
        print(error, file=sys.stderr)
        return USAGE
    if options.list:
        for project in projects:
            print(f"{project.name:<24} {project.runner or '-':<9} {project.title}")
        return RIGHT
    cache = options.cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mgx/repositories"
    results = []
    for project in projects:
        results.append(compare(project, cache, None if options.by_hand else measure))
        print(_line(results[-1]), flush=True)
    counts = Counter(result.verdict for result in results)
    print(", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items())))
    return WRONG if counts["wrong"] else RIGHT


def _line(result: Comparison) -> str:
    shown = [f"{result.verdict:<8} {result.name:<24}"]
    shown += [
        f"{label}: {found}"
        for label, found in (("hand", result.hand), ("bug", result.with_bug), ("told", result.ours))
        if found
    ]
    if any(result.seconds):
        shown.append("told in {:.1f} s, again in {:.1f} s; own command {:.1f} s".format(*result.seconds))
    return "  ".join([*shown, result.why]).rstrip()


if __name__ == "__main__":
    sys.exit(main())

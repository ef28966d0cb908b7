"""``python -m agent.projects PATH``: the project profile of a directory, as lines or with ``--json``; exit 1 where
nothing is known."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from agent.logs import log_to_stderr
from agent.projects.detect import detect
from agent.projects.files import ProjectFiles


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.projects")
    parser.add_argument("path", type=Path, help="the repository's directory")
    parser.add_argument("--json", action="store_true", help="the whole profile as JSON")
    args = parser.parse_args(argv)
    if not args.path.is_dir():
        parser.error(f"{args.path} is not a directory")
    profile = detect(ProjectFiles.at(args.path, _listed(args.path)))
    if args.json:
        json.dump(profile.to_json(), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print("\n".join(profile.told()) or "Nothing is known about this directory.")
    return 0 if profile.parts else 1


def _listed(root: Path) -> list[str]:
    """What git tracks or would; all files where there is no git."""
    command = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return [name for name in done.stdout.split("\0") if name]
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]


if __name__ == "__main__":
    log_to_stderr()
    sys.exit(main())

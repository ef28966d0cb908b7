"""``python -m agent.stacks list`` and ``python -m agent.stacks infer TEXT [FILE…]``: JSON on stdout, exit 1 when unsure."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from agent.logs import log_to_stderr
from agent.stacks import catalogue, infer


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.stacks")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the catalogue")
    question = commands.add_parser("infer", help="which stack a task is for")
    question.add_argument("text")
    question.add_argument("files", nargs="*", help="paths of the repository")
    args = parser.parse_args(argv)
    if args.command == "list":
        json.dump([{"id": s.id, "title": s.title, "project_type": s.project_type} for s in catalogue()], sys.stdout, indent=2)
        print()
        return 0
    guess = infer(args.text, args.files)
    json.dump(asdict(guess), sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 0 if guess.stack else 1


if __name__ == "__main__":
    log_to_stderr()
    sys.exit(main())

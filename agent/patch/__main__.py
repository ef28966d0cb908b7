"""``python -m agent.patch apply|check|backups|restore --root DIR``: a patch on stdin, its result as JSON on stdout.

Exit status 0: applied (or would be), 1: refused, 2: usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.logs import log_to_stderr
from agent.patch import PatchRejected, apply_patch, list_backups, restore_backup
from agent.patch.tree import Blocked

DONE, REFUSED, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    args = _parser().parse_args(argv)
    log_to_stderr()
    root = Path(args.root)
    if not root.is_dir():
        print(f"error: {args.root} is not a directory.", file=sys.stderr)
        return USAGE
    try:
        status, data = _run(args, root)
    except PatchRejected as refused:
        status, data = REFUSED, {**refused.result.to_json(), "detail": refused.detail, "hint": refused.hint}
    except (AgentError, Blocked, OSError) as error:
        status, data = REFUSED, {"success": False, "detail": f"Nothing was changed: {error}."}
    print(json.dumps(data, ensure_ascii=False))
    return status


def _run(args: argparse.Namespace, root: Path) -> tuple[int, dict[str, Any]]:
    if args.command == "backups":
        return DONE, {"backups": [{"name": backup.name, "paths": list(backup.paths)} for backup in list_backups(root)]}
    if args.command == "restore":
        try:
            return DONE, {"success": True, "restored": restore_backup(root, args.name)}
        except KeyError as error:
            return REFUSED, {"success": False, "detail": str(error.args[0])}
    dry_run = args.command == "check" or args.dry_run
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    result = apply_patch(root, text, mode=args.mode, dry_run=dry_run, strict=args.strict)
    return (DONE if result.success else REFUSED), result.to_json()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent.patch", description="Applies edits to a directory, whole or not at all."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_ in (("apply", "apply the patch on stdin"), ("check", "say what it would do")):
        command = commands.add_parser(name, help=help_)
        command.add_argument("--root", required=True, help="the directory")
        command.add_argument("--mode", choices=("all_or_nothing", "best_effort"), default="all_or_nothing")
        command.add_argument("--dry-run", action="store_true", help="write nothing")
        command.add_argument("--strict", action="store_true", help="allow no prose around the edits")
    backups = commands.add_parser("backups", help="list what can be taken back")
    backups.add_argument("--root", required=True, help="the directory")
    restore = commands.add_parser("restore", help="take a patch back")
    restore.add_argument("--root", required=True, help="the directory")
    restore.add_argument("name", help="a backup's name")
    return parser


if __name__ == "__main__":
    sys.exit(main())

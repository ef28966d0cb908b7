"""``python -m mgx_project.embedded``: data goes to stdout, messages to stderr.

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 nothing runs (``status``), 4 it runs and is not ready (``status``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mgx_project.embedded import control
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.files import tail
from mgx_project.embedded.plan import HOME, MakePlan, django_plan
from mgx_project.embedded.supervisor import Supervisor

LOGS = ("supervisor", "postgres", "valkey", "migrate", "setup", "web", "worker")


def main(
    arguments: Sequence[str] | None = None, *, make_plan: MakePlan = django_plan, module: str = "mgx_project.embedded"
) -> int:
    """``module`` is run again (``python -m module run``) as the supervisor, with ``make_plan`` of its own."""
    options = _parser(module).parse_args(arguments)
    data = DataDirectory.choose(options.data, os.environ)
    try:
        if options.command == "run":
            return Supervisor(data, make_plan, os.environ).run()
        if options.command == "up":
            return _up(data, module, as_json=options.json)
        if options.command == "down":
            return _down(data, as_json=options.json)
        if options.command == "status":
            return _status(data, as_json=options.json)
        if options.command == "logs":
            return _logs(data, options.name, options.lines, follow=options.follow)
        if options.command == "manage":
            manage = [sys.executable, str(HOME / "manage.py"), *options.arguments]
            return subprocess.run(manage, env=control.environment(data)).returncode
        root = control.allow(data, Path(options.directory))
        print(json.dumps({"allowed": str(root)}) if options.json else root)
        return 0
    except EmbeddedError as error:
        _explain(error)
        return 1
    except OSError as error:
        _explain(EmbeddedError(f"{error}.", hint=f"Check the disk with {data.path}, or choose another directory with --data."))
        return 1
    except KeyboardInterrupt:
        return 130


def _parser(module: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description="PostgreSQL, Valkey, web and worker on this machine."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data", metavar="DIR", help="data directory (MGX_DATA_DIR, else $XDG_DATA_HOME/mgx or ~/.local/share/mgx)"
    )
    common.add_argument("--json", action="store_true", help="print JSON on stdout")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", parents=[common], help="start the server, wait until it is ready, print its address")
    commands.add_parser("down", parents=[common], help="stop the server and wait")
    commands.add_parser("status", parents=[common], help="show the state of the server")
    logs = commands.add_parser("logs", parents=[common], help="print the end of the logs")
    logs.add_argument("name", nargs="?", choices=LOGS, help="one log (default: all)")
    logs.add_argument("-n", "--lines", type=int, default=50, help="lines of each log (default 50)")
    logs.add_argument("-f", "--follow", action="store_true", help="keep printing new lines")
    allow = commands.add_parser("allow", parents=[common], help="allow runs to use a local directory")
    allow.add_argument("directory", metavar="DIR")
    manage = commands.add_parser("manage", parents=[common], help="run manage.py on this server: createsuperuser, shell, …")
    manage.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENTS")
    commands.add_parser("run", parents=[common], help="run the supervisor in the foreground")
    return parser


def _up(data: DataDirectory, module: str, *, as_json: bool) -> int:
    supervise = [sys.executable, "-m", module, "run", "--data", str(data.path)]
    state = control.up(data, supervise, cwd=HOME, tell=lambda stage: print(f"· {stage}", file=sys.stderr, flush=True))
    if as_json:
        print(json.dumps(state.to_json(secrets=False)))
    else:
        print(f"{state.base_url} is ready (supervisor {state.pid}, data in {data.path})")
    return 0


def _down(data: DataDirectory, *, as_json: bool) -> int:
    stopped = control.down(data)
    print(json.dumps({"stopped": stopped}) if as_json else "stopped" if stopped else "nothing was running")
    return 0


def _status(data: DataDirectory, *, as_json: bool) -> int:
    report = control.status(data)
    if as_json:
        print(json.dumps(report))
    else:
        print(f"data      {report['data']}")
        print(f"status    {report.get('status', 'never started')}" + (f" at {report['base_url']}" if report["running"] else ""))
        for name, child in report["children"].items():
            restarts = f", {child['restarts']} restarts, last ended with {child['last_exit']}" if child["restarts"] else ""
            print(f"{name:<9} {child['state']}" + (f" (pid {child['pid']})" if child["pid"] else "") + restarts)
        if report["running"] and not report["ready"]:
            print(f"health    {report['health']}")
        if report.get("error"):
            print(f"error     {report['error']['detail']} {report['error']['hint']}")
    return 0 if report["ready"] else 4 if report["running"] else 3


def _logs(data: DataDirectory, name: str | None, lines: int, *, follow: bool) -> int:
    names = [name] if name else [each for each in LOGS if data.log(each).exists()]
    for each in names:
        for line in tail(data.log(each), lines, window=8 << 20):
            print(line if name else f"{each:<10} {line}")
    if follow:
        _follow({each: data.log(each) for each in ([name] if name else LOGS)}, labelled=name is None)
    return 0


def _follow(logs: dict[str, Path], *, labelled: bool) -> None:
    places = {name: path.stat().st_size if path.exists() else 0 for name, path in logs.items()}
    while True:
        for name, path in logs.items():
            size = path.stat().st_size if path.exists() else 0
            # A log that shrank was set aside and replaced by a new one.
            places[name] = places[name] if size >= places[name] else 0
            if size > places[name]:
                with path.open("rb") as file:
                    file.seek(places[name])
                    whole, newline, _ = file.read(1 << 20).rpartition(b"\n")
                places[name] += len(whole) + len(newline)
                for line in whole.decode("utf-8", "replace").splitlines():
                    print(f"{name:<10} {line}" if labelled else line, flush=True)
        time.sleep(0.2)


def _explain(error: EmbeddedError) -> None:
    print(f"error: {error.detail}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    if error.log is not None:
        print(f"the end of {error.log}:", file=sys.stderr)
        for line in tail(error.log):
            print(f"  {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

"""The repository map on real code: installed packages, copied into one tree; and on a made tree of 5,000 files.

Each map is made by a process of its own, as a worker would make its first one; it says its time and the memory that it and the
largest of its parsers took.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from benchmarks.report import ReportLine, Yardstick

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGES = ("django", "openai")
LEAST_FILES = 2_000
MADE_FILES = 5_000
TASK = "QuerySet.bulk_create must return the ids of rows that were updated"
MAP = """
import asyncio, json, resource, sys, time
from pathlib import Path
from agent.context.listing import list_files
from agent.context.repomap import repository_map
from agent.context.tokenization import words_of
root, cache, task = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
async def main():
    files = await list_files(root)
    return files, await repository_map(root, files, words=words_of(task), focus=(), tokens=4_000, cache=cache)
empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
files, text = asyncio.run(main())
took = time.perf_counter() - start
own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"seconds": took, "files": len(files), "added": (own - empty) / 1024, "child": child / 1024, "text": text}))
"""


def main(quick: bool = False) -> list[ReportLine]:
    with tempfile.TemporaryDirectory() as place:
        real, made = Path(place) / "real", Path(place) / "made"
        copy(real)
        make(made)
        cold = [measure(real, Path(place) / f"cold{number}") for number in range(1 if quick else 3)]
        warm = [measure(real, Path(place) / "cold0") for _ in range(1 if quick else 3)]
        first = measure(made, Path(place) / "made-cache")
        by_python = Yardstick("ast.parse of its Python files, one process", parse(real))
        made_by_python = Yardstick("ast.parse of its files, one process", parse(made))
        again = [measure(made, Path(place) / "made-cache") for _ in range(1 if quick else 3)]
    if len({run["text"] for run in (*cold, *warm)}) != 1 or "def bulk_create" not in cold[0]["text"]:
        raise RuntimeError("Maps of the same tree differ, or don't show what the task names.")
    files = cold[0]["files"]
    if files < LEAST_FILES:
        raise RuntimeError(f"There are only {files} files in the installed packages; at least {LEAST_FILES} were to be mapped.")
    runs = [*cold, *warm, first, *again]
    return [
        ReportLine("map, cold", seconds(cold), "s", 5, f"{files} files of {len(PACKAGES)} installed packages", by_python),
        ReportLine("map, warm", seconds(warm), "s", 2, yardstick=by_python),
        ReportLine("map of 5,000 files, cold", first["seconds"], "s", None, "made files of 40 lines", made_by_python),
        ReportLine("map of 5,000 files, warm", seconds(again), "s", 2, yardstick=made_by_python),
        ReportLine("a map adds to its process", max(run["added"] for run in runs), "MB", 150),
        ReportLine("a parser's process", max(run["child"] for run in runs), "MB", 100, "two of them while parsing"),
    ]


def seconds(runs: list[dict[str, float]]) -> float:
    return statistics.median(run["seconds"] for run in runs)


def measure(root: Path, cache: Path) -> dict[str, float]:
    argv = [sys.executable, "-c", MAP, str(root), str(cache), TASK]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=True, timeout=300, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}
    )
    return json.loads(done.stdout)


def parse(root: Path) -> float:
    """Seconds in which Python's own parser reads all Python files of ``root``."""
    code = "import ast, sys, pathlib\nfor path in pathlib.Path(sys.argv[1]).rglob('*.py'): ast.parse(path.read_bytes())"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(root)], check=True, timeout=300)
    return time.perf_counter() - began


def copy(root: Path) -> None:
    """The sources of the packages, as far as they are installed."""
    packages = Path(sysconfig.get_path("purelib"))
    for name in PACKAGES:
        for path in sorted((packages / name).rglob("*")):
            if path.suffix in (".py", ".pyi", ".js", ".html", ".txt", ".css") and path.is_file():
                target = root / path.relative_to(packages)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    subprocess.run(["git", "init", "-q", str(root)], check=True)


def make(root: Path) -> None:
    """Modules that use each other."""
    for number in range(MADE_FILES):
        folder = root / f"package{number % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        body = "".join(
            f"\n\ndef step_{number}_{part}(value):\n    return step_{(number * 7 + part) % MADE_FILES}_{part}(value)\n"
            for part in range(10)
        )
        (folder / f"module{number}.py").write_text(f"class Machine{number}:\n    pass\n{body}")
    subprocess.run(["git", "init", "-q", str(root)], check=True)

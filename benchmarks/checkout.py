"""A run's workdir, from the request to the files: the first on a machine, the next run, and the next phase of a run.

Of a made repository with 1,000 files and 400 commits on this machine's disk. The bound is for what comes again and again.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from cryptography.fernet import Fernet

from benchmarks.report import ReportLine, Yardstick, percentile

FILES, COMMITS = 1_000, 400
MAX_NEXT_RUN, MAX_NEXT_PHASE = 300.0, 150.0


def main(quick: bool = False) -> list[ReportLine]:
    with tempfile.TemporaryDirectory() as place:
        # what reading the settings takes; no server is asked for anything
        os.environ |= {"MGX_LOCAL_ROOTS": place, "MGX_DATA_DIR": place, "DJANGO_SETTINGS_MODULE": "mgx_project.settings"}
        os.environ |= {"DATABASE_URL": "postgres:///-", "REDIS_URL": "redis://-"}
        os.environ |= {"MGX_SECRET_KEY": secrets.token_urlsafe(60), "MGX_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
        origin = Path(place) / "origin"
        _make(origin)
        return asyncio.run(_measure(Path(place), origin, 5 if quick else 20))


def _make(origin: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(origin)], check=True)
    stream = []
    for number in range(COMMITS):
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.com> {1_700_000_000 + number} +0000\ndata 1\nx\n")
        for name in range(FILES if number == 0 else 3):
            text = f"def f{name}():\n    return {number}\n" * 40
            stream.append(f"M 100644 inline pkg{name % 20}/m{name}.py\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=origin, input="".join(stream).encode(), check=True)


async def _measure(place: Path, origin: Path, times: int) -> list[ReportLine]:
    from repositories.git.checkout import Checkout, RemoteSource  # after the settings are made

    source = RemoteSource(str(origin), "main", mirror=place / "mirrors" / "w" / "l")

    async def once(sha: str = "") -> tuple[float, str]:
        began = time.perf_counter()
        checkout = await Checkout.create(place / "run", source, sha=sha)
        took = (time.perf_counter() - began) * 1000
        checkout.close()
        return took, checkout.base_sha

    def by_git() -> float:
        """`git clone --shared`, which copies no object and writes the same files."""
        shutil.rmtree(place / "clone", ignore_errors=True)
        began = time.perf_counter()
        subprocess.run(["git", "clone", "-q", "--shared", str(origin), str(place / "clone")], check=True)
        return (time.perf_counter() - began) * 1000

    first, sha = await once()
    clones = [by_git() for _ in range(times)]
    runs = [(await once())[0] for _ in range(times)]
    phases = [(await once(sha))[0] for _ in range(times)]
    clone = Yardstick("git clone --shared", percentile(clones, 50))
    note = f"{FILES:,} files, {COMMITS} commits"
    runs_clone, phases_clone = replace(clone, times=3), replace(clone, times=2)
    return [
        ReportLine("first checkout", first, "ms", note=note, yardstick=clone),
        ReportLine("checkout of the next run, p50", percentile(runs, 50), "ms", MAX_NEXT_RUN, yardstick=runs_clone),
        ReportLine("checkout of the next phase, p50", percentile(phases, 50), "ms", MAX_NEXT_PHASE, yardstick=phases_clone),
    ]

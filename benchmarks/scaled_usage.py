"""What a `ScaledServer` uses: CPU by kind of process, statements, rows, bytes, memory, connections."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import psutil
import redis

from benchmarks.scaled_server import ScaledServer
from mgx_project.embedded.children import Child

MEBIBYTE = 2**20


@dataclass(frozen=True)
class ServerUsage:
    """So far, each counted since its process or server began. Bytes are bytes, CPU is in seconds."""

    cpu: dict[str, float]
    rows: dict[str, int]
    statements: int
    transactions: int
    database: int
    wal: int
    artifacts: int
    valkey: int


def usage(running: ScaledServer) -> ServerUsage:
    stats = [row for row in running.pooler("SHOW STATS") if row["database"] != "pgbouncer"]
    tables = [row["relname"] for row in running.query("SELECT relname FROM pg_stat_user_tables")]
    (sizes,) = running.query(
        "SELECT pg_database_size(current_database())::bigint AS database,"
        " pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS wal"
    )
    folder = running.data / "artifacts"
    with redis.Redis.from_url(running.env["REDIS_URL"]) as client:
        valkey = int(client.info("memory")["used_memory"])
    return ServerUsage(
        cpu(running),
        {table: running.query(f'SELECT count(*) AS n FROM "{table}"')[0]["n"] for table in tables},
        sum(int(row["total_query_count"]) for row in stats),
        sum(int(row["total_xact_count"]) for row in stats),
        sizes["database"],
        sizes["wal"],
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0,
        valkey,
    )


def cpu(running: ScaledServer) -> dict[str, float]:
    """By kind of process. What a worker has started, sandboxes and git, is `commands` and counts once it has ended. A database
    that runs for others too is not counted."""
    services = {name: _tree(child) for name, child in running.services.items()}
    workers = [running.process(child) for child in running.workers]
    return {
        "web": sum(_own(running.process(child)) for child in running.webs),
        "worker": sum(map(_own, workers)),
        "commands": sum(map(_of_ended, [*workers, *map(_process, running.workers)])),
        "postgres": services.get("postgres", 0.0),
        "pgbouncer": _tree(running.others["pgbouncer"]),
        "valkey": services["valkey"],
        "nginx": _tree(running.others["nginx"]),
    }


def difference(now: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in now.items()}


def megabytes(process: psutil.Process) -> float:
    """Resident. Raises psutil.Error where it has ended."""
    return float(process.memory_info().rss / MEBIBYTE)


def memory(running: ScaledServer) -> dict[str, float]:
    """MB by process, PostgreSQL and what workers have started apart."""
    children = [*running.webs, *running.workers, running.others["pgbouncer"]]
    return {child.name: megabytes(running.process(child)) for child in children}


def sandboxes(running: ScaledServer) -> list[float]:
    """MB of each command that runs now, with all that it has started; git's own work apart."""
    found = []
    for child in running.workers:
        with suppress(psutil.Error):
            for below in running.process(child).children():
                with suppress(psutil.Error):
                    inside = below.children(recursive=True)
                    if inside and below.name() != "git":
                        found.append(sum(map(megabytes, [below, *inside])))
    return found


def connections(running: ScaledServer) -> tuple[int, int]:
    """Of PgBouncer to PostgreSQL, and of processes to PgBouncer."""
    pools = [pool for pool in running.pooler("SHOW POOLS") if pool["database"] != "pgbouncer"]
    servers = sum(pool[name] for pool in pools for name in ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login"))
    return servers, sum(pool["cl_active"] + pool["cl_waiting"] for pool in pools)


def _process(child: Child) -> psutil.Process:
    if child.process is None:
        raise RuntimeError(f"{child.name} has ended")
    return psutil.Process(child.process.pid)


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _of_ended(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.children_user + times.children_system)


def _tree(child: Child) -> float:
    """With its children, also those that have ended."""
    top = _process(child)
    spent = _own(top) + _of_ended(top)
    for below in top.children(recursive=True):
        with suppress(psutil.Error):
            spent += _own(below)
    return spent

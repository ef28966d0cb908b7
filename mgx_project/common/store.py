"""The store of files (`mgx_project.artifact_storage`): every use of it, so that one that is away is one error anywhere.

A library of a store has errors of its own, and a disk has OSError; whoever uses the store knows `StoreAway`.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from .errors import MGXError
from .ids import uuid7

log = structlog.stdlib.get_logger(__name__)
DEFAULT = "default"
BRIEF = "brief"
"""The same store, for who can't wait long: a request, or a look whether it answers."""
SLOW_SECONDS, SILENT_SECONDS = 0.5, 1.0
"""Who waited so long for an error has met a store that hangs; for so long nobody else of this process waits for it."""


class StoreAway(MGXError):
    """The store does not answer, or does not do now what it was asked; later it may. What it said is in the log."""

    http_status = 503
    code = "store_away"
    retry_after = 5.0


def write(path: str, content: bytes, *, alias: str = DEFAULT) -> str:
    """Returns the path by which it is found. Raises StoreAway; then nothing has this path, or what is there is not whole."""
    with _reached("write", path, alias):
        return _of(alias).save(path, ContentFile(content))


def read(path: str, most: int = -1, *, alias: str = DEFAULT) -> bytes:
    """The first ``most`` bytes, or all. Raises FileNotFoundError and StoreAway."""
    with _reached("read", path, alias), _of(alias).open(path) as file:
        content: bytes = file.read(most)
        return content


def delete(path: str, *, alias: str = DEFAULT) -> None:
    """Also of what is not there. Raises StoreAway."""
    with _reached("delete", path, alias):
        _of(alias).delete(path)


@dataclass(frozen=True)
class Stored:
    path: str
    changed_at: datetime


def listed(after: str, most: int) -> list[Stored]:
    """The next ``most`` files that come after this path, in an order that stays the same; the first ones after "".
    Raises StoreAway."""
    with _reached("list", after, DEFAULT):
        storage = _of(DEFAULT)
        if isinstance(storage, FileSystemStorage):
            return list(islice(_files_after(storage.path(""), tuple(after.split("/"))), most))
        objects = storage.bucket.objects.filter(Marker=after).limit(most)  # type: ignore[attr-defined]  # of an S3 storage
        return [Stored(one.key, one.last_modified) for one in objects]


def _files_after(root: str, after: tuple[str, ...], above: tuple[str, ...] = ()) -> Iterator[Stored]:
    """By the parts of their paths. A directory that comes before ``after`` as a whole is not looked into, and what is deleted
    meanwhile is left out."""
    with suppress(FileNotFoundError), os.scandir(os.path.join(root, *above)) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            parts = (*above, entry.name)
            if parts < after[: len(parts)]:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files_after(root, after, parts)
            elif parts > after:
                with suppress(FileNotFoundError):
                    changed = entry.stat(follow_symlinks=False).st_mtime
                    yield Stored("/".join(parts), datetime.fromtimestamp(changed, UTC))


def check() -> None:
    """Writes, reads and deletes a small file. Raises StoreAway, also for other bytes than were written."""
    content = uuid7().bytes
    path = write(f"health/{uuid7()}", content, alias=BRIEF)
    try:
        found = read(path, alias=BRIEF)
    except FileNotFoundError:
        found = b""
    finally:
        delete(path, alias=BRIEF)
    if found != content:
        raise StoreAway("The artifact store returned different bytes than were written.")


def _of(alias: str) -> Storage:
    return storages[alias]


class _Silence:
    """Whether the store has just let somebody wait in vain who can't wait: who deletes a hundred files waits for the first."""

    def __init__(self) -> None:
        self._until = 0.0

    def note(self, began: float) -> None:
        now = time.monotonic()
        if now - began >= SLOW_SECONDS:
            self._until = now + SILENT_SECONDS

    @property
    def lasts(self) -> bool:
        return time.monotonic() < self._until


_silence = _Silence()


@contextmanager
def _reached(act: str, path: str, alias: str) -> Iterator[None]:
    began = time.monotonic()
    if alias == BRIEF and _silence.lasts:
        raise _away(act, path, "it did not answer a moment ago")
    try:
        yield
    except FileNotFoundError:
        if act == "read":
            raise
        raise _away(act, path, "its directory is gone") from None
    except _errors() as error:
        if alias == BRIEF:
            _silence.note(began)
        full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise _away(act, path, repr(error), full=full) from error


def _away(act: str, path: str, why: str, *, full: bool = False) -> StoreAway:
    log.warning("the artifact store failed", act=act, path=path, error=why)
    return StoreAway(
        "The disk of the artifact store is full." if full else "The artifact store does not answer, or can't do this now.",
        hint="Try again in some seconds. If it stays so, the server's log has the reason.",
    )


def _errors() -> tuple[type[Exception], ...]:
    """Of a disk; and of the libraries for buckets, which are loaded only where there is one."""
    if "botocore" not in sys.modules:
        return (OSError,)
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import RetriesExceededError

    return (OSError, BotoCoreError, ClientError, Boto3Error, RetriesExceededError)

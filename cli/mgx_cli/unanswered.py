"""Idempotency keys of a command whose outcome is not known, for when it is typed again.

A POST whose answer was lost may have had its effect. Each POST of a command has a key made of the command's attempt, the path
and the body. If one of them ends without a clear answer the attempt is kept, and the same command typed within KEPT_SECONDS
goes on with it: what was done is answered again, and only what was not is done.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

from mgx_cli.config import user_file_path

KEPT_SECONDS = 3600
"""Well below the day for which a server remembers keys."""
KEPT = 50
FILE = "unanswered.json"
ABOUT_THE_BODY = (400, 404, 409, 422)
"""What a server answers to the request itself: it would have said so to an earlier try too, or that one had no effect."""


class Attempt:
    """This process' command. Nothing is read before its first POST, nothing written where every POST is answered."""

    def __init__(self) -> None:
        self._sent: dict[str, int] = {}
        self._unclear = False
        self._lost = False

    def key(self, server: str, path: str, data: bytes) -> str:
        """The key of a POST. A second POST of the same command with the same body has another one."""
        body = hashlib.sha256(b"\0".join([server.encode(), path.encode(), data])).hexdigest()
        self._sent[body] = self._sent.get(body, 0) + 1
        self._unclear, self._lost = True, False
        return str(uuid.uuid5(self._id, f"{body} {self._sent[body]}"))

    def answered(self) -> None:
        """The last POST had its effect."""
        self._unclear = False

    def refused(self, status: int) -> None:
        """The server answered a try of the last POST with this HTTP status, 400 or more."""
        if status in ABOUT_THE_BODY:
            self._unclear = False
        elif status >= 500:
            self._lost = True
        else:
            self.not_taken()

    def failed(self, *, connected: bool) -> None:
        """A try of the last POST had no answer."""
        if connected:
            self._lost = True
        else:
            self.not_taken()

    def not_taken(self) -> None:
        """The last try had no effect. An earlier one, of this command or of the same one before, may have had one."""
        if not self._lost and self._before is None:
            self._unclear = False

    def end(self) -> None:
        """The command has ended. If all is known it is forgotten: typed again, it is meant again."""
        if not self._sent:
            return
        stored = self._stored()
        before = stored.pop(self._command, None)
        if self._unclear:
            stored[self._command] = {"id": str(self._id), "at": time.time()}
        if self._unclear or before:
            self._write(stored)

    @cached_property
    def _id(self) -> uuid.UUID:
        return uuid.UUID(self._before["id"]) if self._before else uuid.uuid4()

    @cached_property
    def _before(self) -> dict[str, Any] | None:
        """The attempt of the same command typed before, if its outcome is not known."""
        found: dict[str, Any] | None = self._stored().get(self._command)
        return found

    @cached_property
    def _command(self) -> str:
        said = [str(Path.cwd()), *(os.environ.get(name, "") for name in ("MGX_SERVER", "MGX_WORKSPACE")), *sys.argv[1:]]
        return hashlib.sha256("\0".join(said).encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def _path(self) -> Path:
        return user_file_path().with_name(FILE)

    def _stored(self) -> dict[str, Any]:
        """What is still remembered; nothing where the file is away or is not ours."""
        try:
            entries = json.loads(self._path.read_text("utf-8"))
            since = time.time() - KEPT_SECONDS
            return {
                name: entry for name, entry in entries.items() if since < entry["at"] <= time.time() and uuid.UUID(entry["id"])
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _write(self, entries: dict[str, Any]) -> None:
        import tempfile

        newest = sorted(entries.items(), key=lambda item: item[1]["at"])[-KEPT:]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, prefix=".unanswered-", delete=False) as file:
                json.dump(dict(newest), file)
            Path(file.name).replace(self._path)
        except OSError as error:
            print(f"{self._path} can't be written ({error}): check `mgx list` before you repeat this command.", file=sys.stderr)


this_command = Attempt()

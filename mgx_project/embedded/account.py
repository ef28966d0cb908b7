"""Under which account PostgreSQL runs. It refuses to run as root, on purpose.

An ordinary user runs it as itself. Root runs it in a user namespace in which root is called uid 1, so that the files stay
root's; where user namespaces are denied, under another uid that then owns the files.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from mgx_project.embedded.errors import EmbeddedError

USER_NAMESPACE = ("unshare", "-U", "--map-user=1", "--map-group=1")
CANDIDATES = ("postgres", "nobody")


class PopenOptions(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """How a command is started: behind ``prefix``, as ``uid`` and ``gid`` when they are given."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def options(self) -> PopenOptions:
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand ``path`` to this account when it runs under another uid."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


PLAIN = Account()


def account_for(cluster: Path, program: Path) -> Account:
    """The account that may run ``program`` on the data directory ``cluster``, which need not exist yet.

    Raises EmbeddedError when root has no way to run it, or when ``cluster`` belongs to somebody else.
    """
    owner, group = (cluster.stat().st_uid, cluster.stat().st_gid) if cluster.exists() else (None, None)
    me = os.geteuid()
    if me != 0:
        if owner not in (None, me):
            raise EmbeddedError(
                f"{cluster} belongs to {_user_name(owner)}, but the command runs as {_user_name(me)}.",
                hint="Run the command as that user, or choose another directory with MGX_DATA_DIR.",
            )
        return PLAIN
    if owner:
        return _drop_to(Account(uid=owner, gid=group), cluster.parent, program)
    namespace = Account(prefix=USER_NAMESPACE)
    if _runs(program, namespace):
        return namespace
    account = _drop_to(_candidate(), cluster.parent, program)
    if owner == 0:
        _hand_over(cluster, account)
    return account


def _candidate() -> Account:
    for name in CANDIDATES:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=user.pw_uid, gid=user.pw_gid)
    raise EmbeddedError(
        "PostgreSQL can't run as root, user namespaces are not allowed here, and there is no other account to run it as.",
        hint="Add one (useradd --system postgres), run as an ordinary user, or set DATABASE_URL to a PostgreSQL server.",
    )


def _drop_to(account: Account, parent: Path, program: Path) -> Account:
    # Others may pass through the private directory, not list it; every file in it is 0600.
    parent.chmod(parent.stat().st_mode & 0o777 | 0o011)
    for place, purpose in ((program, "run"), (parent, "enter")):
        if not _reaches(place, account):
            raise EmbeddedError(
                f"PostgreSQL can't run as root, and {_user_name(account.uid)} may not {purpose} {place}.",
                hint="Set MGX_DATA_DIR (and keep the checkout) below a directory that every account may enter, run as an "
                "ordinary user, allow user namespaces (sysctl user.max_user_namespaces; Debian package util-linux has "
                "unshare), or set DATABASE_URL to a PostgreSQL server.",
            )
    return account


def _hand_over(cluster: Path, account: Account) -> None:
    for directory, _, names in os.walk(cluster):
        account.own(Path(directory))
        for name in names:
            path = Path(directory, name)
            if not path.is_symlink():
                account.own(path)


def _runs(program: Path, account: Account) -> bool:
    try:
        command = [*account.prefix, str(program), "--version"]
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0
    except OSError:
        return False


def _reaches(place: Path, account: Account) -> bool:
    """Whether the account may execute the file or pass through the directory: asked of the kernel, not of mode bits."""
    try:
        test = ["test", "-x", str(place)]
        return subprocess.run(test, check=False, timeout=10, cwd="/", **account.options()).returncode == 0
    except OSError:
        return False


def _user_name(uid: int | None) -> str:
    try:
        return f"{pwd.getpwuid(uid or 0).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"

"""Access to remotes: checks the source and runs git with a credential that no other process can see."""

from __future__ import annotations

import asyncio
import re
import shlex
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from mgx_project.common.errors import BadRequest, NotAllowed, NotFound
from mgx_project.common.proxies import proxy_of

from ..errors import GitCommandFailed
from . import local_repositories
from .address import Address, address, is_address, is_loopback, resolve
from .process import NETWORK_SECONDS, NOT_WATCHED, Transfer, git

PROBE_SECONDS = 30.0
MAX_BRANCH = 200
CONNECT_SECONDS = 5.0

_SERVER_SIDE = (
    "git -c safe.directory=* -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true -c receive.autogc=false "
    "-c uploadpack.allowAnySHA1InWant=true"
)
"""Git's server side in a local repository, which does not inherit our environment: hooks are disabled there too."""


@dataclass(frozen=True)
class RemoteSource:
    """A repository and a branch of it. ``url`` empty: none, the work begins with nothing. ``branch`` empty: the default one.

    ``credential`` is a token, `user:password`, or for ssh a private key; it is never part of ``url``. ``allow_dirty`` lets a
    run begin at the last commit of a local checkout that holds uncommitted changes. ``mirror`` is where what was fetched is
    kept for the next time, None for nowhere. ``wanted`` are names of branches that may be made: what stands in their way is
    found out with the first look at the heads. ``updates_checkout``: a push to a branch that is checked out in a local
    repository brings the files there up to date, as long as none of them is changed; otherwise git refuses it.
    """

    url: str
    branch: str = ""
    credential: str = field(default="", repr=False)
    allow_dirty: bool = True
    mirror: Path | None = None
    wanted: Sequence[str] = ()
    updates_checkout: bool = False


class Remote:
    """A source that git may access. Created by `reach`."""

    def __init__(
        self, where: Address, config: dict[str, str], env: dict[str, str], secrets: tuple[str, ...], receiving: str = ""
    ) -> None:
        self.where = where
        self._config, self._env, self._secrets, self._receiving = config, env, secrets, receiving

    async def run(
        self, command: str, *args: str, seconds: float = NETWORK_SECONDS, git_dir: str = "",
        transfer: Transfer = NOT_WATCHED,
    ) -> bytes:  # fmt: skip
        """`git <command> [server side] <args>`; ``args`` name the URL themselves. Raises GitCommandFailed."""
        before = (f"--git-dir={git_dir}",) if git_dir else ()
        side: tuple[str, ...] = ()
        if self.where.path is not None:
            service = "receive-pack" if command == "push" else "upload-pack"
            options = self._receiving if command == "push" else ""
            side = (f"--{service}={_SERVER_SIDE}{options} {service}",)
        return await git(
            *before, command, *side, *args,
            config=self._config, env=self._env, secrets=self._secrets, seconds=seconds,
            what=f"git {command} of {self.where.url}", transfer=transfer,
        )  # fmt: skip

    async def refs(self, *patterns: str, seconds: float = PROBE_SECONDS) -> tuple[dict[str, str], str]:
        """Refs by name with their object ids, and the branch that HEAD names ("" if detached or empty).

        Raises what `explain` makes of a failure.
        """
        try:
            out = await self.run("ls-remote", "--symref", "--", self.where.url, *patterns, seconds=seconds)
        except GitCommandFailed as error:
            raise explain(error, self.where) from None
        refs, head = {}, ""
        for line in out.decode(errors="replace").splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: "):
                head = value.removeprefix("ref: refs/heads/") if name == "HEAD" else head
            else:
                refs[name] = value
        if len(head) > MAX_BRANCH or not head.isprintable():
            raise GitCommandFailed(
                f"The name of the default branch of {self.where.url} is not supported.",
                code="bad_branch",
                hint=f"Rename it to at most {MAX_BRANCH} printable characters.",
            )
        return refs, head


@contextmanager
def _key_file(source: RemoteSource, where: Address) -> Iterator[str]:
    """The ssh command line. A key lives in a private file for as long as git runs."""
    known = shlex.quote(f'UserKnownHostsFile="{Path(settings.MGX_DATA_DIR) / "ssh_known_hosts"}"')
    command = (
        "ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new "
        f"-o {known} -o ConnectTimeout=20"
    )
    if where.scheme != "ssh" or "PRIVATE KEY" not in source.credential:
        yield f"{command} -o IdentityFile=none"
        return
    with tempfile.NamedTemporaryFile("w", prefix="mgx-key-") as key:
        key.write(source.credential.strip() + "\n")
        key.flush()
        yield f"{command} -i {shlex.quote(key.name)}"


def _pinned_ssh(where: Address, ip: str) -> str:
    """ssh goes to the address that was checked; the host's key stays known under its name. The first of an option wins."""
    alias = where.host if where.port == 22 else f"[{where.host}]:{where.port}"
    options = {"HostName": ip, "HostKeyAlias": alias, "Port": str(where.port), "CheckHostIP": "no"}
    return " ".join(f"-o {shlex.quote(f'{name}={value}')}" for name, value in options.items())


async def _answering(where: Address, ips: list[str]) -> str:
    """Of several addresses the first that takes a connection: ssh is told one only."""
    for ip in ips[:-1]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(ip, where.port)
        except OSError:
            continue
        writer.close()
        return ip
    return ips[-1]


@contextmanager
def _connection(source: RemoteSource, where: Address, ips: list[str], receiving: str) -> Iterator[Remote]:
    config = {f"protocol.{where.scheme}.allow": "always"}
    env: dict[str, str] = {}
    secrets: tuple[str, ...] = (source.credential,) if source.credential else ()
    if where.scheme in {"http", "https"}:
        pinned = ",".join(f"[{ip}]" if ":" in ip else ip for ip in ips)
        if pinned and not is_address(where.host):
            config["http.curloptResolve"] = f"{where.host}:{where.port}:{pinned}"  # what was checked is what is reached
        # ours alone decides: git and curl read the environment each in their own way
        config["http.proxy"] = proxy_of(where.url)
        if source.credential:
            user, colon, password = source.credential.partition(":")
            env = {"MGX_GIT_USER": user if colon else "x-access-token", "MGX_GIT_SECRET": password if colon else user}
            secrets = (source.credential, env["MGX_GIT_SECRET"])
            netloc = f"[{where.host}]" if ":" in where.host else where.host
            config[f"credential.{where.scheme}://{netloc}:{where.port}.helper"] = (
                """!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$MGX_GIT_USER" "$MGX_GIT_SECRET"; }; f"""
            )
    with _key_file(source, where) as ssh:
        env["GIT_SSH_COMMAND"] = f"{ssh} {_pinned_ssh(where, ips[0])}" if where.scheme == "ssh" else ssh
        yield Remote(where, config, env, secrets, receiving)


@asynccontextmanager
async def reach(source: RemoteSource) -> AsyncIterator[Remote]:
    """`async with reach(source) as remote:` checks the source and readies its credential.

    Raises BadRequest, NotAllowed (address or local path refused), NotFound (no repository at a local path), GitCommandFailed.
    """
    where = address(source.url)
    if where.scheme == "http" and source.credential and not is_loopback(where.host):
        raise NotAllowed("A credential is never sent over plain http; use the https URL.", code="credential_over_http")
    if "PRIVATE KEY" not in source.credential and any(c in source.credential for c in "\r\n\0"):
        raise BadRequest("The credential contains a line break. Give only the token.", field="credential")
    receiving = ""
    if where.path is not None:
        await local_repositories.check_repository(where.path)
        ips = []
        if source.updates_checkout:
            filters = await local_repositories.no_filters(where.path)
            options = {"receive.denyCurrentBranch": "updateInstead", **filters}
            receiving = "".join(f" -c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    else:
        ips = await resolve(where)
        if where.scheme == "ssh":
            ips = [await _answering(where, ips)]
    with _connection(source, where, ips, receiving) as remote:
        yield remote


_NO_ACCESS = ("authentication failed", "could not read username", "could not read password", "permission denied")
_NOT_FOUND = ("repository not found", "' not found", "does not appear to be a git repository", "project you were looking for")
_UNREACHABLE = (
    "could not resolve", "failed to connect", "couldn't connect", "connection", "timed out", "no route to host",
    # the network was cut while git talked: curl's errors 18, 52, 55, 56 and 92, and git's own
    "empty reply from server", "transfer closed", "send failure", "recv failure", "was not closed cleanly", "early eof",
    "unexpected disconnect", "the remote end hung up unexpectedly",
)  # fmt: skip
_BUSY = frozenset({429, 500, 502, 503, 504})
"""HTTP statuses of a server that may answer otherwise in a moment."""
_HTTP_STATUS = re.compile(r"returned error: (\d{3})")


def explain(error: GitCommandFailed, where: Address) -> GitCommandFailed | NotFound | NotAllowed:
    """Explains a failed access to a remote to the person who named it."""
    words = error.stderr.lower().replace(where.url.lower(), "")
    found = _HTTP_STATUS.search(words)
    status = int(found[1]) if found else 0
    if 300 <= status < 400 or "redirect" in words:
        return GitCommandFailed(
            f"{where.url} redirects to another address. Give the repository's current URL.",
            code="redirected",
            stderr=error.stderr,
        )
    if status in {401, 403} or any(sign in words for sign in _NO_ACCESS):
        return NotAllowed(
            f"Access to {where.url} denied: the credential is missing, invalid, or has no read permission.",
            code="no_access",
            hint="Give a token (or for ssh a private key) with read access to this repository.",
        )
    if status == 404 or any(sign in words for sign in _NOT_FOUND):
        return NotFound(
            f"{where.url} does not exist or this credential does not have access to it.", code="repository_not_found"
        )
    if status and status not in _BUSY:
        return error
    if error.code == "git_timeout" or status or any(sign in words for sign in _UNREACHABLE):
        return GitCommandFailed(f"{where.url} can't be reached: {error.detail}", code="unreachable", stderr=error.stderr)
    return error

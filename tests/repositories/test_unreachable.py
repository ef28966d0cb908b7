"""A network that is cut while git talks, or a server that is busy, is worth another try; what a server refuses is not."""

from __future__ import annotations

import pytest

from repositories.errors import GitCommandFailed
from repositories.git.address import address
from repositories.git.remote import explain

SAID = {
    "error: RPC failed; curl 52 Empty reply from server": "unreachable",
    "error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF": "unreachable",
    "error: RPC failed; curl 18 transfer closed with outstanding read data remaining": "unreachable",
    "error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)": "unreachable",
    "fatal: the remote end hung up unexpectedly": "unreachable",
    "send-pack: unexpected disconnect while reading sideband packet": "unreachable",
    "fatal: unable to access 'URL/': The requested URL returned error: 503": "unreachable",
    "fatal: unable to access 'URL/': The requested URL returned error: 429": "unreachable",
    "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\n"
    "fatal: the remote end hung up unexpectedly": "git_failed",
    "fatal: unable to access 'URL/': The requested URL returned error: 403": "no_access",
    "fatal: bad object HEAD": "git_failed",
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_what_git_says_is_told_apart(said: str) -> None:
    failed = GitCommandFailed("git fetch failed", stderr=said)
    assert explain(failed, address("https://git.example.org/octocat/shop.git")).code == SAID[said]

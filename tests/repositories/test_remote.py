"""Repositories behind a server: the credential reaches that server and nobody else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from mgx_project.common.errors import BadRequest, MGXError, NotAllowed, NotFound
from repositories.errors import GitCommandFailed
from repositories.git.address import address, split_credential
from repositories.git.checkout import Checkout, RemoteSource
from repositories.git.remote import reach
from repositories.git.scrubbing import scrub
from repositories.references import parse_reference
from tests.support.git_server import TOKEN, GitServer

AUTHOR, WHEN = ("A", "a@example.com"), datetime(2026, 1, 1, tzinfo=UTC)


async def refs(url: str, credential: str = TOKEN) -> dict[str, str]:
    async with reach(RemoteSource(url, credential=credential)) as remote:
        return (await remote.refs("HEAD"))[0]


async def test_clone_and_push_with_a_credential(tmp_path: Path, server: GitServer) -> None:
    source = RemoteSource(f"{server.url}/code.git", credential=TOKEN)
    checkout = await Checkout.create(tmp_path / "run", source)
    (checkout.root / "big.bin").write_bytes(os.urandom(3_000_000))
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    await checkout.push(sha, "mgx/x/run-1")
    await checkout.push(sha, "mgx/x/run-1")
    assert await checkout.remote_heads("mgx/x/run-1") == {"mgx/x/run-1": sha}
    for path in (tmp_path / "run").rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes()


async def test_an_empty_remote(tmp_path: Path, server: GitServer) -> None:
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(f"{server.url}/empty.git", credential=f"ada:{TOKEN}"))
    assert (checkout.base_sha, checkout.base_branch) == ("", "main")
    (checkout.root / "a").write_text("x")
    sha = await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)
    await checkout.push(sha, "mgx/x/run-1")
    assert await checkout.remote_heads("mgx/x/run-1") == {"mgx/x/run-1": sha}


@pytest.mark.parametrize(
    ("path", "credential", "kind", "code"),
    [
        ("/code.git", "wrong-token-value", NotAllowed, "no_access"),
        ("/code.git", "", NotAllowed, "no_access"),
        ("/absent.git", TOKEN, NotFound, "repository_not_found"),
        ("/moved/code.git", TOKEN, GitCommandFailed, "redirected"),
    ],
)
async def test_what_is_wrong_is_said_without_the_credential(
    server: GitServer, path: str, credential: str, kind: type[MGXError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        await refs(f"{server.url}{path}", credential)
    assert caught.value.code == code
    assert not credential or credential not in f"{caught.value.detail} {caught.value!r} {vars(caught.value)}"


async def test_a_host_that_is_not_there(server: GitServer) -> None:
    server.close()
    with pytest.raises(GitCommandFailed) as caught:
        await refs(f"{server.url}/code.git")
    assert caught.value.code == "unreachable"
    with pytest.raises(GitCommandFailed, match="can't be resolved"):
        await refs("https://nowhere.invalid/a/b.git")


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "-oProxyCommand=x", "--upload-pack=x", "ext::sh -c x", "fd::17/foo", "ftp://h/x", "git://h/x", "javascript:x",
        "https://", "https:///x", "https://host", "https://[bad/x", "ssh://-oProxyCommand=x/y", "a\nb:c", "https://h/x\ny",
        "transport::https://h/x", "data:x", "x" * 1001, "https://h:99999/x",
    ],
)  # fmt: skip
def test_what_git_could_misread_is_refused(url: str) -> None:
    with pytest.raises(BadRequest):
        address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/x", "https://[fe80::1]/a/b", "ssh://git@169.254.1.1/a/b", "git@169.254.1.1:a/b",
        "http://[::ffff:169.254.169.254]/a/b", "https://100.100.100.200/a/b", "https://[64:ff9b::a9fe:a9fe]/a/b",
    ],
)  # fmt: skip
async def test_metadata_services_are_not_reached(url: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        await refs(url, "")
    assert caught.value.code == "address_refused"


async def test_a_credential_is_not_sent_in_the_clear() -> None:
    with pytest.raises(NotAllowed, match="https"):
        await refs("http://git.example.com/a/b.git")
    with pytest.raises(BadRequest, match="line break"):
        await refs("https://git.example.com/a/b.git", "a\nb")


def test_a_credential_in_a_url_is_taken_out() -> None:
    assert split_credential("https://ada:p%40ss@h.example/x.git") == ("https://h.example/x.git", "ada:p@ss")
    named = parse_reference(url="https://ghp_abc@h.example/o/r.git")
    assert (named.clone_url, named.credential, named.repo_full_name) == ("https://h.example/o/r.git", "ghp_abc", "o/r")
    assert (
        scrub("at https://ghp_abc@h.example/x with s3/cret and s3%2Fcret", ["s3/cret"])
        == "at https://***@h.example/x with *** and ***"
    )


@pytest.mark.parametrize(
    ("url", "api", "clone_url", "full_name"),
    [
        ("octo/hello", "", "https://github.com/octo/hello.git", "octo/hello"),
        ("https://github.com/octo/hello", "", "https://github.com/octo/hello.git", "octo/hello"),
        ("https://github.com/octo/hello.git/", "", "https://github.com/octo/hello.git", "octo/hello"),
        ("octo/hello", "https://ghe.example/api/v3", "https://ghe.example/octo/hello.git", "octo/hello"),
    ],
)
def test_github_names(url: str, api: str, clone_url: str, full_name: str, settings: Settings) -> None:
    settings.MGX_GITHUB_API_URL = "https://api.github.com"
    named = parse_reference(url=url, provider="github", api_base_url=api)
    assert (named.provider, named.clone_url, named.repo_full_name) == ("github", clone_url, full_name)


@pytest.mark.parametrize("url", ["octo", "octo/../x", "octo/..", "-x/y", "https://gitlab.com/a/b", "octo/hello/x", "o cto/x"])
def test_bad_github_names(url: str) -> None:
    with pytest.raises(BadRequest):
        parse_reference(url=url, provider="github")


@pytest.mark.parametrize(
    ("url", "full_name"),
    [
        ("git@h.example:group/sub/repo.git", "sub/repo"),
        ("ssh://git@h.example:2222/o/r.git", "o/r"),
        ("https://h.example/r", "r"),
    ],
)
def test_plain_git_names(url: str, full_name: str) -> None:
    assert parse_reference(url=url).repo_full_name == full_name

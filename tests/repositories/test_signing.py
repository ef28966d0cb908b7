"""Signed commits, as git itself verifies them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from repositories.errors import GitCommandFailed
from repositories.git.checkout import Checkout, RemoteSource

from .conftest import Git
from .test_checkout import AUTHOR, WHEN


def key_of(tmp_path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    path = tmp_path / f"key-{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "", "-f", str(path)], check=True)
    return path


async def test_git_verifies_the_signature(tmp_path: Path, origin: Path, sh: Git) -> None:
    key = key_of(tmp_path)
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    (checkout.root / "a.txt").write_text("new\n")
    made = {"message": "grüße\n\nBody", "author": AUTHOR, "date": WHEN}
    tree = await checkout.tree()
    sha = await checkout.commit(tree, key=key.read_text(), **made)
    assert sha == await checkout.commit(tree, key=key.read_text(), **made)
    assert sha == await checkout.commit(tree, signature=await checkout.signature(sha), **made)
    assert sha != await checkout.commit(tree, **made)
    await checkout.push(sha, "mgx/x/run-1")
    allowed = tmp_path / "allowed-signers"
    allowed.write_text(f"{AUTHOR[1]} {key.with_suffix('.pub').read_text()}")
    sh("-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", sha, cwd=origin)
    sh("fsck", "--strict", cwd=origin)
    with pytest.raises(subprocess.CalledProcessError):
        allowed.write_text(f"{AUTHOR[1]} {key_of(tmp_path, 'ecdsa').with_suffix('.pub').read_text()}")
        sh("-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", sha, cwd=origin)


@pytest.mark.parametrize(
    ("kind", "passphrase", "said"), [("rsa", "", "ed25519"), ("ecdsa", "", "ed25519"), ("ed25519", "secret", "passphrase")]
)
async def test_other_keys_are_refused_in_a_sentence(
    tmp_path: Path, origin: Path, kind: str, passphrase: str, said: str
) -> None:
    key = key_of(tmp_path, kind, passphrase).read_text()
    checkout = await Checkout.create(tmp_path / "run", RemoteSource(str(origin)))
    with pytest.raises(GitCommandFailed, match=said) as caught:
        await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN, key=key)
    assert caught.value.code == "bad_signing_key"
    assert "ssh-keygen" in caught.value.hint

"""Signatures of commits by an OpenSSH key, made in this process: the key is in no file, no argument and no environment.

Format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig, and git's own in gitformat-signature(5).
ed25519 signatures repeat, so a commit that is made again has the same id.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from ..errors import GitCommandFailed

NAMESPACE = b"git"
HASH = b"sha512"
WIDTH = 70
HINT = "Create one with `ssh-keygen -t ed25519 -N '' -f key` and set MGX_GIT_SIGNING_KEY_PATH to its path, or leave it empty."


def signature(key: str, commit: bytes) -> str:
    """The armored signature of a commit's bytes. Raises GitCommandFailed ("bad_signing_key") for any but ed25519 keys."""
    private = _loaded(key)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    digest = hashlib.sha512(commit).digest()
    signed = private.sign(b"SSHSIG" + _fields(NAMESPACE, b"", HASH, digest))
    blob = b"SSHSIG" + struct.pack(">I", 1)
    blob += _fields(base64.b64decode(public), NAMESPACE, b"", HASH, _fields(b"ssh-ed25519", signed))
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----"])


def with_signature(commit: bytes, armored: str, *, sha256: bool = False) -> bytes:
    """The commit with ``armored`` as its last header, whose name tells the repository's kind of ids."""
    head, _, message = commit.partition(b"\n\n")
    name = b"gpgsig-sha256" if sha256 else b"gpgsig"
    return head + b"\n" + name + b" " + armored.replace("\n", "\n ").encode() + b"\n\n" + message


def signature_in(commit: bytes) -> str:
    """The signature added by `with_signature`, "" if there is none."""
    head, _, _ = commit.partition(b"\n\n")
    found = re.search(rb"^gpgsig(?:-sha256)? (.*(?:\n .*)*)", head, re.MULTILINE)
    return found[1].decode().replace("\n ", "\n") if found else ""


def _loaded(key: str) -> Ed25519PrivateKey:
    try:
        private = load_ssh_private_key((key.strip() + "\n").encode(), password=None)
    except TypeError:
        raise GitCommandFailed("The server's signing key has a passphrase.", code="bad_signing_key", hint=HINT) from None
    except (ValueError, UnsupportedAlgorithm):
        raise GitCommandFailed(
            "The server's signing key is not an OpenSSH private key.", code="bad_signing_key", hint=HINT
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise GitCommandFailed("The server's signing key is not of the type ed25519.", code="bad_signing_key", hint=HINT)
    return private


def _fields(*values: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(value)) + value for value in values)

"""Writes the secrets of an installation, once, into a directory for each container that reads some.

    app/        all of them, for ours
    postgres/, redis/, s3/, prometheus/, grafana/   what that server reads, and nothing else

Run by compose's one-shot service ``secrets`` before ours start. What was written is never lost: a value of `.env` is taken at
the first start, or where the server is one of your own; a new Fernet key is put before those there are; any other change is
refused with what to do, and nothing is written. A given value that could be guessed is refused too.

Exit code 0 written, 1 refused (the reasons are on standard error), 2 wrong use.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PRIVATE, SHARED = 0o400, 0o444
"""Of ours; of what another container reads under an account of its own, from a volume that only it has."""

MIN_LENGTH, MIN_KINDS = 16, 6
"""Characters, and different ones, of a secret that somebody thought of: a random one of 16 letters has 75 bits or more."""

BUNDLED = {"DB_HOST": "postgres", "REDIS_HOST": "redis", "S3_ENDPOINT_URL": "http://s3:8333"}
"""How compose names its own servers: another value means one of the operator's."""


def token() -> str:
    return secrets.token_urlsafe(48)


def fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True)
class Secret:
    make: Callable[[], str]
    server: str = ""
    """The setting that says where the server that knows it is; "" if ours alone know it."""
    url: str = ""
    """The setting that, where it is not empty, makes this one idle."""
    folder: str = ""
    """Of that server, which keeps its own copy: the value that is true while a server of the operator's is tried."""


SECRETS: Mapping[str, Secret] = {
    "MGX_SECRET_KEY": Secret(token),
    "MGX_ENCRYPTION_KEYS": Secret(fernet_key),
    "DB_PASSWORD": Secret(token, "DB_HOST", "DATABASE_URL", "postgres"),
    "REDIS_PASSWORD": Secret(token, "REDIS_HOST", "REDIS_URL", "redis"),
    "S3_ACCESS_KEY_ID": Secret(lambda: f"mgx-{secrets.token_hex(8)}", "S3_ENDPOINT_URL", folder="s3"),
    "S3_SECRET_ACCESS_KEY": Secret(lambda: secrets.token_urlsafe(30), "S3_ENDPOINT_URL", folder="s3"),
    "MGX_METRICS_TOKEN": Secret(token, folder="prometheus"),
    "GRAFANA_PASSWORD": Secret(lambda: secrets.token_urlsafe(18), folder="grafana"),
}


class Refused(Exception):
    """A given value can't be taken. The text says what to do."""


def write(directory: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Returns what was done, by name. Raises Refused, before anything is written, with all that is wrong."""
    values, done, wrong = {}, {}, []
    for name, secret in SECRETS.items():
        stored = _read(directory / secret.folder / name) if secret.folder else ""
        try:
            values[name], done[name] = decide(name, stored or _read(directory / "app" / name), env)
        except Refused as refused:
            wrong.append(str(refused))
    if wrong:
        raise Refused("\n".join(wrong))
    for name, value in values.items():
        put(directory / "app" / name, value, PRIVATE)
    share(directory, {name: value for name, value in values.items() if not is_own(SECRETS[name], env)}, env)
    return done


def decide(name: str, stored: str, env: Mapping[str, str]) -> tuple[str, str]:
    """(value, what is said of it). Raises Refused."""
    secret, given = SECRETS[name], env.get(name, "").strip()
    if is_own(secret, env):
        return given, "given, for a server of your own" if given else "not needed: the server is one of your own"
    if given and given != stored:
        check(name, given)
    if not stored:
        return (given, "given") if given else (secret.make(), "generated")
    if name == "MGX_ENCRYPTION_KEYS":
        given_keys, known = _keys(given), _keys(stored)
        added = [key for key in given_keys if key not in known]
        said = f"{len(added)} given, put before the {len(known)} there are" if added else "kept"
        return ",".join(added + known), said
    if given in ("", stored):
        return stored, "kept"
    raise Refused(f"{name}: .env has another value than this installation was started with. {how_to_change(name)}")


FORGETTABLE = {
    "MGX_SECRET_KEY": "",
    "REDIS_PASSWORD": "redis",
    "S3_ACCESS_KEY_ID": "s3",
    "S3_SECRET_ACCESS_KEY": "s3",
    "MGX_METRICS_TOKEN": "",
}
"""What is made again without a loss (no data is encrypted with it), and the server that must start again to know it."""


def how_to_change(name: str) -> str:
    kept = "Take it out of .env: the value in use stays in the volume `secrets`."
    if name == "GRAFANA_PASSWORD":  # Grafana's database has it from the first start on
        return f"{kept} To change it: docker compose exec grafana grafana cli admin reset-admin-password NEW"
    if name not in FORGETTABLE:
        return f"{kept} To change it, with the new value in .env: docker compose run --rm change-password"
    signed_out = ", which signs everybody out" if name == "MGX_SECRET_KEY" else ""
    restart = f"docker compose restart {FORGETTABLE[name]} web web-b worker".replace("  ", " ")
    return f"{kept} To replace it{signed_out}: docker compose run --rm secrets forget {name}, then {restart}."


def is_own(secret: Secret, env: Mapping[str, str]) -> bool:
    """Whether the server that knows the secret is one of the operator's."""
    if secret.url and env.get(secret.url):
        return True
    return bool(secret.server) and env.get(secret.server, BUNDLED[secret.server]) != BUNDLED[secret.server]


def check(name: str, value: str) -> None:
    """Raises Refused where ``value`` could be guessed, and for a Fernet key that can not be used as one."""
    if name == "MGX_ENCRYPTION_KEYS":
        for key in _keys(value):
            try:
                good = len(base64.urlsafe_b64decode(key)) == 32
            except (binascii.Error, ValueError):
                good = False
            if not good:
                raise Refused(
                    f"{name}: a key is 32 bytes in URL-safe base64. Make one with: openssl rand -base64 32 | tr '+/' '-_'"
                )
        return
    if any(ord(character) < 32 for character in value):
        raise Refused(f"{name}: it holds a control character.")
    if name != "S3_ACCESS_KEY_ID" and (len(value) < MIN_LENGTH or len(set(value)) < MIN_KINDS):
        raise Refused(f"{name}: it is too weak. Leave it empty, and one is generated; or make one with: openssl rand -hex 32")


def share(directory: Path, values: Mapping[str, str], env: Mapping[str, str]) -> None:
    """What each server of compose's reads, from the directory that only it has."""
    for name, value in values.items():
        if SECRETS[name].folder:
            put(directory / SECRETS[name].folder / name, value, SHARED)
    if "REDIS_PASSWORD" in values:
        password = values["REDIS_PASSWORD"].replace("\\", "\\\\").replace('"', '\\"')
        put(directory / "redis/redis.conf", f'requirepass "{password}"\nsave ""\nappendonly no\n', SHARED)
    if "S3_ACCESS_KEY_ID" in values:
        bucket = env.get("S3_BUCKET", "mgx")
        identity = {
            "name": "mgx",
            "credentials": [{"accessKey": values["S3_ACCESS_KEY_ID"], "secretKey": values["S3_SECRET_ACCESS_KEY"]}],
            # of its own bucket only: it may make that one, and see no other
            "actions": [f"{action}:{bucket}" for action in ("Admin", "Read", "Write", "List", "Tagging")],
        }
        put(directory / "s3/identities.json", json.dumps({"identities": [identity]}), SHARED)


def put(path: Path, text: str, mode: int) -> None:
    """Writes ``text`` so that the file is there whole or as it was; what is the same stays untouched."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    part.replace(path)


def forget(directory: Path, name: str) -> None:
    """Lets the next start make it anew. Raises Refused for what would be lost with it."""
    if name not in FORGETTABLE:
        raise Refused(f"{name}: only {', '.join(FORGETTABLE)} can be replaced without a loss.")
    for folder in {"app", SECRETS[name].folder} - {""}:
        (directory / folder / name).unlink(missing_ok=True)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _keys(text: str) -> list[str]:
    return [key.strip() for key in text.split(",") if key.strip()]


def main(arguments: list[str]) -> int:
    directory = Path(os.environ.get("MGX_SECRETS_ROOT", "/secrets"))
    try:
        if arguments[:1] == ["forget"] and len(arguments) == 2:
            forget(directory, arguments[1])
        elif arguments:
            print("usage: make_secrets.py [forget NAME]", file=sys.stderr)
            return 2
        for name, said in write(directory, os.environ).items():
            print(f"{name}: {said}")
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

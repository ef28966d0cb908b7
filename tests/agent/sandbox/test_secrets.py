from __future__ import annotations

from pathlib import Path

import pytest

from agent.sandbox import WorkdirSandbox
from agent.sandbox.secrets import MAX_BYTES, MAX_FILES, secrets_in, without


async def test_what_secret_files_say_is_not_in_the_output(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "app").mkdir()
    (sandbox.root / "app" / ".env").write_text('MODE=production\nPORT=8000\nexport TOKEN="s3cret-of-the-app"\n')
    (sandbox.root / "id_rsa").write_text("-----BEGIN KEY-----\nbase64ofakey1\n-----END KEY-----\n")
    result = await sandbox.run(("cat", "app/.env", "id_rsa"))
    assert result.ok, result.output_tail
    assert "s3cret" not in result.output_tail and "base64" not in result.output_tail
    assert "[hidden]" in result.output_tail


async def test_the_command_itself_reads_the_file_as_it_is(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / ".env").write_text("TOKEN=s3cret-of-the-app\n")
    assert (await sandbox.run(("grep", "-q", "s3cret-of-the-app", ".env"))).ok


def test_common_words_links_and_samples_are_no_secrets(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "outside").write_text("TOKEN=s3cret-of-the-app\n")
    (sandbox.root / ".env").symlink_to(sandbox.root / "outside")
    (sandbox.root / ".env.example").write_text("TOKEN=put-yours-here\n")
    (sandbox.root / ".env.test").write_text("A=production\nB=1\n")
    assert secrets_in(sandbox.root).values == {"A=production"}


async def test_nothing_of_the_workers_environment_reaches_a_command(
    sandbox: WorkdirSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "GITHUB_PAT",
        "GITHUB_APP_PRIVATE_KEY",
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "MGX_SECRET_KEY",
        "DATABASE_URL",
    ):
        monkeypatch.setenv(name, "canary-of-the-operator")
    result = await sandbox.run(("sh", "-c", "env; cat /proc/*/environ | tr '\\0' '\\n'; true"))
    assert "PATH=" in result.output_tail
    assert "canary" not in result.output_tail


async def test_output_is_withheld_with_the_reason_where_there_is_more_than_can_be_hidden(sandbox: WorkdirSandbox) -> None:
    (sandbox.root / "a.pem").write_text("first-of-the-keys\n")
    (sandbox.root / "b.pem").write_text("x" * MAX_BYTES + "\nlast-of-the-keys\n")
    result = await sandbox.run(("sh", "-c", "tail -n 1 a.pem b.pem; exit 3"))
    assert result.exit_code == 3
    assert "-of-the-keys" not in result.output_tail
    assert result.output_tail.startswith("The output is withheld") and "b.pem" in result.output_tail


def test_one_file_more_than_can_be_read_withholds_too(tmp_path: Path) -> None:
    for number in range(MAX_FILES):
        (tmp_path / f"{number}.pem").write_text("value-of-a-key\n")
    assert without(secrets_in(tmp_path), "a value-of-a-key b") == "a [hidden] b"
    (tmp_path / "z.pem").write_text("last-of-the-keys\n")
    assert "last-of" not in without(secrets_in(tmp_path), "last-of-the-keys")


def test_a_long_value_is_hidden_whole_and_so_is_what_overlaps(tmp_path: Path) -> None:
    long = "".join(f"{number:04d}" for number in range(50))
    (tmp_path / ".env").write_text(f"KEY={long}\nSHORT=abcd1234\nLONGER=abcd1234efgh\nOTHER=1234efghijkl\n")
    assert without(secrets_in(tmp_path), f"<{long}> abcd1234efghijkl abcd1234x").replace("[hidden]", "") == "<>  x"

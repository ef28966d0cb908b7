from __future__ import annotations

import pytest

from agent.patch import unsafe_reason


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../a",
        "a/../b",
        "a/..",
        "./a",
        "a//b",
        "a/",
        "C:/x",
        "c:x",
        "~/x",
        "~root/x",
        "a\\b",
        "..\\x",
        "a\0b",
        "a\nb",
        "a\tb",
        "CON",
        "nul.txt",
        "dir/aux.py",
        "COM1",
        "lpt9.log",
        "com¹",
        ".git/config",
        ".git",
        "a/.git/hooks/post-commit",
        ".GIT/config",
        ".Git",
        ".git ",
        ".git.",
        ".git::$INDEX_ALLOCATION",
        "git~1/x",
        "GIT~2",
        ".g\u200cit/config",
        ".mgx/txn/x",
        ".MGX/x",
        "a/.mgx",
        "x" * 256,
        "/".join(["abcdefgh"] * 200),
        "a /b",
        "a./b",
        " a",
        "\ud800",
        "a\u200bb.py",
        "a\u202egnp.py",
        "a\u2066b.py",
        "\ufeffa.py",
        "a\u00adb",
        "a\u3164.py",
        "a\u2028b",
    ],
)
def test_unsafe(path: str) -> None:
    assert unsafe_reason(path)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "app/[...slug]/page.tsx",
        "app/(group)/@modal/page.tsx",
        ".github/workflows/ci.yml",
        ".gitignore",
        ".gitattributes",
        "src/git/config.py",
        "ünï/çödé.py",
        "a b/c d",
        "console/x",
        "auxiliary.py",
        "...hidden",
        "-x",
    ],
)
def test_safe(path: str) -> None:
    assert unsafe_reason(path) is None

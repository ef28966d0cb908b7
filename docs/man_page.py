"""The manual page mgx(1), from the same help texts as CLI.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

EXIT_CODES = (
    (0, "done"), (1, "the run failed or paused"), (2, "usage"), (3, "rejected or cancelled"),
    (4, "waiting for you: a plan to approve, changes to decide on, or a question to answer"), (5, "not found, or no access"),
    (6, "no server"), (7, "budget"), (8, "the run, its plan or its changes are not in a state for this"),
    (130, "interrupted; the run goes on"),
)  # fmt: skip
FILES = (
    ("$XDG_CONFIG_HOME/mgx/config.toml", "your settings, and the tokens that are not in a keyring; readable by you only"),
    ("mgx.yaml", "settings of a project: the nearest one upward from the current directory"),
)
ENVIRONMENT = (
    ("MGX_SERVER, MGX_TOKEN, MGX_WORKSPACE", "the server to use, the API token for it, and the workspace"),
    ("MGX_HOME, MGX_DATA_DIR", "the embedded server's checkout and its data"),
    ("MGX_PAGER, PAGER, VISUAL, EDITOR, NO_COLOR", "as elsewhere"),
)


def man_page(version: str, commands: Iterable[Sequence[str]], help_of: Callable[..., str]) -> str:
    """roff (groff_man(7)). Help texts stand in it as they are printed."""
    parts = [
        f'.TH MGX 1 "" "mgx {version}" "User Commands"',
        ".SH NAME\nmgx \\- turn a task described in plain words into a reviewed commit",
        ".SH SYNOPSIS\n.B mgx\n[OPTIONS] COMMAND [ARGS]...",
        f".SH DESCRIPTION\n{_verbatim(help_of())}",
        ".SH COMMANDS",
        *(f".SS mgx {_plain(' '.join(path))}\n{_verbatim(help_of(*path))}" for path in commands),
        ".SH EXIT STATUS",
        *(f".TP\n.B {code}\n{_plain(text)}" for code, text in EXIT_CODES),
        ".SH FILES",
        *(f".TP\n.I {_plain(name)}\n{_plain(text)}" for name, text in FILES),
        ".SH ENVIRONMENT",
        *(f".TP\n.B {_plain(name)}\n{_plain(text)}" for name, text in ENVIRONMENT),
    ]
    return "\n".join(parts) + "\n"


def _verbatim(text: str) -> str:
    return ".nf\n" + "\n".join(_plain(line) for line in text.splitlines()) + "\n.fi"


def _plain(line: str) -> str:
    """No character of it is a request to roff."""
    escaped = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped

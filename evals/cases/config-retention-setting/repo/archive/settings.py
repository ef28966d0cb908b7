"""Settings of the environment. Nothing else reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(ValueError):
    """A setting that can't be used; the text names it."""


@dataclass(frozen=True)
class Settings:
    root: Path
    max_files: int


def load(environ: Mapping[str, str]) -> Settings:
    return Settings(
        root=Path(environ.get("ARCHIVE_ROOT") or "./archive"),
        max_files=_number(environ, "ARCHIVE_MAX_FILES", 1000, highest=100_000),
    )


def _number(environ: Mapping[str, str], name: str, default: int, highest: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= highest:
        raise SettingsError(f"{name} must be a number from 1 to {highest}, not {text!r}.")
    return int(text)

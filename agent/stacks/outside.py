"""Technologies that the catalogue has no stack for: naming one speaks for none of ours, and so does a manifest of one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Outside:
    """``names`` (words, ``stem*`` with any ending), ``code`` (RE2, as written; the first group is the name), ``named_files``
    (globs of paths in a text), ``manifests`` (names of files) and ``packages`` map to the title of the technology. ``service``
    and ``program`` are words for kinds of programs."""

    names: Mapping[str, str]
    code: Mapping[str, str]
    named_files: Mapping[str, str]
    manifests: Mapping[str, str]
    packages: Mapping[str, str]
    service: tuple[str, ...]
    program: tuple[str, ...]


@cache
def outside() -> Outside:
    data = tomllib.loads((Path(__file__).parent / "outside.toml").read_text(encoding="utf-8"))
    kinds = data.pop("kinds")
    return Outside(**data, service=tuple(kinds["service"]), program=tuple(kinds["program"]))

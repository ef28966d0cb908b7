"""Every reader of hostile text, by area: each module here has its list ``READERS``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.hostile.reader import Reader

READERS: list[Reader] = [
    reader for module in iter_modules(__path__) for reader in import_module(f"{__name__}.{module.name}").READERS
]

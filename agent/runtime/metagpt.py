"""MetaGPT 0.8.2 wants a configuration in the home directory, writes every prompt to a log file and prints every token; this
undoes the three and loads only the part that we use."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog

from agent.runtime import finder

PLACEHOLDER = "llm: {api_type: openai, api_key: none, base_url: 'http://127.0.0.1:9/', model: none}\n"
HEAVY = ("pandas", "anthropic")
"""Imported by MetaGPT at module level and never touched by what we use: 1.5 s and 60 MB."""

_lock = threading.Lock()
_ready = threading.Event()


def is_ready() -> bool:
    """True once ``bootstrap`` has finished in this process."""
    return _ready.is_set()


def bootstrap(runtime_dir: Path) -> None:
    """Imports MetaGPT once for this process (2-4 s). ``runtime_dir`` is a private directory; nothing of the user's is read.

    Safe to call again, and from several threads. Raises RuntimeError if MetaGPT was already imported some other way.
    """
    with _lock:
        if _ready.is_set():
            return
        config = runtime_dir / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "config2.yaml").write_text(PLACEHOLDER)
        os.environ["METAGPT_PROJECT_ROOT"] = str(runtime_dir)
        logger: Any = importlib.import_module("loguru").logger
        logger.remove()
        finder.install()
        with warnings.catch_warnings(), _deferred(HEAVY):
            # MetaGPT 0.8.2 uses pydantic in ways that are deprecated since; the lock file pins both
            warnings.simplefilter("ignore", DeprecationWarning)
            constants: Any = importlib.import_module("metagpt.const")
            constants.CONFIG_ROOT = config
            # first: Environment and Role refer to each other, and only this order resolves both
            importlib.import_module("metagpt.roles.role")
            importlib.import_module("metagpt.team")
        logger.remove()
        logger.add(_forward, level="WARNING", format="{message}")
        importlib.import_module("metagpt.logs").set_llm_stream_logfunc(_ignore)
        shutil.rmtree(runtime_dir / "logs", ignore_errors=True)
        _ready.set()


def _forward(message: Any) -> None:
    record = message.record
    structlog.stdlib.get_logger(record["name"]).log(record["level"].no, record["message"])


def _ignore(text: str) -> None:
    """Model text reaches people through our own port, never through MetaGPT's printer."""


class _Defer(MetaPathFinder):
    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


@contextmanager
def _deferred(names: Sequence[str]) -> Iterator[None]:
    """Postpones ``names`` while MetaGPT loads. Proxies nobody touched are forgotten afterwards: the standard lazy loader
    races between threads on 3.11, so whoever needs one of these packages later gets an ordinary import."""
    absent = [name for name in names if name not in sys.modules]
    defer = _Defer(absent)
    sys.meta_path.insert(0, defer)
    try:
        yield
    finally:
        sys.meta_path.remove(defer)
        for name in absent:
            if type(sys.modules.get(name)).__name__ == "_LazyModule":
                del sys.modules[name]

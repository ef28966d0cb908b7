from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from agent.errors import SandboxFailed
from agent.sandbox import WorkdirSandbox, open_sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> WorkdirSandbox:
    root = tmp_path / "workdir"
    root.mkdir()
    try:
        return open_sandbox(root, cache=tmp_path / "cache", tier="bubblewrap")
    except SandboxFailed as error:
        if os.environ.get("CI"):
            raise  # there the attacks must have been tried
        pytest.skip(str(error))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only source of packages: ``hello`` and a stand-in for pytest."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    simple = tmp_path / "simple"
    for name in ("hello", "pytest"):
        put(simple, name)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", simple.as_uri())
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return simple


def put(index: Path, name: str, *requires: str) -> None:
    """Adds a package with one module, which says who it is."""
    (index / name).mkdir(parents=True)
    file = f"{name}-1.0-py3-none-any.whl"
    (index / name / "index.html").write_text(f'<a href="{file}">{file}</a>')
    with zipfile.ZipFile(index / name / file, "w") as wheel:
        info = f"{name}-1.0.dist-info"
        needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
        wheel.writestr(f"{name}/__init__.py", f"WHO = {name!r}\n")
        wheel.writestr(f"{name}/__main__.py", f"print('{name} ran')\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")

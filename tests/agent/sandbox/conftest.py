from __future__ import annotations

import os
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

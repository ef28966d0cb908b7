"""A repository with what may be seen and what may not, and calls of tools in it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from agent.projects import ProjectProfile
from agent.tools import MAX_RESULT, Toolbox, ToolResult
from agent.tools.result import MAX_PIECE
from tests.agent.harness import make_repository

CODE = "class Cart:\n    def total(self):\n        return net_price(self.gross)\n\n\ndef net_price(gross):\n    return gross\n"


def make_root(tmp_path: Path) -> Path:
    files = {
        "README.md": "# Shop\n",
        "shop/cart.py": CODE,
        "shop/deep/er/still/a.py": "x = 1\n",
        ".gitignore": "*.log\nlocal/\n",
        ".env": "KEY=canary-secret\n",
        "ui/app.ts": "export function netPrice() {}\n",
    }
    (tmp_path / "outside.txt").write_text("canary-outside")
    root = make_repository(tmp_path / "root", files)
    (root / "noise.log").write_text("canary-ignored")
    (root / "local").mkdir()
    (root / "local/private.py").write_text("canary_ignored = 1\n")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "away").symlink_to(tmp_path, target_is_directory=True)
    return root


def call(root: Path, tool: str, commands: Any = None, /, outputs: list[str] | None = None, **arguments: Any) -> ToolResult:
    toolbox = Toolbox(root, commands, ProjectProfile(), map_cache=None, outputs=outputs)
    result = asyncio.run(toolbox.call(tool, arguments))
    assert result.text and len(result.text) <= (MAX_RESULT if "read" in tool else MAX_PIECE)
    assert "canary" not in result.text
    return result

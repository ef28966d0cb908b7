"""What mkdocs is told beside mkdocs.yml: where links lead that leave docs/, and which page is the first."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = tomllib.loads((ROOT / "cli/pyproject.toml").read_text("utf-8"))["project"]["urls"]["Repository"]
BEGIN = (
    '<!doctype html><meta charset="utf-8"><title>MGX Agent</title><meta http-equiv="refresh" content="0; url=QUICK_START.html">'
)
LABELLED = re.compile(r"^(`{3,})([a-z]+) (\S+)$", re.MULTILINE)
"""A fence with a label that is not a language, such as ```after src/area.py."""
OUTSIDE = re.compile(r"\]\((?!https?://|#)(?P<path>(?:\.\./)+[^)#\s]+)(?P<anchor>#[^)\s]+)?\)")


def on_config(config: Any) -> Any:
    config["repo_url"] = REPOSITORY
    return config


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Links to files beside docs/ lead to the repository, and labels of fences become titles."""
    here = (ROOT / "docs" / page.file.src_uri).parent

    def replaced(found: re.Match[str]) -> str:
        target = (here / found["path"]).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return found[0]
        return f"]({REPOSITORY}/blob/main/{target.relative_to(ROOT).as_posix()}{found['anchor'] or ''})"

    return OUTSIDE.sub(replaced, LABELLED.sub(r'\1text title="\2 \3"', markdown))


def on_post_build(config: Any, **_: Any) -> None:
    """The site begins with the quick start."""
    (Path(config["site_dir"]) / "index.html").write_text(BEGIN, "utf-8")

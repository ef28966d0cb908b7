"""The pre-commit configurations that ``mgx init --pre-commit`` writes; docs/ contains the same ones."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

KINDS = ("python", "javascript", "php", "dotnet")
FILE = ".pre-commit-config.yaml"

_OF_STACK = {
    "fastapi": "python",
    "express-ts": "javascript",
    "nestjs": "javascript",
    "react-vite": "javascript",
    "nextjs": "javascript",
    "vue-vite": "javascript",
    "laravel": "php",
    "dotnet-api": "dotnet",
}
_SIGNS = {
    "php": ("composer.json",),
    "dotnet": ("*.sln", "*.slnx", "*.csproj"),
    "javascript": ("package.json",),
    "python": ("pyproject.toml", "requirements*.txt", "setup.py"),
}


def text_of(kind: str) -> str:
    return (files(__name__) / f"{kind}.yaml").read_text("utf-8")


def fitting(directory: Path, stack: str | None) -> str | None:
    """The kind for ``stack``, or for the manifests in ``directory``; None if neither tells."""
    if stack in _OF_STACK:
        return _OF_STACK[stack]
    return next((kind for kind, signs in _SIGNS.items() if any(any(directory.glob(sign)) for sign in signs)), None)

from pathlib import Path


def find(root: Path, name: str) -> Path | None:
    """The attachment ``name`` below ``root``, None where there is none."""
    path = root / name
    return path if path.is_file() else None

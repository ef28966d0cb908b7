"""A build backend (PEP 517, PEP 660) that a project of a test has itself, so that none is fetched. It is copied, and what is in
capitals replaced."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

ASKED: list[str] = []
METADATA = "Metadata-Version: 2.1\nName: shop\nVersion: 7.0\nRequires-Python: >=3.99\nRequires-Dist: hello\n"
PROGRAMS = "[console_scripts]\nshop = shop:main\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def get_requires_for_build_editable(settings: object = None) -> list[str]:
    return ASKED


def build_editable(directory: str, settings: object = None, metadata: object = None) -> str:
    # FIRST
    version = os.environ["SETUPTOOLS_SCM_PRETEND_VERSION"]
    Path("src/shop/_version.py").write_text(f"VERSION = {version!r}\n")
    Path("src/shop.egg-info").mkdir()
    Path("src/shop.egg-info/SOURCES.txt").write_text("")
    name, info = "shop-7.0-py3-none-any.whl", "shop-7.0.dist-info"
    files = {
        "shop.pth": str(Path("src").resolve()),
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": PROGRAMS,
    }
    with zipfile.ZipFile(Path(directory, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD")))
    return name

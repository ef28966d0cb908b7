"""What npm may see of a repository's package.json and lock file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox import node_manifest


def written(root: Path, name: str, data: Any) -> None:
    (root / name).write_text(data if isinstance(data, str) else json.dumps(data))


def test_only_names_and_versions_are_taken(tmp_path: Path) -> None:
    written(
        tmp_path,
        "package.json",
        {
            "scripts": {"postinstall": "evil"}, "dependencies": {"express": "^5.1.0", "a": "npm:b@1", "@s/c": "1 || 2"},
            "devDependencies": {"d": "latest", "e": ">=1 <2"}, "overrides": {"f": "2", "g": {"h": "$express"}},
        },
    )  # fmt: skip
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert found.package["dependencies"] == {"express": "^5.1.0", "a": "npm:b@1", "@s/c": "1 || 2"}
    assert found.package["overrides"] == {"f": "2", "g": {"h": "$express"}}
    assert "scripts" not in found.package
    assert found.notes == []


@pytest.mark.parametrize(
    "spec",
    [
        "git+https://example.org/x.git", "github:user/repo", "user/repo", "https://example.org/x.tgz", "file:../x", "link:../x",
        "../x", "/etc", "workspace:*", "npm:../x@1", 3, None, ["1"],
    ],
)  # fmt: skip
def test_other_places_are_refused_by_name(tmp_path: Path, spec: object) -> None:
    written(tmp_path, "package.json", {"dependencies": {"x": spec, "y": "1"}, "overrides": {"z": spec}})
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert found.package["dependencies"] == {"y": "1"}
    assert found.package["overrides"] == {}
    assert [note.split(":")[0] for note in found.notes[:2]] == ["refused", "refused"]


@pytest.mark.parametrize("name", ["../x", "a/b", "@s", ".hidden", "a b"])
def test_names_that_are_paths_are_refused(tmp_path: Path, name: str) -> None:
    written(tmp_path, "package.json", {"dependencies": {name: "1"}})
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert found.package["dependencies"] == {}


def lock(**packages: Any) -> dict[str, Any]:
    return {"lockfileVersion": 3, "packages": {"": {}, **{f"node_modules/{name}": entry for name, entry in packages.items()}}}


def test_a_lock_file_holds_versions_but_no_places(tmp_path: Path) -> None:
    written(tmp_path, "package.json", {"dependencies": {"a": "1"}})
    entry = {"version": "1.0.0", "resolved": "https://elsewhere.example/a.tgz", "integrity": "sha512-x"}
    written(tmp_path, "package-lock.json", lock(a=entry))
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert found.lock is not None
    assert found.lock["packages"]["node_modules/a"] == {"version": "1.0.0", "integrity": "sha512-x"}
    assert set(found.texts()) == {"package.json", "package-lock.json"}


@pytest.mark.parametrize(
    "entry",
    [{"resolved": "git+ssh://git@example.org/a.git#1"}, {"resolved": "file:../a"}, {"resolved": "../a", "link": True}, 3],
)
def test_a_lock_file_with_other_places_is_not_used(tmp_path: Path, entry: object) -> None:
    written(tmp_path, "package.json", {"dependencies": {"a": "1"}})
    written(tmp_path, "package-lock.json", lock(a=entry))
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert found.lock is None
    assert "not used" in found.notes[0]


def test_a_lock_file_can_not_write_elsewhere(tmp_path: Path) -> None:
    written(tmp_path, "package.json", {"dependencies": {"a": "1"}})
    written(tmp_path, "package-lock.json", {"packages": {"": {}, "node_modules/../../../npm-cache/x": {"version": "1"}}})
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert found.lock is None


@pytest.mark.parametrize("text", ["", "[]", "{", "3"])
def test_what_is_no_manifest_is_none(tmp_path: Path, text: str) -> None:
    written(tmp_path, "package.json", text)

    assert node_manifest.read(tmp_path) is None


def test_other_package_managers_are_said(tmp_path: Path) -> None:
    written(tmp_path, "package.json", {"workspaces": ["a"]})
    written(tmp_path, "pnpm-lock.yaml", "")
    found = node_manifest.read(tmp_path)

    assert found is not None
    assert [("workspaces" in note, "pnpm" in note) for note in found.notes] == [(True, False), (False, True)]

"""Lock files of package managers without places, and which are not used at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.sandbox.test_node_project import read, seen

SUM = "sha512-" + "a" * 86 + "=="
SHA1 = "0123456789abcdef0123456789abcdef01234567"
A: dict[str, Any] = {"version": "1.0.0", "resolved": "https://elsewhere.example/a.tgz", "integrity": SUM}


def npm(**packages: Any) -> dict[str, Any]:
    return {"lockfileVersion": 3, "packages": {"": {}, **{f"node_modules/{name}": entry for name, entry in packages.items()}}}


def of_npm(root: Path, lock: Any, **dependencies: str) -> tuple[Any, list[str]]:
    manifest = {"name": "top", "dependencies": {"a": "1", **dependencies}}
    found = read(root, {"package.json": manifest, "package-lock.json": lock})
    return (seen(found, "package-lock.json") if found.locked else None), found.notes


def test_npm_s_lock_file_holds_versions_but_no_places(tmp_path: Path) -> None:
    lock, notes = of_npm(tmp_path, npm(a={**A, "scripts": {"install": "evil"}}))

    assert lock["packages"]["node_modules/a"] == {"version": "1.0.0", "integrity": SUM}
    assert lock["packages"][""]["dependencies"] == {"a": "1"}
    assert notes == []


def test_npm_s_first_form_is_read_too(tmp_path: Path) -> None:
    inside = {"b": {"version": "2.0.0", "resolved": "https://elsewhere.example/b.tgz", "integrity": SUM}}
    lock, _ = of_npm(
        tmp_path, {"lockfileVersion": 1, "dependencies": {"a": {**A, "requires": {"b": "^2"}, "dependencies": inside}}}
    )

    assert lock["lockfileVersion"] == 1
    assert lock["dependencies"] == {
        "a": {"version": "1.0.0", "integrity": SUM, "requires": {"b": "^2"},
              "dependencies": {"b": {"version": "2.0.0", "integrity": SUM}}},
    }  # fmt: skip


@pytest.mark.parametrize(
    "entry",
    [
        {"resolved": "git+ssh://git@example.org/a.git#1"}, {"resolved": "file:../a"}, {"resolved": "../a", "link": True}, 3,
        {"resolved": ["x"]},
    ],
)  # fmt: skip
def test_an_npm_lock_file_with_other_places_is_not_used(tmp_path: Path, entry: object) -> None:
    lock, notes = of_npm(tmp_path, npm(a=entry))

    assert lock is None
    assert "not used" in notes[0]


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/../../../npm-cache/x",
        "/etc/node_modules/x",
        "other/node_modules/x",
        "node_modules/a/../../x",
        "node_modules/.x",
    ],
)
def test_an_npm_lock_file_can_not_write_elsewhere(tmp_path: Path, path: str) -> None:
    lock, notes = of_npm(tmp_path, {"packages": {"": {}, path: A}})

    assert lock is None
    assert "not used" in notes[0]


@pytest.mark.parametrize("version", ["git+ssh://git@example.org/a.git#1", "file:../a", "https://example.org/a.tgz", 3, None])
def test_the_first_form_with_other_places_is_not_used(tmp_path: Path, version: object) -> None:
    lock, notes = of_npm(tmp_path, {"lockfileVersion": 1, "dependencies": {"a": {"version": version}}})

    assert lock is None
    assert "not used" in notes[0]


def test_what_the_manifest_may_not_ask_for_does_not_cost_the_whole_npm_lock_file(tmp_path: Path) -> None:
    lock, notes = of_npm(tmp_path, npm(a=A, g={"resolved": "git+ssh://git@example.org/g.git#1"}), g="github:x/g")

    assert set(lock["packages"]) == {"", "node_modules/a"}
    assert [note.split(":")[0] for note in notes] == ["refused"]


def test_members_are_links_in_npm_s_lock_file_and_never_copies(tmp_path: Path) -> None:
    files = {
        "package.json": {"workspaces": ["p/*"]},
        "p/a/package.json": {"name": "a", "version": "1.0.0", "dependencies": {"b": "^2"}},
        "p/b/package.json": {"name": "b", "version": "1.0.0"},
        "package-lock.json": {"packages": {
            "": {}, "p/a": {"dependencies": {"b": "^2"}}, "p/b": {}, "node_modules/a": {"resolved": "p/a", "link": True},
            "node_modules/b": {"resolved": "p/b", "link": True}, "p/a/node_modules/b": {**A, "version": "2.0.0"},
        }},
    }  # fmt: skip
    found = read(tmp_path, files)

    assert seen(found, "package-lock.json")["packages"] == {
        "": {"name": "project", "version": "0.0.0", "workspaces": ["p/a", "p/b"]},
        "p/a": {"name": "a", "version": "1.0.0", "dependencies": {"b": "1.0.0"}},
        "node_modules/a": {"resolved": "p/a", "link": True},
        "p/b": {"name": "b", "version": "1.0.0"},
        "node_modules/b": {"resolved": "p/b", "link": True},
    }


PNPM = f"""lockfileVersion: '9.0'
settings: {{autoInstallPeers: true, excludeLinksFromLockfile: false, evil: x}}
pnpmfileChecksum: abc
patchedDependencies: {{a@1.0.0: {{hash: xyz, path: patches/a.patch}}}}
importers:
  .:
    dependencies:
      a: {{specifier: ^1.0.0, version: 1.0.0(patch_hash=xyz)(p@2.0.0)}}
  p/b:
    dependencies:
      a: {{specifier: 'catalog:', version: 1.0.0(p@2.0.0)}}
      c: {{specifier: 'workspace:^', version: link:../c}}
  p/gone: {{}}
packages:
  a@1.0.0:
    resolution: {{integrity: {SUM}, tarball: https://evil.example/a.tgz}}
    hasBin: true
    scripts: {{install: evil}}
  p@2.0.0: {{resolution: {{integrity: {SUM}}}}}
snapshots:
  a@1.0.0(patch_hash=xyz)(p@2.0.0):
    dependencies: {{p: 2.0.0}}
  p@2.0.0: {{}}
"""
OF_PNPM: dict[str, Any] = {
    "package.json": {"name": "top", "dependencies": {"a": "^1.0.0"}},
    "pnpm-workspace.yaml": "packages: ['p/*']\ncatalog: {a: ^1.0.0}\n",
    "p/b/package.json": {"name": "b", "dependencies": {"a": "catalog:", "c": "workspace:^"}},
    "p/c/package.json": {"name": "c"},
}


def test_pnpm_s_lock_file_holds_versions_but_no_places(tmp_path: Path) -> None:
    found = read(tmp_path, {**OF_PNPM, "pnpm-lock.yaml": PNPM})

    assert seen(found, "pnpm-lock.yaml") == {
        "lockfileVersion": "9.0",
        "settings": {"autoInstallPeers": True, "excludeLinksFromLockfile": False},
        "importers": {
            ".": {"dependencies": {"a": {"specifier": "^1.0.0", "version": "1.0.0(p@2.0.0)"}}},
            "p/b": {"dependencies": {
                "a": {"specifier": "^1.0.0", "version": "1.0.0(p@2.0.0)"},
                "c": {"specifier": "workspace:^", "version": "link:../c"},
            }},
            "p/c": {},
        },
        "packages": {
            "a@1.0.0": {"resolution": {"integrity": SUM}, "hasBin": True}, "p@2.0.0": {"resolution": {"integrity": SUM}},
        },
        "snapshots": {"a@1.0.0(p@2.0.0)": {"dependencies": {"p": "2.0.0"}}, "p@2.0.0": {}},
    }  # fmt: skip


def test_a_version_that_was_not_locked_is_left_for_pnpm_to_see(tmp_path: Path) -> None:
    changed = {**OF_PNPM, "package.json": {"name": "top", "dependencies": {"a": "^2.0.0"}}}
    found = read(tmp_path, {**changed, "pnpm-lock.yaml": PNPM})

    assert seen(found, "pnpm-lock.yaml")["importers"]["."]["dependencies"]["a"]["specifier"] == "^1.0.0"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'9.0'", "'5.4'"),
        ("'9.0'", "{}"),
        (f"{{integrity: {SUM}}}", "{tarball: https://evil.example/p.tgz}"),
        (f"{{integrity: {SUM}}}", "{type: git, repo: https://evil.example/p, commit: abc}"),
        (f"{{integrity: {SUM}}}", "{type: directory, directory: /etc}"),
        ("  p@2.0.0: {resolution", "  p@https://evil.example/p.tgz: {resolution"),
        ("  p@2.0.0: {resolution", "  ../../x@2.0.0: {resolution"),
        ("{p: 2.0.0}", "{p: 'link:../../etc'}"),
        ("{p: 2.0.0}", "{p: https://evil.example/p.tgz}"),
        ("  p@2.0.0: {}", "  p@file:../x: {}"),
        ("lockfileVersion", "[lockfileVersion"),
    ],
)
def test_a_pnpm_lock_file_with_other_places_is_not_used(tmp_path: Path, old: str, new: str) -> None:
    assert old in PNPM
    found = read(tmp_path, {**OF_PNPM, "pnpm-lock.yaml": PNPM.replace(old, new)})

    assert not found.locked
    assert "pnpm-lock.yaml: not used" in found.notes[-1]


CLASSIC = f"""# yarn lockfile v1


"@s/c@^1.0.0", "@s/c@^1.1.0":
  version "1.1.0"
  resolved "https://evil.example/c.tgz#{SHA1}"
  integrity {SUM}
  dependencies:
    a "^1.0.0"

a@^1.0.0:
  version "1.0.0"
  resolved "http://evil.example/a.tgz#{SHA1}"

"b@npm:c@^2":
  version "2.0.0"
  resolved "https://registry.yarnpkg.com/c/-/c-2.0.0.tgz"
  integrity {SUM}
"""


def test_yarn_s_lock_file_is_held_from_the_registry(tmp_path: Path) -> None:
    found = read(tmp_path, {"package.json": {"dependencies": {"a": "^1.0.0"}}, "yarn.lock": CLASSIC})

    assert found.notes == []
    lines = found.files["yarn.lock"].splitlines()
    assert [line.split('"')[1] for line in lines if "resolved" in line] == [
        f"https://registry.npmjs.org/@s/c/-/c-1.1.0.tgz#{SHA1}",
        f"https://registry.npmjs.org/a/-/a-1.0.0.tgz#{SHA1}",
        "https://registry.npmjs.org/c/-/c-2.0.0.tgz",
    ]
    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        '"@s/c@^1.0.0", "@s/c@^1.1.0":', '"a@^1.0.0":', '"b@npm:c@^2":',
    ]  # fmt: skip
    assert f"  integrity {SUM}" in lines
    assert '    "a" "^1.0.0"' in lines


@pytest.mark.parametrize(
    "entry",
    [
        '"x@git+https://evil.example/x":\n  version "1.0.0"\n  resolved "https://evil.example/x#abc"\n',
        f'x@1:\n  version "1.0.0"\n  resolved "file:/etc/x.tgz#{SHA1}"\n',
        'x@1:\n  version "1.0.0"\n  resolved "https://registry.npmjs.org/x/-/x-1.0.0.tgz"\n',
        f'x@1:\n  version "../../x"\n  resolved "https://registry.npmjs.org/x/-/x-1.0.0.tgz#{SHA1}"\n',
        f'x@1, y@1:\n  version "1.0.0"\n  resolved "https://evil.example/x.tgz#{SHA1}"\n',
        f'x@1:\n  version "1.0.0"\n  resolved "https://evil.example/x.tgz#{SHA1}"\n  dependencies:\n    z "git+ssh://evil.example"\n',
        f'"../x@1":\n  version "1.0.0"\n  resolved "https://evil.example/x.tgz#{SHA1}"\n',
        f'top@1:\n  version "1.0.0"\n  resolved "https://evil.example/x.tgz#{SHA1}"\n',
    ],
)
def test_entries_of_other_places_are_left_out_of_yarn_s_lock_file(tmp_path: Path, entry: str) -> None:
    found = read(tmp_path, {"package.json": {"name": "top"}, "yarn.lock": CLASSIC + "\n" + entry})

    assert "evil" not in found.files["yarn.lock"]
    assert found.files["yarn.lock"].count("  version ") == 3
    assert "1 entries were not used" in found.notes[-1]


BERRY = {
    "__metadata": {"version": 8, "cacheKey": "10c0"},
    "a@npm:^1.0.0, a@npm:^1.1.0": {
        "version": "1.1.0", "resolution": "a@npm:1.1.0::__archiveUrl=https%3A%2F%2Fevil.example%2Fa.tgz",
        "dependencies": {"b": "npm:^2"}, "checksum": "10c0/" + "0" * 64, "languageName": "node", "linkType": "hard",
    },
    "top@workspace:.": {"version": "0.0.0-use.local", "resolution": "top@workspace:.", "linkType": "soft"},
    "typescript@patch:typescript@npm%3A^5.0.0#optional!builtin<compat/typescript>": {
        "version": "5.3.3", "linkType": "hard",
        "resolution": "typescript@patch:typescript@npm%3A5.3.3#optional!builtin<compat/typescript>::version=5.3.3&hash=e012d7",
    },
}  # fmt: skip


def berry(root: Path, extra: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    found = read(root, {"package.json": {"name": "top"}, "yarn.lock": json.dumps(BERRY | extra, indent=1)})
    return seen(found, "yarn.lock"), found.notes


def test_later_yarns_lock_file_holds_versions_but_no_places(tmp_path: Path) -> None:
    lock, notes = berry(tmp_path, {})

    assert lock["__metadata"] == {"version": 8, "cacheKey": "10c0"}
    assert lock["a@npm:^1.0.0, a@npm:^1.1.0"] == {
        "version": "1.1.0", "resolution": "a@npm:1.1.0", "dependencies": {"b": "npm:^2"}, "checksum": "10c0/" + "0" * 64,
        "languageName": "node", "linkType": "hard",
    }  # fmt: skip
    assert len(lock) == 3
    assert "entries" not in " ".join(notes)


@pytest.mark.parametrize(
    ("key", "resolution"),
    [
        ("x@https://evil.example/x.tgz", "x@https://evil.example/x.tgz"),
        ("x@npm:1", "x@https://evil.example/x.tgz"),
        ("x@npm:1", "x@git@evil.example:x.git#commit=abc"),
        ("x@file:../x", "x@file:../x#../x::hash=1&locator=top%40workspace%3A."),
        ("x@patch:x@npm%3A1.0.0#./evil.patch", "x@patch:x@npm%3A1.0.0#./evil.patch::version=1.0.0"),
        ("x@npm:1", "x@patch:x@https%3A%2F%2Fevil.example%2Fx#~builtin<compat/resolve>"),
        ("x@npm:1", "x@patch:x@npm%3A1.0.0%3A%3A__archiveUrl=evil#~builtin<compat/resolve>"),
        ("x@exec:./evil.js", "x@exec:./evil.js"),
        ("../x@npm:1", "../x@npm:1.0.0"),
        ("top@npm:1", "top@npm:1.0.0"),
    ],
)
def test_entries_of_other_places_are_left_out_of_later_yarns_lock_file(tmp_path: Path, key: str, resolution: str) -> None:
    lock, notes = berry(tmp_path, {key: {"version": "1.0.0", "resolution": resolution, "linkType": "hard"}})

    assert len(lock) == 3
    assert "1 entries were not used" in notes[-1]


def test_a_link_is_not_read_as_a_lock_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(CLASSIC)
    root = tmp_path / "root"
    root.mkdir()
    (root / "yarn.lock").symlink_to(tmp_path / "elsewhere")
    found = read(root, {"package.json": {"dependencies": {"a": "^1.0.0"}}}, "yarn")

    assert "evil" not in "".join(found.files.values())
    assert "version" not in found.files.get("yarn.lock", "")

"""What package managers may see of a repository's package.json files and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.sandbox.node import npmrc, project
from agent.sandbox.node.managers import Manager
from agent.sandbox.node.project import NodeProject


def written(root: Path, files: dict[str, Any]) -> None:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(data if isinstance(data, str) else json.dumps(data))


def read(root: Path, files: dict[str, Any], said: str = "") -> NodeProject:
    written(root, files)
    found = project.read(root, said, npmrc.Registry())
    assert found is not None
    return found


def seen(found: NodeProject, name: str = "package.json") -> Any:
    return json.loads(found.files[name])


def test_only_names_and_versions_are_taken(tmp_path: Path) -> None:
    manifest = {
        "scripts": {"postinstall": "evil"}, "dependencies": {"express": "^5.1.0", "a": "npm:b@1", "@s/c": "1 || 2"},
        "devDependencies": {"d": "latest", "e": ">=1 <2"}, "overrides": {"f": "2", "g": {"h": "$express"}},
        "peerDependencies": {"p": "*"}, "peerDependenciesMeta": {"p": {"optional": True, "x": 1}, "../x": {"optional": True}},
    }  # fmt: skip
    found = read(tmp_path, {"package.json": manifest})

    assert seen(found) == {
        "name": "project", "version": "0.0.0", "private": True, "dependencies": manifest["dependencies"],
        "devDependencies": manifest["devDependencies"], "overrides": manifest["overrides"], "peerDependencies": {"p": "*"},
        "peerDependenciesMeta": {"p": {"optional": True}},
    }  # fmt: skip
    assert found.notes == []


@pytest.mark.parametrize(
    "spec",
    [
        "git+https://example.org/x.git", "github:user/repo", "user/repo", "https://example.org/x.tgz", "file:../x", "link:../x",
        "../x", "/etc", "file:/etc", "workspace:*", "npm:../x@1", "npm:x@https://example.org/x.tgz", "catalog:",
        "portal:../../x", "patch:y@https%3A%2F%2Fexample.org#./x.patch", "exec:./evil.js", "file:x.tgz", 3, None, ["1"],
        "1" * 1_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("manager", ["npm", "pnpm", "yarn", "berry"])
def test_other_places_are_refused_by_name(tmp_path: Path, spec: object, manager: str) -> None:
    tree = "overrides" if manager == "npm" else "resolutions"
    found = read(tmp_path, {"package.json": {"dependencies": {"x": spec, "y": "1"}, tree: {"z": spec}}}, manager)

    assert seen(found)["dependencies"] == {"y": "1"}
    assert not {"overrides", "resolutions", "pnpm"} & seen(found).keys()
    assert [note.split(":")[0] for note in found.notes if "Plug" not in note] == ["refused", "refused"]


@pytest.mark.parametrize("name", ["../x", "a/b", "@s", ".hidden", "a b", "x" * 1_000])
def test_names_that_are_paths_are_refused(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, {"package.json": {"name": name, "dependencies": {name: "1"}}})

    assert seen(found) == {"name": "project", "version": "0.0.0", "private": True}


@pytest.mark.parametrize("text", ["", "[]", "{", "3"])
def test_a_text_that_is_not_an_object_is_not_a_project(tmp_path: Path, text: str) -> None:
    written(tmp_path, {"package.json": text})

    assert project.read(tmp_path, "", npmrc.Registry()) is None


WORKSPACE: dict[str, Any] = {
    "package.json": {
        "name": "top", "workspaces": ["packages/*", "!packages/old", "../outside", "/etc"],
        "devDependencies": {"@x/core": "^9", "top": "^1", "plain": "1"},
    },
    "packages/core/package.json": {
        "name": "@x/core", "version": "1.2.0-beta.1", "bin": {"core": "bin/core.js", "evil": "../../x"},
    },
    "packages/app/package.json": {
        "name": "app", "bin": "cli.js", "dependencies": {"@x/core": "workspace:^", "lib": "file:../../lib"},
        "peerDependencies": {"@x/core": "^1.0.0"},
    },
    "packages/old/package.json": {"name": "old"},
    "packages/node_modules/z/package.json": {"name": "z"},
    "lib/package.json": {"name": "lib", "dependencies": {"ms": "2"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("manager", "core", "peer"),
    [
        ("npm", "1.2.0-beta.1", "1.2.0-beta.1"), ("yarn", "1.2.0-beta.1", "1.2.0-beta.1"),
        ("pnpm", "workspace:^", "workspace:*"), ("berry", "workspace:^", "workspace:*"),
    ],
)  # fmt: skip
def test_own_names_always_mean_the_working_tree(tmp_path: Path, manager: str, core: str, peer: str) -> None:
    found = read(tmp_path, WORKSPACE, manager)

    assert found.directories == ["", "packages/app", "packages/core", "lib"]
    assert seen(found)["devDependencies"] == {"@x/core": core.replace("^", "*"), "plain": "1"}
    app = seen(found, "packages/app/package.json")
    assert app["dependencies"]["@x/core"] == core
    assert app["dependencies"]["lib"] in ("0.0.0", "workspace:*")
    assert app["peerDependencies"] == {"@x/core": peer}
    assert found.packages.links == [("", "top", "")]
    assert seen(found, "lib/package.json")["dependencies"] == {"ms": "2"}


def test_programs_of_members_are_placeholders_inside_of_them(tmp_path: Path) -> None:
    found = read(tmp_path, WORKSPACE)

    assert seen(found, "packages/core/package.json")["bin"] == {"core": "bin/core.js"}
    assert {name for name, text in found.files.items() if text.startswith("#!")} == {
        "packages/core/bin/core.js", "packages/app/cli.js",
    }  # fmt: skip


def test_a_link_on_the_way_to_a_member_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "a").mkdir(parents=True)
    written(tmp_path / "elsewhere", {"a/package.json": {"name": "a"}})
    root = tmp_path / "root"
    written(root, {"package.json": {"workspaces": ["packages/*", "linked/*"]}, "packages/b/package.json": {"name": "b"}})
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "packages" / "a").symlink_to(tmp_path / "elsewhere" / "a")

    found = project.read(root, "", npmrc.Registry())

    assert found is not None
    assert found.directories == ["", "packages/b"]


def test_a_member_s_environment_is_that_of_its_workspace(tmp_path: Path) -> None:
    written(tmp_path, {f"web/{name}": data for name, data in WORKSPACE.items()})

    assert project.top_of(tmp_path, "web/packages/app") == "web"
    assert project.top_of(tmp_path, "web/packages/old") == "web/packages/old"
    assert project.top_of(tmp_path, "web") == "web"
    assert project.top_of(tmp_path, "") == ""


@pytest.mark.parametrize(
    ("files", "said", "chosen", "noted"),
    [
        ({}, "", Manager("npm"), ""),
        ({}, "yarn", Manager("yarn", "1"), ""),
        ({"package.json": {"packageManager": "pnpm@8.15.4+sha512.0a"}}, "npm", Manager("pnpm", "8.15.4", True), ""),
        ({"package.json": {"packageManager": "yarn@1.22.22"}}, "", Manager("yarn", "1.22.22", True), ""),
        ({"package.json": {"packageManager": "yarn@4.5.0"}}, "", Manager("berry", "4.5.0", True), "Plug'n'Play"),
        ({"package.json": {"packageManager": "pnpm@npm:evil@1.0.0"}}, "", Manager("npm"), "packageManager"),
        ({"package.json": {"packageManager": "pnpm@https://example.org/x.tgz"}}, "", Manager("npm"), "packageManager"),
        ({"package.json": {"packageManager": ["x"]}}, "", Manager("npm"), "packageManager"),
        ({"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"}, "", Manager("pnpm", "8"), ""),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, "", Manager("pnpm", "10"), ""),
        ({"yarn.lock": "# yarn lockfile v1\n"}, "", Manager("yarn", "1"), ""),
        ({"yarn.lock": "__metadata:\n  version: 6\n  cacheKey: 8\n"}, "", Manager("berry", "3"), ""),
        ({"yarn.lock": "__metadata:\n  cacheKey: 10c0\n  version: 8\n"}, "yarn", Manager("berry", "4"), ""),
        ({".yarnrc.yml": "nodeLinker: node-modules\n"}, "yarn", Manager("berry", "4"), ""),
        ({"bun.lock": "{}"}, "", Manager("npm"), "bun"),
        ({"yarn.lock": "", "pnpm-lock.yaml": ""}, "npm", Manager("npm"), "not used"),
    ],
)  # fmt: skip
def test_the_package_manager_is_the_project_s(
    tmp_path: Path, files: dict[str, Any], said: str, chosen: Manager, noted: str
) -> None:
    found = read(tmp_path, {"package.json": {}, **files}, said)

    assert found.manager == chosen
    assert noted in " ".join(found.notes)


def test_harmless_settings_are_kept_and_no_others(tmp_path: Path) -> None:
    text = (
        "legacy-peer-deps=true\nengine-strict = true\nregistry=https://evil.example/\n//evil.example/:_authToken=${SECRET}\n"
        "public-hoist-pattern[]=*eslint*\npublic-hoist-pattern[]=*x*\n@s:registry=https://evil.example/\nnode-linker=pnp\n"
        "script-shell=./evil.sh\ncafile=/etc/x\nnode-options=--require ./evil.js\nhoist=${HOME}\n; legacy-bundling=true\n"
        "store-dir=../../x\nmodules-dir=/etc\nvirtual-store-dir=/x\nonload-script=./evil.js\n"
    )
    found = read(tmp_path, {"package.json": {}, ".npmrc": text})

    assert found.files[".npmrc"] == (
        "legacy-peer-deps=true\nengine-strict=true\npublic-hoist-pattern[]=*eslint*\npublic-hoist-pattern[]=*x*\n"
    )


def test_pnpm_s_own_file_of_settings_is_written_anew(tmp_path: Path) -> None:
    text = (
        "packages: ['packages/*']\nstrictPeerDependencies: false\nstoreDir: /etc\nregistry: https://evil.example\n"
        "nodeLinker: hoisted\n"
        "pnpmfile: ./evil.cjs\nconfigDependencies: {evil: 1.0.0}\npublicHoistPattern: ['*a*', '${HOME}']\n"
        "catalog: {ms: ^2.1.0, bad: 'https://evil.example/x.tgz'}\noverrides: {a: '1', b: 'link:../b'}\n"
    )
    files = {
        "package.json": {"dependencies": {"ms": "catalog:", "bad": "catalog:", "other": "catalog:no"}},
        "pnpm-workspace.yaml": text,
        "packages/a/package.json": {"name": "a"},
    }
    found = read(tmp_path, files, "pnpm")

    assert seen(found, "pnpm-workspace.yaml") == {
        "packages": [".", "packages/a"], "strictPeerDependencies": False, "nodeLinker": "hoisted",
        "publicHoistPattern": ["*a*"],
    }  # fmt: skip
    assert seen(found)["dependencies"] == {"ms": "^2.1.0"}
    assert len(found.notes) == 3


def test_the_person_s_own_registries_are_understood() -> None:
    text = "registry = https://here.example/npm\n@s:registry=http://there.example\n"
    text += "//here.example/npm/:_authToken=${TOKEN}\n; x=y\n"
    found = npmrc.registry(text, {"TOKEN": "secret"})

    assert found.tarball("@s/a", "1.0.0") == "http://there.example/@s/a/-/a-1.0.0.tgz"
    assert found.tarball("a", "1.0.0") == "https://here.example/npm/a/-/a-1.0.0.tgz"
    assert found.tokens == {"//here.example/npm/": "secret"}

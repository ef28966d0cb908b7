"""Facts of Node projects, as tables of small trees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.projects import ProjectFiles, ProjectPart, node
from agent.stacks.globs import matches

INDEX = "import test from 'node:test';\ntest('a', () => {});\n"
SCRIPTS = {
    "lint": "eslint .",
    "unit": "jest --ci",
    "watched": "mocha --watch --require tsx",
    "twice": "npm run unit && npm run unit",
    "round": "npm run round",
}


def part_of(package: dict[str, Any], files: dict[str, str] | None = None) -> ProjectPart:
    found = node.part(ProjectFiles.of({"package.json": json.dumps({"name": "shop", **package}), **(files or {})}), "")
    assert found is not None
    return found


def scripted(script: str, files: dict[str, str] | None = None, **package: Any) -> ProjectPart:
    return part_of({"scripts": {**SCRIPTS, "test": script}, **package}, files)


@pytest.mark.parametrize(
    ("script", "runner", "one"),
    [
        ("node --test", "node", "node --test"),
        ("node --import tsx --test 'test/**/*.test.ts'", "node", "node --import tsx --test"),
        ("c8 -r html node --test test/", "node", "node --test"),
        ("tsx --test src/*.test.ts", "node", "npx --no-install tsx --test"),
        ("node test/index.js", "node", "node"),
        ("node ./test/tap.js | tap-spec", "tape", "node"),
        ("vitest", "vitest", "npx --no-install vitest run"),
        ("vitest run --coverage --config x.ts", "vitest", "npx --no-install vitest run --config x.ts"),
        ("jest --coverage src", "jest", "npx --no-install jest --runTestsByPath"),
        (
            "cross-env NODE_ENV=test jest -c jest.json",
            "jest",
            "env NODE_ENV=test npx --no-install jest -c jest.json --runTestsByPath",
        ),
        (
            "node --experimental-vm-modules node_modules/jest/bin/jest.js -i",
            "jest",
            "node --experimental-vm-modules node_modules/jest/bin/jest.js -i --runTestsByPath",
        ),
        ("react-scripts test", "jest", "npx --no-install react-scripts test --runTestsByPath"),
        ("nyc --reporter lcov mocha -r esm 'test/**/*.js'", "mocha", "npx --no-install mocha -r esm"),
        ("istanbul cover node_modules/mocha/bin/_mocha", "mocha", "npx --no-install _mocha"),
        ("xo && ava", "ava", "npx --no-install ava"),
        ("tap --disable-coverage", "tap", "npx --no-install tap --disable-coverage"),
        ("standard; tape 'test/*.js'", "tape", "npx --no-install tape"),
        ("npx jasmine --config=j.json", "jasmine", "npx --no-install jasmine --config=j.json"),
        ("playwright test e2e", "playwright", "npx --no-install playwright test"),
        ("npm run lint && npm run unit", "jest", "npx --no-install jest --ci --runTestsByPath"),
        ("run-s lint unit", "jest", "npx --no-install jest --ci --runTestsByPath"),
        ("npm-run-all 'un*'", "jest", "npx --no-install jest --ci --runTestsByPath"),
        ("yarn lint && yarn unit --verbose", "jest", "npx --no-install jest --ci --runTestsByPath"),
        ("pnpm exec vitest run", "vitest", "npx --no-install vitest run"),
        ("pnpm vitest run", "vitest", "npx --no-install vitest run"),
        ("yarn jest --ci", "jest", "npx --no-install jest --ci --runTestsByPath"),
        ("yarn workspaces run test", "", ""),
        ("uvu tests", "uvu", ""),
        ("tsx node_modules/uvu/bin.js packages test", "uvu", ""),
        ("node ./packages/jest-cli/bin/jest.js", "jest", "node ./packages/jest-cli/bin/jest.js --runTestsByPath"),
        ("borp --check-coverage --lines 100 --timeout 9", "node", "npx --no-install borp --timeout 9"),
        ("bun test", "bun", ""),
        ("make test", "", ""),
        ("eslint . && echo mocha", "", ""),
        ("npm run round", "", ""),
        ("node server.js", "", ""),
    ],
)
def test_the_runner_is_told_from_the_test_script(script: str, runner: str, one: str) -> None:
    files = {"test/index.js": INDEX, "test/tap.js": "const t = require('tape')\n", "server.js": "import 'fs'\n"}
    part = scripted(script, files)
    assert part.runner == runner
    assert part.commands["test"].argv == ("npm", "test")
    assert part.commands["test"].said == script
    assert part.commands["test"].evidence == "package.json: scripts.test"
    given = part.commands.get("test_one")
    assert (" ".join(given.argv) if given else "") == one


@pytest.mark.parametrize(
    ("script", "argv"),
    [
        ("jest --watch", ("npx", "--no-install", "jest")),
        ("jest --watchAll=true --ci", ("npx", "--no-install", "jest", "--ci")),
        ("vitest watch", ("npx", "--no-install", "vitest")),
        ("vitest --watch -c v.ts", ("npx", "--no-install", "vitest", "-c", "v.ts")),
        ("ava -w", ("npx", "--no-install", "ava")),
        ("node --test --watch", ("npx", "--no-install", "node", "--test")),
        ("karma start k.js", ("npx", "--no-install", "karma", "start", "k.js", "--single-run")),
        ("ng test", ("npx", "--no-install", "ng", "test", "--watch=false")),
        ("A=1 jest --watch 'a b'", ("npx", "--no-install", "-c", "A=1 jest 'a b'")),
        ("npm run lint && jest --watch", ("npx", "--no-install", "-c", "npm run lint && jest")),
        ("npm run watched", ("npx", "--no-install", "mocha", "--require", "tsx")),
        ("npm run lint && npm run watched", ("npx", "--no-install", "-c", "npm run lint && mocha --require tsx")),
    ],
)
def test_what_would_wait_for_changes_is_taken_out(script: str, argv: tuple[str, ...]) -> None:
    command = scripted(script).commands["test"]
    assert command.argv == argv
    assert command.said == script
    assert command.evidence == "package.json: scripts.test, without waiting for changes"


def test_hooks_stay_part_of_a_script_without_its_watching() -> None:
    part = part_of({"scripts": {"pretest": "eslint .", "test": "jest --watch", "posttest": "tsc"}})
    assert part.commands["test"].argv == ("npx", "--no-install", "-c", "eslint . && jest && tsc")


@pytest.mark.parametrize(
    "script", ["jest --watch=false", "jest --watchAll=false", "karma start --single-run", "react-scripts test"]
)
def test_a_script_that_does_not_wait_is_started_as_it_is(script: str) -> None:
    assert scripted(script).commands["test"].argv == ("npm", "test")


@pytest.mark.parametrize(
    "scripts", [{}, {"build": "vite build"}, {"test": 'echo "Error: no test specified" && exit 1'}, {"test": ""}]
)
def test_without_a_test_script_there_is_no_test_command(scripts: dict[str, str]) -> None:
    part = part_of({"scripts": scripts})
    assert "test" not in part.commands
    assert part.evidence["test"] == "package.json has no test script"


@pytest.mark.parametrize(
    ("package", "files", "manager", "test", "said"),
    [
        ({}, {}, "npm", "npm", "package.json, without a lock file"),
        ({}, {"package-lock.json": "{}"}, "npm", "npm", "package-lock.json"),
        ({}, {"npm-shrinkwrap.json": "{}"}, "npm", "npm", "npm-shrinkwrap.json"),
        ({}, {"pnpm-lock.yaml": ""}, "pnpm", "pnpm", "pnpm-lock.yaml"),
        ({}, {"yarn.lock": "# yarn lockfile v1\n"}, "yarn", "yarn", "yarn.lock; Yarn 1 (yarn.lock)"),
        (
            {},
            {"yarn.lock": "__metadata:\n  version: 8\n"},
            "yarn",
            "yarn",
            "yarn.lock; Yarn 2 or newer (yarn.lock: __metadata)",
        ),
        ({}, {"yarn.lock": "", ".yarnrc.yml": ""}, "yarn", "yarn", "yarn.lock; Yarn 2 or newer (.yarnrc.yml)"),
        ({}, {"bun.lock": "{}"}, "bun", "npm", f"bun.lock; {node.node_packages.NOT_HERE}"),
        (
            {"packageManager": "pnpm@9.1.0+sha512.aa"},
            {"package-lock.json": "{}"},
            "pnpm",
            "pnpm",
            "package.json: packageManager pnpm@9.1.0",
        ),
        (
            {"packageManager": "yarn@4.5.0"},
            {"yarn.lock": ""},
            "yarn",
            "yarn",
            "package.json: packageManager yarn@4.5.0; Yarn 2 or newer (packageManager)",
        ),
    ],
)
def test_the_package_manager(package: dict[str, Any], files: dict[str, str], manager: str, test: str, said: str) -> None:
    part = part_of({"scripts": {"test": "vitest run"}, **package}, files)
    assert part.package_manager == manager
    assert part.test == (test, "test")
    assert part.evidence["package_manager"] == said


@pytest.mark.parametrize(
    ("package", "names", "lock"),
    [
        ({}, ["package-lock.json", "yarn.lock"], "yarn.lock"),
        ({"packageManager": "npm@10"}, ["package-lock.json", "yarn.lock"], "package-lock.json"),
        ({"packageManager": "pnpm@9"}, ["package-lock.json"], ""),
        ({}, ["pnpm-lock.yaml"], "pnpm-lock.yaml"),
    ],
)
def test_the_lock_file_is_that_of_the_package_manager(package: dict[str, Any], names: list[str], lock: str) -> None:
    assert part_of(package, dict.fromkeys(names, "")).lock_file == lock


@pytest.mark.parametrize(
    ("package", "files", "wanted", "said"),
    [
        ({"engines": {"node": ">=20"}}, {".nvmrc": "18"}, "node >=20", "package.json: engines.node"),
        ({"volta": {"node": "20.1.0"}}, {}, "node 20.1.0", "package.json: volta.node"),
        ({}, {".nvmrc": "v22\n"}, "node v22", ".nvmrc"),
        ({"engines": "20"}, {}, "", None),
    ],
)
def test_the_runtime_that_is_asked_for(package: dict[str, Any], files: dict[str, str], wanted: str, said: str | None) -> None:
    part = part_of(package, files)
    assert part.runtime == wanted
    assert part.evidence.get("runtime") == said


@pytest.mark.parametrize(
    ("package", "files", "language"),
    [
        ({}, {"index.js": ""}, "javascript"),
        ({}, {"tsconfig.json": "{}"}, "typescript"),
        ({}, {"tsconfig.json": "{}", "a.js": "", "b.js": "", "c.js": "", "index.d.ts": "", "test/types.ts": ""}, "javascript"),
        ({"devDependencies": {"typescript": "5"}}, {"src/a.ts": ""}, "typescript"),
        ({"devDependencies": {"typescript": "5"}}, {"index.js": "", "index.d.ts": ""}, "javascript"),
    ],
)
def test_the_language(package: dict[str, Any], files: dict[str, str], language: str) -> None:
    assert part_of(package, files).language == language


def test_project_references_are_told() -> None:
    config = '{ // the parts\n "references": [{"path": "./core"}, {"path": "./web"},], /* all */ }'
    part = part_of({}, {"tsconfig.json": config})
    assert part.evidence["references"] == "tsconfig.json: references ./core, ./web"


MEMBERS = {
    "packages/a/package.json": json.dumps({"name": "a", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "3"}}),
    "packages/b/package.json": json.dumps({"name": "b", "scripts": {"test": "vitest"}}),
    "packages/b/node_modules/c/package.json": "{}",
    "tools/x/package.json": json.dumps({"name": "x"}),
}


@pytest.mark.parametrize(
    ("package", "files", "members", "test"),
    [
        ({"workspaces": ["packages/*"]}, {}, ("packages/a", "packages/b"), ("npm", "test", "--workspaces", "--if-present")),
        (
            {"workspaces": {"packages": ["./packages/*/", "{tools,other}/*"]}},
            {"yarn.lock": ""},
            ("packages/a", "packages/b", "tools/x"),
            ("yarn", "workspaces", "run", "test"),
        ),
        (
            {},
            {"pnpm-workspace.yaml": "packages:\n  - 'packages/**'\n  - '!**/b'\n", "pnpm-lock.yaml": ""},
            ("packages/a",),
            ("pnpm", "-r", "test"),
        ),
        (
            {"workspaces": ["packages/*"]},
            {"yarn.lock": "", ".yarnrc.yml": ""},
            ("packages/a", "packages/b"),
            ("yarn", "workspaces", "foreach", "-A", "run", "test"),
        ),
    ],
)
def test_a_workspace_without_a_script_of_its_own_tests_its_members(
    package: dict[str, Any], files: dict[str, str], members: tuple[str, ...], test: tuple[str, ...]
) -> None:
    part = part_of(package, {**MEMBERS, **files})
    assert (part.layout, part.members, part.test, part.runner) == ("workspace", members, test, "vitest")
    assert "test_one" not in part.commands


def test_a_script_that_hands_on_to_the_members_has_their_runner() -> None:
    part = part_of({"workspaces": ["packages/*"], "scripts": {"test": "turbo run test"}}, {**MEMBERS, "turbo.json": "{}"})
    assert (part.test, part.runner) == (("npm", "test"), "vitest")
    assert part.evidence["members"] == "package.json: workspaces; turbo.json"


def test_members_without_tests_give_no_test_command() -> None:
    part = part_of({"workspaces": ["tools/*"]}, MEMBERS)
    assert part.test == ()
    assert part.evidence["test"] == node.NO_SCRIPT


@pytest.mark.parametrize(
    ("script", "all_of"),
    [
        ("pnpm -r test", True),
        ("npm run lint && turbo run test", True),
        ("yarn workspaces foreach -A run test:unit", True),
        (None, True),
        ("pnpm -r lint && node --test scripts", False),
        ("pnpm --filter @all/a test", False),
        ("npm test --workspace=packages/a", False),
        ("vitest run", False),
    ],
)
def test_whether_the_command_of_a_workspace_tests_its_members(script: str | None, all_of: bool) -> None:
    part = part_of({"workspaces": ["packages/*"], **({"scripts": {"test": script}} if script else {})}, MEMBERS)
    assert part.members
    assert part.tests_members == all_of


def test_a_member_has_what_its_workspace_says_for_all() -> None:
    files = ProjectFiles.of({
        **MEMBERS,
        "package.json": json.dumps({"name": "all", "devDependencies": {"prettier": "3"}, "engines": {"node": ">=20"}}),
        "pnpm-workspace.yaml": "packages: ['packages/*']",
        "pnpm-lock.yaml": "",
    })  # fmt: skip
    top, member = node.part(files, ""), node.part(files.below("packages/a"), "packages/a")
    assert top is not None and member is not None
    inherited = node.inherit(member, top)
    assert (inherited.package_manager, inherited.lock_file, inherited.runtime) == ("pnpm", "pnpm-lock.yaml", "node >=20")
    assert inherited.test == ("pnpm", "test")
    assert [tool.name for tool in inherited.formatters] == ["prettier"]
    assert inherited.evidence["formatters"] == "workspace of the top directory: package.json: prettier"
    assert node.inherit(top, top) == top


@pytest.mark.parametrize(
    ("package", "files", "formatters", "linters"),
    [
        ({}, {}, [], []),
        ({"devDependencies": {"eslint": "9", "jest": "29"}}, {}, [], []),
        ({"devDependencies": {"prettier": "3"}}, {"eslint.config.mjs": ""}, ["prettier"], ["eslint"]),
        ({"prettier": "@shop/prettier"}, {".eslintrc.json": "{}"}, ["prettier"], ["eslint"]),
        ({}, {".prettierrc": "{}", "a/eslint.config.js": ""}, ["prettier"], []),
        ({}, {"biome.json": "{}"}, ["biome"], ["biome lint"]),
        ({}, {"biome.jsonc": '{"formatter": {"enabled": false}, // no\n}'}, [], ["biome lint"]),
        ({"devDependencies": {"prettier": "3"}}, {"biome.json": "{}"}, ["biome"], ["biome lint"]),
        ({"devDependencies": {"standard": "17"}}, {}, [], ["standard"]),
        ({"devDependencies": {"xo": "1"}}, {"dprint.json": "{}"}, ["dprint"], ["xo"]),
        ({}, {".oxlintrc.json": "{}"}, [], ["oxlint"]),
    ],
)
def test_formatters_and_linters_are_those_that_are_configured(
    package: dict[str, Any], files: dict[str, str], formatters: list[str], linters: list[str]
) -> None:
    part = part_of(package, files)
    assert [tool.name for tool in part.formatters] == formatters
    assert [tool.name for tool in part.linters] == linters
    assert ("formatters" in part.evidence, "linters" in part.evidence) == (bool(formatters), bool(linters))


def test_the_old_eslint_is_not_told_what_it_does_not_know() -> None:
    flat, old = part_of({}, {"eslint.config.js": ""}), part_of({}, {".eslintrc": ""})
    assert "--no-warn-ignored" in flat.linters[0].check
    assert "--no-warn-ignored" not in old.linters[0].check
    assert not old.linters[0].wants("a.ts")


def test_prettier_formats_pages_only_where_the_project_has_it_look_at_everything() -> None:
    some = part_of({"prettier": {}, "scripts": {"format": "prettier --write src"}})
    everything = part_of({"prettier": {}, "scripts": {"format": "npm run x && prettier --write ."}})
    assert not some.formatters[0].wants("README.md")
    assert everything.formatters[0].wants("README.md")


@pytest.mark.parametrize(
    ("script", "package", "files", "path", "is_test"),
    [
        ("node --test", {}, {}, "a/b.test.mjs", True),
        ("node --test", {}, {}, "test/deep/a.js", True),
        ("node --test", {}, {}, "test/data.json", False),
        ("node --test 'specs/*.js'", {}, {}, "specs/a.js", True),
        ("node --test specs", {}, {"specs/a.js": ""}, "specs/b/c.ts", True),
        ("vitest run", {}, {}, "src/a.spec.tsx", True),
        ("vitest run", {}, {}, "test/a.ts", False),
        ("jest", {}, {}, "src/__tests__/a.js", True),
        ("jest", {"jest": {"testMatch": ["<rootDir>/checks/**/*.js"]}}, {}, "checks/a.js", True),
        ("mocha", {}, {".mocharc.yml": "spec: [lib/**/*.check.js]"}, "lib/a.check.js", True),
        ("mocha", {}, {}, "test/a.js", True),
        ("ava", {"ava": {"files": ["checks/*"]}}, {}, "checks/a.js", True),
        ("jasmine", {}, {}, "spec/aSpec.js", True),
        ("make", {}, {}, "tests/a.js", True),
        ("make", {}, {}, "src/a.js", False),
    ],
)
def test_the_files_that_are_tests(
    script: str, package: dict[str, Any], files: dict[str, str], path: str, is_test: bool
) -> None:
    part = scripted(script, files, **package)
    assert any(matches(glob, path) for glob in part.test_files) is is_test


def test_commands_beside_the_tests_are_those_of_scripts() -> None:
    part = part_of({"scripts": {"build": "tsc -b", "lint": "eslint .", "format": "prettier --write ."}}, {"pnpm-lock.yaml": ""})
    assert {kind: command.argv for kind, command in part.commands.items()} == {
        "install": ("pnpm", "install", "--frozen-lockfile"),
        "lint": ("pnpm", "run", "lint"),
        "format": ("pnpm", "run", "format"),
        "build": ("pnpm", "run", "build"),
    }
    assert part.commands["build"].line == "tsc -b"


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "x", "scripts": [1], "workspaces": 3, "engines": [], "packageManager": 7, "devDependencies": "a"}',
        '{"name": "x", "scripts": {"test": 5, "lint": {}}, "workspaces": {"packages": {"a": 1}}, "jest": [], "volta": null}',
    ],
)
def test_values_of_wrong_shapes_are_no_facts(text: str) -> None:
    part = node.part(ProjectFiles.of({"package.json": text, "pnpm-workspace.yaml": "packages: {a: b}"}), "")
    assert part is not None
    assert (part.test, part.members, part.runtime) == ((), (), "")


def test_a_package_json_that_is_not_json_is_said() -> None:
    part = node.part(ProjectFiles.of({"package.json": "{'name': 1}"}), "")
    assert part is not None
    assert part.evidence["test"].startswith("package.json can't be read (")


@pytest.mark.parametrize("files", [{}, {"package.json": '{"type": "module"}'}, {"package.json": "[]"}])
def test_what_is_not_a_project_gives_no_part(files: dict[str, str]) -> None:
    assert node.part(ProjectFiles.of(files), "") is None

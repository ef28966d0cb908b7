"""Which package manager a Node project uses, its lock file and workspace members, and what it needs to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import json_object, json_with_comments, table, text, texts, yaml_map
from agent.projects.member_directories import member_directories

GROUPS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
)
MANAGERS = ("npm", "pnpm", "yarn", "bun")
NOT_HERE = "bun is not available here: npm installs its packages and starts its scripts"


@dataclass(frozen=True)
class PackageManager:
    """``berry`` is Yarn 2 or newer, whose lock file, settings and commands are others than those of Yarn 1."""

    name: str
    lock_file: str = ""
    berry: bool = False
    evidence: str = ""

    @property
    def program(self) -> str:
        """What starts the scripts."""
        return "npm" if self.name == "bun" else self.name

    def run(self, script: str) -> tuple[str, ...]:
        return (self.program, "test") if script == "test" else (self.program, "run", script)

    @property
    def test_members(self) -> tuple[str, ...]:
        """Runs the test script of each member that has one."""
        if self.name == "pnpm":
            return ("pnpm", "-r", "test")
        if self.name == "yarn":
            return (
                ("yarn", "workspaces", "foreach", "-A", "run", "test") if self.berry else ("yarn", "workspaces", "run", "test")
            )
        return ("npm", "test", "--workspaces", "--if-present")

    @property
    def install(self) -> tuple[str, ...]:
        """As the project's people install it; what the sandbox does is its own."""
        locked = {"npm": ("npm", "ci"), "pnpm": ("pnpm", "install", "--frozen-lockfile"), "bun": ("bun", "install")}
        if self.name == "yarn":
            return ("yarn", "install", "--immutable" if self.berry else "--frozen-lockfile")
        return locked[self.name] if self.lock_file else (self.name, "install")


def package_manager(files: ProjectFiles, package: Mapping[str, Any]) -> PackageManager:
    """By the field ``packageManager`` ("pnpm@9.1.0+sha512…"), ``devEngines``, then by the lock file that is there."""
    pinned = text(package.get("packageManager"))
    name, _, version = pinned.partition("@")
    said = f"package.json: packageManager {pinned.partition('+')[0]}"
    if name not in MANAGERS:
        name = text(table(table(package.get("devEngines")).get("packageManager")).get("name"))
        said = f"package.json: devEngines.packageManager {name}"
    lock = next((lock for lock, manager in LOCKS if lock in files and (name not in MANAGERS or manager == name)), "")
    if name not in MANAGERS:
        name = dict(LOCKS).get(lock, "")
        said = lock
    if name not in MANAGERS:
        name, said = next(
            ((manager, file) for file, manager in (("pnpm-workspace.yaml", "pnpm"), (".yarnrc.yml", "yarn")) if file in files),
            ("npm", "package.json, without a lock file"),
        )
    berry, why = _berry(files, version) if name == "yarn" else (False, "")
    said += f"; Yarn {'2 or newer' if berry else '1'} ({why})" if why else ""
    said += f"; {NOT_HERE}" if name == "bun" else ""
    return PackageManager(name, files.from_root(lock) if lock else "", berry, said)


def _berry(files: ProjectFiles, version: str) -> tuple[bool, str]:
    if version:
        return not version.startswith(("0.", "1.")), "packageManager"
    if ".yarnrc.yml" in files:
        return True, ".yarnrc.yml"
    if "__metadata:" in (files.read("yarn.lock") or "")[:2_000]:
        return True, "yarn.lock: __metadata"
    return False, "yarn.lock" if "yarn.lock" in files else ""


def packages_of(package: Mapping[str, Any]) -> frozenset[str]:
    """The names that it depends on."""
    return frozenset(name for group in GROUPS for name in table(package.get(group)))


def workspace(files: ProjectFiles, package: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The members' directories, from the repository's root, and where their globs are said; ``()`` and "" without any."""
    own = package.get("workspaces")
    candidates = (
        (texts(yaml_map(files, "pnpm-workspace.yaml").get("packages")), "pnpm-workspace.yaml: packages"),
        (texts(table(own).get("packages") if isinstance(own, dict) else own), "package.json: workspaces"),
        (texts(json_object(files, "lerna.json").get("packages")), "lerna.json: packages"),
    )
    globs, said = next(((globs, said) for globs, said in candidates if globs), ((), ""))
    tools = [name for name in ("turbo.json", "nx.json", "lerna.json", "rush.json") if name in files and name not in said]
    return member_directories(files, "package.json", globs), "; ".join((said, *tools)) if said else ""


def runtime(files: ProjectFiles, package: Mapping[str, Any]) -> tuple[str, str]:
    """("node >=20", "package.json: engines.node"): by engines, else the versions that version managers are told."""
    if wanted := text(table(package.get("engines")).get("node")):
        return f"node {wanted}", "package.json: engines.node"
    if wanted := text(table(table(package.get("devEngines")).get("runtime")).get("version")):
        return f"node {wanted}", "package.json: devEngines.runtime"
    if wanted := text(table(package.get("volta")).get("node")):
        return f"node {wanted}", "package.json: volta.node"
    for name in (".nvmrc", ".node-version"):
        lines = (files.read(name) or "").split("\n", 1)
        if wanted := text(lines[0]):
            return f"node {wanted}", name
    return "", ""


def language(files: ProjectFiles, packages: frozenset[str]) -> tuple[str, str]:
    """TypeScript where it is configured and its files are not only declarations beside a program of JavaScript."""
    config = next((path for path in files.starting_with("tsconfig") if "/" not in path and path.endswith(".json")), "")
    typed = sum(path.endswith((".ts", ".tsx", ".mts", ".cts")) and not path.endswith(".d.ts") for path in files.paths)
    plain = sum(path.endswith((".js", ".jsx", ".mjs", ".cjs")) for path in files.paths)
    if config and 2 * typed >= plain:
        return "typescript", config
    if "typescript" in packages and typed > plain:
        return "typescript", "package.json: typescript"
    return "javascript", "package.json"


def references(files: ProjectFiles) -> tuple[str, ...]:
    """The TypeScript projects that tsconfig.json is made of ("project references"), as it names them."""
    entries = json_with_comments(files, "tsconfig.json").get("references")
    return texts([table(entry).get("path") for entry in entries]) if isinstance(entries, list) else ()

"""The install step of PHP, with a registry of Composer packages that is served here."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.projects.model import ProjectCommand, ProjectPart
from agent.sandbox import WorkdirSandbox
from agent.sandbox.toolchains import composer, composer_manifest
from tests.agent.sandbox.registry_server import serving
from tests.agent.sandbox.test_install_compiled import untracked

NEEDS_COMPOSER = pytest.mark.skipif(
    not all(shutil.which(name, path="/usr/local/bin:/usr/bin") for name in ("composer", "php")),
    reason="composer is not installed here",
)
PHP = ProjectPart(directory="app", ecosystem="php", runner="phpunit", commands={"test": ProjectCommand(("vendor/bin/check",))})
PACKAGE = {
    "src/Hello.php": "<?php\nnamespace Acme;\nclass Hello { const WHO = '%s'; }\n",
    "check": "#!/usr/bin/env php\n<?php\nrequire getcwd() . '/vendor/autoload.php';\nrequire getcwd() . '/tests/check.php';\n",
}
MANIFEST = {
    "name": "acme/hello",
    "type": "composer-plugin",
    "require": {"php": ">=7.0", "ext-absent": "*", "composer-plugin-api": "^2"},
    "extra": {"class": "Acme\\Hello"},
    "autoload": {"psr-4": {"Acme\\": "src"}},
    "bin": ["check"],
}
CHECK = """<?php
foreach ([Acme\\Hello::WHO, Own\\Near::BY, Old_Style::YES, mb_strtoupper('x')] as $said) {
    echo "$said\\n";
}
"""
PROJECT = {
    "app/src/Near.php": "<?php\nnamespace Own;\nclass Near { const BY = 'near'; }\n",
    "app/old/any.php": "<?php\nclass Old_Style { const YES = 'yes'; }\n",
    "app/tests/check.php": CHECK,
}


def archive(version: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text in {**PACKAGE, "composer.json": json.dumps(MANIFEST)}.items():
            packed.writestr(f"acme-hello/{name}", text % version if "%s" in text else text)
    return buffer.getvalue()


def registry(url: str) -> dict[str, bytes]:
    """packages.json and the files that it leads to (getcomposer.org, Repositories)."""
    files = {"/packages.json": json.dumps({"packages": [], "metadata-url": f"{url}/p2/%package%.json"}).encode()}
    versions = []
    for version in ("1.1.0", "1.0.0"):
        files[f"/dist/{version}.zip"] = data = archive(version)
        dist = {"type": "zip", "url": f"{url}/dist/{version}.zip", "shasum": hashlib.sha1(data).hexdigest()}
        versions.append({**MANIFEST, "version": version, "dist": dist})
    files["/p2/acme/hello.json"] = json.dumps({"packages": {"acme/hello": versions}}).encode()
    files["/p2/acme/hello~dev.json"] = json.dumps({"packages": {"acme/hello": []}}).encode()
    return files


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that the server's own settings of Composer led to."""
    monkeypatch.setenv("COMPOSER_HOME", str(tmp_path / "composer"))
    (tmp_path / "composer").mkdir()
    with serving(registry) as (url, paths):
        mirrors = [{"type": "composer", "url": url}, {"packagist.org": False}]
        (tmp_path / "composer/config.json").write_text(json.dumps({"config": {"secure-http": False}, "repositories": mirrors}))
        yield paths


def written(root: Path, **manifest: object) -> None:
    own = {
        "name": "acme/own",
        "require": {"php": ">=7.0", "ext-none": "*", "acme/hello": "^1.0"},
        "autoload": {"psr-4": {"Own\\": "src/"}, "classmap": ["old"]},
        "scripts": {"post-autoload-dump": "touch RAN", "post-update-cmd": "touch RAN"},
        "config": {"allow-plugins": True},
    }
    for name, text in {**PROJECT, "app/composer.json": json.dumps({**own, **manifest})}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)


@NEEDS_COMPOSER
@pytest.mark.asyncio
async def test_composer_s_packages_are_fetched_once_and_nothing_of_them_runs(sandbox: WorkdirSandbox, asked: list[str]) -> None:
    written(sandbox.root)

    installed = await sandbox.install(PHP)
    tested = await sandbox.run(PHP.test, directory="app")

    assert installed is not None
    assert installed.ok, installed.output_tail
    assert tested.output_tail.split() == ["1.1.0", "near", "yes", "X"], tested.output_tail
    assert "/dist/1.1.0.zip" in asked
    assert untracked(sandbox.root) == []
    assert not [*sandbox.cache.rglob("RAN")], "a script of the project ran"
    assert not [*sandbox.cache.rglob("auth.json")], "the server's credentials were kept"

    del asked[:]
    lock = {
        "packages": [{"name": "acme/hello", "version": "1.0.0", "dist": {"type": "zip", "url": "http://127.0.0.1:9/x.zip"}}]
    }
    (sandbox.root / "app/composer.lock").write_text(json.dumps(lock))
    assert (await sandbox.install(PHP)) is not None
    tested = await sandbox.run(PHP.test, directory="app")
    assert tested.output_tail.split()[0] == "1.0.0", tested.output_tail
    del asked[:]
    again = await sandbox.install(PHP)
    assert again is not None
    assert "cached" in again.output_tail
    assert not asked


@pytest.mark.parametrize(
    ("manifest", "note"),
    [
        ({"repositories": [{"type": "vcs", "url": "https://example.org/x"}]}, "composer.json: repositories (only"),
        ({"require": {"acme/x": "dev-main#0123"}}, "composer.json: acme/x (not a package"),
        ({"require": {"../x": "1"}}, "composer.json: ../x (not a package"),
        ({"autoload": {"psr-4": {"X\\": "../x"}}}, "composer.json: autoload: X\\ (not a place"),
        ({"config": {"bin-dir": "bin"}}, "composer.json: config.bin-dir (programs are in vendor/bin)"),
        ({"config": {"vendor-dir": "."}}, "composer.json: config.vendor-dir (packages are in vendor)"),
        ({"config": {"vendor-dir": "a/.."}}, "composer.json: config.vendor-dir (packages are in vendor)"),
    ],
)
def test_what_is_not_of_the_registry_is_refused_by_name(tmp_path: Path, manifest: dict[str, object], note: str) -> None:
    (tmp_path / "composer.json").write_text(json.dumps(manifest))
    (line,) = composer_manifest.read(tmp_path, "").notes
    assert line.startswith(f"refused: {note}")


@pytest.mark.parametrize("vendor", ["vendor", "lib/php"])
def test_nothing_is_written_through_a_link_that_an_archive_leaves_beside_the_packages(tmp_path: Path, vendor: str) -> None:
    """The classes of the project are copied by an account that may write more than the sandbox."""
    top, draft, ours = tmp_path / "app", tmp_path / "draft", tmp_path / "ours"
    for path in (top / "src/Near.php", draft / "tree" / vendor / "acme/hello/Hello.php", ours / "Near.php"):
        path.parent.mkdir(parents=True)
        path.write_text(path.parent.name)
    (draft / "tree/src").symlink_to(ours)
    (draft / "tree/composer.json").symlink_to(ours / "Near.php")

    composer._lay_out(draft, "{}", vendor)
    composer._copy(top, draft / "tree", ["src/Near.php"])

    assert (ours / "Near.php").read_text() == "ours"
    assert [path for path in (draft / "tree").rglob("*") if path.is_symlink()] == []
    assert (draft / "tree/src/Near.php").read_text() == "src"
    assert (draft / "tree/composer.json").read_text() == "{}"
    assert (draft / "tree" / vendor / "acme/hello/Hello.php").is_file()


@pytest.mark.parametrize("vendor", ["vendor", "lib/php"])
def test_packages_are_not_taken_from_where_a_link_leads(tmp_path: Path, vendor: str) -> None:
    draft, ours = tmp_path / "draft", tmp_path / "ours"
    (ours / "php").mkdir(parents=True)
    (ours / "php/key").write_text("canary")
    (draft / "tree").mkdir(parents=True)
    link = draft / "tree" / vendor.partition("/")[0]
    link.symlink_to(ours if "/" in vendor else ours / "php")

    composer._lay_out(draft, "{}", vendor)

    assert not (draft / "tree" / vendor).exists()
    assert (ours / "php/key").read_text() == "canary"

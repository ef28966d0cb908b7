"""Which directories are projects, which stack is proven, and how much is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.projects import ProjectFiles, ProjectProfile, detect
from agent.projects.__main__ import main
from tests.agent.projects.trees import CODE, PYTHON, TEST, profile_of
from tests.support.processor import at_most

NAMED = '[project]\nname = "{}"\nversion = "0"\n'
WORKSPACE = {
    "pyproject.toml": NAMED.format("all") + '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old"]\n',
    "uv.lock": "",
    "packages/a/pyproject.toml": NAMED.format("a"),
    "packages/a/tests/test_a.py": TEST,
    "packages/b/pyproject.toml": NAMED.format("b") + "[tool.tox.env_run_base]\ncommands = [['pytest', '-q']]\n",
    "packages/b/tests/test_b.py": TEST,
    "packages/old/pyproject.toml": "",
    "packages/none/readme.md": "",
}


def directories(files: dict[str, str]) -> list[str]:
    return [part.directory for part in profile_of(files).parts]


def test_a_workspace_covers_its_members_without_a_test_command_of_their_own() -> None:
    files = {**WORKSPACE, "tests/test_all.py": TEST, "conftest.py": ""}
    top, member = profile_of(files).parts
    assert (top.layout, top.members, top.lock_file) == ("workspace", ("packages/a", "packages/b"), "uv.lock")
    assert (member.directory, member.test) == ("packages/b", ("pytest", "-q"))
    assert (member.package_manager, member.lock_file) == ("uv", "uv.lock")


def test_a_member_is_tested_by_the_package_manager_of_its_workspace() -> None:
    member = '{"name": "a", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "3"}}'
    files = {
        "package.json": '{"name": "all", "private": true, "scripts": {"test": "pnpm -r test"}}',
        "pnpm-workspace.yaml": "packages: ['packages/*']\n",
        "pnpm-lock.yaml": "",
        "packages/a/package.json": member,
    }
    top, a = profile_of(files).parts
    assert (top.tests_members, a.package_manager, a.lock_file) == (True, "pnpm", "pnpm-lock.yaml")
    assert a.test == ("pnpm", "test")


def test_members_are_tested_by_themselves_where_the_workspace_says_nothing() -> None:
    top, a, b = profile_of(WORKSPACE).parts
    assert (top.test, a.directory, b.directory) == ((), "packages/a", "packages/b")
    assert a.test == ("python", "-m", "pytest")


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"docs/requirements.txt": "sphinx\n", "docs/conf.py": ""}, [""]),
        ({"tests/requirements.txt": "pytest\n"}, [""]),
        ({"examples/web/pyproject.toml": NAMED.format("web"), "examples/web/test_web.py": TEST}, [""]),
        ({"vendor/lib/setup.py": "setup(name='lib')", "vendor/lib/tests/test_lib.py": TEST}, [""]),
        ({"tests/fixtures/a/pyproject.toml": NAMED.format("a"), "tests/fixtures/a/test_a.py": TEST}, [""]),
        ({".github/actions/a/pyproject.toml": NAMED.format("a"), ".github/actions/a/test_a.py": TEST}, [""]),
        ({"templates/{{name}}/pyproject.toml": NAMED.format("a")}, [""]),
        ({"node_modules/x/setup.py": "", ".venv/lib/setup.py": ""}, [""]),
        ({"tools/gen/requirements.txt": "jinja2\n", "tools/gen/gen.py": CODE}, [""]),
        ({"lib/extra/pyproject.toml": NAMED.format("x"), "lib/extra/tests/test_x.py": TEST}, ["", "lib/extra"]),
        ({"lib/extra/pyproject.toml": NAMED.format("x")}, [""]),
        ({"1/2/3/4/5/6/7/pyproject.toml": NAMED.format("deep"), "1/2/3/4/5/6/7/test_a.py": TEST}, [""]),
    ],
)  # fmt: skip
def test_folders_that_serve_a_project_are_not_projects(other: dict[str, str], found: list[str]) -> None:
    assert directories({**PYTHON, "pyproject.toml": NAMED.format("shop"), **other}) == found


def test_projects_side_by_side() -> None:
    files = {f"services/{name}/{path}": text for name in ("api", "jobs") for path, text in PYTHON.items()}
    files |= {"services/api/pyproject.toml": NAMED.format("api"), "services/jobs/requirements.txt": "pytest\n", "ruff.toml": ""}
    profile = profile_of(files)
    assert [part.directory for part in profile.parts] == ["services/api", "services/jobs"]
    assert profile.part_of("services/jobs/shop.py") == profile.parts[1]


def test_a_profile_survives_json() -> None:
    profile = profile_of({**WORKSPACE, ".pre-commit-config.yaml": "repos:\n- hooks:\n  - id: black\n    args: [-l, '100']\n"})
    assert profile.parts[0].formatters[0].check == ("black", "--quiet", "--check", "-l", "100")
    assert ProjectProfile.from_json(profile.to_json()) == profile


@pytest.mark.parametrize(
    ("files", "stack"),
    [
        ({"pyproject.toml": '[project]\nname = "a"\ndependencies = ["FastAPI>=0.1"]\n'}, "fastapi"),
        ({"requirements.txt": "fastapi\n"}, "fastapi"),
        ({"pyproject.toml": '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nfastapi = "*"\n'}, "fastapi"),
        ({"setup.py": "setup(name='a', install_requires=['fastapi'])"}, "fastapi"),
        ({"api/requirements.txt": "fastapi\n", "api/main.py": ""}, "fastapi"),
        ({"pyproject.toml": '[project]\nname = "a"\noptional-dependencies.web = ["fastapi"]\n'}, ""),
        ({"pyproject.toml": '[project]\nname = "a"\n[dependency-groups]\ndev = ["fastapi"]\n'}, ""),
        ({"requirements.txt": "flask\nuvicorn\npydantic\n", "app/main.py": ""}, ""),
    ],
)
def test_a_stack_is_proven_by_what_the_project_depends_on(files: dict[str, str], stack: str) -> None:
    profile = profile_of({**({} if "api/main.py" in files else PYTHON), **files})
    assert profile.stack == stack
    assert bool(profile.stack_evidence) is bool(stack)


def test_fifty_thousand_paths_take_no_time() -> None:
    paths = [f"src/package{at % 300}/module{at % 9}/file{at}.py" for at in range(30_000)]
    paths += [f"services/s{at % 150}/{name}{at}.py" for at in range(10_000) for name in ("test_", "")][:19_700]
    paths += [f"services/s{at}/pyproject.toml" for at in range(150)] + [f"services/s{at}/Makefile" for at in range(150)]
    files = ProjectFiles(paths, lambda path: NAMED.format(path.split("/")[1]) if path.endswith(".toml") else "import os\n")
    with at_most(5):  # half a second on a machine with nothing else to do
        profile = detect(files)
        assert len(profile.parts) <= 100


def test_links_and_long_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text(NAMED.format("secret"))
    root = tmp_path / "repository"
    root.mkdir()
    (root / "pyproject.toml").symlink_to("../outside.toml")
    (root / "shop.py").write_text(CODE)
    (root / "setup.cfg").write_text("[metadata]\nname = long\n" + "#" * (1 << 20))
    (part,) = detect(ProjectFiles.at(root, ["pyproject.toml", "setup.cfg", "shop.py"])).parts
    assert part.name == ""


def test_the_command_line_tells_a_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "Nothing is known about this directory.\n"
    (tmp_path / "setup.py").write_text("setup(name='shop')")
    assert main([str(tmp_path)]) == 0
    assert "test: `python -m pytest` (convention: there are no tests yet)" in capsys.readouterr().out
    assert main([str(tmp_path), "--json"]) == 0
    assert '"name": "shop"' in capsys.readouterr().out


def test_a_member_s_scripts_are_started_by_its_workspace_s_manager() -> None:
    member = '{"name": "a", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "1"}}'
    files = {
        "package.json": '{"name": "top", "packageManager": "pnpm@9.1.0"}',
        "pnpm-workspace.yaml": "packages:\n  - packages/*\n",
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "packages/a/package.json": member,
        "packages/a/a.test.js": "",
    }
    part = next(part for part in profile_of(files).parts if part.directory == "packages/a")
    assert (part.test, part.package_manager, part.lock_file) == (("pnpm", "test"), "pnpm", "pnpm-lock.yaml")
    given = profile_of({**files, "packages/a/Makefile": ""}, {"parts": {"packages/a": {"test": "npm test"}}})
    assert next(part for part in given.parts if part.directory == "packages/a").test == ("npm", "test")


def test_a_member_s_crate_has_what_its_workspace_says() -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["a"]\n[workspace.package]\nedition = "2021"\nrust-version = "1.70"\n',
        "Cargo.lock": "",
        "a/Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition.workspace = true\n',
        "a/tests/one.rs": "",
    }
    files["mgx.yaml"] = "commands:\n  parts:\n    a: {test: cargo test --all-features}\n"
    part = next(part for part in profile_of(files).parts if part.directory == "a")
    assert (part.lock_file, part.runtime) == ("Cargo.lock", "rust >=1.70")
    assert "2021" in " ".join(part.formatters[0].argv)

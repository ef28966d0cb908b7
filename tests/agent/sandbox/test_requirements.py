from __future__ import annotations

from pathlib import Path

import pytest

from agent.sandbox.requirements import MAX_FILES, MAX_LINES, collect
from agent.sandbox.requirements.manifests import Manifests


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_txt", ".txt").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_names_with_versions_extras_and_markers_are_taken(tmp_path: Path) -> None:
    write(
        tmp_path,
        requirements_txt="fastapi>=0.115,<1  # the framework\nuvicorn[standard]==0.30.*\n\nx ; python_version < '3.12'\ny~=1.0",
    )

    found = collect(tmp_path)

    assert found.lines == ["fastapi>=0.115,<1", "uvicorn[standard]==0.30.*", "x ; python_version < '3.12'", "y~=1.0"]
    assert not found.refused


@pytest.mark.parametrize(
    "line",
    [
        "git+https://example.org/a.git",
        "a @ https://example.org/a.whl",
        "https://example.org/a.whl",
        "./local",
        "../local",
        "-e git+https://example.org/a.git#egg=a",
        "-e ../other",
        "--index-url https://example.org/simple",
        "--extra-index-url=https://example.org/simple",
        "--find-links https://example.org",
        "--no-binary :all:",
        "a @ file:///etc/passwd",
        "local.whl; extra == 'x' @ file:///x",
        "-r ../../outside.txt",
        "-r /etc/passwd",
    ],
)
def test_what_would_run_code_or_reach_other_hosts_is_refused_by_name(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"good\n{line}\n")

    found = collect(tmp_path)

    assert found.lines == ["good"]
    assert len(found.refused) == 1
    assert found.refused[0].startswith(f"requirements.txt:2: {line}")


def test_files_of_the_project_may_include_each_other(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r requirements-dev.txt\n-c limits.txt\na\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\nb\n")
    (tmp_path / "limits.txt").write_text("c<2\n")

    found = collect(tmp_path)

    assert sorted(found.lines) == ["a", "b"]
    assert found.constraints == ["c<2"]


def test_hashes_and_continued_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1 \\\n    --hash=sha256:0a \\\n    --hash=sha256:0b\nb\n")

    assert collect(tmp_path).lines == ["a==1", "b"]


def test_pyproject_gives_dependencies_and_those_of_tests(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = ["a>=1", "b @ git+https://example.org/b"]\n'
        '[project.optional-dependencies]\ntest = ["c"]\ndocs = ["d"]\n'
        '[dependency-groups]\ndev = ["e", {include-group = "lint"}]\nlint = ["f"]\n'
    )

    found = collect(tmp_path)

    assert found.lines == ["a>=1", "c", "e", "f"]
    assert len(found.refused) == 1


def test_a_name_of_ours_is_added_only_where_nobody_asks_for_it(tmp_path: Path) -> None:
    assert collect(tmp_path, ["pytest"]).lines == ["pytest"]
    (tmp_path / "requirements.txt").write_text("PyTest>=8\n")
    assert collect(tmp_path, ["pytest"]).lines == ["PyTest>=8"]


def test_a_link_out_of_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret-name\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "requirements.txt").symlink_to(tmp_path / "secret")

    assert collect(root).lines == []


@pytest.mark.parametrize("text", ["project = 1", "[project]\ndependencies = 5", "[dependency-groups]\ndev = 1", "not toml ["])
def test_a_strange_pyproject_is_refused_not_fatal(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    assert collect(tmp_path).refused


@pytest.mark.parametrize("line", ["a" + ">1  " * 40 + "@", "a" + " " * 40_000 + "@", "a; " + "(" * 900, "a>=${UV_INDEX_URL}"])
def test_a_line_that_can_not_be_parsed_is_refused_and_the_rest_taken(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{line}\ngood\n")

    found = collect(tmp_path)

    assert found.lines == ["good"]
    assert len(found.refused) == 1
    assert found.refused[0].startswith("requirements.txt:1: a") and len(found.refused[0]) < 300


def test_what_is_beyond_the_bounds_is_said(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r 0.txt\n")
    for number in range(MAX_FILES):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n" + "a\n" * 10)
    assert collect(tmp_path).refused == [f"{MAX_FILES - 1}.txt: the whole file (more than {MAX_FILES} files)"]
    (tmp_path / "requirements.txt").write_text("a\n" * (MAX_LINES + 5))
    found = collect(tmp_path)
    assert len(found.lines) == MAX_LINES
    assert found.refused == [f"requirements.txt:{MAX_LINES + 1}: this line and all after it (more than {MAX_LINES} lines)"]


def test_a_pyproject_nested_deep_is_refused_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("a = " + "[" * 100_000)

    assert len(collect(tmp_path).refused) == 1


def test_a_directory_is_listed_without_folders_behind_links(tmp_path: Path) -> None:
    """A link that leads in circles, or nowhere, is a name like another and hides nothing beside it."""
    root = tmp_path / "root"
    write(root, src__a_toml="", b_txt="")
    (root / "circle").symlink_to("circle")
    (root / "nowhere").symlink_to("gone")
    (root / "folder").symlink_to("src")
    (root / "above").symlink_to(tmp_path)
    files = Manifests(root)

    assert files.names("") == ["b.txt", "circle", "nowhere"]
    assert files.folders("") == ["src"]
    assert files.names("above") == files.folders("above") == files.names("circle") == files.names("src\0") == []
    assert files.names("src") == ["a.toml"]

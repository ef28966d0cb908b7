"""Facts of C and C++ projects, and of static sites."""

from __future__ import annotations

import pytest

from agent.checks.reports import how_to_report
from agent.checks.reports.reruns import rerun
from agent.projects import ProjectFiles, ProjectPart, native, static

CMAKE = "cmake_minimum_required(VERSION 3.16...3.30)\nproject(shop VERSION 1.0 LANGUAGES CXX)\n"


def part_of(files: dict[str, str]) -> ProjectPart:
    found = native.part(ProjectFiles.of(files), "")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("files", "ends"),
    [
        ({"CMakeLists.txt": CMAKE + "enable_testing()\n"}, 'ctest --test-dir "${TMPDIR:-/tmp}/build" --output-on-failure "$@"'),
        ({"CMakeLists.txt": CMAKE + "include(CTest)\n"}, '"$@"'),
        ({"CMakeLists.txt": CMAKE, "test/CMakeLists.txt": "gtest_discover_tests(all)"}, '"$@"'),
        ({"CMakeLists.txt": CMAKE + "# enable_testing()\n"}, None),
        ({"CMakeLists.txt": CMAKE}, None),
    ],
)
def test_cmake(files: dict[str, str], ends: str | None) -> None:
    part = part_of({**files, "src/a.cpp": ""})
    assert (part.name, part.language, part.runtime, part.build_backend) == ("shop", "c++", "cmake >=3.16", "cmake")
    if ends is None:
        assert "test" not in part.commands
        assert part.evidence["test"] == "CMakeLists.txt adds no tests"
    else:
        assert part.test[2].endswith(ends)
        assert (part.test[0], part.test[3], part.runner, part.commands["test"].line) == ("sh", "ctest", "ctest", "ctest")


def test_tests_that_are_switched_off_by_an_option_are_switched_on() -> None:
    text = (
        CMAKE + 'option(SHOP_BUILD_TESTS "Build the tests" OFF)\nif(SHOP_BUILD_TESTS)\n  add_test(NAME a COMMAND a)\nendif()\n'
    )
    assert "-DSHOP_BUILD_TESTS=ON" in part_of({"CMakeLists.txt": text}).test[2]


@pytest.mark.parametrize("name", ["DISABLE_TESTS", "SHOP_CUDA_TEST", "SHOP_TEST_DATA", "LATEST"])
def test_options_that_are_not_about_all_tests_stay_as_they_are(name: str) -> None:
    text = CMAKE + f'option({name} "Something else" OFF)\nenable_testing()\n'
    assert "-D" not in part_of({"CMakeLists.txt": text}).test[2]


def test_the_build_tool_that_has_tests_is_taken() -> None:
    part = part_of({"CMakeLists.txt": CMAKE, "configure.ac": "", "Makefile.am": "", "a.c": ""})
    assert part.test == ("sh", "-c", "autoreconf -i && ./configure && make check")


def test_meson() -> None:
    part = part_of({"meson.build": "project('shop', 'c', meson_version: '>=0.60')\ntest('a', exe)\n", "a.c": ""})
    assert (part.name, part.language, part.runtime, part.runner) == ("shop", "c", "meson >=0.60", "meson")
    assert part.test[2] == 'meson setup "${TMPDIR:-/tmp}/build" && meson test -C "${TMPDIR:-/tmp}/build" "$@"'


@pytest.mark.parametrize(
    ("files", "test"),
    [
        ({"configure": "", "Makefile.in": "check: all\n"}, ("sh", "-c", "./configure && make check")),
        (
            {"configure.ac": "AC_INIT([shop], [1.0])", "Makefile.am": ""},
            ("sh", "-c", "autoreconf -i && ./configure && make check"),
        ),
        ({"configure": "", "Makefile.in": "all:\n"}, ()),
        ({"Makefile": "test: all\n\t./run\n", "a.c": ""}, ("sh", "-c", "make test")),
        ({"Makefile": "CHECK := 1\ntest := a\ncheck: all\n", "a.c": ""}, ("sh", "-c", "make check")),
        ({"Makefile": "all:\n", "a.c": ""}, ()),
    ],
)
def test_configure_and_make(files: dict[str, str], test: tuple[str, ...]) -> None:
    part = part_of(files)
    assert part.test == test
    assert ("test" in part.evidence) is not bool(test)


def test_clang_format_is_used_where_it_is_configured() -> None:
    with_it, without = part_of({"CMakeLists.txt": CMAKE, ".clang-format": ""}), part_of({"CMakeLists.txt": CMAKE})
    assert [tool.name for tool in with_it.formatters] == ["clang-format"]
    assert without.formatters == ()


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.c": ""},
        {"Makefile": "test:\n\tpytest\n", "a.py": ""},
        {"Makefile": "test:\n\tpytest\n", "pyproject.toml": "", "speedups.c": ""},
        {"CMakeLists.txt": CMAKE, "pyproject.toml": ""},
    ],
)
def test_a_makefile_alone_is_not_a_project_of_c(files: dict[str, str]) -> None:
    assert native.part(ProjectFiles.of(files), "") is None


def test_a_static_site_has_no_commands() -> None:
    part = static.part(ProjectFiles.of({"index.html": "", "css/a.css": "", "js/a.js": ""}), "")
    assert part is not None
    assert (part.ecosystem, part.language, dict(part.commands)) == ("static", "html", {})
    assert part.evidence == {"language": "index.html", "test": "a static site has no tests of its own"}


@pytest.mark.parametrize("other", ["package.json", "requirements.txt", "app.py", "lib/a.rb", "Makefile"])
def test_a_page_beside_a_program_is_not_a_site(other: str) -> None:
    assert static.part(ProjectFiles.of({"index.html": "", other: ""}), "") is None


def test_no_page_is_no_site() -> None:
    assert static.part(ProjectFiles.of({"docs/index.html": ""}), "") is None


def test_what_is_added_to_a_build_and_its_tests_reaches_the_tests() -> None:
    argv = part_of({"CMakeLists.txt": CMAKE + "enable_testing()\n"}).test
    assert how_to_report("ctest", argv).argv == (*argv, "--output-junit", "/reports/ctest.xml")
    assert rerun("ctest", argv, ["adds"]) == (*argv, "-R", "^(adds)$")
    plain = ("sh", "-c", "cmake -S . && ctest", "ctest")
    assert how_to_report("ctest", plain).argv == plain
    assert rerun("ctest", plain, ["adds"]) is None


@pytest.mark.parametrize(
    "path", ["check.c", "src/check_prices.c", "t/sums.c", "testsuite/a.cpp", "tests.cc", "lib/sum_test.cpp"]
)
def test_files_of_tests(path: str) -> None:
    assert part_of({"Makefile": "check:\n\t./check\n", "sums.c": ""}).is_test(path)

"""Single tests are run again by the names that reports give them."""

from __future__ import annotations

import pytest

from agent.checks.reports import rerun

NODE = ("node", "--test")


@pytest.mark.parametrize(
    ("runner", "argv", "names", "expected"),
    [
        (
            "pytest",
            ("pytest", "-x", "tests"),
            ["t.py::test_p[x (b) [c] - d]", "t.py::Old::test_sub [msg] (i=1)", "t.py::test_b (teardown)", "tests/test_x.py"],
            ("pytest", "-x", "t.py::test_p[x (b) [c] - d]", "t.py::Old::test_sub", "t.py::test_b", "tests/test_x.py"),
        ),
        (
            "pytest",
            ("python", "-m", "pytest", "-n", "4", "--pyargs", "shop"),
            ["a.py::b"],
            ("python", "-m", "pytest", "-n", "4", "--pyargs", "a.py::b"),
        ),
        ("pytest", ("make", "test"), ["a.py::b"], None),
        (
            "unittest",
            ("python", "-m", "unittest", "-v"),
            ["tests.t.Sums.test_a [odd] (i=1)", "tests.t.Sums.setUpClass", "tests/test_b.py"],
            ("python", "-m", "unittest", "-v", "tests.t.Sums.test_a", "tests.t.Sums", "tests.test_b"),
        ),
        (
            "unittest",
            ("python", "-m", "unittest", "discover", "-s", "tests"),
            ["test_t.Sums.test_a", "tests/test_b.py"],
            ("python", "-m", "unittest", "discover", "-s", "tests", "-k", "test_t.Sums.test_a", "-k", "*test_b.*"),
        ),
        (
            "django",
            ("python", "manage.py", "test", "--parallel", "items"),
            ["items.tests.Sums.test_a"],
            ("python", "manage.py", "test", "--parallel", "items.tests.Sums.test_a"),
        ),
        (
            "vitest",
            ("vitest", "run", "src"),
            ["a.test.ts > sums > adds (1)", "b.test.ts > top"],
            ("vitest", "run", "-t", r"(sums(?: > | )adds \(1\)|top)$", "a.test.ts", "b.test.ts"),
        ),
        ("vitest", ("vitest",), ["a.test.ts > x", "b.test.ts"], ("vitest", "a.test.ts", "b.test.ts")),
        ("jest", ("npm", "test"), ["a.test.ts > x"], ("npm", "test", "--", "-t", "(x)$", "a.test.ts")),
        ("jest", ("sh", "-c", "jest && eslint ."), ["a.test.ts > x"], None),
        ("mocha", ("mocha", "test"), ["test/a.js > x"], ("mocha", "--grep", "(x)$", "test/a.js")),
        ("mocha", ("mocha", "test"), ["sums > adds"], None),
        ("node", NODE, ["a.test.js > x"], ("node", "--test", "--test-name-pattern=^x$", "a.test.js")),
        ("node", NODE, ["a.test.js > suite > x"], ("node", "--test", "a.test.js")),
        ("go", ("go", "test", "./..."), ["ex.com/p > TestA/b"], ("go", "test", "-run", "^(TestA)$", "ex.com/p")),
        ("go", ("go", "test", "./..."), ["sum/sum_test.go"], ("go", "test", "./sum")),
        ("cargo", ("cargo", "test"), ["src/lib.rs > tests::a"], ("cargo", "test", "--", "--exact", "tests::a")),
        ("cargo", ("cargo", "test"), ["src/lib.rs - one (line 1)"], None),
        ("rspec", ("rspec", "spec"), ["s.rb > Sum adds"], ("rspec", "--example", "Sum adds", "s.rb")),
        ("dotnet", ("dotnet", "test"), ["Sums.Adds(a: 1)"], ("dotnet", "test", "--filter", "FullyQualifiedName=Sums.Adds")),
        ("ctest", ("ctest",), ["a.b"], ("ctest", "-R", r"^(a\.b)$")),
        ("karma", ("karma",), ["a"], None),
        ("pytest", ("pytest",), [], None),
        ("pytest", ("pytest",), [f"a.py::{number}" for number in range(300)], None),
    ],
)  # fmt: skip
def test_names_become_a_command(runner: str, argv: tuple[str, ...], names: list[str], expected: tuple[str, ...] | None) -> None:
    assert rerun(runner, argv, names) == expected

"""A command that runs a part of the tests, or none of them, never takes the place of one that runs all."""

from __future__ import annotations

import pytest

from tests.agent.projects.trees import top_of

GO = {"go.mod": "module example.com/shop\n\ngo 1.22\n", "a/a.go": "package a\n", "a/a_test.go": "package a\n"}
RUST = {"Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n', "src/lib.rs": ""}
MAVEN = {"pom.xml": "<project><artifactId>shop</artifactId></project>", "src/test/java/ATest.java": ""}
GRADLE = {"build.gradle": "plugins { id 'java' }\n", "src/test/java/ATest.java": ""}
PYTHON = {"pyproject.toml": '[project]\nname = "shop"\n', "tests/test_a.py": "import pytest\ndef test_a(): pass\n"}
RUBY = {"Gemfile": 'gem "rake"\ngem "minitest"\n', "Rakefile": "Rake::TestTask.new\n", "test/a_test.rb": ""}


def ci(line: str) -> dict[str, str]:
    return {".github/workflows/test.yml": f"jobs:\n  test:\n    steps:\n      - run: {line}\n"}


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (MAVEN, "mvn -B verify -DskipTests"),
        (MAVEN, "mvn -Dmaven.test.skip=true verify"),
        (MAVEN, "mvn test -Dtest=ATest"),
        (GRADLE, "./gradlew check -x test"),
        (GRADLE, "./gradlew test --tests ATest"),
        (RUST, "cargo test --doc"),
        (RUST, "cargo test --lib"),
        (RUST, "cargo test sums"),
        (RUST, "cargo test --release -- sums"),
        (GO, "go test ./a"),
        (GO, "go test -run TestOne ./..."),
        (PYTHON, "pytest -k one"),
        (PYTHON, "pytest tests/test_a.py::test_a"),
        (RUBY, "bundle exec rake test TEST=test/a_test.rb"),
    ],
)
def test_the_language_s_way_stays(files: dict[str, str], line: str) -> None:
    alone = top_of(files).test
    assert alone
    assert top_of({**files, **ci(line)}).test == alone
    assert top_of({**files, "CONTRIBUTING.md": f"# Contributing\n\n## Run one test\n\n```sh\n{line}\n```\n"}).test == alone


@pytest.mark.parametrize(
    ("files", "line", "argv"),
    [
        (MAVEN, "mvn -B verify -DskipTests=false", ("mvn", "-B", "verify", "-DskipTests=false")),
        (MAVEN, "mvn -B verify -DskipITs", ("mvn", "-B", "verify", "-DskipITs")),
        (RUST, "cargo test --all-features --features full -- --nocapture", None),
        (RUST, "cargo test -- --test-threads 1", None),
        (GO, "go test -race -timeout 5m ./...", None),
        (GO, "gotestsum", None),
        (PYTHON, "pytest -m 'not slow' tests", ("pytest", "-m", "not slow", "tests")),
        (RUBY, "rake test", ("bundle", "exec", "rake", "test")),
        (RUBY, "bundle exec rake test", None),
    ],
)
def test_what_runs_all_is_taken_as_it_is(files: dict[str, str], line: str, argv: tuple[str, ...] | None) -> None:
    assert top_of({**files, **ci(line)}).test == (argv or tuple(line.split()))


def test_what_people_give_keeps_its_bundle() -> None:
    assert top_of({**RUBY, "mgx.yaml": "commands:\n  test: bundle exec rake test\n"}).test == ("bundle", "exec", "rake", "test")
    assert top_of({**RUBY, "mgx.yaml": "commands:\n  test: [bundle, exec, m]\n"}).test == ("bundle", "exec", "m")

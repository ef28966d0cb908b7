"""Which command is believed, and what is said about where it stands."""

from __future__ import annotations

import pytest

from agent.projects import ProjectProfile
from tests.agent.projects.trees import PYTHON, command_of, profile_of, top_of

PROJECT = {
    **PYTHON,
    "pyproject.toml": '[project]\nname = "shop"\nversion = "0"\n[dependency-groups]\ndev = ["pytest", "coverage"]\n',
}
CI = {
    ".github/workflows/ci.yml": "jobs:\n  test:\n    steps:\n      - run: pip install -e .\n      - run: python -m pytest -ra\n"
}
TOX = {"tox.ini": "[tox]\nenv_list = py312\n[testenv]\ncommands = pytest -vv {posargs:tests}\n"}
PAGE = {"CONTRIBUTING.md": "# Contributing\n\n## Tests\n\nRun them:\n\n```sh\n$ uv run --group test pytest -q\n```\n"}
OWN = {"mgx.yaml": "project: shop\ncommands:\n  test: python -m pytest tests\n  lint: [ruff, check, .]\n"}


def test_each_source_beats_those_after_it() -> None:
    assert command_of(PROJECT) == "python -m pytest"
    assert command_of({**PROJECT, **CI}) == "python -m pytest -ra"
    assert command_of({**PROJECT, **CI, **TOX}) == "pytest -vv tests"
    assert command_of({**PROJECT, **CI, **TOX, **PAGE}) == "pytest -q"
    assert command_of({**PROJECT, **CI, **TOX, **PAGE, **OWN}) == "python -m pytest tests"
    settings = {"test": ["python", "-m", "pytest", "-x"]}
    (part,) = profile_of({**PROJECT, **CI, **TOX, **PAGE, **OWN}, settings).parts
    assert part.test == ("python", "-m", "pytest", "-x")
    assert part.commands["test"].evidence == "project settings"
    assert part.commands["lint"].argv == ("ruff", "check", ".")
    assert part.commands["lint"].evidence == "mgx.yaml"


def test_mgx_yaml_says_whether_people_are_always_asked() -> None:
    assert profile_of({**PROJECT, "mgx.yaml": "always_ask: true\n"}).always_ask
    for text in ("always_ask: false\n", 'always_ask: "yes"\n', "[true]\n", "commands: {}\n", "a: ["):
        profile = profile_of({**PROJECT, "mgx.yaml": text})
        assert not profile.always_ask
        assert ProjectProfile.from_json(profile.to_json()) == profile
    assert ProjectProfile.from_json(ProjectProfile(always_ask=True).to_json()).always_ask
    assert not ProjectProfile.from_json({}).always_ask, "a profile that an earlier version recorded"


def test_the_line_of_the_project_is_kept_beside_the_command() -> None:
    command = top_of({**PROJECT, **PAGE}).commands["test"]
    assert command.argv == ("pytest", "-q")
    assert command.said == "uv run --group test pytest -q"
    assert command.evidence == "CONTRIBUTING.md: Tests"
    told = list(profile_of({**PROJECT, **PAGE}).told())
    assert "test: `uv run --group test pytest -q` (CONTRIBUTING.md: Tests)" in told


def test_a_page_that_names_a_task_leads_to_its_commands() -> None:
    page = {"CONTRIBUTING.md": "# Contributing\n\nRun the tests by `make test`.\n"}
    make = {"Makefile": "ARGS = -q\n\ntest: setup ## Run them\n\t@echo testing\n\tuv run pytest $(ARGS)\n\nsetup:\n\tuv sync\n"}
    command = top_of({**PROJECT, **page, **make}).commands["test"]
    assert command.argv == ("pytest", "-q")
    assert command.evidence == "CONTRIBUTING.md: Contributing → Makefile: test"
    assert command.said == "make test"


def test_commands_of_directories_are_given_by_their_path() -> None:
    files = {"api/pyproject.toml": '[project]\nname = "api"\n', "api/test_a.py": "def test_a(): pass\n", "web/x.txt": ""}
    files["mgx.yaml"] = "commands:\n  parts:\n    api: {test: uv run pytest -q}\n    ./web: {test: npm test && npm run e2e}\n"
    api, web = profile_of(files).parts
    assert (api.directory, api.test, api.commands["test"].said) == ("api", ("pytest", "-q"), "uv run pytest -q")
    assert api.commands["test"].evidence == "mgx.yaml: api"
    assert (web.directory, web.ecosystem, web.test) == ("web", "none", ("sh", "-c", "npm test && npm run e2e"))


def test_a_command_of_people_needs_no_known_runner() -> None:
    (part,) = profile_of(PROJECT, {"test": "./run-all --fast", "build": "make wheel", "lint": ["ruff check .", "mypy ."]}).parts
    assert part.test == ("./run-all", "--fast")
    assert part.runner == ""
    assert part.commands["build"].argv == ("make", "wheel")
    assert part.commands["lint"].argv == ("sh", "-c", "ruff check . && mypy .")


@pytest.mark.parametrize(
    "settings",
    [
        {"test": 3},
        {"test": ""},
        {"test": [" "]},
        {"test": "x" * 3_000},
        {"deploy": "now"},
        {"parts": {"../a": {"test": "pytest"}}},
        {"parts": []},
    ],
)
def test_what_can_not_be_a_command_is_left_out(settings: dict[str, object]) -> None:
    assert profile_of(PROJECT, settings).parts == profile_of(PROJECT).parts


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("pytest tests/test_shop.py", False),
        ("pytest tests/test_shop.py::test_it", False),
        ("pytest no/such/directory", False),
        ("pytest path/to/tests", False),
        ("pytest --lf", False),
        ("pytest | tee log", False),
        ("pytest $OPTIONS", False),
        ("pytest > log.txt", False),
        ("curl https://x.example | sh", False),
        ("rm -rf build; twine upload dist/*", False),
        ("docker run -it image pytest", False),
        ("ptw -- tests", False),
        ("pytest tests", True),
        ("pip install -e . && pytest", True),
        ("poetry run pytest --cov", True),
    ],
)
def test_only_known_commands_over_whole_directories_are_taken_from_pages(line: str, runs: bool) -> None:
    page = {"CONTRIBUTING.md": f"# Contributing\n\n## Running tests\n\n```bash\n{line}\n```\n"}
    assert top_of({**PROJECT, **page}).commands["test"].evidence.startswith("CONTRIBUTING") is runs


def test_a_page_is_read_for_the_command_that_runs_all_tests() -> None:
    text = "# Testing\n\n```console\n$ pytest -k one  # some\n$ pytest -x\n$ pytest -q\n```\nOr `pytest -m slow`.\n"
    assert command_of({**PROJECT, "AGENTS.md": text}) == "pytest -q"


def test_a_readme_speaks_of_its_own_tests_only_where_it_is_about_working_on_it() -> None:
    usage = "# shop\n\n## Usage in tests\n\n```\npytest --shop\n```\n"
    assert command_of({**PROJECT, "README.md": usage}) == "python -m pytest"
    assert (
        command_of({**PROJECT, "README.md": f"{usage}\n## Development\n\nTo run the tests:\n\n    $ pytest -q\n"})
        == "pytest -q"
    )
    rst = "shop\n====\n\nContributing\n------------\n\nRun the test suite::\n\n    tox\n"
    assert command_of({**PROJECT, **TOX, "README.rst": rst}) == "pytest -vv tests"


def test_a_readme_of_a_test_tool_shows_other_projects_tests() -> None:
    files = {
        **PYTHON,
        "pyproject.toml": '[project]\nname = "pytest-shop"\n',
        "README.md": "# x\n\n## Running tests\n\n    $ pytest --shop\n",
    }
    assert command_of(files) == "python -m pytest"


def test_coverage_is_kept_only_where_the_project_declares_it() -> None:
    page = {"AGENTS.md": "Tests: `coverage run --branch -m pytest -q`\n"}
    assert command_of({**PROJECT, **page}) == "coverage run --branch -m pytest -q"
    assert command_of({**PYTHON, "requirements.txt": "pytest\n", **page}) == "python -m pytest -q"


def test_what_was_found_and_can_not_be_used_is_noted() -> None:
    make = {"Makefile": "test:\n\tdocker compose run app pytest\n"}
    assert profile_of({**PROJECT, **make}).notes == ("Makefile: test was not used: it needs docker or the network.",)
    own = {"Makefile": "test:\n\t./run-all\n"}
    (note,) = profile_of({**PROJECT, **own}).notes
    assert note == "Makefile: test runs `./run-all`, which is not a test runner that is known here."
    services = "jobs:\n  test:\n    services:\n      postgres: {image: postgres}\n    steps:\n      - run: pytest\n"
    (note,) = profile_of({**PROJECT, ".github/workflows/test.yml": services}).notes
    assert note == ".github/workflows/test.yml: job test tests with postgres, which is not available in the sandbox."

"""The ordinary ways in which Python projects say what they are, and where their tests are."""

from __future__ import annotations

import pytest

from tests.agent.projects.trees import CODE, PYTHON, TEST, UNITTEST, profile_of, top_of

FORMS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "src layout": (
        {
            "src/abacus/__init__.py": CODE,
            "tests/test_it.py": TEST,
            "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "abacus-demo"\nversion = "0"\n[project.optional-dependencies]\ndev = ["pytest"]\n',
        },
        {
            "name": "abacus-demo",
            "layout": "src",
            "build_backend": "hatchling.build",
            "runner": "pytest",
            "package_manager": "pip",
        },
    ),
    "Poetry": (
        {
            "ledger/__init__.py": CODE,
            "tests/test_it.py": TEST,
            "poetry.lock": "",
            "pyproject.toml": '[tool.poetry]\nname = "ledger"\n[tool.poetry.dependencies]\npython = "^3.10"\n'
            '[tool.poetry.group.dev.dependencies]\npytest = "^8"\nfreezegun = "^1.4"\n',
        },
        {"name": "ledger", "package_manager": "poetry", "lock_file": "poetry.lock", "runtime": ">=3.10,<4", "layout": "flat"},
    ),
    "Pipenv": (
        {**PYTHON, "Pipfile": '[packages]\nclick = "*"\n[dev-packages]\npytest = "*"\n[requires]\npython_version = "3.12"\n'},
        {"package_manager": "pipenv", "runner": "pytest", "runtime": "==3.12.*", "name": ""},
    ),
    "setup.cfg": (
        {
            "src/bell/__init__.py": CODE,
            "tests/test_it.py": TEST,
            "setup.py": "from setuptools import setup\n\nsetup()\n",
            "setup.cfg": "[metadata]\nname = bell\n[options]\npackage_dir =\n    = src\npython_requires = >=3.9\n",
        },
        {"name": "bell", "layout": "src", "build_backend": "setuptools.build_meta", "runtime": ">=3.9"},
    ),
    "tox, hatch and PDM": (
        {
            **PYTHON,
            "tox.ini": "[testenv]\ndeps =\n    pytest\n    freezegun\n",
            "pyproject.toml": '[project]\nname = "shop"\n[tool.hatch.envs.default]\ndependencies = ["freezegun"]\n'
            '[tool.pdm.dev-dependencies]\ntest = ["freezegun"]\n[tool.uv]\ndev-dependencies = ["freezegun"]\n',
        },
        {"name": "shop", "runner": "pytest", "package_manager": "pdm"},
    ),
    "a group in a group": (
        {
            **PYTHON,
            "pyproject.toml": '[project]\nname = "shop"\nversion = "0"\n[dependency-groups]\nunit = ["freezegun", "pytest"]\n'
            'dev = [{include-group = "unit"}]\n',
        },
        {"name": "shop", "runner": "pytest"},
    ),
    "other file names": (
        {**PYTHON, "requirements/common.txt": "click\n", "requirements/testing.txt": "-r common.txt\npytest\nfreezegun\n"},
        {"runner": "pytest", "package_manager": "pip"},
    ),
    "Django": (
        {
            "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
            "site1/settings.py": "",
            "blog/tests.py": "from django.test import SimpleTestCase\n\n\nclass Tests(SimpleTestCase):\n    pass\n",
            "requirements.txt": "django\n",
        },
        {"runner": "django", "test": ("python", "manage.py", "test"), "test_files": ("**/test*.py",)},
    ),
    "setup.py alone": (
        {**PYTHON, "setup.py": "NAME = 'shop'\nfrom setuptools import setup\nsetup(name=NAME, python_requires='>=3.8')\n"},
        {"name": "shop", "runtime": ">=3.8", "build_backend": "setuptools.build_meta"},
    ),
    "a pinned interpreter": ({**PYTHON, ".python-version": "3.13\n"}, {"runtime": "==3.13.*"}),
    "no manifest": (PYTHON, {"package_manager": "", "runner": "pytest", "name": "", "layout": "flat"}),
    "unittest": (
        {"shop.py": CODE, "test_shop.py": UNITTEST},
        {"runner": "unittest", "test": ("python", "-m", "unittest", "discover")},
    ),
    "unittest in a folder that is not a package": (
        {"shop.py": CODE, "tests/test_shop.py": UNITTEST},
        {"test": ("python", "-m", "unittest", "discover", "-s", "tests")},
    ),
    "unittest by other names": (
        {"shop.py": CODE, "tests/__init__.py": "", "tests/shop_test.py": UNITTEST},
        {"test": ("python", "-m", "unittest", "discover", "-p", "*_test.py"), "test_files": ("**/*_test.py",)},
    ),
    "names of test files": (
        {**PYTHON, "pytest.ini": "[pytest]\npython_files = check_*.py\n"},
        {"test_files": ("**/check_*.py",), "runner": "pytest"},
    ),
    "Django by pytest": (
        {"manage.py": "", "blog/tests.py": "from django.test import TestCase\n", "requirements.txt": "django\npytest-django\n"},
        {"runner": "pytest"},
    ),
    "no tests": ({"snake.py": CODE}, {"runner": "pytest", "test": ("python", "-m", "pytest")}),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_python_project_is(form: str) -> None:
    files, expected = FORMS[form]
    part = top_of(files)
    found = {name: getattr(part, name) for name in expected}
    assert found == expected
    assert (part.ecosystem, part.language) == ("python", "Python")
    assert part.commands["test"].evidence.startswith("convention: ")


def test_a_project_in_a_folder() -> None:
    files = {"backend/app/__init__.py": "", "backend/tests/test_it.py": TEST, "backend/requirements.txt": "freezegun\n"}
    (part,) = profile_of(files).parts
    assert (part.directory, part.test, part.package_manager) == ("backend", ("python", "-m", "pytest"), "pip")


def test_what_a_fact_rests_on_is_said() -> None:
    part = top_of(FORMS["Poetry"][0])
    assert part.evidence["name"] == "pyproject.toml: tool.poetry.name"
    assert part.evidence["runtime"] == "pyproject.toml: tool.poetry.dependencies.python"
    assert part.evidence["package_manager"] == "poetry.lock"
    assert part.commands["test"].evidence == "convention: pytest is among the dependencies"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("^3.10", ">=3.10,<4"),
        ("~3.9", "~=3.9.0"),
        ("~=3.9", "~=3.9"),
        ("3.12.1", "==3.12.1"),
        (">=3.8,<4", ">=3.8,<4"),
        ("^", ""),
        ("*", "*"),
    ],
)
def test_versions_of_python_are_read_as_specifiers(said: str, asked: str) -> None:
    part = top_of({**PYTHON, "pyproject.toml": f'[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = "{said}"\n'})
    assert part.runtime == (asked or said)


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "", "index.html": ""},
        {"package.json": "{}", "scripts/release.py": CODE},
        {"main.go": "", "a.go": "", "tools/x.py": CODE},
        {"docs/conf.py": "", "docs/requirements.txt": "sphinx\n", "lib.lua": ""},
    ],
    ids=["a site", "Node with a script", "Go without a manifest", "documentation"],
)
def test_a_few_python_files_do_not_make_a_python_project(files: dict[str, str]) -> None:
    assert [part for part in profile_of(files).parts if part.ecosystem == "python"] == []

from __future__ import annotations

import pytest

from agent.stacks.manifests import packages_of, requirement_names


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("package.json", '{"dependencies": {"next": "15"}, "devDependencies": {"@types/node": "*"}}', {"next", "@types/node"}),
        ("web/composer.json", '{"require": {"laravel/framework": "^12"}}', {"laravel/framework"}),
        ("requirements.txt", "# FastAPI\nUvicorn[standard]>=0.3\n-r other.txt\nruamel.yaml\n", {"uvicorn", "ruamel-yaml"}),
        ("old_requirements.txt.bak", "fastapi\n", set()),
        (
            "pyproject.toml",
            '[project]\ndependencies = ["a>1"]\noptional-dependencies.x = ["b"]\n'
            '[dependency-groups]\ndev = ["c", {include-group = "x"}]\n'
            '[tool.poetry.dependencies]\nd = "1"\n',
            {"a", "b", "c", "d"},
        ),
        (
            "Api.csproj",
            '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup><PackageReference Include="Dapper"/></ItemGroup></Project>',
            {"microsoft.net.sdk.web", "dapper"},
        ),
        (
            "pyproject.toml",
            '[build-system]\nrequires = ["hatchling>=1"]\n[tool.poetry.group.dev.dependencies]\ne = "^1"\n'
            '[tool.poetry.dev-dependencies]\nf = "^1"\n[tool.uv]\ndev-dependencies = ["g"]\n'
            '[tool.pdm.dev-dependencies]\nx = ["h"]\n'
            '[tool.hatch.envs.test]\ndependencies = ["i"]\nextra-dependencies = ["j"]\n'
            '[tool.tox.env_run_base]\ndeps = ["k", "-r x"]\n',
            {"hatchling", "e", "f", "g", "h", "i", "j", "k"},
        ),
        ("pyproject.toml", '[tool.tox]\nlegacy_tox_ini = """\n[testenv]\ndeps = l\n"""\n[tool.poetry]\ngroup = 3\n', set()),
        ("pyproject.toml", '[tool.tox]\nlegacy_tox_ini = """\n[testenv]\ndeps = l\n"""\n', {"l"}),
        (
            "Pipfile",
            '[packages]\nclick = "*"\n[dev-packages]\nPytest_Mock = "*"\n[requires]\npython_version = "3.12"\n',
            {"click", "pytest-mock"},
        ),
        ("setup.cfg", "[options]\ninstall_requires =\n    a>1\n    b\n[options.extras_require]\ntest = c\n", {"a", "b", "c"}),
        (
            "tox.ini",
            "[testenv]\ndeps =\n    py3,!cov: a>=1\n    -r requirements.txt\n    b\n[testenv:lint]\ndeps = c\n",
            {"a", "b", "c"},
        ),
        ("tox.toml", '[env_run_base]\ndeps = ["a"]\n[env.lint]\ndeps = ["b"]\n', {"a", "b"}),
        ("hatch.toml", '[envs.default]\ndependencies = ["a"]\n', {"a"}),
        (
            "setup.py",
            "TESTS = ['c', *MORE]\nMORE = ['d']\n"
            "setup(install_requires=['a', \"b; python_version < '3'\"], extras_require={'t': TESTS})\n",
            {"a", "b", "c", "d"},
        ),
        ("setup.py", "A = [B, B]\nB = [A, A]\nsetup(install_requires=A + open('x').read(), tests_require=A)\n", set()),
        (
            "noxfile.py",
            "def t(session):\n    session.install('-e', '.', 'pytest>8', *DEPS)\n\nDEPS = ['attrs']\n",
            {"pytest", "attrs"},
        ),
        ("dev-requirements.txt", "a\n", {"a"}),
        ("requirements/testing.in", "a\n-c constraints.txt\n", {"a"}),
        ("notes/testing.in", "a\n", set()),
        ("Api.csproj", '<!DOCTYPE a [<!ENTITY b "c">]><Project Sdk="&b;"/>', set()),
        ("Api.csproj", "<Project", set()),
        ("pyproject.toml", "project = 1", set()),
        ("go.mod", "module x", set()),
    ],
)
def test_names(path: str, text: str, names: set[str]) -> None:
    assert packages_of({path: text}) == names


def test_requirement_names_are_normalised() -> None:
    assert requirement_names(["Flask_Cors>=1", "zope.interface", " -e .", "# x", ""]) == ["flask-cors", "zope-interface"]

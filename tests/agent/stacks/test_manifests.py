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

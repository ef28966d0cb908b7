from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mgx_project.embedded.__main__ import main
from mgx_project.embedded.datadir import DataDirectory
from mgx_project.embedded.plan import HOME, ServerPlace, django_plan
from mgx_project.embedded.state import ChildState, State, load
from tests.mgx_project.embedded.installation import Installation


def test_importing_it_loads_little_and_no_django() -> None:
    """Each command waits for it. Modules are counted: the clock of a busy machine says nothing."""
    program = (
        "import sys; before = set(sys.modules); import mgx_project.embedded.__main__; "
        "print(len(set(sys.modules) - before), *({'django', 'asyncio', 'psycopg', 'redis'} & set(sys.modules)))"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    count, *heavy = subprocess.check_output([sys.executable, "-c", program], cwd=HOME, env=env, text=True).split()
    assert int(count) < 150
    assert heavy == []


def test_the_data_directory_is_the_given_one_then_the_environments() -> None:
    environ = {"MGX_DATA_DIR": "/a", "XDG_DATA_HOME": "/b"}
    assert DataDirectory.choose("/given", environ).path == Path("/given")
    assert DataDirectory.choose(None, environ).path == Path("/a")
    assert DataDirectory.choose(None, {"XDG_DATA_HOME": "/b"}).path == Path("/b/mgx")
    assert DataDirectory.choose(None, {}).path == Path("~/.local/share/mgx").expanduser()


def test_allow_resolves_and_keeps_each_root_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, project = tmp_path / "data", tmp_path / "project"
    project.mkdir()
    (tmp_path / "link").symlink_to(project)
    for name in ("link", "project", "project/../project"):
        assert main(["allow", str(tmp_path / name), "--data", str(data)]) == 0
    assert (data / "local_roots").read_text() == f"{project}\n"
    assert main(["allow", str(tmp_path / "absent"), "--data", str(data)]) == 1
    assert "is not a directory" in capsys.readouterr().err


def test_status_and_down_of_what_never_ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json", "--data", str(tmp_path / "data")]) == 3
    assert json.loads(capsys.readouterr().out)["running"] is False
    assert main(["down", "--data", str(tmp_path / "data")]) == 0
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = Installation(tmp_path / "data", MGX_PORT=str(taken.getsockname()[1])).run("up")
    assert done.returncode == 1
    assert "(MGX_PORT) is already in use" in done.stderr


def test_logs_show_the_end_of_one_or_of_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = DataDirectory(tmp_path)
    data.make()
    for name in ("web", "worker"):
        data.log(name).write_text(f"old\n{name} speaks\n")
    assert main(["logs", "web", "-n", "1", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "web speaks\n"
    assert main(["logs", "-n", "1", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "web        web speaks\nworker     worker speaks\n"


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_web_is_served_by_the_chosen_server(server: str, tmp_path: Path) -> None:
    plan = django_plan(ServerPlace(port=8123, token_file=tmp_path / "token", environ={"MGX_ASGI_SERVER": server}))
    web = plan.commands[0].argv
    assert server in web
    assert "8123" in web


def test_a_directory_that_cannot_be_made_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--data", f"{os.devnull}/data"]) == 1
    assert f"{os.devnull}/data" in capsys.readouterr().err


def test_a_state_of_a_newer_version_is_still_understood(tmp_path: Path) -> None:
    state = State(pid=1, started=2, boot="", started_at="", home="", children={"web": ChildState(pid=3)})
    written = state.to_json() | {"invented": 1}
    written["children"]["web"]["invented"] = 1
    (tmp_path / "state.json").write_text(json.dumps(written))
    assert load(tmp_path / "state.json") == state
    (tmp_path / "state.json").write_text("{ half")
    assert load(tmp_path / "state.json") is None

import re
from pathlib import Path

import yaml

FILES = sorted(Path(".github/workflows").glob("*.y*ml"))
TEXT = Path(".github/workflows/ci.yml").read_text()
DATA = yaml.safe_load(TEXT)
ON = DATA.get("on", DATA.get(True))
JOB = DATA["jobs"]["test"]


def test_name_and_job_stay():
    assert [path.name for path in FILES] == ["ci.yml"]
    assert DATA["name"] == "CI"
    assert "pytest -q" in "\n".join(step.get("run", "") for step in JOB["steps"])


def test_events():
    assert "pull_request" in ON and "push" in ON
    assert "pull_request_target" not in TEXT


def test_permissions_are_least():
    assert DATA["permissions"] == {"contents": "read"}
    assert JOB.get("permissions", {"contents": "read"}) in ({"contents": "read"}, {})


def test_no_event_text_in_scripts():
    for step in JOB["steps"]:
        assert "github.event" not in step.get("run", "")
        assert "github.head_ref" not in step.get("run", "")
    blocks = [DATA.get("env"), JOB.get("env"), *(step.get("env") for step in JOB["steps"])]
    names = [name for block in blocks if block for name, value in block.items() if "pull_request.title" in str(value)]
    assert names
    assert any(re.search(rf"\$\{{?{names[0]}\b", step.get("run", "")) for step in JOB["steps"])


def test_actions_are_pinned():
    for uses in re.findall(r"uses:\s*(\S+)", TEXT):
        assert re.search(r"@(v?\d[\w.]*|[0-9a-f]{40})$", uses), uses


def test_matrix_timeout_cache_and_concurrency():
    values = [sorted(map(str, value)) for value in JOB["strategy"]["matrix"].values() if isinstance(value, list)]
    assert ["3.11", "3.12", "3.13"] in values
    assert JOB["timeout-minutes"] <= 20
    setup = next(step for step in JOB["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["with"]["cache"] == "pip"
    assert "matrix." in str(setup["with"]["python-version"])
    assert "github.ref" in str(DATA["concurrency"]["group"])
    assert DATA["concurrency"]["cancel-in-progress"] in (True, "${{ github.event_name == 'pull_request' }}")

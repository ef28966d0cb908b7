import json
import re
from pathlib import Path

import yaml

TEXT = re.sub(r"\\\n\s*", " ", Path("Dockerfile").read_text())
LINES = [line.strip() for line in TEXT.splitlines() if line.strip() and not line.strip().startswith("#")]
STAGES = [[]]
for line in LINES:
    if line.upper().startswith("FROM "):
        STAGES.append([])
    STAGES[-1].append(line)
STAGES = STAGES[1:]
FINAL = STAGES[-1]


def words(stage, name):
    return [line.split(None, 1)[1] for line in stage if line.upper().startswith(name + " ")]


def test_pinned_slim_base_in_two_stages():
    assert len(STAGES) >= 2
    arguments = dict(line.split("=", 1) for line in words(LINES, "ARG") if "=" in line)
    base = STAGES[-1][0].split()[1]
    for name, value in arguments.items():
        base = base.replace("${" + name + "}", value).replace("$" + name, value)
    assert re.match(r"(docker\.io/library/|docker\.io/)?python:3\.12(\.\d+)?-slim(-\w+)?(@sha256:\w+)?$", base), base


def test_build_tools_stay_in_the_first_stage():
    assert not re.search(r"\b(gcc|libpq-dev|build-essential)\b", "\n".join(FINAL))
    assert any("--from=" in line for line in FINAL if line.startswith("COPY"))


def test_not_root():
    users = words(FINAL, "USER")
    assert users
    assert users[-1].split(":")[0].strip() not in ("root", "0")


def test_it_starts_as_before():
    command = json.loads(words(FINAL, "CMD")[-1])
    entry = json.loads(words(FINAL, "ENTRYPOINT")[-1]) if words(FINAL, "ENTRYPOINT") else []
    started = " ".join(entry + command)
    assert "gunicorn" in started and "service.app:app" in started and "0.0.0.0:8000" in started


def test_health_is_checked_without_curl():
    check = words(FINAL, "HEALTHCHECK")[-1]
    assert "/health" in check and "8000" in check
    assert not re.search(r"\b(curl|wget)\b", check)


def test_dependencies_come_before_the_code():
    for stage in STAGES:
        copies = [n for n, line in enumerate(stage) if re.match(r"(COPY|ADD)\b(?!.*--from=).*\s(\.|\./|service/?)\s", line)]
        installs = [n for n, line in enumerate(stage) if "pip" in line and "install" in line]
        assert not copies or not installs or min(copies) > max(installs)
    assert any("requirements.txt" in line for stage in STAGES for line in stage if line.startswith("COPY") or "--mount" in line)


def test_what_is_kept_out_of_the_context():
    lines = {line.strip().strip("/").removeprefix("**/") for line in Path(".dockerignore").read_text().splitlines()}
    assert lines & {".git", ".git*"}
    assert lines & {"tests", "test*", "tests/**"}
    assert lines & {".env", ".env*", "*.env"}


def test_the_password_is_no_longer_in_the_file():
    text = Path("compose.yml").read_text()
    assert "hunter2" not in text
    data = yaml.safe_load(text)
    for name in ("db", "web"):
        used = re.findall(r"\$\{?DB_PASSWORD([^}\"@]*)", json.dumps(data["services"][name]))
        assert used, name
        assert not any(rest.startswith(("-", ":-")) for rest in used), "there is a default"
    assert "data" in data["volumes"] and data["services"]["web"]["ports"] == ["8000:8000"]

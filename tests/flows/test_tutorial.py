"""The tutorial is followed literally: each line of its shell blocks, from an empty directory to a commit on main."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from ..support.forked_mgx import MGX
from .conftest import CHECKOUT, Server

PAGE = (CHECKOUT / "docs/TUTORIAL.md").read_text("utf-8")
EXPECTED = re.compile(r"# exits with (\d+)")
CHECK = 'code=$?; [ $code = {code} ] || {{ echo "exit code $code, not {code}, of: {line}" >&2; exit 99; }}'


def lines() -> list[str]:
    found = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines() if line.strip()]
    return [line for line in found if "not typed by the test" not in line]


def test_whoever_types_the_tutorial_gets_what_it_says(server: Server, tmp_path: Path) -> None:
    script = []
    for line in lines():
        wanted = EXPECTED.search(line)
        quoted = line.partition("  #")[0].strip().replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
        script += [f"echo '== '\"{quoted}\"", line, CHECK.format(code=wanted[1] if wanted else 0, line=quoted)]
    home = {"HOME": str(tmp_path), "PATH": f"{Path(MGX).parent}:{server.env['PATH']}", "GIT_AUTHOR_NAME": "Ada"}
    person = {"GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=tmp_path, env={**server.env, **home, **person},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "proof        proved" in done.stdout and "app/main.py" in done.stdout
    log = done.stdout.partition("== git log --oneline")[2].partition("== ")[0]
    assert "health endpoint" in log.lower()
    assert (tmp_path / "health/app/main.py").is_file()
    branches = ["git", "branch", "--format=%(HEAD) %(objectname)"]
    main, other = subprocess.run(
        branches, cwd=tmp_path / "health", capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert main.startswith("* ") and main[2:] == other[2:], "main is checked out, at the run's commit"


def test_every_command_of_the_tutorial_is_in_it() -> None:
    typed = {line.split()[1] for line in lines() if line.startswith("mgx ")}
    assert typed >= {"task", "plan", "approve", "attach", "diff", "list", "usage"}

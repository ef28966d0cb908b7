"""Edits a run's plan in the person's editor and sends it. A text that can't be read or is refused stays in its file."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from mgx_cli import plan_markdown, text_input
from mgx_cli.api import Api
from mgx_cli.errors import CLIError, NotInState, UsageError
from mgx_cli.ids import short
from mgx_cli.output import say
from mgx_cli.run_state import asks_for, label


def edited(api: Api, run: dict[str, Any]) -> dict[str, Any]:
    """Sends the edited plan and returns the run, unchanged if the text is."""
    run, etag = _waiting(api, run)
    variable = "VISUAL" if os.environ.get("VISUAL") else "EDITOR"
    editor = text_input.program(variable, os.environ.get(variable) or ("notepad" if os.name == "nt" else "vi"))
    before = plan_markdown.written(run["plan"])
    descriptor, name = tempfile.mkstemp(prefix=f"mgx-plan-{short(run['id'])}-", suffix=".md")
    file = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(before)
    try:
        code = subprocess.run([*editor, name], check=False).returncode
    except OSError as error:
        file.unlink()
        raise UsageError(
            f"The editor {editor[0]} can't be started: {error.strerror}.", hint="Set EDITOR to an installed editor."
        ) from error
    after = file.read_text(text_input.ENCODING, "replace")
    if code or after == before:
        file.unlink()
        say("The plan was not changed.")
        return run
    try:
        answer = _sent(api, run, etag, after)
    except CLIError:
        say(f"Your text is in {file}   To send it: mgx plan {short(run['id'])} --file {file}", "yellow")
        raise
    file.unlink()
    return answer


def sent(api: Api, run: dict[str, Any], file: Path) -> dict[str, Any]:
    """Sends the plan in ``file`` and returns the run."""
    run, etag = _waiting(api, run)
    try:
        text = text_input.read_file(file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read: {error}.") from error
    return _sent(api, run, etag, text)


def _sent(api: Api, run: dict[str, Any], etag: str, text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        try:
            plan = json.loads(text)
        except ValueError as error:
            raise UsageError(f"The edited plan is not valid JSON: {error}.") from error
    else:
        plan = plan_markdown.read(text, run["plan"])
    answer: dict[str, Any] = api.patch(f"/api/runs/{run['id']}", {"plan": plan}, etag=etag)
    return answer


def _waiting(api: Api, run: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The run as it is now, with its ETag. Raises NotInState if its plan does not await approval."""
    run, etag = api.get_with_etag(f"/api/runs/{run['id']}")
    if not asks_for(run, "approve"):
        raise NotInState(
            f"Run #{run.get('run_number')} is {label(run)}: a plan can only be edited while it is awaiting approval."
        )
    return run, etag

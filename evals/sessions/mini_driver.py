"""Runs mini-swe-agent on one task. It is started by the Python of that package's own environment, and imports nothing of ours.

Standard input: ``{"task", "root", "url", "model"}``. Standard output, its last line: ``{"status", "seconds", "commands"}``,
the seconds of the whole run without imports, and those of its commands.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import yaml
from minisweagent import package_dir
from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.litellm_model import LitellmModel


class TimedEnvironment(LocalEnvironment):
    """Its local environment, with a watch on the commands."""

    seconds = 0.0

    def execute(self, *arguments: Any, **named: Any) -> Any:
        begun = time.monotonic()
        try:
            return super().execute(*arguments, **named)
        finally:
            self.seconds += time.monotonic() - begun


def main() -> None:
    given = json.load(sys.stdin)
    config = yaml.safe_load((Path(package_dir) / "config/mini.yaml").read_text())
    model = LitellmModel(
        **{
            **config["model"],
            "model_name": f"openai/{given['model']}",
            # where it is, and that nobody knows its price; all else is as the package has it
            "model_kwargs": {**config["model"]["model_kwargs"], "api_base": given["url"], "api_key": "scripted"},
            "cost_tracking": "ignore_errors",
        }
    )
    environment = TimedEnvironment(**config["environment"], cwd=given["root"])
    agent = DefaultAgent(model, environment, **config["agent"])
    begun = time.monotonic()
    ended = agent.run(given["task"])
    seconds = time.monotonic() - begun
    print(json.dumps({"status": ended.get("exit_status", ""), "seconds": seconds, "commands": environment.seconds}))


if __name__ == "__main__":
    main()

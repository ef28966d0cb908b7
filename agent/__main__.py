"""``python -m agent``: the pipeline alone, on one directory, without a server or a database.

Exit codes: 0 done, 1 failed, 2 usage, 3 the plan was rejected, 4 paused, 130 interrupted. Talk goes to stderr, the outcome to
stdout as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import AgentError, Interrupted, Paused
from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal, TextSink
from agent.logs import log_to_stderr
from agent.models import Kind, open_model
from agent.pipeline import carry_out, draft_plan
from agent.ports import JSONObject, Model, PlanDraft, Ports, TaskSpec
from agent.runtime import bootstrap
from agent.sandbox import FIRST_USER, open_sandbox

MODEL_HELP = "offline, a model of OPENAI_BASE_URL, or anthropic/MODEL; default: MGX_MODEL, else offline (%(default)s)"
DONE, FAILED, USAGE, REJECTED, PAUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agent", description="Turn a task into reviewed code in one directory.")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the project's directory; only this is changed")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--task", metavar="TEXT", help="what should be built or changed")
    task.add_argument("--json", type=Path, metavar="FILE", help="a JSON task file")
    parser.add_argument("--stack", help="a stack of the catalogue, or none; inferred if absent")
    parser.add_argument(
        "--constraint", action="append", default=[], metavar="TEXT", help='a rule such as "use pnpm"; repeatable'
    )
    model = os.environ.get("MGX_MODEL") or "offline"
    parser.add_argument("--model", default=model, metavar="NAME", help=MODEL_HELP)
    parser.add_argument("--base-url", metavar="URL", help="default: OPENAI_BASE_URL or ANTHROPIC_BASE_URL")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="pause before more tokens than this are spent")
    parser.add_argument("--sandbox", default=os.environ.get("MGX_SANDBOX") or "auto", help="default: MGX_SANDBOX, else auto")
    parser.add_argument(
        "--sandbox-uid",
        type=int,
        default=os.environ.get("MGX_SANDBOX_UID") or FIRST_USER,
        help="as root: the first of the user ids that commands get, 0: root's (default: MGX_SANDBOX_UID, else %(default)s)",
    )
    parser.add_argument("--yes", action="store_true", help="carry the plan out without asking")
    return parser


class TaskFile(BaseModel):
    """CONTRACT's JSON task file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    task: str
    target_stack: str | None = None
    project_type: Literal["api", "webapp", "fullstack", "devops"] | None = None
    output_mode: Literal["generate_new", "patch_existing"] = "generate_new"
    strict_requirements: bool = False
    constraints: list[str] = Field(default_factory=list)
    existing_project_path: str | None = None


def task_of(options: argparse.Namespace) -> TaskFile:
    """The task of the options or of their file. Raises OSError, and ValueError that says what is wrong with the file."""
    if options.json is None:
        return TaskFile(task=options.task)
    try:
        return TaskFile.model_validate_json(options.json.read_bytes())
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, part['loc'])) or 'the file'}: {part['msg']}" for part in error.errors())
        raise ValueError("; ".join(wrong)) from error


def spec_of(task: TaskFile, options: argparse.Namespace) -> TaskSpec:
    return TaskSpec(
        text=task.task,
        stack=options.stack or task.target_stack,
        project_type=task.project_type,
        output_mode=task.output_mode,
        constraints=(*task.constraints, *options.constraint),
        strict_requirements=task.strict_requirements,
    )


def model_of(options: argparse.Namespace) -> Model:
    if options.model == "offline":
        return open_model("offline")
    kind: Kind = "anthropic" if options.model.startswith("anthropic/") else "openai"
    key, url = (os.environ.get(f"{kind.upper()}_{name}", "") for name in ("API_KEY", "BASE_URL"))
    return open_model(kind, model=options.model.removeprefix(f"{kind}/"), api_key=key, base_url=options.base_url or url)


async def run(spec: TaskSpec, options: argparse.Namespace) -> tuple[int, JSONObject]:
    events = TextSink()
    model = model_of(options)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mgx"
    sandbox = open_sandbox(options.root, cache=cache, tier=options.sandbox, first_user=options.sandbox_uid)
    budget = LocalBudget(max_tokens=options.max_tokens)
    ports = Ports(model, events, MemoryJournal(events, options.root), sandbox, budget, CancelFlag(), map_cache=cache / "maps")
    try:
        draft = await draft_plan(spec, options.root, ports)
        show(draft)
        if not options.yes and not await asyncio.to_thread(agreed):
            return REJECTED, {"status": "rejected", "plan": draft.plan}
        outcome = await carry_out(spec, draft, options.root, ports)
    finally:
        await model.aclose()
        sandbox.close()
    cost = None if budget.cost_usd is None else f"{budget.cost_usd:f}"
    usage = {"tokens": budget.tokens, "calls": budget.calls, "cost_usd": cost}
    return DONE, {"status": "completed", "plan": draft.plan, "stack": draft.stack, **asdict(outcome), "usage": usage}


def show(draft: PlanDraft) -> None:
    plan, estimate = draft.plan, draft.plan["estimate"]
    say(f"Plan ({draft.stack or 'no stack'}): {plan['summary']}", before="\n")
    for number, step in enumerate(plan["steps"], 1):
        say(f"{number}. {step['title']}: {', '.join(step['files'])}", before="  ")
        if step["why"]:
            say(step["why"], before="     ")
    for name, texts in (("Risk", plan["risks"]), ("Question", plan["questions"])):
        for text in texts:
            say(f"{name}: {text}", before="  ")
    cost = "cost unknown" if estimate["cost_usd"] is None else f"${estimate['cost_usd']}"
    say(f"Estimate: {estimate['tokens']} tokens, {cost}, {estimate['seconds']} s ({estimate['basis']})", before="  ")


def say(text: str, *, before: str = "") -> None:
    """A line for the person, without what could drive a terminal: models write most of it."""
    line = "".join(character for character in " ".join(text.split()) if character.isprintable())
    print(f"{before}{line}", file=sys.stderr)


def agreed() -> bool:
    print("\nCarry it out? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    log_to_stderr()
    try:
        task = task_of(options)
    except (OSError, ValueError) as error:
        return usage(f"The task file {options.json} can't be used: {error}.")
    root = options.root or (Path(task.existing_project_path) if task.existing_project_path else None)
    if root is None:
        return usage("Say where the project is: --root DIR, or existing_project_path in the task file.")
    options.root = root.resolve()
    if not options.root.is_dir():
        return usage(f"{options.root} is not a directory: create it first.")
    with tempfile.TemporaryDirectory(prefix="mgx-agent-") as runtime:
        bootstrap(Path(runtime))
        code, result = ended(spec_of(task, options), options)
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return code


def usage(message: str) -> int:
    print(message, file=sys.stderr)
    return USAGE


def ended(spec: TaskSpec, options: argparse.Namespace) -> tuple[int, JSONObject]:
    try:
        return asyncio.run(run(spec, options))
    except Paused as paused:
        # what this process has asked nobody can answer later
        own = " Without a server, put the answer into the task and start again." if paused.reason == "question" else ""
        hint = f"{paused.hint}{own}"
        say(f"{paused.detail} {hint}", before="\n")
        return PAUSED, {"status": "paused", "reason": paused.reason, "detail": paused.detail, "hint": hint}
    except KeyboardInterrupt:
        return INTERRUPTED, {"status": "cancelled", "detail": "Interrupted. Files that were written stay; git shows them."}
    except Interrupted as stopped:
        return REJECTED, {"status": "cancelled", "detail": str(stopped)}
    except AgentError as error:
        return FAILED, {"status": "failed", "error": {"code": error.code, "detail": error.detail, "hint": error.hint}}


if __name__ == "__main__":
    sys.exit(main())

"""What the agent needs from the world, as Protocols: whoever drives it (the server, the command line, a test) brings these.

Everything that is not a pure function of its inputs goes through ``Journal.step``, so that a run can be replayed: a recorded
step returns its result without acting again. Events emitted between steps must come in a deterministic order for the same
reason: the sink recognises a repeated one and drops it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NotRequired, Protocol, TypedDict

from agent.call_estimates import CallEstimate as CallEstimate
from agent.projects.model import ProjectPart

JSONObject = dict[str, Any]
StepKind = Literal["model", "command", "apply", "format", "read", "git"]


class ToolCall(TypedDict):
    """A tool that the model wants called. ``arguments`` is what the model wrote, parsed; {} where it was not a JSON object, and
    then ``raw`` is its text (at most 2,000 characters), so that it can be told what was wrong. ``extra`` is what the provider
    wants back with it (``agent.models.extras``): for the same conversation alone, and never shown."""

    id: str
    name: str
    arguments: JSONObject
    raw: NotRequired[str]
    extra: NotRequired[JSONObject]


class ChatMessage(TypedDict):
    """``tool_calls`` only on the assistant's messages, ``tool_call_id`` only on those of the role ``tool``: one per call."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: NotRequired[Sequence[ToolCall]]
    tool_call_id: NotRequired[str]


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model is told of it: ``parameters`` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: JSONObject


@dataclass(frozen=True)
class StepEvent:
    """An event that becomes visible together with the result of its step: type and data of the event catalogue."""

    type: str
    data: JSONObject
    message: str = ""


@dataclass(frozen=True)
class ModelRequest:
    """One chat completion. ``key`` names the journal step and never depends on arrival order (``execute/write/engineer/1``)."""

    key: str
    role: str
    action: str
    messages: Sequence[ChatMessage]
    task: str
    stack: str | None = None
    max_tokens: int | None = None
    tools: Sequence[ToolSpec] = ()
    """Offered to the model; only where its profile says that it takes native tool calls."""
    bypass_cache: bool = False
    """Not from the cache: a revision must not get the answer that it revises."""

    def inputs(self) -> JSONObject:
        """What the journal digests: the request without its key. The names are those of journals that are there: with
        another one each run that is under way at an upgrade would pause."""
        request = {one.name: getattr(self, one.name) for one in fields(self)}
        del request["key"]
        request["fresh"] = request.pop("bypass_cache")
        # `asdict` would copy the whole conversation, message by message, at each of its calls
        request["messages"] = self.messages[:]
        request["tools"] = tuple(dict(vars(tool)) for tool in self.tools)
        return request


@dataclass(frozen=True)
class ModelCompletion:
    """A model's answer and what it took. ``cost_usd`` is None where no price is known: unknown is never $0."""

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None = None
    finish_reason: str = "stop"
    duration_ms: int = 0
    cached: bool = False
    """From our own cache: it took nothing, and its tokens are those of the first time."""
    tool_calls: Sequence[ToolCall] = ()
    tokens_cached: int = 0
    """Those of ``tokens_in`` that the provider had in its own prompt cache."""
    prompt_cut: JSONObject | None = None
    """{read, sent}: tokens that the endpoint read of about how many, where it has cut the prompt and not said so."""
    by_fallback: bool = False
    """Another endpoint than the first one answered, be its model of the same name."""

    @property
    def cut_off(self) -> bool:
        """True where the model stopped at its length limit."""
        return self.finish_reason == "length"

    def to_json(self) -> JSONObject:
        data = {**asdict(self), "cost_usd": None if self.cost_usd is None else f"{self.cost_usd:f}"}
        if self.prompt_cut is None:
            del data["prompt_cut"]
        if not self.by_fallback:
            del data["by_fallback"]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelCompletion:
        cost = data["cost_usd"]
        return cls(**{**data, "cost_usd": None if cost is None else Decimal(cost)})


@dataclass(frozen=True)
class ModelProfile:
    """What is known of the model that answers a role; None is not known."""

    model: str
    context_tokens: int | None = None
    """Prompt and answer together."""
    max_output_tokens: int | None = None
    native_tools: bool = True
    """False: tools are offered by the text protocol."""
    takes_tools: bool = True
    """False: it is offered none, in no way."""
    edit_format: Literal["manifest", "search_replace", "unified", "envelope"] | None = None
    """The format that it is asked for first."""
    route: str = ""
    """A digest of what answers under this name: endpoint, account and limit. No secret can be read from it."""


class Model(Protocol):
    """A chat model, or several of them by role. ``complete`` raises ``ModelFailed`` (or a subclass); ``on_text`` gets the text
    as it arrives."""

    name: str

    def profile(self, role: str) -> ModelProfile: ...

    def estimate(self, request: ModelRequest) -> CallEstimate:
        """What the call may take at most, before it is made."""
        ...

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion: ...

    async def aclose(self) -> None: ...


class EventSink(Protocol):
    """Where people watch. ``emit`` takes types and data of the event catalogue (CONTRACT: WebSocket)."""

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None: ...

    def text(self, role: str, text: str) -> None:
        """A piece of model output; the sink coalesces pieces into few ``model_output`` events."""
        ...


class Journal(Protocol):
    async def step(
        self,
        key: str,
        kind: StepKind,
        inputs: JSONObject,
        act: Callable[[], Awaitable[JSONObject]],
        *,
        announce: Callable[[JSONObject], StepEvent | None] | None = None,
        mutates: bool = False,
        writes: Callable[[JSONObject], Collection[str]] | None = None,
    ) -> JSONObject:
        """Returns the recorded result of ``key``, or acts, records and returns (JSON in, JSON out).

        ``announce`` makes the event that is written with the result, and only then. ``mutates`` says that ``act`` changes
        the workdir: its tree is stored with the result, and restored on replay instead of acting again. ``writes`` names, of
        a result, the paths that the step itself wrote or removed: exactly these enter the tree, be they ignored by the
        repository's rules, and nothing that a program has left beside them. Without it, all that is not ignored does.
        Raises ``Paused('loop')`` if ``inputs`` differ from what was recorded under the same key.
        """
        ...


@dataclass(frozen=True)
class CommandResult:
    """How a sandboxed command ended. ``available`` is False when its tool is absent (then exit_code is 127). ``reports`` are
    the texts that it wrote by path, where they were asked for; they are read at once and never stored.

    An install step says in ``notes`` what could not be had (sentences), and in ``imported_elsewhere`` which modules of the
    project come from another place than the working tree: tests of these prove nothing about a change."""

    argv: Sequence[str]
    exit_code: int
    duration_ms: int
    output_tail: str
    timed_out: bool = False
    available: bool = True
    reports: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    imported_elsewhere: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out

    def to_json(self) -> JSONObject:
        data = {**asdict(self), "argv": list(self.argv)}
        del data["reports"]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CommandResult:
        return cls(**data)


class Sandbox(Protocol):
    """Runs commands of the task, isolated; the workdir is seen inside at a fixed path. Raises ``SandboxFailed``."""

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        """Makes the environment of ``part`` (network on), which its commands see read-only afterwards. None: there is nothing
        to install."""
        ...

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
        hide_secrets: bool = False,
    ) -> CommandResult:
        """Runs ``argv`` in ``directory`` of the workdir, in the environment of the part that is there, without a network.
        ``reports`` are globs of files to give back, below the directory ``/reports`` or relative to ``directory``.
        ``hide_secrets``: files that may hold secrets appear empty to it, and the git directory is hidden."""
        ...


class CallBudget(Protocol):
    async def reserve(self, key: str, estimate: CallEstimate) -> int:
        """Holds what one call is likely to take, at most ``estimate``, and returns the tokens of the answer that this covers.
        Raises ``Paused('budget')`` when a cap would be passed."""
        ...

    async def enlarge(self, key: str, tokens_out: int, prompts: int) -> None:
        """Holds so many tokens for the answer, and the prompt so many times, of a call that is being made. Raises
        ``Paused('budget')`` if a cap would be passed, and what was held is held still."""
        ...

    async def settle(self, key: str, completion: ModelCompletion) -> None:
        """Replaces the estimate by what the call took; one from the cache was never reserved and is only counted."""
        ...


class ModelCache(Protocol):
    """Answers to exactly the same request. ``key`` is a digest of the request; the tenant is the implementation's business."""

    async def get(self, key: str) -> JSONObject | None: ...

    async def put(self, key: str, completion: JSONObject) -> None: ...


class NoCache:
    """Remembers nothing."""

    async def get(self, key: str) -> JSONObject | None:
        return None

    async def put(self, key: str, completion: JSONObject) -> None:
        """Forgets it."""


class Steering(Protocol):
    async def claim(self, key: str) -> Sequence[str]:
        """What people said to the run that no step before ``key`` was told; the same for the same ``key`` ever after."""
        ...


class NoSteering:
    """Nobody says anything."""

    async def claim(self, key: str) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class RunStatistics:
    """What finished runs of the same workspace took, as medians; None where there were too few to say."""

    runs: int = 0
    tokens_per_file: float | None = None
    cost_per_token: Decimal | None = None
    seconds_per_file: float | None = None


class History(Protocol):
    async def past(self, stack: str) -> RunStatistics: ...


class NoHistory:
    """A first run."""

    async def past(self, stack: str) -> RunStatistics:
        return RunStatistics()


class CancelToken(Protocol):
    def check(self) -> None:
        """Raises ``Cancelled`` when the run must stop."""
        ...


@dataclass(frozen=True)
class Ports:
    model: Model
    events: EventSink
    journal: Journal
    sandbox: Sandbox
    budget: CallBudget
    cancel: CancelToken
    cache: ModelCache = field(default_factory=NoCache)
    steering: Steering = field(default_factory=NoSteering)
    history: History = field(default_factory=NoHistory)
    map_cache: Path | None = None
    """A directory for what was parsed of files, by blob id; None: everything is parsed again."""


@dataclass(frozen=True)
class TaskSpec:
    """What is wanted, in the words of CONTRACT's task: ``stack`` None means that nobody chose
    one, "none" that no stack's rules hold."""

    text: str
    stack: str | None = None
    project_type: str | None = None
    output_mode: Literal["generate_new", "patch_existing"] = "generate_new"
    constraints: Sequence[str] = field(default_factory=tuple)
    strict_requirements: bool = False
    max_rounds: int = 5
    max_revision_rounds: int = 2
    commands: Mapping[str, Any] = field(default_factory=dict)
    """The project's own settings, {kind: line, parts: {directory: {kind: line}}}; kinds are install, test, test_one, lint,
    format and build."""
    parallel_steps: int = 1
    """So many parts of the plan may be written side by side, each by a model call of its own with the whole context."""
    asks: bool = True
    """Whether people want to be asked where the task contradicts itself or an assumption changes the result; False: the
    assumption is made, and told with the change."""
    earlier: JSONObject | None = None
    """What the runs before it did on the branch that a run continues, which ``text`` comes on top of: {task (the first one),
    run_number, status, message (what that run was asked for, "" for the first one), summary, plan {summary, steps [{title,
    files}]}, files [path], tests (a line), error, comments [text], before: [older runs, the same without task and before]}."""


@dataclass(frozen=True)
class PlanDraft:
    """What the plan phase gives: the plan as in CONTRACT (``plan_ready``) and the stack it is for."""

    plan: JSONObject
    stack: str
    stack_confidence: float
    complexity: str
    version: int = 1
    """Of the plan: the engineer goes on in the conversation that led to it."""


@dataclass(frozen=True)
class Outcome:
    """What the execute phase gives. ``tests`` and ``review`` are the data of ``tests_finished`` and ``review_finished``."""

    files: Sequence[JSONObject]
    tests: JSONObject
    review: JSONObject
    draft: bool
    """True when something could not be proved (a tool was absent, review found problems): delivered as a draft."""
    warnings: Sequence[str] = ()
    """What people must know of the models that did it, such as an endpoint that has cut its prompts."""
    message: JSONObject = field(default_factory=dict)
    """What the engineer says of it, {summary, subject, body, assumptions: [text]} (``agent.changes.commit_message``); empty
    where nothing was said."""

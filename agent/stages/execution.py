"""One run's change from the engineer's first answer to the reviewer's verdict. Every stage returns what is wrong, or None."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping

from agent.changes.baseline_files import FileBefore
from agent.changes.diff import describe
from agent.checks.coverage import measurable
from agent.checks.proof import is_to_blame, proof
from agent.checks.test_configuration import NOTHING, SetAside, Swap, is_test_configuration, judging
from agent.errors import Paused
from agent.ports import JSONObject, Outcome
from agent.stages.apply import ChangeApplier
from agent.stages.change_decisions import revision_request
from agent.stages.missing_tests import missing_tests
from agent.stages.plan_parts import parts_of, split_conflicting
from agent.stages.planning import find_out_new
from agent.stages.problem import Problem, line_of
from agent.stages.progress import ProgressReporter
from agent.team import AskedTeam, ChangeAnswer, PhaseContext
from agent.team.handover import unseen_files
from agent.team.messages import PARTS_WANTED, PLAN_APPROVED, REVIEW_WANTED, REVISION_WANTED, TESTS_MISSING, TESTS_WANTED
from agent.team.parsing.edits import NO_CHANGE
from agent.team.run_environment import is_made
from agent.team.test_report_text import complaint, for_reviewer, lint_complaint
from agent.team.verification import install, measure_baseline

CROSSED = (
    "Another part of the plan, written at the same time, changed some of your files, so your answer was not applied. Base your "
    "change on the files as they are now."
)
MAX_ASKED = 20
"""Earlier comments of its own that the reviewer is reminded of; of what people asked for it is told everything."""
PERSON = "A person, whose word is final: "


class ChangeExecution:
    """``round`` counts the engineer's answers from 0 and names the journal steps. ``begun`` are the files that are changed
    already, as they were before: the change is described, tested and reviewed from there."""

    def __init__(self, work: PhaseContext, team: AskedTeam, begun: Mapping[str, FileBefore] | None = None) -> None:
        self._work = work
        self._team = team
        self._progress = ProgressReporter(work.ports.events, "execute", 6)
        self._applier = work.editor = ChangeApplier(work, begun)
        work.before = self._as_before(lambda path: True)
        self._tests_written = False
        self._all_tools = True
        self._revisions: Counter[str] = Counter()
        self._told: Problem | None = None
        self._first = 0
        self._asked: list[str] = []
        self._tests: JSONObject = {}
        self._review: JSONObject = {}
        self._said: JSONObject = {}
        self.round = 0

    async def write(self) -> ChangeAnswer:
        """The engineer's first answer. The sandbox is tried before, so that a dead one costs no model call."""
        await self._work.commands.probe()
        if self._work.spec.output_mode == "patch_existing":
            await measure_baseline(self._work)
            is_made(self._work)
        parts = parts_of(self._work.plan, self._work.view.texts, self._work.spec.parallel_steps)
        if not parts:
            await self._progress.at(1, "Working on the change")
            return await self._team.ask_for_change(PLAN_APPROVED, json.dumps(self._work.plan))
        await self._progress.at(1, f"Working on the change in {len(parts)} parts, side by side")
        return await self._team.ask_for_change(PARTS_WANTED, json.dumps([part.to_json() for part in parts]))

    async def land(self, answer: ChangeAnswer) -> Problem | None:
        """Guardrails, then the files: all of them or none. Of a change that is made already only what can't be judged file by
        file is left to check. What two parts changed goes in by the first; the other is asked to do it again on that base."""
        await self._progress.at(2, "Checking and applying the change")
        if answer.finish is not None:
            # who corrects a change often says only that; the commit's subject stays
            self._said |= {name: value for name, value in answer.finish.items() if value or name not in self._said}
            return await self._applier.judge(self.round)
        first, late = split_conflicting(answer.edits)
        problem = await self._applier.apply(first, str(self.round), self.round)
        if problem is not None or not late:
            return problem
        # shown as the others have left them
        self._applier.unseen += self._work.session.forget(
            name for answer in late for file in answer.files for name in file.names
        )
        return Problem("patch", CROSSED)

    async def add_tests(self) -> Problem | None:
        """The tester's, once per run, where the change came without any or leaves changed lines untested; then it is proved
        again. None where no command would run them."""
        missing = missing_tests(self._work, self._tests)
        if self._tests_written or not missing:
            return None
        self._tests_written = True
        await self._progress.at(5, "Adding tests")
        answer = await self._team.ask_for_change(TESTS_MISSING, missing)
        if answer.finish is None and answer.text.strip(" \n`.*").upper() == NO_CHANGE:
            return None
        before = self._applier.edits
        self.round += 1
        if answer.finish is None:
            problem = await self._applier.apply(answer.edits, f"tests/{self.round}", self.round)
        else:
            problem = await self._applier.judge(self.round) if self._applier.edits > before else None
        return problem or await self.prove()

    async def prove(self) -> Problem | None:
        """Dependencies (a project's own formatters are among them), formatters, tests."""
        await self._progress.at(4, "Formatting")
        await self._know_the_change()
        await install(self._work, str(self.round))
        self._all_tools &= await self._applier.format(str(self.round))
        await self._progress.at(5, "Testing")
        self._work.aside = self._unplanned_test_configuration()
        self._work.before = self._as_before(lambda path: True)
        self._work.code_before = self._as_before(lambda path: not any(part.is_test(path) for part in self._work.profile.parts))
        changed = measurable(self._work.profile, self._texts())
        wanted = {"round": self.round, "changed": changed}
        self._tests = json.loads(await self._team.ask(TESTS_WANTED, json.dumps(wanted)))
        if is_to_blame(self._tests):
            return Problem("tests", complaint(self._tests), output=self._tests["output_tail"])
        said = lint_complaint(self._tests)
        return Problem("tests", said) if said else None

    async def _know_the_change(self) -> None:
        """Which files were changed; and what a new project is, which only its files can say."""
        self._work.changed = sorted(self._applier.files)
        self._work.modified = [path for path in self._work.changed if self._applier.files[path]["action"] == "modified"]
        if self._work.spec.output_mode != "patch_existing":
            await find_out_new(self._work, str(self.round))

    async def review(self) -> Problem | None:
        """The reviewer sees the change as it is now, how the tests went, and what was asked for earlier."""
        if not self._applier.files:
            return None
        await self._progress.at(6, "Reviewing")
        given = {"round": self.round, "change": self._description(), "tests": for_reviewer(self._tests)}
        given["earlier"] = "\n".join(self._reminders())
        answer = json.loads(await self._team.ask(REVIEW_WANTED, json.dumps(given)))
        verdict, findings = answer["verdict"], [{"code": "review", **comment} for comment in answer["comments"]]
        self._review = {"verdict": verdict, "comments": [line_of(finding) for finding in findings]}
        await self._work.ports.events.emit(
            "review_finished", self._review, f"Review: {verdict}, {len(findings)} comment{'' if len(findings) == 1 else 's'}"
        )
        if verdict == "approve":
            return None
        self._asked += [f"The review after answer {self.round + 1}: {comment}" for comment in self._review["comments"]]
        return Problem("review", "The reviewer asks for changes.", findings)

    async def revise(self, problem: Problem) -> ChangeAnswer | None:
        """The engineer's next answer; None where only a reviewer's wish is left, which is delivered with the draft.

        Raises ``Paused('loop')`` when the bounds are used up: ``max_revision_rounds`` for each kind of problem and
        ``max_rounds`` for all answers of the engineer, both counted again from zero after each decision of people.
        """
        spec = self._work.spec
        if not await self._may_go_on(problem):
            if problem.kind == "review":
                return None
            raise Paused(
                "loop",
                f"After {self.round + 1} answers the change is not usable. {problem.for_people()}",
                hint="Resume the run to allow more rounds, or start one with a more specific task or a stronger model.",
            )
        self._revisions[problem.kind] += 1
        self.round += 1
        data = {"errors": list(problem.findings), "warnings": [], "round": self.round, "max_rounds": spec.max_rounds}
        data["reason"] = problem.detail
        await self._work.ports.events.emit("revision_started", data, problem.detail)
        again = problem.for_engineer(self._told, self.round) + await self._unseen()
        self._told = problem
        return await self._team.ask_for_change(REVISION_WANTED, json.dumps({"round": self.round, "problem": again}))

    async def _unseen(self) -> str:
        """The files that the engineer was about to overwrite unread."""
        if not self._applier.unseen:
            return ""
        wanted = list(dict.fromkeys(self._applier.unseen))
        self._applier.unseen.clear()
        await self._work.read(f"read/write/{self.round}", wanted)
        return "\n\n" + unseen_files(self._work, wanted)

    async def _may_go_on(self, problem: Problem) -> bool:
        spec = self._work.spec
        spent = self._revisions[problem.kind] >= spec.max_revision_rounds or self.round - self._first + 1 >= spec.max_rounds
        if problem.kind != "review":
            return problem.kind == "changes" or not spent

        async def act() -> JSONObject:
            return {"granted": not spent}

        # recorded: bounds that are raised later must not reopen a change that people have decided on since
        result = await self._work.ports.journal.step(f"{self._work.key}/wish/{self.round}", "read", {}, act)
        return bool(result["granted"])

    async def decided(self, decision: JSONObject, number: int) -> Problem | None:
        """Takes out what people rejected in their ``number``th decision, {rejected: [{path, hunk, comment}], comment}; returns
        what they want instead. ``hunk`` None is the whole file, else its number by ``agent.changes.hunks``."""
        await self._progress.done("The change is ready")
        problem = revision_request(decision, self._texts())
        await self._applier.take_back(decision.get("rejected") or (), f"changes/{number}")
        self._revisions.clear()
        self._told = None
        self._first = self.round + 1
        if problem is None:
            self.round += 1
        else:
            self._asked += [f"{PERSON}{line_of(finding)}" for finding in problem.findings]
        return problem

    async def outcome(self) -> Outcome:
        await self._progress.done("The change is ready")
        existing = self._work.spec.output_mode == "patch_existing"
        found = proof(self._tests, existing=existing, absent_tools=not self._all_tools)
        draft = found["draft"] or self._review["verdict"] != "approve"
        files = self._applier.listed()
        tests = {**self._tests, "proof": found}
        warnings = tuple(self._work.calls.warnings.values())
        return Outcome(files, tests, self._review, draft, warnings, self._said)

    def _reminders(self) -> list[str]:
        own = [said for said in self._asked if not said.startswith(PERSON)]
        old = set(own[:-MAX_ASKED])
        return [said for said in self._asked if said not in old]

    def _as_before(self, concerns: Callable[[str], bool]) -> SetAside:
        """What puts the changed files for which ``concerns`` is true back to what they were before the run."""
        baseline = self._applier.baseline
        paths = [path for path in self._applier.files if concerns(path)]
        swaps = [Swap(path, baseline.now(path), baseline.before(path), baseline.mode_before(path)) for path in paths]
        return SetAside(self._work.root, swaps)

    def _unplanned_test_configuration(self) -> SetAside:
        """In a new project there is nothing from before to judge with."""
        if self._work.spec.output_mode != "patch_existing":
            return NOTHING
        planned, baseline = set(self._work.planned_files()), self._applier.baseline
        swaps = []
        for path in self._applier.files:
            if path in planned or not is_test_configuration(path):
                continue
            before, now = baseline.before(path), baseline.now(path)
            judged = judging(path, before, now)
            if judged != now:
                swaps.append(Swap(path, now, judged, baseline.mode_before(path)))
        return SetAside(self._work.root, swaps)

    def _texts(self) -> dict[str, tuple[str | None, str | None]]:
        return self._applier.baseline.texts(sorted(self._applier.files))

    def _description(self) -> str:
        return describe(self._texts())

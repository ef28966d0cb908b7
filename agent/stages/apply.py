"""From an answer to files: guardrails, then one transaction, then the formatters."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agent.changes.baseline_files import BaselineFiles, FileBefore
from agent.changes.hunks import hunks
from agent.changes.renames import origins
from agent.checks.formatting import FormatReport, clean_files, format_files, joined
from agent.checks.test_configuration import SetAside, Swap
from agent.errors import AgentError, Paused, SandboxFailed, disk_failed
from agent.guardrails import GuardrailFinding, GuardrailResult, check, check_change
from agent.patch import Edits, PatchRejected, apply_edits, ask_for, findings, next_format
from agent.patch.engine import digest
from agent.patch.model import Format
from agent.patch.rollback import NotTakenBack
from agent.patch.tree import Blocked
from agent.ports import JSONObject
from agent.projects import ProjectPart
from agent.stacks import Stack
from agent.stacks.model import Signals
from agent.stages.change_decisions import put_back, reverted_files
from agent.stages.change_events import counted, formatted, patched, refused_files, reverted
from agent.stages.problem import Problem, line_of
from agent.team import PhaseContext
from agent.tools import ToolResult

ANY_STACK = Stack(
    id="any", title="project", language="", project_type="", package_manager="", files_required=(), files_forbidden=(),
    markers=(), packages=(), imports_forbidden=(), install=(), tests=(), build=(), lint=(), format=(), signals=Signals(),
    prompt_notes="", starter=None,
)  # fmt: skip
"""For a project of no known stack, new or there: no rules of its own, no commands."""

_PLACE = re.compile(r" at line \d+ of the answer")
"""The same edit may stand elsewhere in the next answer."""


class ChangeApplier:
    """The files of one run. ``files`` maps each path that it changed to {path, action, added, removed}; ``baseline`` has them
    as they were before. ``begun`` are files that the run has changed before it was planned again."""

    def __init__(self, work: PhaseContext, begun: Mapping[str, FileBefore] | None = None) -> None:
        self._work = work
        self._fresh: list[str] = []
        self._misfits: Counter[Format] = Counter()
        self.unseen: list[str] = []
        self.edits = 0
        self._applied: Sequence[JSONObject] = ()
        self._planned = frozenset(work.planned_files())
        self.baseline = BaselineFiles(work.root, begun)
        self.baseline.keep_paths(self._planned)  # what a command changes of these stays
        self.files: dict[str, JSONObject] = {}
        self._sources: dict[str, str] = {}
        if begun:
            self.has_kept(list(begun))

    async def apply(self, answers: Sequence[Edits], step: str, round_: int) -> Problem | None:
        """Checks ``answers`` and applies them whole, as one, or says what is wrong. ``step`` names the journal step."""
        return await self._check(answers, round_) or await self._apply(answers, f"apply/{step}")

    async def judge(self, round_: int) -> Problem | None:
        """Checks the change that is made: what can't be said of one file alone."""
        if not self.files:
            return Problem("patch", "Every file is exactly as it was, so the task is not done.")
        work = self._work
        texts = self.baseline.texts(sorted(self.files))
        result = await asyncio.to_thread(check_change, texts, root=work.root, stack=work.stack or ANY_STACK, spec=work.spec)
        return await self._verdict(result, round_, "The change breaks the rules.")

    async def edit(self, edits: Edits, step: str) -> ToolResult:
        """Checks and applies the edits of one tool call; a refusal says why, with the file's real lines, and costs no round."""
        result = await self._judged([edits], whole=False)
        if not result.is_valid:
            return ToolResult("Not applied. " + _lines(finding.to_json() for finding in result.errors), is_error=True)
        problem = await self._apply([edits], step)
        if problem is not None and problem.findings:
            return ToolResult(f"Not applied. {_lines(problem.findings)}", is_error=True)
        if problem is not None:
            return ToolResult("Nothing changed: the file already is like this.", is_error=True)
        told = [_told(file) for file in self._applied]
        return ToolResult("\n".join([*told, *(line_of(finding.to_json()) for finding in result.warnings)]))

    def may_keep(self, path: str) -> bool:
        return path in self.files or path in self._planned

    def has_kept(self, paths: Sequence[str]) -> None:
        """A command has changed these, and they stay."""
        for path in paths:
            self._recount(path)
        self._is_known(paths)
        self._fresh += [path for path in paths if path in self.files]
        self.edits += 1

    async def _check(self, answers: Sequence[Edits], round_: int) -> Problem | None:
        request = ""
        result = await self._judged(answers)
        if any(error.code == "format" for error in result.errors):
            request = self._other_format(answers[0].format, ())
        return await self._verdict(result, round_, f"The answer breaks the rules, so none of it was applied.{request}")

    async def _judged(self, answers: Sequence[Edits], *, whole: bool = True) -> GuardrailResult:
        work = self._work
        if any(answer.cut_off for answer in answers):
            cut = GuardrailFinding("cut_off", "The answer reached the model's length limit.", "Send fewer or shorter files.")
            return GuardrailResult((cut,))
        # it may take seconds, in which other runs of this process go on
        stack = work.stack or ANY_STACK
        result = await asyncio.to_thread(check, answers, root=work.root, stack=stack, spec=work.spec, whole=whole)
        return GuardrailResult(self._never_shown(answers), result.warnings) if result.is_valid else result

    async def _verdict(self, result: GuardrailResult, round_: int, detail: str) -> Problem | None:
        work = self._work
        found = result.to_json()
        data = {key: found[key] for key in ("errors", "warnings")}
        data |= {"round": round_, "max_rounds": work.spec.max_revision_rounds}
        if result.is_valid:
            await work.ports.events.emit("validation_passed", data, "The answer passed the checks")
            return None
        await work.ports.events.emit("validation_failed", data, f"{counted(len(result.errors), 'problem')} in the answer")
        return Problem("guardrails", detail, found["errors"])

    def _never_shown(self, answers: Sequence[Edits]) -> list[GuardrailFinding]:
        """Whole files may only replace what the model has read: else it would drop what it doesn't know."""
        whole = [file.names[0] for answer in answers for file in answer.files if file.operation == "write"]
        found = []
        seen = self._work.seen()
        for path in whole:
            if path in seen or path in self.files or not (self._work.root / path).exists():
                continue
            reason = self._work.view.hidden.get(path)
            in_part = path in self._work.view.outlines
            self.unseen.append(path)
            message = "This file exists and you have not read it" + (f": {reason}." if reason else ".")
            message = "This file is long, and you have seen only parts of it." if in_part else message
            hint = "Leave it as it is." if reason else "Its content is included below now; base your next answer on it."
            hint = "Send edits of it, not the whole file." if in_part else hint
            found.append(GuardrailFinding("unseen_file", message, hint, path))
        return found

    async def _apply(self, answers: Sequence[Edits], step: str) -> Problem | None:
        work = self._work
        seen = work.seen()

        async def act() -> JSONObject:
            try:
                return apply_edits(work.root, answers, seen=seen).to_json()
            except PatchRejected as refused:
                return refused.result.to_json()
            except OSError as error:
                raise not_written(error) from error

        for answer in answers:
            self.baseline.keep(answer)
        inputs = {"answers": [answer.text for answer in answers], "seen": seen}
        result = await work.ports.journal.step(
            f"{work.key}/{step}", "apply", inputs, act, announce=patched, mutates=True, writes=_written
        )
        if not result["success"]:
            form = answers[0].format if step.startswith("apply/") else None
            request = self._other_format(form, [file["path"] for file in refused_files(result)]) if form else ""
            found = findings(result)
            work.loops.record_refusal([{**entry, "message": _PLACE.sub("", entry["message"])} for entry in found])
            return Problem("patch", f"The answer could not be applied, so nothing was changed.{request}", found)
        self._applied = result["files"]
        changed = [file["path"] for file in result["files"] if file["action"] != "unchanged"]
        if changed:
            work.loops.record_change()
            self.edits += 1
        self._misfits.clear()
        self._fresh += [file["path"] for file in result["files"] if file["action"] in ("created", "modified", "renamed")]
        moved = {file["path"]: file["source"] for file in result["files"] if file["action"] == "renamed"}
        for path in dict.fromkeys((*changed, *moved.values())):
            self._recount(path)
        known, gone = self._sources, set(moved.values())
        self._sources = {path: source for path, source in known.items() if path not in gone}
        self._sources |= {path: known.get(source, source) for path, source in moved.items()}
        self._is_known(dict.fromkeys((*changed, *moved.values())))
        if not self.files:
            return Problem("patch", "The answer leaves every file exactly as it was, so the task is not done.")
        return None

    def _is_known(self, paths: Iterable[str]) -> None:
        """The session knows what was just made of ``paths``, as far as it knew them: it wrote it itself, or was told."""
        session, root = self._work.session, self._work.root
        for path in paths:
            known = path in session.shown or self.files.get(path, {}).get("action") == "created"
            if known and (root / path).is_file():
                session.shown[path] = digest((root / path).read_bytes())
            elif known:
                session.shown.pop(path, None)

    async def take_back(self, rejected: Sequence[JSONObject], step: str) -> None:
        """Takes the ``rejected`` parts {path, hunk} of the change out of the files."""
        work = self._work
        mine = [entry for entry in rejected if entry.get("path") in self.files]

        async def act() -> JSONObject:
            swaps = reverted_files(self.baseline, mine)
            links = {swap.path: link for swap in swaps if (link := self.baseline.link_before(swap.path)) is not None}
            try:
                put_back(work.root, swaps, links)
            except Blocked as blocked:
                raise AgentError(f"Nothing was reverted: {blocked.reason}.", code="write_failed") from blocked
            except OSError as error:
                raise not_written(error) from error
            return {"files": [swap.path for swap in swaps]}

        work.loops.reset()  # a decision of people: from here on the same may be said again
        inputs = {"rejected": [{"path": entry["path"], "hunk": entry.get("hunk")} for entry in mine]}
        await work.ports.journal.step(
            f"{work.key}/{step}", "apply", inputs, act, announce=reverted, mutates=True, writes=lambda result: result["files"]
        )
        for path in list(self.files):
            self._recount(path)
        self._fresh = list(self.files)
        self._is_known(dict.fromkeys((*(entry["path"] for entry in mine), *self.files)))

    def _recount(self, path: str) -> None:
        if not self.baseline.is_changed(path):
            self.files.pop(path, None)
            return
        old, new = self.baseline.before(path), self.baseline.now(path)
        pair = self.baseline.texts([path]).get(path)
        added, removed = _counts(*pair) if pair else (0, 0)
        action = "created" if old is None else "deleted" if new is None else "modified"
        self.files[path] = {"path": path, "action": action, "added": added, "removed": removed}

    def _other_format(self, form: Format | None, refused: Sequence[str]) -> str:
        """What to ask for after edits in ``form`` of the files ``refused``: another format where it has failed twice. That
        one is asked for from then on."""
        work = self._work
        form = form or work.edit_format
        self._misfits[form] += 1
        other = next_format(
            form, self._misfits[form], whole=all(path not in (*work.view.hidden, *work.view.outlines) for path in refused)
        )
        if other == form:
            return ""
        work.edit_format = other
        return f" {ask_for(other)}"

    def renamed(self) -> dict[str, str]:
        """By the path that a file has now, the one that it had before the run and no longer has."""
        return self._origins({path for path, file in self.files.items() if file["action"] == "deleted"})

    def _origins(self, sources: set[str]) -> dict[str, str]:
        """By the path of a new file, the one among ``sources`` whose content it was. Where nobody said so, what they have in
        common tells: commands rename files without a word, and models delete one file and write another."""
        new = sorted(path for path, file in self.files.items() if file["action"] == "created")
        contents = {path: self.baseline.now(path) for path in new}
        return origins(self._sources, {path: self.baseline.before(path) for path in sorted(sources)}, contents)

    def listed(self) -> list[JSONObject]:
        """The files of the change as they are now beside what they were before the run: {path, action, added, removed}, of a
        renamed one ``source`` as well."""
        for path in list(self.files):
            self._recount(path)
        sources = self.renamed()
        listed = {path: file for path, file in self.files.items() if path not in sources.values()}
        for path, source in sources.items():
            pair = self.baseline.texts([source]).get(source), self.baseline.texts([path]).get(path)
            counts = _counts(pair[0][0], pair[1][1]) if pair[0] and pair[1] else (0, 0)
            listed[path] = {"path": path, "action": "renamed", "added": counts[0], "removed": counts[1], "source": source}
        return [listed[path] for path in sorted(listed)]

    async def format(self, step: str) -> bool:
        """Formats what was just applied with the formatters that its part of the project has. In an existing project a file
        that was there is formatted only by those that found it clean before: else a formatter's own changes would drown the
        task's. Returns False where a formatter is absent that the project counts on. Raises ``Paused('sandbox')``."""
        work = self._work
        fresh, self._fresh = dict.fromkeys(self._fresh), []
        paths = [path for path in fresh if path in self.files and self.files[path]["action"] != "deleted"]
        parts = {part.key: part for path in paths if (part := work.profile.part_of(path)) is not None and part.formatters}
        paths = [path for path in paths if (part := work.profile.part_of(path)) is not None and part.key in parts]
        if not paths:
            return True

        async def act() -> JSONObject:
            await work.commands.restore()
            reports = [
                await self._format_part(part, [path for path in paths if work.profile.part_of(path) == part])
                for part in parts.values()
            ]
            return joined(reports).to_json()

        try:
            result = await work.ports.journal.step(
                f"{work.key}/format/{step}", "format", {"paths": paths}, act, announce=formatted, mutates=True,
                writes=lambda _: paths,
            )  # fmt: skip
        except SandboxFailed as error:
            raise Paused("sandbox", error.detail, hint=error.hint) from error
        self._is_known(paths)
        return not result["missing"]

    async def _format_part(self, part: ProjectPart, paths: Sequence[str]) -> FormatReport:
        """``paths`` are of the change and lie in ``part``."""
        sandbox = self._work.ports.sandbox
        own = {path: path.removeprefix(f"{part.directory}/") if part.directory else path for path in paths}
        # also what is still there: a module that others import, half of one, or what a later answer deletes
        sources = self._origins(set(self.baseline.paths()))
        old = [path for path in paths if self.files[path]["action"] == "modified" or path in sources]
        if self._work.spec.output_mode == "generate_new" or not old:
            return (await format_files(list(own.values()), part.formatters, sandbox, part.directory)).below(part.directory)
        created = [own[path] for path in paths if path not in old]
        reports = [await format_files(created, part.formatters, sandbox, part.directory)]
        # a renamed file is judged by what it was under its old name
        texts = [(path, self.baseline.now(path), self.baseline.before(sources.get(path, path))) for path in old]
        before = SetAside(self._work.root, [Swap(*entry) for entry in texts])
        absent = []
        for tool in part.formatters:
            with before.in_place():
                clean = await clean_files([own[path] for path in old], tool, sandbox, part.directory)
            if clean is None:
                absent.append(tool)
            elif clean:
                reports.append(await format_files(clean, [tool], sandbox, part.directory))
        wanted = [tool for tool in part.formatters if any(tool.wants(own[path]) for path in old)]
        return joined([*reports, FormatReport.without(absent, wanted)]).below(part.directory)


def _counts(old: str | None, new: str | None) -> tuple[int, int]:
    """Lines added and removed."""
    signs = Counter(line[:1] for hunk in hunks(old, new) for line in hunk.lines)
    return signs["+"], signs["-"]


def _lines(findings: Iterable[JSONObject]) -> str:
    return "\n".join(line_of(finding) for finding in findings)


def _told(file: JSONObject) -> str:
    """What became of one file, for whoever sent the edit; how it was matched where that was not word for word."""
    said = f"{file['path']}: {file['action']}, +{file['added']} -{file['removed']}"
    word_for_word = file["match_level"] in ("", "exact", "exact_elsewhere", "whole_file", None)
    return said if word_for_word else f"{said} (found by {file['match_level']})"


def not_written(error: OSError) -> AgentError | Paused:
    where = f"{error.filename}: " if isinstance(error.filename, str) and not error.filename.startswith("/") else ""
    detail = f"The change could not be written: {where}{error.strerror or error}. The files are as they were before."
    if isinstance(error, NotTakenBack):
        detail = str(error)
    return disk_failed(error, detail) or AgentError(
        detail,
        hint="Make room on the disk or check its permissions, then retry the run.",
        code="write_failed",
    )


def _written(result: JSONObject) -> list[str]:
    """The paths of files that were written, renamed or removed; none where the edits were refused."""
    if not result["success"]:
        return []
    return [path for file in result["files"] for path in (file["path"], file["source"]) if path]

"""Verifies a change: installs its dependencies and runs its tests in the sandbox, compares the result with the tests before the
change, and looks a second time before it blames the change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agent import stacks
from agent.checks import coverage, failing_tests, flaky_tests, linting, new_tests, suites
from agent.checks.commands import Commands
from agent.checks.install_notes import notes_of
from agent.checks.project import read_profile
from agent.checks.proof import is_to_blame
from agent.checks.reports.reasons import NONE
from agent.checks.second_look import second_look
from agent.checks.suites import not_run, run_suite
from agent.checks.test_configuration import NOTHING, SetAside
from agent.ports import CommandResult, JSONObject, PlanDraft, Ports, TaskSpec
from agent.projects import ProjectPart
from agent.projects.in_plan import with_edits
from agent.projects.of_stack import part_of_stack
from agent.team.phase_context import PhaseContext
from agent.team.test_report_text import told

TAIL = 4_000
BEFORE = ("status", "passed", "failed", "skipped", "failing", "counted", "source")
UNCOMPARED: JSONObject = {"set_aside": [], "flaky": [], "not_blamed": "", "new_tests": None, "worse_lint": []}
UNCOMPARED |= {"absent_linters": [], "imported_elsewhere": [], "no_longer_run": [], "notes": []}
"""What the data of ``tests_finished`` has where nothing more than a test run was found out."""
NEVER_TESTED: Mapping[str, Any] = MappingProxyType({"failing": (), "parts": ()})
MAX_MODULES = 20


async def install(work: PhaseContext, step: str) -> None:
    """Makes the environments of the parts under test as the files name them now, once per ``step``."""
    for part in work.tested_parts():
        await _installed(work, part, step)


async def _installed(work: PhaseContext, part: ProjectPart, step: str) -> CommandResult | None:
    key = (step, part.key)
    if key not in work.installed:
        work.installed[key] = await _step(work, part, f"environment/{step}").install(part)
    return work.installed[key]


def _step(work: PhaseContext, part: ProjectPart, name: str, aside: SetAside = NOTHING) -> Commands:
    """Commands for ``part`` under a name of their own: that of the first part is the plain ``name``."""
    first = not work.profile.parts or part.key == work.profile.parts[0].key
    return work.commands.step(name if first else f"{name}/{part.key}", aside)


async def measure_baseline(work: PhaseContext) -> None:
    """Runs an existing project's tests before anything is changed, so that old failures are not held against the change."""
    for part in work.tested_parts():
        work.baselines[part.key] = await _tests(work, part, "baseline", work.before)
    work.baseline = _before(work, work.tested_parts())


async def try_out(work: PhaseContext, step: str, changed: coverage.Lines) -> JSONObject:
    """The data of ``tests_finished``. A failing install counts as failing tests, an absent tool as ``unavailable``. Where no
    test fails because of the change, the coverage of the lines ``changed`` (by path) is measured too."""
    events = work.ports.events
    await events.emit("role_message", {"role": "tester", "action": "RunTests"}, "The tester runs the tests")
    parts = work.tested_parts()
    reports = [(part, await _tests(work, part, step, work.aside, _of_part(work, parts, part, changed))) for part in parts]
    if work.baseline is not None:
        await _measure_late(work, parts, step)
        work.baseline = _before(work, parts)
    ran = suites.merged(reports)
    tests = {**ran, "baseline": work.baseline, **failing_tests.compare(work.baseline, ran, work.root), "coverage": None}
    tests |= {**UNCOMPARED, "set_aside": work.aside.paths, "flaky": [], "worse_lint": [], "absent_linters": []}
    tests["imported_elsewhere"] = _imported_elsewhere(work, parts, step)
    tests["notes"] = notes_of([(part, work.installed.get((step, part.key))) for part in parts])
    tests["no_longer_run"] = [
        suites.line_of(part, report)
        for part, report in reports
        if suites.has_run(work.baselines.get(part.key)) and not suites.has_run(report) and _is_there(work, part)
    ]
    if is_to_blame(tests):
        await _look_again(work, reports, tests, step)
    to_blame = is_to_blame(tests)
    if tests["passed"] and not to_blame:
        await _further_evidence(work, reports, tests, step, changed)
    await events.emit("tests_finished", tests, told(tests))
    if to_blame:
        work.loops.record_test_run(parts[0].test if parts else (), 1, tests["output_tail"])
    return tests


def _imported_elsewhere(work: PhaseContext, parts: Sequence[ProjectPart], step: str) -> list[str]:
    """Modules of the project of which the tests would import another copy, so that they say nothing about the change."""
    made = [work.installed.get((step, part.key)) for part in parts]
    return sorted({name for result in made if result is not None for name in result.imported_elsewhere})[:MAX_MODULES]


def _is_there(work: PhaseContext, part: ProjectPart) -> bool:
    """False where the change took the part's whole directory away: then nothing is left of it that could be tested."""
    return (work.root / part.directory).is_dir()


async def _measure_late(work: PhaseContext, parts: Sequence[ProjectPart], step: str) -> None:
    """The change reached parts that the plan does not name: their tests are run on the code before it."""
    for part in parts:
        if part.key not in work.baselines:
            work.baselines[part.key] = await _tests(work, part, f"baseline/{step}", work.before)


def _before(work: PhaseContext, parts: Sequence[ProjectPart]) -> JSONObject:
    known = [(part, work.baselines[part.key]) for part in parts if part.key in work.baselines]
    merged = suites.merged(known)
    return {key: merged[key] for key in BEFORE}


async def _look_again(
    work: PhaseContext, reports: Sequence[tuple[ProjectPart, JSONObject]], tests: JSONObject, step: str
) -> None:
    """Finds what fails by chance, and what fails without the change as well, before the change is blamed."""
    for part, report in reports:
        again, base = _step(work, part, f"again/{step}", work.aside), _step(work, part, f"base/{step}", work.before)
        known = set(work.baselines.get(part.key, {}).get("failing", ()))
        _excuse(
            tests,
            part,
            report,
            known,
            await second_look(part, report, known, again, base if work.baseline is not None else None),
        )
    flaky = set(tests["flaky"])
    tests["newly_failing"] = [name for name in tests["newly_failing"] if name not in flaky]


def _excuse(
    tests: JSONObject, part: ProjectPart, report: JSONObject, known: Collection[str], found: tuple[list[str], str]
) -> None:
    """Notes in ``tests`` what a second look at ``part`` has ``found``."""
    chance, excuse = found
    tests["flaky"] += [suites.named(part, name) for name in chance]
    tests["not_blamed"] = excuse or tests["not_blamed"]
    if excuse or (report["failing"] and {*known, *chance}.issuperset(report["failing"])):
        excused = suites.line_of(part, report)
        tests["no_longer_run"] = [line for line in tests["no_longer_run"] if line != excused]


async def _further_evidence(
    work: PhaseContext,
    reports: Sequence[tuple[ProjectPart, JSONObject]],
    tests: JSONObject,
    step: str,
    changed: coverage.Lines,
) -> None:
    """The coverage is that of the tests' own run; where the runner could not say it, an extra run is made."""
    parts = [part for part, _ in reports]
    if work.baseline is not None:
        await _without_the_change(work, parts, tests, step)
    measured = []
    for part, report in reports:
        known, own = report.get("coverage"), _of_part(work, parts, part, changed)
        if own and known is None:
            commands = _step(work, part, f"coverage/{step}", work.aside)
            known = await coverage.measure(part, own, commands, took=report["seconds"], spent=work.commands.spent)
        measured += [known] if own and known is not None else []
    tests["coverage"] = coverage.combined(measured)


def _of_part(work: PhaseContext, parts: Sequence[ProjectPart], part: ProjectPart, changed: coverage.Lines) -> coverage.Lines:
    return {path: lines for path, lines in changed.items() if work.profile.part_of(path) == part or len(parts) == 1}


async def _without_the_change(work: PhaseContext, parts: Sequence[ProjectPart], tests: JSONObject, step: str) -> None:
    """The change's own tests on the code before it, and what the project's linters said before."""
    found = []
    for part in parts:
        code_before = _step(work, part, f"without/{step}", work.code_before)
        files = new_tests.test_files(part, [path for path in work.changed if (work.root / path).is_file()])
        if files and part.test:
            found.append(await new_tests.fail_without(part, files, code_before))
    if known := [entry for entry in found if entry is not None]:
        tests["new_tests"] = {
            "files": [path for entry in known for path in entry["files"]],
            "failed": sum(entry["failed"] for entry in known),
            "passed": sum(entry["passed"] for entry in known),
        }
    for part in work.profile.parts:
        now, before = _step(work, part, f"lint/{step}"), _step(work, part, f"lint_before/{step}", work.before)
        old = [path for path in work.modified if work.profile.part_of(path) == part]
        compared = await linting.compare(part, old, now, before)
        tests["worse_lint"] += compared.worse
        tests["absent_linters"] += [name for name in compared.absent if name not in tests["absent_linters"]]


async def try_again(
    root: Path,
    spec: TaskSpec,
    draft: PlanDraft,
    paths: Sequence[str],
    ports: Ports,
    key: str,
    *,
    earlier: Mapping[str, Any] = NEVER_TESTED,
    before: SetAside = NOTHING,
) -> JSONObject:
    """The report on the parts around ``paths`` in the workdir ``root``, which changed without the team; ``key`` is the prefix
    of the journal's steps. ``earlier`` is the report from before that; ``before`` takes the team's change out, so that what
    fails by chance, or without it as well, is told apart (``flaky``, ``not_blamed``)."""
    commands = Commands(ports, key)
    of_stack = part_of_stack(stacks.get(draft.stack)) if draft.stack else None
    profile, _ = await read_profile(root, ports.journal, f"{key}/profile", with_edits(spec.commands, draft.plan), of_stack)
    reports, elsewhere, suffixes, made = [], set[str](), dict[str, str](), []
    for part in profile.tested_by(paths):
        suffixes[part.key] = suffix = "" if part.key == profile.parts[0].key else f"/{part.key}"
        if not part.test:
            reports.append((part, _without_command(part)))
            continue
        installed = await commands.step(f"environment{suffix}").install(part)
        made.append((part, installed))
        elsewhere.update(installed.imported_elsewhere if installed is not None else ())
        reports.append((part, await _proved(part, installed, commands.step(f"suite{suffix}"))))
    tests = {**suites.merged(reports), "imported_elsewhere": sorted(elsewhere)[:MAX_MODULES], "flaky": [], "not_blamed": ""}
    tests |= {"no_longer_run": _silent(reports, earlier), "notes": notes_of(made)}
    for part, report in reports:
        again, base = commands.step(f"again{suffixes[part.key]}"), commands.step(f"base{suffixes[part.key]}", before)
        known = {name for name in report["failing"] if suites.named(part, name) in earlier["failing"]}
        _excuse(tests, part, report, known, await second_look(part, report, known, again, base if before.paths else None))
    return tests


def _silent(reports: Sequence[tuple[ProjectPart, JSONObject]], earlier: Mapping[str, Any]) -> list[JSONObject]:
    """Lines of parts that ran when ``earlier`` was made, and can't now."""
    ran = {(line["directory"], line["command"]) for line in earlier["parts"] if suites.has_run(line)}
    lines = [suites.line_of(part, report) for part, report in reports if not suites.has_run(report)]
    return [line for line in lines if (line["directory"], line["command"]) in ran]


async def _tests(
    work: PhaseContext, part: ProjectPart, step: str, aside: SetAside, lines: coverage.Lines | None = None
) -> JSONObject:
    """A project without a file that its runner would take for a test has nothing to run, so nothing is installed for it.

    With changed ``lines`` their coverage is measured in the same run. Where tests fail then that did not fail before, and can't
    be run again alone, all are run again without it: measuring is never why a change is blamed.
    """
    if aside is not work.before and not _is_there(work, part):
        return not_run("unavailable", f"{part.place} is not there any more.")
    if part.test and not work.has_tests(part):
        return not_run("unavailable", NONE)
    if not part.test:
        return _without_command(part)
    installed, before = await _installed(work, part, step), work.baselines.get(part.key)
    slow = before is not None and before["seconds"] > coverage.MAX_MEASURED
    report = await _proved(part, installed, _step(work, part, f"suite/{step}", aside), {} if slow else lines)
    if not report.get("measured") or report["status"] == "passed":
        return report
    names = [name for name in report["failing"] if before is None or name not in before["failing"]]
    as_before = before is not None and report["failed"] <= before["failed"] and report["passed"] >= before["passed"]
    if flaky_tests.tells(part, names) or (as_before and not names):
        return report
    return await run_suite(part, _step(work, part, f"plain/{step}", aside))


def _without_command(part: ProjectPart) -> JSONObject:
    return not_run("unavailable", part.evidence.get("test") or suites.NO_COMMAND)


async def _proved(
    part: ProjectPart, installed: CommandResult | None, commands: Commands, lines: coverage.Lines | None = None
) -> JSONObject:
    if installed is not None and not installed.available:
        return not_run("unavailable", f"{installed.argv[0]} is not available here.")
    if installed is not None and not installed.ok:
        why = "took too long" if installed.timed_out else f"failed with exit code {installed.exit_code}"
        reason = f"Installing the dependencies {why}."
        return not_run("failed", reason, f"{reason[:-1]}:\n{installed.output_tail[-TAIL:]}")
    return await run_suite(part, commands, lines=lines)

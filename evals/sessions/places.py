"""Where a case happens: a git repository with its bug, an environment of its people, and the hidden tests for what came out."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from evals.repositories import by_hand, trees
from evals.sessions.case import ScriptedEdit, SessionCase
from evals.worktree import changed_files, patch_of, prepare

HIDDEN_SECONDS = 300
LEFT_BEHIND = ("node_modules/", "package-lock.json", "*.egg-info/", "__pycache__/", "build/", ".pytest_cache/", ".coverage")
"""What installs and tests leave in a tree: part of no change."""


@dataclass(frozen=True)
class CasePlace:
    """``root`` is the repository, ``environment`` where its programs are. Only what is in git counts."""

    case: SessionCase
    root: Path
    environment: Path

    def change(self) -> str:
        """The working tree's change as a patch, and the tree as it was before again."""
        patch = patch_of(self.root)
        self.reset()
        return patch

    def reset(self) -> None:
        for command in (["reset", "-q", "--hard", "HEAD"], ["clean", "-fdq"]):
            subprocess.run(["git", *command], cwd=self.root, check=True, capture_output=True)

    def judge(self, patch: str) -> str:
        """Empty where the hidden tests pass on ``patch``, else the end of what they print."""
        if patch:
            subprocess.run(
                ["git", "apply", "--whitespace=nowarn", "-"], cwd=self.root, input=patch.encode("utf-8", "surrogateescape"),
                check=True, capture_output=True,
            )  # fmt: skip
        try:
            for path, text in self.case.hidden.items():
                write(self.root / path, text)
            done = by_hand.run_line(self.case.command, self.root, self.environment, HIDDEN_SECONDS)
        finally:
            self.reset()
        return "" if done.returncode == 0 else done.stdout.strip()[-3_000:] or f"exit code {done.returncode}"


def prepare_place(case: SessionCase, cache: Path, directory: Path) -> CasePlace:
    """Raises TreeNotMade, or HandFailed where its people's set-up does not work here."""
    root, environment, made = directory / "project", directory / "environment", directory / "made"
    trees.repository(case.project, cache, made)
    for bug in case.bugs:
        trees.plant(made, bug)
    shutil.rmtree(made / ".git")
    prepare(made, root)
    shutil.rmtree(made)
    with (root / ".git/info/exclude").open("a") as listed:
        listed.write("\n".join(LEFT_BEHIND) + "\n")
    by_hand.set_up(case.project, root, environment)
    place = CasePlace(case, root, environment)
    place.reset()  # of what the set-up wrote into files of the project, such as its version
    return place


def carry_out(root: Path, edit: ScriptedEdit) -> None:
    """Raises ValueError for an edit whose ``old`` is not in the file once."""
    place = root / edit.path
    if not edit.old:
        write(place, edit.new)
        return
    text = place.read_text("utf-8")
    if text.count(edit.old) != 1:
        raise ValueError(f"{edit.path} has {text.count(edit.old)} times what an edit replaces; it has to be there once.")
    place.write_text(text.replace(edit.old, edit.new), "utf-8")


def write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")


def check(place: CasePlace) -> str:
    """What is wrong with the case, in a sentence: its hidden tests have to fail before its edits and to pass after."""
    if not place.judge(""):
        return "its hidden tests pass before anything is done"
    for edit in place.case.edits:
        try:
            carry_out(place.root, edit)
        except (OSError, ValueError) as error:
            return str(error)
    patch = patch_of(place.root)
    strayed = set(changed_files(place.root)) - set(place.case.files)
    place.reset()
    said = place.judge(patch)
    if strayed:
        return f"its edits change {', '.join(sorted(strayed))}, which they do not name"
    return f"its hidden tests fail after its edits: {said}" if said else ""

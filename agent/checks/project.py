"""Finds out what the repository in a workdir is, once for a journal step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.context.listing import list_files
from agent.ports import Journal, JSONObject
from agent.projects import ProjectFiles, ProjectPart, ProjectProfile
from agent.projects.detect import detect


async def read_profile(
    root: Path, journal: Journal, key: str, settings: Mapping[str, Any], stack_part: ProjectPart | None = None
) -> tuple[ProjectProfile, frozenset[str]]:
    """The profile, and the keys of the parts that have files with tests. ``settings`` are the project's own commands;
    ``stack_part`` is what a stack says where the files name no command that tests them."""

    async def act() -> JSONObject:
        files = await list_files(root)
        found = await asyncio.to_thread(detect, ProjectFiles.at(root, files), settings=settings)
        tested = [part.key for part in found.parts if any(part.is_test(path) for path in files)]
        return {**found.to_json(), "with_tests": tested}

    known = await journal.step(key, "read", {"commands": dict(settings)}, act)
    profile = ProjectProfile.from_json(known)
    if stack_part is not None and not any(part.test for part in profile.parts):
        others = [part for part in profile.parts if part.key != stack_part.key]
        profile = replace(profile, parts=(stack_part, *others))
    return profile, frozenset(known["with_tests"])

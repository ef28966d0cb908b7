"""Which directories of a workspace are its members, by the globs in its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.projects.files import ProjectFiles
from agent.stacks.globs import matches

MAX_GLOBS = 64
MAX_CANDIDATES = 2_000
"""Directories with a manifest, of which each is matched with each glob."""
MAX_GLOB = 200


def member_directories(
    files: ProjectFiles, manifest: str, globs: Sequence[str], excluded: Sequence[str] = ()
) -> tuple[str, ...]:
    """The directories below ``files`` that hold ``manifest`` (its name) and fit one of ``globs``, from the repository's root.

    ``{a,b}`` stands for alternatives, and a glob that begins with ``!`` takes members away, as npm, pnpm and yarn have it.
    """
    wanted = list(_expanded([glob for glob in globs if not glob.startswith("!")]))
    against = list(_expanded([*excluded, *(glob[1:] for glob in globs if glob.startswith("!"))]))
    end = f"/{manifest}"
    candidates = [path for path in files.paths if path.endswith(end) and "node_modules/" not in path][:MAX_CANDIDATES]
    return tuple(
        files.from_root(path.removesuffix(end))
        for path in candidates
        if any(matches(glob + end, path) for glob in wanted) and not any(matches(glob + end, path) for glob in against)
    )


def _expanded(globs: Sequence[str]) -> Iterator[str]:
    """At most ``MAX_GLOBS``, without what surrounds a path, each alternative of the first braces for itself."""
    left = MAX_GLOBS
    for glob in globs[:MAX_GLOBS]:
        for one in _alternatives(glob.strip().removeprefix("./").rstrip("/")[:MAX_GLOB]):
            if one and left:
                left -= 1
                yield one


def _alternatives(glob: str) -> list[str]:
    before, opened, rest = glob.partition("{")
    inside, closed, after = rest.partition("}")
    return [before + one + after for one in inside.split(",")] if opened and closed else [glob]

"""Whether ``import`` gives what lies in the working tree: looked up in the environment, without importing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.documents import Unreadable, read_json
from agent.sandbox.bubblewrap import WORKDIR, Cell
from agent.sandbox.host_mounts import Bind
from agent.sandbox.limits import Limits
from agent.sandbox.python.layout import ImportNames
from agent.sandbox.python.packages import Execute
from agent.sandbox.python.project import SCRIPTS, SCRIPTS_DIR

TIMEOUT = 60.0
MAX_NAMES = 500


@dataclass(frozen=True)
class ImportCheck:
    """``elsewhere`` are modules of the project that are imported from another place, ``missing`` those that are not found."""

    elsewhere: Sequence[str] = ()
    missing: Sequence[str] = ()

    def notes(self) -> list[str]:
        said = []
        if self.elsewhere:
            said.append(f"Not the working tree but another copy is imported for: {', '.join(self.elsewhere)}.")
        if self.missing:
            said.append(f"Modules of the project that can't be imported in its environment: {', '.join(self.missing)}.")
        return said


async def check(root: Path, binds: Sequence[Bind], names: Iterable[ImportNames], execute: Execute) -> ImportCheck:
    """``binds`` are those of the environment."""
    main, others = set[str](), set[str]()
    for entry in names:
        main.update(entry.main)
        others.update(entry.others)
    wanted = sorted(main | others)[:MAX_NAMES]
    if not wanted:
        return ImportCheck()
    env = {"PATH": "/env/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    seen = [*binds, Bind(str(root), WORKDIR), Bind(str(SCRIPTS), SCRIPTS_DIR)]
    # -P: the script's own directory is not looked in
    argv = ("python", "-P", f"{SCRIPTS_DIR}/find_modules.py", *wanted)
    result = await execute(Cell(seen, env, limits=Limits()), argv, TIMEOUT)
    try:
        found = read_json(next(iter(result.output_tail.strip().splitlines()[-1:]), "")) if result.ok else None
    except Unreadable:
        found = None
    if not isinstance(found, dict):
        return ImportCheck(missing=sorted(main))
    places = {name: found.get(name) or [] for name in wanted}
    return ImportCheck(
        [name for name in wanted if places[name] and not any(_is_ours(place) for place in places[name])],
        [name for name in sorted(main) if not places[name]],
    )


def _is_ours(place: object) -> bool:
    return isinstance(place, str) and (place == WORKDIR or place.startswith(f"{WORKDIR}/"))

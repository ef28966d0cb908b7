"""What built distributions say that they need, in the METADATA files beside them (PEP 566, PEP 508)."""

from __future__ import annotations

from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement

from agent.context.paths import is_regular
from agent.patterns import linear
from agent.sandbox.requirements.kinds import is_for_tests
from agent.sandbox.requirements.model import parsed

MAX_BYTES = 1 << 20
MAX_LINES = 1_000
_EXTRA = linear(r"""\bextra\s*==\s*["']([\w.-]{1,100})["']""")
_ONLY_EXTRA = linear(r"""\s*;?\s*(?:and\s+)?\(?extra\s*==\s*["'][\w.-]{1,100}["']\)?\s*""")


def required(site: Path) -> list[str]:
    """Requirement lines of the distributions in ``site``, sorted; those of extras only where they are for tests."""
    found: set[str] = set()
    for info in sorted(site.glob("*.dist-info")):
        name = f"{info.name}/METADATA"
        if not is_regular(site, name) or (site / name).stat().st_size > MAX_BYTES:
            continue
        text = (site / name).read_text(encoding="utf-8", errors="replace")
        for line in (HeaderParser().parsestr(text).get_all("Requires-Dist") or [])[:MAX_LINES]:
            requirement = parsed(str(line).strip())
            if not isinstance(requirement, Requirement) or requirement.url is not None:
                continue
            extra = _EXTRA.search(str(requirement.marker or ""))
            if extra is None:
                found.add(str(requirement))
            elif is_for_tests(extra[1]):
                found.add(_ONLY_EXTRA.sub("", str(requirement)) if _ONLY_EXTRA.search(str(requirement)) else str(requirement))
    return sorted(found)

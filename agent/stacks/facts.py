"""What the manifests of a repository prove: a stack by a dependency on it, or that the project is outside the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.stacks.manifests import is_manifest, runtime_names
from agent.stacks.outside import outside
from agent.stacks.store import catalogue

PROOF_WEIGHT = 10.0
"""The weights of the packages that prove a stack come to this."""


@dataclass(frozen=True)
class Facts:
    """``stacks`` are those that the manifests prove, id → why; ``others`` technologies outside the catalogue, title → why."""

    stacks: Mapping[str, str]
    others: Mapping[str, str]

    @property
    def stack(self) -> str | None:
        """The one that is proved, where nothing else is."""
        return next(iter(self.stacks)) if len(self.stacks) == 1 and not self.others else None

    @property
    def is_none(self) -> bool:
        """Whether what the manifests prove is outside the catalogue."""
        return bool(self.others) and not self.stacks


def facts_of(files: Sequence[str], manifests: Mapping[str, str]) -> Facts:
    """What ``manifests`` (path → text) name and which of ``files`` are manifests of other technologies.

    Those nearest to the top count: documentation in a folder has tools of its own. A stack that another proved one includes is
    not named beside it: a project of Next.js has React among its packages.
    """
    stacks: list[tuple[int, str, str]] = []
    others: list[tuple[int, str, str]] = []
    for path, text in sorted(manifests.items()):
        names = runtime_names(path, text) if is_manifest(path) else frozenset()
        depth = path.count("/")
        for stack in catalogue():
            found = [(weight, name) for name, weight in stack.signals.packages if name in names]
            if sum(weight for weight, _ in found) >= PROOF_WEIGHT:
                stacks.append((depth, stack.id, f"a manifest names {max(found)[1]}"))
        of_packages = ((title, name) for name, title in outside().packages.items() if name in names)
        others += [(depth, title, f"a manifest names {name}") for title, name in of_packages]
    for path in files:
        title = outside().manifests.get(path.rpartition("/")[2])
        if title is not None:
            others.append((path.count("/"), title, f"the repository has {path}"))
    nearest = min((depth for depth, _, _ in (*stacks, *others)), default=0)
    proved = {id: why for depth, id, why in stacks if depth == nearest}
    included = {other for stack in catalogue() if stack.id in proved for other in stack.signals.includes}
    return Facts(
        {id: why for id, why in proved.items() if id not in included},
        {title: why for depth, title, why in reversed(others) if depth == nearest},
    )

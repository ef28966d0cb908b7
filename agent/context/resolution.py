"""Where in the repository that is what a task speaks of: its paths, names of code and frames of tracebacks.

What the repository does not have is left out, and so is a name that it has too often to be of help.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from agent.context.mentions import Mention, NameMention, PathMention
from agent.context.nesting import MAX_SHOWN, around_line, by_line, enclosing
from agent.context.path_lookup import PathLookup
from agent.context.side_paths import worth
from agent.context.tag_index import Definitions
from agent.context.tokenization import all_parts, parts_of
from agent.symbols.tags import Definition

MAX_RESOLVED = 15
MAX_PATHS = 9
"""Of them: a traceback has many frames, and the names beside it must have room."""
MAX_PLACES = 3
MAX_DEFINED = 8
"""A name that stands for itself and is defined more often is left out."""
TYPES = frozenset(("class", "struct", "interface", "enum", "type"))
INSTANCES = frozenset(("self", "this", "cls", "super", "me", "it"))


@dataclass(frozen=True)
class Place:
    """``line`` is 0 for a file as a whole."""

    path: str
    line: int = 0
    signature: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where} {self.signature}".rstrip()


@dataclass(frozen=True)
class Resolved:
    """``places`` are the candidates, the likeliest first; there may be more than are shown (``count``). ``is_path``: a path was
    named, not something that is defined in it."""

    name: str
    places: tuple[Place, ...]
    count: int
    is_path: bool = False

    def __str__(self) -> str:
        more = f" (and {self.count - len(self.places)} more)" if self.count > len(self.places) else ""
        return f"{self.name} -> " + " | ".join(map(str, self.places)) + more


def resolve(
    mentions: Iterable[Mention],
    files: Sequence[str],
    definitions: Definitions,
    words: Sequence[str],
    copies: Collection[str] = (),
) -> list[Resolved]:
    """At most ``MAX_RESOLVED``, in the order of ``mentions``. ``words`` of the task decide between candidates; names are not
    looked for in ``copies``."""
    return _Resolution(files, definitions, words, copies).all(mentions)


class _Resolution:
    def __init__(self, files: Sequence[str], definitions: Definitions, words: Sequence[str], copies: Collection[str]) -> None:
        self._lookup = PathLookup(files)
        self._definitions = definitions
        self._meant = all_parts(words)
        self._named: dict[str, list[tuple[str, Definition]]] = defaultdict(list)
        for path, defined in definitions.items():
            # a name that is defined again at the same place is one: overloads, and what is implemented in several parts
            longest: dict[tuple[str, int], Definition] = {}
            for found in defined if path not in copies else ():
                known = longest.get((found.name, found.inside))
                if known is None or found.end - found.line >= known.end - known.line:
                    longest[found.name, found.inside] = found
            for found in longest.values():
                self._named[found.name].append((path, found))

    def all(self, mentions: Iterable[Mention]) -> list[Resolved]:
        found: list[Resolved] = []
        seen: set[tuple[str, int]] = set()
        of_paths = 0
        for mention in mentions:
            if isinstance(mention, PathMention):
                if of_paths >= MAX_PATHS:
                    continue
                resolved = self._path(mention)
            else:
                resolved = self._name(mention)
            fresh = resolved is not None and any((place.path, place.line) not in seen for place in resolved.places)
            if resolved is None or not fresh:
                continue
            of_paths += isinstance(mention, PathMention)
            seen.update((place.path, place.line) for place in resolved.places)
            # that a line of a file is shown says all that the file's name would
            seen.update((place.path, 0) for place in resolved.places)
            found.append(resolved)
            if len(found) >= MAX_RESOLVED:
                break
        return found

    def _path(self, mention: PathMention) -> Resolved | None:
        written = f"{mention.path}:{mention.line}" if mention.line else mention.path
        if folder := self._lookup.folder(mention.path):
            return Resolved(written, (Place(folder + "/"),), 1, is_path=True)
        found = self._lookup.find(mention.path)
        value = {path: worth(path, self._meant) for path in found}
        places = [self._in_file(path, mention) for path in found if value[path] == max(value.values())]
        return Resolved(written, tuple(places), len(places), is_path=True) if places else None

    def _in_file(self, path: str, mention: PathMention) -> Place:
        """The line that is named, or the function that is named with it: a trace may be of another version of the file."""
        defined = self._definitions.get(path, ())
        lines = by_line(defined)
        named = [found for found in defined if found.name == mention.name] if mention.name else []
        if named:
            best = min(named, key=lambda found: (not found.line <= mention.line <= found.end, abs(found.line - mention.line)))
            if not best.line <= mention.line <= best.end:
                return Place(path, best.line, _signature(best, lines))
        around = around_line(mention.line, defined) if mention.line else None
        return Place(path, mention.line, f"in {_signature(around, lines)}" if around else "")

    def _name(self, mention: NameMention) -> Resolved | None:
        *qualifiers, name = mention.parts
        if qualifiers and qualifiers[0] in INSTANCES:
            qualifiers = qualifiers[1:]
        scored = [(self._fit(qualifiers, path, found), path, found) for path, found in self._named.get(name, ())]
        best = max((fit for fit, _, _ in scored), default=0)
        if qualifiers and not best:
            return self._module(mention) or self._owner(mention, scored)
        candidates = [(path, found) for fit, path, found in scored if fit == best]
        if not candidates:
            return self._module(mention)
        if not qualifiers and not mention.sure and name.istitle():
            # any sentence begins so: only what has such names is meant
            candidates = [entry for entry in candidates if entry[1].kind in TYPES]
            if not candidates:
                return None
        return self._chosen(mention.text, candidates)

    def _fit(self, qualifiers: Sequence[str], path: str, found: Definition) -> int:
        """How many of ``qualifiers``, from the last one, are the definitions around ``found`` and the module that it is in."""
        if not qualifiers:
            return 0
        lines = by_line(self._definitions[path])
        stem = path.partition(".")[0].removesuffix("/__init__").removesuffix("/index")
        chain = [*stem.split("/"), *(one.name for one in enclosing(found, lines)), *_receiver(found)]
        fit = 0
        for qualifier in reversed(qualifiers):
            if qualifier not in chain:
                break
            chain = chain[: chain.index(qualifier)]
            fit += 1
        return fit

    def _module(self, mention: NameMention) -> Resolved | None:
        """A name that is a module's, whole or (``pkg.mod.attribute``) in its beginning."""
        parts = mention.parts
        if len(parts) == 1 and not mention.sure and "_" not in parts[0]:
            return None
        for until in range(len(parts), 0, -1):
            if until < len(parts) and until < 2:
                break
            if places := [Place(path) for path in self._lookup.modules(parts[:until]) if path in self._definitions]:
                return Resolved(mention.text, tuple(places), len(places))
        return None

    def _owner(self, mention: NameMention, scored: Sequence[tuple[int, str, Definition]]) -> Resolved | None:
        """Of ``Class.attribute`` whose attribute is inherited, or made at run time, the class; of ``client.fetch_all`` the
        method, where hardly anything else is called so."""
        for qualifier in reversed(mention.parts[:-1]):
            if not _is_plain(qualifier) and (owners := self._named.get(qualifier)) and len(owners) <= MAX_PLACES:
                return self._chosen(mention.text, [*owners, *(entry[1:] for entry in scored[: MAX_PLACES - len(owners)])])
        if not _is_plain(mention.parts[-1]) and len(scored) <= MAX_PLACES and scored:
            return self._chosen(mention.text, [entry[1:] for entry in scored])
        return None

    def _chosen(self, name: str, candidates: Sequence[tuple[str, Definition]]) -> Resolved | None:
        """The likeliest of ``candidates``; tests, examples and code of others count only where there is nothing else."""
        value = {path: worth(path, self._meant) for path, _ in candidates}
        most = max(value.values())
        kept = [entry for entry in candidates if value[entry[0]] == most]
        if len(kept) > MAX_DEFINED:
            return None

        def order(entry: tuple[str, Definition]) -> tuple[int, bool, str, int]:
            path, found = entry
            about = len(self._meant.intersection(part for folder in path.split("/") for part in parts_of(folder)))
            return (-about, found.kind in ("impl", "constant"), path, found.line)

        shown = sorted(kept, key=order)[:MAX_PLACES]
        places = [Place(path, found.line, _signature(found, by_line(self._definitions[path]))) for path, found in shown]
        return Resolved(name, tuple(places), len(kept))


def _signature(found: Definition, lines: dict[int, Definition]) -> str:
    """With the name of what encloses it."""
    around = ".".join(one.name for one in enclosing(found, lines))
    said = found.signature.strip().removesuffix(":")[:MAX_SHOWN]
    said += "…)" if said.endswith("(") else ""
    return f"{said} (in {around})" if around else said


def _receiver(found: Definition) -> list[str]:
    """The type that a method of Go belongs to: its definition stands beside the type's."""
    if not found.signature.startswith("func ("):
        return []
    inside = found.signature[len("func (") :].partition(")")[0]
    return [inside.partition("[")[0].split(" ")[-1].lstrip("*")]


def _is_plain(name: str) -> bool:
    return name.islower() and name.isalpha()

"""How a repository's people write their commits, and a model's commit message made to fit.

All of it is read from hostile text and is pure: the same commits give the same style, so a replay fits a message the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from agent.changes import commit_words
from agent.changes.commit_layout import WIDTH, shortened, wrapped
from agent.changes.commit_safety import harmless, printable
from agent.changes.commit_subject import BRACKET, COLON, CONVENTIONAL, NUMBER_SUFFIX, PLAIN, TICKET, SubjectParts, parts_of
from agent.context.commits import PastCommit
from agent.patterns import linear
from agent.prompt_blocks import block

READ = 30
"""Commits of people that are looked at, the newest."""
ENOUGH = 3
"""Fewer say nothing about a style."""
SHARE = 0.6
SAMPLES = 3
MAX_SAMPLE = 100
MAX_SHOWN = 6
"""Types, scopes or prefixes that are named."""
MIN_LIMIT = 50
MAX_SUBJECT = 1_000
MAX_BODY = 6_000
"""Characters of a model's subject and body."""

_BOT = linear(
    r"(?i)\[bot\]|(?:^|[^a-z])bot(?:[^a-z]|$)|dependabot|renovate|github-actions|greenkeeper|snyk|pre-commit-ci|semantic-release"
    r"|mergify|weblate|pyup|scala-steward|copilot-swe-agent|allcontributors|^mgx agent <"
)
_CAMEL_BOT = linear(r"[a-z]Bot\b")
_OURS = linear(r"(?m)^MGX-Run: ")
_NOT_WRITTEN = linear(
    r"^(?:Merge |Revert \"|fixup! |squash! |amend! |MGX Task: |WIP\b|(?:Release |Version |Bump version )?v?\d+(?:\.\d+)+\S*$)"
)
_TRAILER = linear(r"^([A-Z][A-Za-z-]{2,40}): \S")
_SAFE_NAME = linear(r"^[A-Za-z0-9_./+-]{1,24}$")
_QUOTED = linear(r"^[\"'`]([^\"'`]+)[\"'`]$")
_LABEL = linear(r"(?i)^(?:commit message|subject)\s*:\s*")
_DANGLING = linear(r"^(?:[\s:,;–—]+|[-.]\s+)+")
_SPACES = linear(r" {2,}")
_EMPTY_LINES = linear(r"\n{3,}")


@dataclass(frozen=True)
class CommitStyle:
    """What the last commits have in common. ``form`` is a kind of `commit_subject`; ``names`` are the types of Conventional
    Commits, or the prefixes or keys of tickets; ``mood`` is a form of `commit_words`, "" where it is mixed. ``capital`` is
    about the first letter after the prefix, None where it is mixed. ``usual`` and ``longest`` are characters of a subject,
    ``longest`` at most 72; ``commits`` says from how many all this is."""

    commits: int = 0
    form: str = PLAIN
    names: Sequence[str] = ()
    scopes: Sequence[str] = ()
    mood: str = commit_words.IMPERATIVE
    capital: bool | None = None
    period: bool = False
    usual: int = 50
    longest: int = WIDTH
    bodies: bool = False
    trailers: Sequence[str] = ()
    samples: Sequence[str] = ()

    @property
    def known(self) -> bool:
        return self.commits >= ENOUGH

    def told(self) -> str:
        """For the prompt of whoever writes the message: at most four lines, and subjects of the repository as a data block."""
        if not self.known:
            return (
                "Too few commits show a style: write the subject in the imperative, without a period, in at most "
                f"{WIDTH} characters, and a body that says why."
            )
        lines = [self._form(), f"{self._description()} Usually {self.usual} characters, at most {self.limit}."]
        lines.append("Most commits have a body." if self.bodies else "Most have no body: write one if the reason is not plain.")
        if self.trailers:
            lines.append(f"People add their own {', '.join(self.trailers)}: write no such line.")
        return "\n".join([*lines, "Subjects of the repository:", block("commit_subjects", "\n".join(self.samples))])

    @property
    def limit(self) -> int:
        """The longest subject that fits, in characters: 72 where too few commits show that people keep to less."""
        return max(MIN_LIMIT, self.longest) if self.commits >= READ else WIDTH

    def follows(self, subject: str) -> bool:
        """Whether subjects here begin with a type, a prefix or a ticket, which checks may ask for, and ``subject`` does too."""
        return self.known and self.form != PLAIN and parts_of(subject).form == self.form

    def fitted(self, subject: str, body: str, *, issues: Collection[int] = ()) -> tuple[str, str]:
        """The model's ``subject`` and ``body`` made harmless (`commit_safety`) and laid out as the style has it. ``issues`` may
        be named and closed. The words stay the model's: a form that it does not follow is not invented. ("", body) where no
        subject is left."""
        said = harmless(printable(subject[:MAX_SUBJECT]), issues).strip()  # before lines are parted: a mark may go over two
        line, _, rest = _LABEL.sub("", said).partition("\n")
        whole = self._subject(line, issues)
        body = body.strip()
        if body == line or body.startswith(f"{line}\n"):
            body = body[len(line) :]
        short = shortened(whole, self.limit, parts_of(whole).prefix)
        paragraphs = [whole if short != whole else "", rest.strip(), _cut(printable(body)).strip("\n")]
        text = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
        # once more: another place in its line can make words a trailer
        text = harmless(wrapped(harmless(text, issues)), issues)
        lines = "\n".join(line.rstrip() for line in text.split("\n"))
        return short, _EMPTY_LINES.sub("\n\n", lines).strip("\n")

    def _subject(self, line: str, issues: Collection[int]) -> str:
        line = _DANGLING.sub("", _SPACES.sub(" ", harmless(line, issues)).strip())
        line = _QUOTED.sub(r"\1", line)
        if not self.period:
            line = line.rstrip(" .…")
        at = parts_of(line).prefix
        word = line[at:].partition(" ")[0]
        if self.capital is not None and commit_words.form_of(word) == commit_words.IMPERATIVE:
            first = word[0].upper() if self.capital else word[0].lower()
            line = f"{line[:at]}{first}{line[at + 1 :]}"
        return line

    def _form(self) -> str:
        names = f" ({', '.join(self.names)})" if self.names else ""
        if self.form == CONVENTIONAL:
            scopes = f"; scopes: {', '.join(self.scopes)}" if self.scopes else ", mostly without a scope"
            return f"Commit subjects here are Conventional Commits, `type(scope): description`: types{names}{scopes}."
        if self.form == BRACKET:
            return f"Commit subjects here begin with the part in brackets, `[part] description`{names}."
        if self.form == COLON:
            return f"Commit subjects here begin with the part and a colon, `part: description`{names}."
        if self.form == TICKET:
            return f"Commit subjects here begin with the key of a ticket{names}: use the one that the task names, no other."
        return "Commit subjects here have no prefix."

    def _description(self) -> str:
        said = [f"in the {self.mood} (“{commit_words.EXAMPLES[self.mood]}”)"] if self.mood else []
        if self.capital is not None:
            said.append(f"beginning with a {'capital' if self.capital else 'small'} letter")
        said.append("ending with a period" if self.period else "without a period")
        return f"The description is written {', '.join(said)}."


def style_of(commits: Sequence[PastCommit]) -> CommitStyle:
    """From the newest ``READ`` commits that people wrote; merges, reverts, releases, and those of programs say nothing."""
    written = [commit for commit in commits if _is_written(commit)][:READ]
    if len(written) < ENOUGH:
        return CommitStyle(commits=len(written))
    subjects = [NUMBER_SUFFIX.sub("", commit.subject) for commit in written]
    parts = [parts_of(subject) for subject in subjects]
    form = _usual_form(parts)
    same = [part for part in parts if part.form == form] or parts
    moods = Counter(filter(None, (commit_words.form_of(part.description.partition(" ")[0]) for part in same)))
    letters = [part.description[0].isupper() for part in same if part.description[:1].isalpha()]
    bodies = [_without_trailers(commit.body) for commit in written]
    trailers = Counter(name for commit in written for name in _trailers(commit.body))
    lengths = [len(subject) for subject in subjects]
    return CommitStyle(
        commits=len(written),
        form=form,
        names=_shown(part.name for part in same),
        scopes=_shown(part.scope for part in same if part.scope),
        mood=_most(moods),
        capital=_agreed(letters),
        period=sum(subject.endswith(".") and not subject.endswith("..") for subject in subjects) > len(subjects) / 2,
        usual=round(median(lengths)),
        longest=min(WIDTH, max(lengths)),
        bodies=sum(map(bool, bodies)) * 2 >= len(bodies),
        trailers=tuple(name for name, count in trailers.most_common(3) if count * 2 >= len(written)),
        samples=_samples(subjects, form),
    )


def _is_written(commit: PastCommit) -> bool:
    if not commit.subject or _NOT_WRITTEN.search(commit.subject) or _OURS.search(commit.body):
        return False
    return not (_BOT.search(commit.author) or _CAMEL_BOT.search(commit.author))


def _usual_form(parts: Sequence[SubjectParts]) -> str:
    form, count = Counter(part.form for part in parts).most_common(1)[0]
    return form if count >= SHARE * len(parts) else PLAIN


def _samples(subjects: Sequence[str], form: str) -> tuple[str, ...]:
    return tuple(subject for subject in subjects if parts_of(subject).form == form and len(subject) <= MAX_SAMPLE)[:SAMPLES]


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    """The most frequent ones that can't be read as words to the model."""
    counts = Counter(name for name in names if _SAFE_NAME.match(name))
    return tuple(name for name, _ in counts.most_common(MAX_SHOWN))


def _most(moods: Counter[str]) -> str:
    if moods.total() < ENOUGH:
        return ""
    mood, count = moods.most_common(1)[0]
    return mood if count >= SHARE * moods.total() else ""


def _agreed(letters: Sequence[bool]) -> bool | None:
    share = sum(letters) / len(letters) if letters else 0.5
    return True if share >= 0.8 else False if share <= 0.2 else None


def _trailers(body: str) -> set[str]:
    last = body.rpartition("\n\n")[2]
    return {found[1] for line in last.split("\n") if (found := _TRAILER.match(line))}


def _without_trailers(body: str) -> str:
    return "\n".join(line for line in body.split("\n") if not _TRAILER.match(line)).strip()


def _cut(body: str) -> str:
    """At most ``MAX_BODY`` characters, up to the end of a line or a word."""
    if len(body) <= MAX_BODY:
        return body
    kept = body[:MAX_BODY]
    return kept[: max(kept.rfind("\n"), kept.rfind(" "), 0)] or kept

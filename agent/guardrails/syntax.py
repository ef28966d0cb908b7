"""Whether the files parse, by the parser of their own language, where that parser fits the project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice

from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.newer_python import stops_at_newer_syntax
from agent.guardrails.parsers import PYTHON, PYTHON_2, Check, Mistake, checks_of, is_template
from agent.guardrails.python_versions import PythonVersions
from agent.guardrails.result import GuardrailFinding, SyntaxVerdict
from agent.patch import FileBlock

MAX_CHARS = 2_000_000
MAX_SIBLINGS = 20
"""Files beside a new one that are looked at."""
MAX_SIBLING_CHARS = 100_000


def syntax(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    for block in answer.safe:
        if len(block.content) > MAX_CHARS:
            hint = "Generated data does not belong in the repository."
            yield GuardrailFinding("too_large", f"This file is larger than {MAX_CHARS} characters.", hint, block.path)
    for found in _verdicts(answer):
        if found.wrong:
            message = f"This file does not parse: {found.reason}."
            yield GuardrailFinding("syntax", message, "Send the whole, corrected file.", found.path, found.line)


def not_judged(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    """Warnings: what the parser did not know before can't be judged by it now."""
    for found in _verdicts(answer):
        if not found.wrong:
            message = f"Nobody here can tell whether this file parses: the parser does not know its syntax ({found.reason})."
            yield GuardrailFinding("not_judged", message, "The project's own tests and tools tell.", found.path, found.line)


def _verdicts(answer: CheckedAnswer) -> Sequence[SyntaxVerdict]:
    """Parsing is what takes long, so it is done once for an answer."""
    if answer.verdicts is None:
        answer.verdicts = list(SyntaxJudge(answer).verdicts())
    return answer.verdicts


class SyntaxJudge:
    """Judges the files of one answer."""

    def __init__(self, answer: CheckedAnswer) -> None:
        self._answer = answer
        self._versions = PythonVersions(answer)
        self._beside: dict[tuple[str, str], bool] = {}

    def verdicts(self) -> Iterator[SyntaxVerdict]:
        for block in self._answer.safe:
            if block.content.strip() and len(block.content) <= MAX_CHARS and (found := self._verdict(block)):
                wrong, (line, reason) = found
                yield SyntaxVerdict(block.path, wrong, line, reason)

    def _verdict(self, block: FileBlock) -> tuple[bool, Mistake] | None:
        """The first check decides, unless it does not fit the file; then the others tell what they can."""
        path, checks = block.path, checks_of(block.path)
        mistake = checks[0](block.content) if checks else None
        if mistake is None:
            return None
        before = self._answer.text_before(path)
        if not self._is_foreign(block, before, checks[0], mistake):
            return True, mistake
        for check in checks[1:]:
            second = check(block.content)
            if second is None:
                return None
            if before is not None and check(before) is None:
                return True, second
        return False, mistake

    def _is_foreign(self, block: FileBlock, before: str | None, check: Check, mistake: Mistake) -> bool:
        """Whether there is evidence that ``check`` does not fit: it fails on the file before the change, or on one beside a
        new file or one that the change takes away; the project is for another Python; the file is a template."""
        path = block.path
        if path.endswith(PYTHON) and self._is_for_another_python(block, mistake):
            return True
        if before is not None:
            return check(before) is not None
        return is_template(path, block.content) or self._fails_beside(path, check) or self._failed_where_it_was(path, check)

    def _is_for_another_python(self, block: FileBlock, mistake: Mistake) -> bool:
        wanted = self._versions.want_another(block.path)
        if wanted or PYTHON_2.match(block.content):
            return True
        # where nobody says which Python it is for, newer syntax than ours is not the file's mistake
        return wanted is None and stops_at_newer_syntax(block.content, mistake[0])

    def _failed_where_it_was(self, path: str, check: Check) -> bool:
        """A file that is moved may be as it was."""
        kind = _kind(path)[1]
        texts = (self._answer.text_before(other) for other in self._answer.gone if _kind(other)[1] == kind)
        return any(text and len(text) <= MAX_CHARS and check(text) for text in islice(texts, MAX_SIBLINGS))

    def _fails_beside(self, path: str, check: Check) -> bool:
        kind = _kind(path)
        if kind not in self._beside:
            texts = (self._answer.text_before(other) for other in self._files[kind][:MAX_SIBLINGS])
            self._beside[kind] = any(text and len(text) <= MAX_SIBLING_CHARS and check(text) for text in texts)
        return self._beside[kind]

    @cached_property
    def _files(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for path in sorted(self._answer.existing):
            found[_kind(path)].append(path)
        return found


def _kind(path: str) -> tuple[str, str]:
    """Folder and suffix."""
    folder, _, name = path.rpartition("/")
    return folder, name.rpartition(".")[2]

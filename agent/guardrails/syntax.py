"""Whether the files parse, by the parser of their own language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent.documents import Unreadable, check_yaml, read_json, read_python, read_toml
from agent.guardrails import trees
from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.result import GuardrailFinding
from agent.patterns import linear

MAX_CHARS = 2_000_000

_COMMENTED_JSON = linear(
    r"(?s)(?:.*/)?(?:tsconfig[\pL\pN_.-]*|jsconfig[\pL\pN_.-]*|\.eslintrc|devcontainer|\.vscode/.*)\.json|.*\.jsonc"
)
"""These are JSON with comments by their tools' own definition."""

_TEMPLATED_YAML = linear(r"(?s)(?:.*/)?templates/.*")
"""Helm's templates are not YAML until they are rendered."""


def syntax(answer: CheckedAnswer) -> Iterator[GuardrailFinding]:
    for block in answer.safe:
        if not block.content.strip():
            continue
        if len(block.content) > MAX_CHARS:
            hint = "Generated data does not belong in the repository."
            yield GuardrailFinding("too_large", f"This file is larger than {MAX_CHARS} characters.", hint, block.path)
            continue
        error = _error(block.path, block.content)
        if error is None:
            continue
        before = answer.text_before(block.path)
        if before is not None and trees.sources(block.path, before) and _error(block.path, before) is not None:
            continue  # a grammar that did not know the file before can't judge it now
        line, message = error
        yield GuardrailFinding(
            "syntax", f"This file does not parse: {message}.", "Send the whole, corrected file.", block.path, line
        )


def _error(path: str, text: str) -> tuple[int | None, str] | None:
    text = text.removeprefix("\ufeff")  # a byte order mark belongs to the encoding
    parse = _parser(path)
    if parse is None:
        return next((wrong for source in trees.sources(path, text) if (wrong := trees.mistake(source))), None)
    try:
        parse(text)
    except Unreadable as error:
        return error.line, str(error)
    return None


def _parser(path: str) -> Callable[[str], object] | None:
    if path.endswith((".py", ".pyi")):
        return read_python
    if path.endswith(".json") and not _COMMENTED_JSON.fullmatch(path):
        return read_json
    if path.endswith(".toml"):
        return read_toml
    if path.endswith((".yml", ".yaml")) and not _TEMPLATED_YAML.fullmatch(path):
        return check_yaml
    return None

"""Which parser reads a file, by the file's name: JSON with comments is not JSON, and a template is not yet what it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.documents import Unreadable, check_yaml, read_commented_json, read_json, read_python, read_toml
from agent.guardrails import trees
from agent.patterns import linear

Mistake = tuple[int | None, str]
"""Line (from 1; None where it is not known) and reason."""
Check = Callable[[str], Mistake | None]

PYTHON = (".py", ".pyi")
PYTHON_2 = linear(r"#![^\n]*\bpython2")
"""A script says so in its first line (PEP 394)."""
_COMMENTED_JSON = linear(
    r"(?s)(?:.*/)?(?:[tj]sconfig[\pL\pN_.-]*|\.eslintrc|tslint|\.?devcontainer|\.(?:vscode|zed)/.*|turbo|biome|nx|angular"
    r"|api-extractor[\pL\pN_.-]*|typedoc|deno|knip|wrangler|rush|common/config/.*|pyrightconfig|\.?cspell|\.markdownlint"
    r"|\.oxlintrc|\.luarc|language-configuration)\.json|.*\.(?:jsonc|code-workspace)"
)
"""These are JSON with comments by their tools' own definition."""
_JSON5 = linear(r"(?s)(?:.*/)?(?:babel\.config|\.babelrc|renovate|\.renovaterc|\.swcrc)(?:\.json)?")
"""These may have unquoted keys and single quotes as well (https://json5.org): nobody here reads that."""
_TEMPLATED_YAML = linear(r"(?s)(?:.*/)?templates/.*")
"""Helm's templates are not YAML until they are rendered."""
_TEMPLATED_NAME = linear(r"\{\{|\{%|\[\[")
"""A name that a generator of projects fills in, as ``{{cookiecutter.slug}}``: the files below it are templates as well."""


_TEMPLATE_PLACE = linear(
    r"(?is)(?:.*/)?(?:[\w.-]*templates?|_?skeletons?|scaffolds?|cookiecutter[\w.-]*)/.*"
    r"|.*\.(?:tmpl|tpl|template|j2|jinja2?)(?:\.[\w-]+)?"
)
_MARK = linear(r"\{\{|\{%|<%")
_BLOCK = linear(
    r"(?m)^[ \t]*\{%-?[ \t]*(?:if|for|set|block|extends|include|macro|raw|import|from|call|filter|with)\b[^\n]*%\}[ \t]*$"
)
"""Of Jinja: no language that is parsed here has such a line."""


def checks_of(path: str) -> Sequence[Check]:
    """The checks for a file of this name, strictest first: one that fails what a later one passes may be too old or too strict
    for the project. None: nothing here reads such a file."""
    if path.endswith(PYTHON):
        return _check(read_python), _python_by_grammar
    if _JSON5.fullmatch(path):
        return ()
    if _COMMENTED_JSON.fullmatch(path):
        return (_check(read_commented_json),)
    if path.endswith(".json"):
        return _check(read_json), _check(read_commented_json)
    if path.endswith(".toml"):
        return (_check(read_toml),)
    if path.endswith((".yml", ".yaml")):
        return () if _TEMPLATED_YAML.fullmatch(path) else (_check(check_yaml),)
    return (lambda text: _first(trees.sources(path, text.removeprefix("\ufeff"))),)


def is_template(path: str, text: str) -> bool:
    """A file that something fills in before it is what its name says: by its path, by a folder or a suffix for such files and
    a mark in the text, or by a line that only opens a block of a template."""
    if _TEMPLATED_NAME.search(path) is not None or _BLOCK.search(text) is not None:
        return True
    return _TEMPLATE_PLACE.fullmatch(path) is not None and _MARK.search(text) is not None


def _check(parse: Callable[[str], object]) -> Check:
    def check(text: str) -> Mistake | None:
        try:
            parse(text.removeprefix("\ufeff"))  # a byte order mark belongs to the encoding
        except Unreadable as error:
            return error.line, str(error)
        return None

    return check


def _python_by_grammar(text: str) -> Mistake | None:
    """By a grammar that knows Python 2 and versions newer than the one that runs this; it lets more pass than they do."""
    return _first([trees.SourceTree("python", text.removeprefix("\ufeff"))])


def _first(sources: Sequence[trees.SourceTree]) -> Mistake | None:
    return next((wrong for source in sources if (wrong := trees.mistake(source))), None)

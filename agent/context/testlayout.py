"""Where a repository's tests live and what runs them, by its files alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from agent.context.context_budget import within
from agent.context.tokenization import all_parts, parts_of
from agent.documents import Unreadable, read_json

MAX_FOLDERS = 12
MAX_SHOWN = 12
_TEST = re.compile(
    r"(?:^|/)test_[^/]+\.py$|_test\.(?:py|go|rb|dart|exs)$|_spec\.rb$|[.-](?:test|spec|e2e-spec|cy)\.[cm]?[jt]sx?$|Tests?\.(?:php|cs|java|kt|swift)$"
)
_FOLDERS = ("/test/", "/tests/", "/__tests__/", "/spec/")
_SOURCE = re.compile(r"\.(?:py|rs|[cm]?[jt]sx?|php|cs|java|rb)$")
_SUPPORT = re.compile(r"fixture|data|snapshot|__init__|conftest")
_CONFIGURED = (
    ("pytest", "pyproject.toml", "[tool.pytest"), ("pytest", "pytest.ini", ""), ("pytest", "setup.cfg", "[tool:pytest]"),
    ("pytest", "tox.ini", "[pytest]"), ("PHPUnit", "phpunit.xml", ""), ("PHPUnit", "phpunit.xml.dist", ""),
)  # fmt: skip
SETTINGS = ("package.json", *sorted({path for _, path, mark in _CONFIGURED if mark}))
"""The files whose texts ``layout_of_tests`` looks into."""
_CONFIGS = re.compile(r"^(?:vitest|jest|playwright|cypress|karma)\.(?:config|conf)\.\w+$")


def is_test(path: str) -> bool:
    if _TEST.search(path) is not None:
        return True
    rooted = f"/{path}"
    inside = rooted[max((at + len(folder) for folder in _FOLDERS if (at := rooted.rfind(folder)) >= 0), default=len(rooted)) :]
    return _SOURCE.search(inside) is not None and _SUPPORT.search(inside) is None


def layout_of_tests(
    files: Sequence[str], texts: Mapping[str, str], *, command: Sequence[str] = (), near: Sequence[str] = (), tokens: int
) -> str:
    """A few lines; "" where there are no tests. ``command`` is the stack's own, ``texts`` those of the manifests, ``near`` the
    words and paths whose tests are named first."""
    tests = [path for path in files if is_test(path)]
    runners = _runners(files, texts)
    if not tests:
        return ""
    lines = [f"Configured: {', '.join(runners)}"] if runners else []
    if command:
        lines.append(f"Command: {' '.join(command)}")
    folders = Counter(path.rpartition("/")[0] or "." for path in tests)
    shown = sorted(folders.items(), key=lambda item: (-item[1], item[0]))[:MAX_FOLDERS]
    lines.append(f"{len(tests)} test files: " + ", ".join(f"{folder}/ {count}" for folder, count in sorted(shown)))
    wanted = all_parts(near)
    tests.sort(key=lambda path: (-len(wanted.intersection(parts_of(path))), path))
    return "\n".join(within([*lines, *tests[:MAX_SHOWN]], tokens))


def _runners(files: Sequence[str], texts: Mapping[str, str]) -> list[str]:
    present = set(files)
    found = [
        f"{name} ({path})" for name, path, mark in _CONFIGURED if path in present and (not mark or mark in texts.get(path, ""))
    ]
    found += [path for path in files if _CONFIGS.match(path)]
    script = _npm_test(texts.get("package.json", ""))
    return [*found, *([f"npm test: {script}"] if script else [])]


def _npm_test(text: str) -> str:
    """The script; a manifest that can't be read has none."""
    try:
        manifest = read_json(text or "{}")
    except Unreadable:
        return ""
    scripts = manifest.get("scripts") if isinstance(manifest, dict) else None
    script = scripts.get("test") if isinstance(scripts, dict) else None
    return script[:120] if isinstance(script, str) and script.isprintable() else ""

"""What a JavaScript or TypeScript file imports, and which of it the project itself provides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from agent.documents import Unreadable, read_commented_json, read_json
from agent.guardrails.answer import CheckedAnswer
from agent.guardrails.imports import Import
from agent.guardrails.trees import JAVASCRIPT, nodes, sources, text_of
from agent.patterns import linear

BUILTINS = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os",
    "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys",
    "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
))  # fmt: skip
"""Modules of Node.js without their ``node:`` prefix (Node.js documentation, module.builtinModules)."""
GROUPS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_BUNDLER = linear(r"(?s)(?:.*/)?(?:vite|vitest|webpack|rollup|next)\.config\.[cm]?[jt]s")
_COMPILER = linear(r"(?s)(?:.*/)?(?:ts|js)config[\pL\pN_.-]*\.json")
MAX_SETTINGS = 50
"""Files with the compiler's and the bundler's settings that are read, those at the top first."""
MAX_MANIFESTS = 1_000
"""package.json files that are read, those at the top first."""
MAX_FOLDERS = 100
"""Folders above a file that are looked at."""


def imports_of(path: str, text: str) -> Iterator[Import]:
    """Packages that the file imports, by their name in package.json; relative files, built-in and virtual modules are none."""
    for source in sources(path, text):
        if source.kind not in JAVASCRIPT:
            continue
        for node, line in nodes(source, "import_statement", "export_statement", "call_expression"):
            if node.type == "call_expression":
                called = node.child_by_field_name("function")
                arguments = node.child_by_field_name("arguments")
                if called is None or arguments is None or text_of(source, called) not in ("require", "import"):
                    continue
                target = arguments.named_children[0] if arguments.named_children else None
            else:
                target = node.child_by_field_name("source")
            if target is not None and target.type == "string":
                name = package_of(text_of(source, target)[1:-1])
                if name:
                    yield Import(name, line)


def package_of(specifier: str) -> str:
    """``@scope/name`` or ``name``; empty where the specifier names no package."""
    if not specifier or specifier[0] in "./#~\\" or ":" in specifier or specifier.startswith(("$", "@/")):
        return ""
    parts = specifier.split("?")[0].split("/")
    name = "/".join(parts[:2]) if specifier.startswith("@") else parts[0]
    return "" if name in BUILTINS else name


class JavaScriptProject:
    """What package.json files and the compiler's settings of the tree say, once the answer is applied."""

    def __init__(self, answer: CheckedAnswer) -> None:
        self._answer = answer

    def provides(self, path: str, name: str) -> bool:
        """True when ``name``, imported by ``path``, is declared by a package.json above it or is a part of the project."""
        types = f"@types/{name.removeprefix('@').replace('/', '__')}"
        for _ in range(MAX_FOLDERS):
            path = path.rpartition("/")[0]
            if not self._declared.get(path, frozenset()).isdisjoint((name, types)):
                return True
            if not path:
                break
        return name in self.own_names or self._is_alias(name)

    @cached_property
    def _declared(self) -> dict[str, frozenset[str]]:
        """By the folder of each package.json."""
        return {
            folder: frozenset(entry for group in GROUPS for entry in _keys(manifest.get(group)))
            for folder, manifest in self.manifests.items()
        }

    @cached_property
    def manifests(self) -> dict[str, dict[str, object]]:
        """package.json by its folder."""
        paths = [path for path in self._answer.paths if path.rsplit("/", 1)[-1] == "package.json"]
        return {path.rpartition("/")[0]: _object(self._answer.text_of(path) or "") for path in _from_top(paths)[:MAX_MANIFESTS]}

    @cached_property
    def own_names(self) -> frozenset[str]:
        return frozenset(str(manifest.get("name")) for manifest in self.manifests.values() if manifest.get("name"))

    def _is_alias(self, name: str) -> bool:
        top = name.split("/")[0]
        return name in self.aliases or top in self.aliases or (self._has_base_url and top in self._folders)

    @cached_property
    def aliases(self) -> frozenset[str]:
        """First parts of the paths that tsconfig or the bundler's configuration gives another place."""
        found = set()
        for options in self._settings:
            for key in _keys(options.get("paths")):
                found |= {key.removesuffix("/*"), key.split("/")[0]}
        for path in _from_top(filter(_BUNDLER.fullmatch, self._answer.paths))[:MAX_SETTINGS]:
            for source in sources(path, self._answer.text_of(path) or ""):
                for node, _ in nodes(source, "pair"):
                    name = node.child_by_field_name("key")
                    if name is not None:
                        found.add(text_of(source, name).strip("\"'").split("/")[0])
        return frozenset(found)

    @cached_property
    def _has_base_url(self) -> bool:
        return any("baseUrl" in options for options in self._settings)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(part for path in self._answer.paths for part in path.split("/")[:-1])

    @cached_property
    def _settings(self) -> list[dict[str, object]]:
        """The compiler's options of each file that has some."""
        paths = _from_top(filter(_COMPILER.fullmatch, self._answer.paths))
        return [_options(self._answer.text_of(path) or "") for path in paths[:MAX_SETTINGS]]


def _options(text: str) -> dict[str, object]:
    options = _object(text, read_commented_json).get("compilerOptions")
    return options if isinstance(options, dict) else {}


def _object(text: str, read: Callable[[str], object] = read_json) -> dict[str, object]:
    try:
        data = read(text)
    except Unreadable:
        return {}
    return data if isinstance(data, dict) else {}


def _keys(value: object) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []


def _from_top(paths: Iterable[str]) -> list[str]:
    return sorted(paths, key=lambda path: (path.count("/"), path))

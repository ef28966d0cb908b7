"""What a JavaScript or TypeScript file imports, and which of it the project itself provides."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property

from agent.guardrails.answer import Answer
from agent.guardrails.imports import Import
from agent.guardrails.trees import JAVASCRIPT, nodes, sources, text_of

BUILTINS = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os",
    "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys",
    "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib",
))  # fmt: skip
"""Modules of Node.js without their ``node:`` prefix (Node.js documentation, module.builtinModules)."""
GROUPS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def imports_of(path: str, text: str) -> Iterator[Import]:
    """Packages that the file imports, by their name in package.json; relative files, built-in and virtual modules are none."""
    for source in sources(path, text):
        if source.kind not in JAVASCRIPT:
            continue
        for node, line in nodes(source, "import_statement", "export_statement", "call_expression"):
            if node.type == "call_expression":
                called = node.child_by_field_name("function")
                arguments = node.child_by_field_name("arguments")
                if called is None or arguments is None or text_of(called) not in ("require", "import"):
                    continue
                target = arguments.named_children[0] if arguments.named_children else None
            else:
                target = node.child_by_field_name("source")
            if target is not None and target.type == "string":
                name = package_of(text_of(target)[1:-1])
                if name:
                    yield Import(name, line)


def package_of(specifier: str) -> str:
    """``@scope/name`` or ``name``; empty where the specifier names no package."""
    if not specifier or specifier[0] in "./#~\\" or ":" in specifier or specifier.startswith(("$", "@/")):
        return ""
    parts = specifier.split("?")[0].split("/")
    name = "/".join(parts[:2]) if specifier.startswith("@") else parts[0]
    return "" if name in BUILTINS else name


class Project:
    """What package.json files and the compiler's settings of the tree say, once the answer is applied."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def provides(self, path: str, name: str) -> bool:
        """True when ``name``, imported by ``path``, is declared by a package.json above it or is a part of the project."""
        above = [manifest for folder, manifest in self.manifests.items() if not folder or path.startswith(folder + "/")]
        declared = {entry for manifest in above for group in GROUPS for entry in _keys(manifest.get(group))}
        types = f"@types/{name.removeprefix('@').replace('/', '__')}"
        return name in declared or types in declared or name in self.own_names or self._is_alias(name)

    @cached_property
    def manifests(self) -> dict[str, dict[str, object]]:
        """package.json by its folder."""
        found = {}
        for path in self._answer.paths:
            if path.rsplit("/", 1)[-1] == "package.json":
                data = _object(self._answer.text_of(path) or "")
                found[path.rpartition("/")[0]] = data
        return found

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
        for text in self._settings:
            for key in _keys(_options(text).get("paths")):
                found |= {key.removesuffix("/*"), key.split("/")[0]}
        for path in self._answer.paths:
            if re.fullmatch(r"(?:.*/)?(?:vite|vitest|webpack|rollup|next)\.config\.[cm]?[jt]s", path):
                text = self._answer.text_of(path) or ""
                for source in sources(path, text):
                    for node, _ in nodes(source, "pair"):
                        name = node.child_by_field_name("key")
                        if name is not None:
                            found.add(text_of(name).strip("\"'").split("/")[0])
        return frozenset(found)

    @cached_property
    def _has_base_url(self) -> bool:
        return any("baseUrl" in _options(text) for text in self._settings)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(part for path in self._answer.paths for part in path.split("/")[:-1])

    @cached_property
    def _settings(self) -> list[str]:
        names = (path for path in self._answer.paths if re.fullmatch(r"(?:.*/)?(?:ts|js)config[\w.-]*\.json", path))
        return [self._answer.text_of(path) or "" for path in names]


def _options(text: str) -> dict[str, object]:
    options = _object(re.sub(r",(\s*[}\]])", r"\1", _COMMENT.sub(lambda hit: hit[1] or "", text))).get("compilerOptions")
    return options if isinstance(options, dict) else {}


def _object(text: str) -> dict[str, object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _keys(value: object) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []

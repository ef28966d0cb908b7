"""An import finder for MetaGPT: package files become lazy (PEP 562), and modules that evaluate or unpickle text are sealed.

MetaGPT's package ``__init__`` files import every submodule they own (14-18 s, 350 MB with all optional dependencies). The
finder runs the same files but turns each of their ``from metagpt.x import y`` lines into a name that is imported on first use.

A sealed module can still be imported where the rest of MetaGPT needs its names for type checks, but nothing in it can be
called.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

LAZY = frozenset(f"metagpt.{name}" for name in ("provider", "actions", "roles", "environment", "tools", "utils"))

SEALED = {
    "metagpt.actions.action_node": "fills XML answers with eval",
    "metagpt.actions.di.execute_nb_code": "runs notebook code in this process",
    "metagpt.actions.run_code": "runs model output with exec",
    "metagpt.provider.human_provider": "blocks on input()",
    "metagpt.strategy.tot": "evaluates model output",
    "metagpt.utils.serialize": "evaluates and unpickles stored messages",
}


class SealedModule(ImportError):
    """Something tried to use a part of MetaGPT that this product never runs."""


class _Sealed(Loader):
    def __init__(self, reason: str) -> None:
        self._reason = reason

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        reason = self._reason

        def seal(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)

            def refuse(self: object, *args: object, **kwargs: object) -> None:
                raise SealedModule(f"{module.__name__}.{name} is sealed: this module {reason}")

            placeholder = type(name, (), {"__init__": refuse, "__module__": module.__name__})
            setattr(module, name, placeholder)
            return placeholder

        module.__getattr__ = seal  # type: ignore[method-assign]


class _LazyPackage(Loader):
    def __init__(self, real: InspectLoader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__
        tree = ast.parse(self._real.get_source(package) or "")
        lazy: dict[str, tuple[str, str]] = {}
        eager: list[ast.stmt] = []
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("metagpt"):
                lazy.update({a.asname or a.name: (node.module or "", a.name) for a in node.names})
            elif not any(isinstance(part, ast.Name) and part.id in lazy for part in ast.walk(node)):
                eager.append(node)
        tree.body = eager

        def resolve(name: str) -> object:
            if name not in lazy:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            source, attribute = lazy[name]
            if source == package:
                value: object = importlib.import_module(f"{source}.{attribute}")
            else:
                value = getattr(importlib.import_module(source), attribute)
            setattr(module, name, value)
            return value

        module.__getattr__ = resolve  # type: ignore[method-assign]
        # the package's own source, minus lines: what any loader does with it
        exec(compile(tree, module.__file__ or package, "exec"), module.__dict__)  # noqa: S102


class MetaGPTFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in SEALED:
            return ModuleSpec(fullname, _Sealed(SEALED[fullname]))
        if fullname not in LAZY:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, InspectLoader):
            spec.loader = _LazyPackage(spec.loader)
        return spec


def install() -> None:
    """Puts the finder first, once. Raises RuntimeError if MetaGPT was imported without it."""
    if any(isinstance(finder, MetaGPTFinder) for finder in sys.meta_path):
        return
    early = sorted(name for name in sys.modules if name in LAZY or name in SEALED)
    if early:
        raise RuntimeError(f"MetaGPT was imported before agent.runtime.bootstrap: {', '.join(early)}")
    sys.meta_path.insert(0, MetaGPTFinder())

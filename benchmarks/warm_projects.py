"""Projects whose tests work for about three seconds, one for each kind of toolchain, for ``warm_baseline``.

Go's packages need much of its standard library, which takes far longer to compile than the tests to run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from agent.sandbox.toolchains.places import home_of

FILES = 8
MILLISECONDS = 350
"""Of work in each of the files; runners take several files at a time, the processor does not."""

_PYTHON = "import time\n\nimport shop\n\n\ndef test_work():\n    end = time.process_time() + {0} / 1000\n"
_PYTHON += "    while time.process_time() < end:\n        assert shop.ONE == 1\n"
_NODE = "import test from 'node:test';\nimport {{ ONE }} from '../src/shop.mjs';\n\ntest('work', () => {{\n"
_NODE += "  const end = performance.now() + {0};\n  while (performance.now() < end) if (ONE !== 1) throw new Error();\n}});\n"
_GO = 'package p{1}\n\nimport (\n\t"encoding/json"\n\t"net/http"\n)\n\nfunc One() string {{\n'
_GO += "\ttext, _ := json.Marshal(http.Header{{}})\n\treturn string(text)\n}}\n"
_GO_TEST = 'package p{1}\n\nimport (\n\t"testing"\n\t"time"\n)\n\nfunc TestWork(t *testing.T) {{\n'
_GO_TEST += "\tfor end := time.Now().Add({0} * time.Millisecond); time.Now().Before(end); {{\n"
_GO_TEST += '\t\tif One() != "{{}}" {{\n\t\t\tt.Fatal()\n\t\t}}\n\t}}\n}}\n'
_RUST = "use std::time::{{Duration, Instant}};\n\n#[test]\nfn work() {{\n    let end = Instant::now() + "
_RUST += "Duration::from_millis({0});\n    while Instant::now() < end {{\n        assert_eq!(shop::ONE, 1);\n    }}\n}}\n"


def projects() -> Iterator[tuple[str, dict[str, str]]]:
    """Name and files of those whose toolchain is here."""
    yield "Python", _python()
    if shutil.which("node"):
        yield "Node.js", _node()
    if home_of("go", ("env", "GOROOT")):
        yield "Go", _go()
    if home_of("rustc", ("--print", "sysroot")):
        yield "Rust", _rust()


def _python() -> dict[str, str]:
    tests = {f"tests/test_{number}.py": _PYTHON.format(MILLISECONDS) for number in range(FILES)}
    manifest = '[project]\nname = "shop"\nversion = "1.0"\n\n[project.optional-dependencies]\ntest = ["pytest"]\n'
    return {"pyproject.toml": f"{manifest}\n[tool.pytest.ini_options]\n", "src/shop/__init__.py": "ONE = 1\n", **tests}


def _node() -> dict[str, str]:
    tests = {f"test/{number}.test.mjs": _NODE.format(MILLISECONDS) for number in range(FILES)}
    manifest = '{"name": "shop", "version": "1.0.0", "scripts": {"test": "node --test"}}\n'
    return {"package.json": manifest, "src/shop.mjs": "export const ONE = 1;\n", **tests}


def _go() -> dict[str, str]:
    files = {"go.mod": "module example.com/shop\n\ngo 1.19\n"}
    for number in range(FILES):
        files[f"p{number}/p.go"] = _GO.format(MILLISECONDS, number)
        files[f"p{number}/p_test.go"] = _GO_TEST.format(MILLISECONDS, number)
    return files


def _rust() -> dict[str, str]:
    tests = {f"tests/t{number}.rs": _RUST.format(MILLISECONDS) for number in range(FILES)}
    return {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/lib.rs": "pub const ONE: u8 = 1;\n",
        **tests,
    }

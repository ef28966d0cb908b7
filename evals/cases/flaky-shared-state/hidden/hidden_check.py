"""Runs the tests in many orders and alone, then against broken registries, which they must still notice."""

import itertools
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path("plugins/registry.py")
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "hidden_order"]
WANTED = {"test_a_plugin_is_called", "test_names_are_listed", "test_a_second_registration_wins", "test_a_name_is_needed", "test_clear_forgets_all"}
pathlib.Path("hidden_order.py").write_text(
    "import os\n"
    "def pytest_collection_modifyitems(items):\n"
    "    import random\n"
    "    order = os.environ['ORDER']\n"
    "    if order == 'reverse':\n"
    "        items.reverse()\n"
    "    elif order.startswith('only:'):\n"
    "        items[:] = [item for item in items if item.name == order[5:]]\n"
    "    else:\n"
    "        items.sort(key=lambda item: item.name)\n"
    "        random.Random(int(order)).shuffle(items)\n"
    "def pytest_runtest_logreport(report):\n"
    "    if report.when == 'call':\n"
    "        print('\\nRAN', report.nodeid.rsplit('::', 1)[-1], report.outcome)\n"
)


def run(order):
    done = subprocess.run([*PYTEST, "-s", "tests"], env={"ORDER": order, "PATH": "/usr/bin:/bin", "PYTHONPATH": "."}, capture_output=True, text=True)
    return done.returncode, done.stdout


code, out = run("reverse")
names = {line.split()[1] for line in out.splitlines() if line.startswith("RAN ")}
assert WANTED <= names, f"tests were dropped: {WANTED - names}"
for order in itertools.chain(["reverse"], map(str, range(4)), (f"only:{name}" for name in ("test_names_are_listed", "test_a_second_registration_wins"))):
    code, out = run(order)
    assert code == 0, f"order {order}\n{out}"

TEXT = SOURCE.read_text()
BROKEN = {
    "the first registration wins": ("    _known[name] = function", "    _known.setdefault(name, function)"),
    "names are not sorted": ("sorted(_known)", "sorted(_known, reverse=True)"),
    "an empty name is taken": ('raise ValueError("A plugin needs a name.")', "pass"),
    "clear does nothing": ("    _known.clear()", "    pass"),
}
for what, (old, new) in BROKEN.items():
    assert old in TEXT, "registry.py was changed"
    SOURCE.write_text(TEXT.replace(old, new))
    assert any(run(order)[0] for order in ("reverse", "1")), f"the tests no longer notice that {what}"
SOURCE.write_text(TEXT)
print("ok")

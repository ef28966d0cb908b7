import hashlib
from pathlib import Path

from units.convert import convert
from units.table import FACTORS

REST = "5846307232f087e2a5b42b0899f31a1dabba6a9a77a42324dba3f6f874e26eb5"


def test_the_two_entries():
    assert FACTORS["acre_foot"] == ("volume", 1233.48183754752)
    assert FACTORS["hogshead"] == ("volume", 0.238480942392)
    assert 5172 < convert(1, "acre_foot", "hogshead") < 5173


def test_nothing_else_changed_and_the_order_is_right():
    lines = Path("units/table.py").read_bytes().decode().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if '"acre_foot"' in line)
    assert '"hogshead"' in lines[at + 1]
    rest = "".join(lines[:at] + lines[at + 2 :])
    assert hashlib.sha256(rest.encode()).hexdigest() == REST

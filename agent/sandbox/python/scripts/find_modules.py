"""Prints where the modules that are named would be imported from (JSON: name → places), without importing them."""

import json
import sys
from importlib.util import find_spec


def places(name):
    try:
        spec = find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return []
    if spec is None:
        return []
    return list(spec.submodule_search_locations or ()) or [spec.origin or ""]


if __name__ == "__main__":
    print(json.dumps({name: places(name) for name in sys.argv[1:]}))

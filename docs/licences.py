"""The licences of the packages that uv.lock brings beside our own code, by what their metadata says.

Only Python packages are listed: a package's own files name what is linked into its binaries.
"""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from tables import table
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent
PARTS = {
    "server": ("--package", "mgx-agent", "--no-default-groups"),
    "cli": ("--package", "mgx-cli", "--all-extras", "--no-default-groups"),
    "tools": ("--package", "mgx-agent", "--only-group", "tools"),
}
"""What is shipped → what `uv export` is asked for."""
TITLES = {"server": "Server", "cli": "Command line", "tools": "Programs for generated code"}
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "LicenseRef-BSD",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LicenseRef-LGPL",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""The last part of a classifier → SPDX. Some name a family only."""
TEXTS = {
    "Apache 2.0": "Apache-2.0",
    "BSD": "LicenseRef-BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "GPL-3.0": "GPL-3.0-only",
    "MIT License": "MIT",
}
"""The first line of a License field → SPDX."""
READ = {"django-dramatiq": "Apache-2.0"}
"""Packages whose metadata names no licence: what the LICENSE file in them is."""
UNKNOWN = "LicenseRef-unknown"
PYTHON = {"python_version": "3.11", "python_full_version": "3.11.99"}
"""The newest 3.11 there could be: some packages are needed before 3.11.3 only, and the list is the same on all machines."""


def packages(part: str) -> list[str]:
    """Names of the packages of this part that are installed on this machine's platform, with `PYTHON`, sorted."""
    command = [find_uv_bin(), "export", "--frozen", "--quiet", *PARTS[part], "--no-emit-workspace", "--no-hashes"]
    exported = subprocess.run([*command, "--no-header", "--no-annotate"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = [Requirement(line) for line in exported.stdout.splitlines() if line.strip()]
    return sorted({each.name for each in wanted if each.marker is None or each.marker.evaluate(PYTHON)})


def licence(name: str) -> str:
    """An SPDX expression; ``LicenseRef-unknown`` where neither the metadata nor `READ` names a licence. Raises
    ``importlib.metadata.PackageNotFoundError``."""
    stated = distribution(name).metadata
    texts = [str(text) for field in ("License-Expression", "License") for text in stated.get_all(field) or ()]
    for text in texts:
        if len(text) < 100 and (expression := _expression(text)):
            return expression
    last = [text.rpartition(" :: ")[2] for text in stated.get_all("Classifier") or () if text.startswith("License :: ")]
    named = sorted({CLASSIFIERS[text] for text in last if text in CLASSIFIERS})
    if named and len(named) == len(set(last) - {"OSI Approved"}):
        return " OR ".join(named)
    said = [TEXTS[first] for text in texts if (first := text.partition("\n")[0]) in TEXTS]
    return said[0] if said else READ.get(name, UNKNOWN)


def identifiers(expression: str) -> list[list[str]]:
    """The choices of an expression, each with all licences that hold together: ``A AND (B OR C)`` is [[A, B], [A, C]]."""
    return _choices(re.findall(r"[()]|[^\s()]+", expression))


def block() -> str:
    """The lists of all parts, as Markdown."""
    lists = []
    for part, title in TITLES.items():
        rows = [(name, licence(name).replace("LicenseRef-", "")) for name in packages(part)]
        lists.append(f"## {title}\n\n{table(('Package', 'Licence'), rows)}")
    return "\n".join(lists)


def _expression(text: str) -> str:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return ""


def _choices(tokens: list[str]) -> list[list[str]]:
    """Reads ``tokens`` up to their end or a closing bracket, which it takes away."""
    found: list[list[str]] = []
    current: list[list[str]] = [[]]
    while tokens and (token := tokens.pop(0)) != ")":
        if token == "OR":
            found, current = [*found, *current], [[]]
        elif token != "AND":
            more = _choices(tokens) if token == "(" else [[token]]
            current = [[*one, *other] for one in current for other in more]
    return [*found, *current]

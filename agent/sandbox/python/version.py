"""A version for a build that would read it from git's tags, which are not there where a project is built."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from agent.documents import Unreadable
from agent.patterns import linear
from agent.sandbox.python.layout import ImportNames
from agent.sandbox.requirements.declared import ManifestDeclarations
from agent.sandbox.requirements.manifests import Manifests
from agent.stacks.manifests import requirement_names

UNKNOWN = "0.0.0"
FROM_TAGS = frozenset(
    ("setuptools-scm", "hatch-vcs", "pbr", "versioningit", "poetry-dynamic-versioning", "uv-dynamic-versioning", "flit-scm",
     "dunamai", "setuptools-git-versioning")
)  # fmt: skip
"""Build requirements whose business is to read versions from git."""
VERSION_FILES = ("_version", "version", "__version__", "__about__", "__init__")
MAX_LINES = 400
"""Of a list of changes."""

_NUMBER = r"(\d{1,4}\.\d{1,4}(?:\.\d{1,4}){0,2}(?:[abrc]{1,2}\d{1,3}|\.(?:dev|post)\d{1,3})?)"
_CHANGES = linear(r"(?i)(?:changes|changelog|history|news|releases?|release[_-]notes)(?:\.(?:md|rst|txt))?")
_HEADING = linear(
    rf"[#=*\s\[(]*(?:[\w.-]{{1,60}}[ \t]+)?(?:[Vv]ersion[ \t]+|[Rr]elease[ \t]+)?\[?v?{_NUMBER}(?:[\s\])(,:*-]|$)"
)
_ASSIGNED = linear(
    r"""(?m)^(?:__)?version(?:__)?(?:[ \t]*:[ \t]*\w+)?[ \t]*=[ \t]*(?:\w+[ \t]*=[ \t]*)?["']([^"'\n]{1,40})["']"""
)
_METADATA = linear(r"(?m)^Version: (\S{1,40})\r?$")
_TAG = linear(r"(?m)refs/tags/(?:[A-Za-z][\w-]{0,50}-)?[Vv]?(\d{1,6}(?:\.\d{1,6}){1,3})$")


def comes_from_tags(declared: ManifestDeclarations) -> bool:
    """Whether the build says that it reads the version from git."""
    return not FROM_TAGS.isdisjoint(requirement_names(declared.build.requires if declared.build else ()))


def plausible(files: Manifests, directory: str, declared: ManifestDeclarations, names: ImportNames) -> tuple[str, str]:
    """The version and where it is from: the settings, metadata of a source distribution, a version file, a lock file, git's
    tags as far as they lie in one file, the list of changes; else ``UNKNOWN`` and ""."""
    found = ((version, where) for version, where in _versions(files, directory, declared, names) if _is_valid(version))
    return next(found, (UNKNOWN, ""))


def told(declared: ManifestDeclarations, version: str, source: str) -> str:
    """A sentence about a version that was made up."""
    known = f"which {source} has" if source else "as it is written down nowhere else"
    return f"The version of {declared.name or 'the project'} comes from git's tags; it is built as {version}, {known}."


def variables(version: str) -> dict[str, str]:
    """What tells the tools that read git's tags which version it is. Those that aren't used do no harm."""
    return {
        "SETUPTOOLS_SCM_PRETEND_VERSION": version,
        "PBR_VERSION": version,
        "PDM_BUILD_SCM_VERSION": version,
        "POETRY_DYNAMIC_VERSIONING_BYPASS": version,
        "UV_DYNAMIC_VERSIONING_BYPASS": version,
    }


def _versions(
    files: Manifests, directory: str, declared: ManifestDeclarations, names: ImportNames
) -> Iterator[tuple[str, str]]:
    yield declared.version, "its settings"
    hit = _METADATA.search(files.text(posixpath.join(directory, "PKG-INFO")) or "")
    yield hit[1] if hit else "", "PKG-INFO"
    for root in names.roots:
        for path in (posixpath.join(root, module, f"{name}.py") for module in names.main for name in VERSION_FILES):
            hit = _ASSIGNED.search(files.text(path) or "")
            yield hit[1] if hit else "", path
    yield _locked(files, directory, declared.name), "uv.lock"
    tags = [hit[1] for hit in _TAG.finditer(files.text(".git/packed-refs") or "")]
    yield max(tags, key=Version, default=""), "the newest tag"
    for name in files.names(directory):
        if _CHANGES.fullmatch(name) is not None:
            lines = (files.text(posixpath.join(directory, name)) or "").splitlines()[:MAX_LINES]
            yield from ((hit[1], name) for line in lines if (hit := _HEADING.match(line[:200])))


def _locked(files: Manifests, directory: str, name: str) -> str:
    try:
        packages = files.toml(posixpath.join(directory, "uv.lock")).get("package")
    except Unreadable:
        return ""
    for package in packages if isinstance(packages, list) and name else ():
        if isinstance(package, dict) and canonicalize_name(str(package.get("name", ""))[:200]) == canonicalize_name(name):
            return str(package.get("version", ""))
    return ""


def _is_valid(text: str) -> bool:
    try:
        return len(text) <= 40 and bool(Version(text))
    except InvalidVersion:
        return False

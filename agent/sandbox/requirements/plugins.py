"""pytest plugins that a project's settings of pytest use. Without them pytest ends before it runs any test."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator

from agent.documents import Unreadable
from agent.sandbox.requirements.declared import table
from agent.sandbox.requirements.manifests import Manifests, value_of
from agent.stacks.manifests import requirement_names

OPTIONS = {
    "pytest-cov": ("--cov", "--no-cov"),
    "pytest-xdist": ("-n", "--numprocesses", "--dist"),
    "pytest-timeout": ("--timeout",),
    "pytest-rerunfailures": ("--reruns",),
    "pytest-benchmark": ("--benchmark",),
    "pytest-django": ("--ds", "--reuse-db", "--create-db", "--nomigrations"),
    "pytest-asyncio": ("--asyncio-mode",),
    "pytest-randomly": ("--randomly-seed",),
    "pytest-html": ("--html",),
    "pytest-mypy": ("--mypy",),
    "pytest-mypy-plugins": ("--mypy-ini-file",),
    "pytest-recording": ("--block-network",),
    "pytest-socket": ("--disable-socket",),
    "syrupy": ("--snapshot-update",),
    "pytest-bdd": ("--strict-bdd",),
    "pytest-doctestplus": ("--doctest-plus",),
}
BY_OPTION = {option: plugin for plugin, options in OPTIONS.items() for option in options}
BY_SETTING = {
    "asyncio_mode": "pytest-asyncio", "asyncio_default_fixture_loop_scope": "pytest-asyncio", "timeout": "pytest-timeout",
    "DJANGO_SETTINGS_MODULE": "pytest-django", "django_find_project": "pytest-django", "env": "pytest-env",
    "timeout_method": "pytest-timeout", "anyio_mode": "anyio", "qt_api": "pytest-qt", "trio_mode": "pytest-trio",
}  # fmt: skip
PLACES = (("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("", ""), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
"""Files in pytest's order, with their sections; "" is pyproject.toml."""


def named(files: Manifests, directory: str) -> list[str]:
    """Distribution names, sorted. A setting that can't be read names none: pytest says why."""
    found: set[str] = set()
    for settings in _settings(files, directory):
        options = settings.pop("addopts", "")
        try:
            words = shlex.split(options)
        except ValueError:
            words = options.split()
        for word in words:
            name = word.partition("=")[0]
            name = (
                "-n"
                if name[:2] == "-n" and not name.startswith("--") and (name[2:].isdigit() or name[2:] in ("", "auto"))
                else name
            )
            name = "--cov" if name.startswith("--cov-") else "--benchmark" if name.startswith("--benchmark-") else name
            found.add(BY_OPTION.get(name, ""))
        found |= {BY_SETTING.get(name, "") for name in settings}
        found |= set(requirement_names(settings.get("required_plugins", "").split()))
    return sorted(found - {""})


def _settings(files: Manifests, directory: str) -> Iterator[dict[str, str]]:
    """Of the file that pytest would take: the first that has some (https://docs.pytest.org/en/stable/reference/customize.html)."""
    try:
        table_ = table(files.toml(posixpath.join(directory, "pyproject.toml")), "tool", "pytest")
        ini = {**table(table_, "ini_options"), **{name: value for name, value in table_.items() if name != "ini_options"}}
    except Unreadable:
        ini = {}
    for name, section in PLACES:
        if not name:
            if ini:
                yield {key: " ".join(map(str, value)) if isinstance(value, list) else str(value) for key, value in ini.items()}
                return
            continue
        try:
            parser = files.ini(posixpath.join(directory, name))
        except Unreadable:
            continue
        if parser.has_section(section):
            yield {key: value_of(parser, section, key) for key, _ in parser.items(section)}
            return

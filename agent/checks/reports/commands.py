"""What a test command starts: its runner itself, or a script that starts it."""

from __future__ import annotations

from collections.abc import Sequence

CHECKS = ("docker-compose config", "docker compose config", "actionlint", "check-jsonschema")
PYTHONS = ("python", "python3", "py")
_PROGRAMS = {
    "pytest": ("pytest", "py.test"), "node": ("node",), "vitest": ("vitest",), "jest": ("jest",), "mocha": ("mocha", "_mocha"),

    "ava": ("ava",), "tap": ("tap",), "go": ("go", "gotestsum"), "cargo": ("cargo",), "nextest": ("cargo",),
    "phpunit": ("phpunit", "paratest"),
    "pest": ("pest",), "rspec": ("rspec",), "dotnet": ("dotnet",), "maven": ("mvn", "mvnw", "mvnd"),
    "gradle": ("gradle", "gradlew"), "ctest": ("ctest",), "prove": ("prove",),
}  # fmt: skip


def is_direct(runner: str, argv: Sequence[str]) -> bool:
    """Whether ``argv`` is ``runner`` itself, so that options can be added and its last closing line is its own."""
    words = list(argv)
    if words[:2] == ["bundle", "exec"]:
        words = words[2:]
    if words[:2] == ["sh", "-c"] and len(words) > 3 and words[2].endswith('"$@"'):  # hands on what is added
        words = words[3:]
    if not words:
        return False
    name = program(words[0])
    if name in PYTHONS or name.startswith("python3."):
        rest = words[1:]
        if runner == "django":
            return any(program(word) == "manage.py" for word in rest[:3])
        return len(rest) > 1 and "-m" in rest[:4] and rest[min(rest.index("-m") + 1, len(rest) - 1)] == runner
    if runner == "django":
        return name in ("manage.py", "django-admin")
    if runner == "pest" and name == "php":
        return words[1:3] == ["artisan", "test"]
    if runner in ("phpunit", "pest") and name == "php" and len(words) > 1:
        return program(words[1]) in _PROGRAMS[runner]
    return name in _PROGRAMS.get(runner, ())


def is_check(argv: Sequence[str]) -> bool:
    """Whether ``argv`` checks files as a whole (a program of the catalogue that counts nothing): it is one check."""
    line = argv[2].removeprefix("exec ") if tuple(argv[:2]) == ("sh", "-c") and len(argv) == 3 else " ".join(argv)
    return any(line == check or line.startswith(f"{check} ") for check in CHECKS)


def program(word: str) -> str:
    """The name of the program at a path, without the suffix of a script."""
    name = word.replace("\\", "/").rpartition("/")[2]
    return name.removesuffix(".exe").removesuffix(".phar").removesuffix(".js").removesuffix(".mjs")

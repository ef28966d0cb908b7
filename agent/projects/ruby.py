"""A project of Ruby: ``Gemfile`` and ``*.gemspec``. Both are programs; what stands there as plain text is read."""

from __future__ import annotations

import re

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.manifest_values import text
from agent.projects.model import ProjectCommand, ProjectPart
from agent.stacks.model import FormatTool

NO_TESTS = "neither spec/ nor test/ is there, and no gem of a test runner is named"

_GEM = linear(r"""(?m)^\s*(?:gem|\w+\.add(?:_runtime|_development)?_dependency)[\s(]\s*["']([\w.-]{1,100})["']""")
_RUBY = linear(r"""(?m)^\s*ruby\s+["']([^"'\n]{1,60})["']""")
_REQUIRED = linear(
    r"""(?m)^\s*\w+\.required_ruby_version\s*=\s*(?:Gem::Requirement\.new\(?\s*)?\[?\s*["']([^"'\n]{1,60})["']"""
)
_NAME = linear(r"""(?m)^\s*\w+\.name\s*=\s*["']([\w.-]{1,100})["']""")
_RSPEC_TASK = linear(r"RSpec::Core::RakeTask|task\s*\(?\s*(?::default|default:)[^\n]*:spec")
_TEST_TASK = linear(r"Rake::TestTask|Minitest::TestTask|task\s*\(?\s*(?::test\b|test:|[\"']test[\"'])")


def part(files: ProjectFiles, directory: str) -> ProjectPart | None:
    specification = next((path for path in files.paths if path.endswith(".gemspec") and "/" not in path), "")
    gemfile = next((name for name in ("Gemfile", "gems.rb") if name in files), "")
    if not gemfile and not specification:
        return None
    return _Reading(files, gemfile, specification).part(directory)


class _Reading:
    """What is known while one Gemfile and one gemspec are read."""

    def __init__(self, files: ProjectFiles, gemfile: str, specification: str) -> None:
        self.files = files
        self.gemfile = gemfile
        self.specification = specification
        self.texts = {name: files.read(name) or "" for name in (gemfile, specification) if name}
        self.rakefile = next((name for name in ("Rakefile", "rakefile", "Rakefile.rb") if name in files), "")
        self.gems = {hit[1] for source in self.texts.values() for hit in _GEM.finditer(source)}
        self.start = ("bundle", "exec") if gemfile else ()
        self.evidence = {"language": gemfile or specification}

    def part(self, directory: str) -> ProjectPart:
        wanted, place = self._runtime()
        if wanted:
            self.evidence["runtime"] = place
        lock = next((lock for lock in ("Gemfile.lock", "gems.locked") if lock in self.files), "")
        runner, commands = self._commands()
        hit = _NAME.search(self.texts.get(self.specification, ""))
        return ProjectPart(
            directory,
            "ruby",
            "ruby",
            text(hit[1]) if hit else "",
            "bundler" if self.gemfile else "gem",
            self.files.from_root(lock) if lock else "",
            layout="src" if self._has("lib/") else "flat",
            runtime=f"ruby {wanted}" if wanted else "",
            runner=runner,
            commands=commands,
            test_files=("spec/**",) if runner == "rspec" else ("test/**", "**/*_test.rb", "**/test_*.rb"),
            linters=self._linters(),
            evidence=self.evidence,
        )

    def _runtime(self) -> tuple[str, str]:
        for pattern, name in ((_REQUIRED, self.specification), (_RUBY, self.gemfile)):
            if hit := pattern.search(self.texts.get(name, "")):
                return text(hit[1]), f"{name}: {'required_ruby_version' if pattern is _REQUIRED else 'ruby'}"
        version = text((self.files.read(".ruby-version") or "").split("\n", 1)[0]).removeprefix("ruby-")
        return version, ".ruby-version" if version else ""

    def _commands(self) -> tuple[str, dict[str, ProjectCommand]]:
        found: dict[str, ProjectCommand] = {}
        if self.gemfile:
            found["install"] = ProjectCommand(("bundle", "install"), self.gemfile)
        runner, argv, one, said = self._test()
        if argv:
            self.evidence["runner"] = said
            found["test"] = ProjectCommand((*self.start, *argv), said)
            found["test_one"] = ProjectCommand((*self.start, *one), said)
        else:
            self.evidence["test"] = NO_TESTS
        return runner, found

    def _test(self) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
        """RSpec by its own signs, Rails by its program, else what the Rakefile's task runs."""
        rake = self.files.read(self.rakefile) or "" if self.rakefile else ""
        framework = "test-unit" if "test-unit" in self.gems and "minitest" not in self.gems else "minitest"
        one = ("ruby", "-Ilib", "-Itest")
        if self._has("spec/") and (
            ".rspec" in self.files or {"rspec", "rspec-rails", "rspec-core"} & self.gems or _matches(_RSPEC_TASK, rake)
        ):
            said = ".rspec" if ".rspec" in self.files else f"{self.gemfile or self.specification}: rspec"
            return "rspec", ("rspec",), ("rspec",), said
        if "bin/rails" in self.files and self._has("test/"):
            return "minitest", ("bin/rails", "test"), ("bin/rails", "test"), "bin/rails"
        if self._has("test/") and (_matches(_TEST_TASK, rake) or "rake" in self.gems):
            return framework, ("rake", "test"), one, f"{self.rakefile or self.gemfile}: test"
        if self._has("spec/") and self.rakefile:
            return framework, ("rake", "spec"), one, f"{self.rakefile}: spec"
        return "", (), (), ""

    def _has(self, start: str) -> bool:
        return next(self.files.starting_with(start), None) is not None

    def _linters(self) -> tuple[FormatTool, ...]:
        standard = ".standard.yml" in self.files or "standard" in self.gems
        name = "standardrb" if standard else "rubocop"
        config = ".standard.yml" if standard else ".rubocop.yml"
        if not standard and config not in self.files and "rubocop" not in self.gems:
            return ()
        self.evidence["linters"] = (
            config if config in self.files else f"{self.gemfile or self.specification}: {'standard' if standard else 'rubocop'}"
        )
        run = (*self.start, name)
        quiet = () if standard else ("--force-exclusion", "--format", "quiet")
        return (
            FormatTool(
                name, (*run, "--fix" if standard else "--autocorrect", *quiet), (*run, *quiet), (".rb", ".rake", ".gemspec")
            ),
        )


def _matches(pattern: re.Pattern[str], source: str) -> bool:
    return pattern.search(source) is not None

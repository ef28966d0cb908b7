"""Facts of Ruby projects."""

from __future__ import annotations

import pytest

from agent.projects import ProjectFiles, ProjectPart, ruby

GEMSPEC = 'Gem::Specification.new do |spec|\n  spec.name = "shop"\n  spec.required_ruby_version = ">= 3.1"\n{}end\n'
TESTS = 'require "rake/testtask"\nRake::TestTask.new(:test)\n'


def part_of(files: dict[str, str]) -> ProjectPart:
    found = ruby.part(ProjectFiles.of(files), "")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("files", "runner", "test", "said"),
    [
        ({"Gemfile": "gem 'rspec'", "spec/a_spec.rb": ""}, "rspec", ("bundle", "exec", "rspec"), "Gemfile: rspec"),
        ({"Gemfile": "", ".rspec": "", "spec/a_spec.rb": ""}, "rspec", ("bundle", "exec", "rspec"), ".rspec"),
        (
            {"shop.gemspec": GEMSPEC.format('  spec.add_development_dependency "rspec"\n'), "spec/a.rb": ""},
            "rspec",
            ("rspec",),
            "shop.gemspec: rspec",
        ),
        ({"Gemfile": "", "Rakefile": TESTS, "test/a.rb": ""}, "minitest", ("bundle", "exec", "rake", "test"), "Rakefile: test"),
        (
            {"Gemfile": 'gem "test-unit"', "Rakefile": TESTS, "test/a.rb": ""},
            "test-unit",
            ("bundle", "exec", "rake", "test"),
            "Rakefile: test",
        ),
        (
            {"Gemfile": 'gem "rails"', "bin/rails": "", "test/a.rb": ""},
            "minitest",
            ("bundle", "exec", "bin/rails", "test"),
            "bin/rails",
        ),
        ({"Gemfile": "gem 'jekyll'", "_config.yml": ""}, "", (), None),
    ],
)
def test_how_the_tests_are_run(files: dict[str, str], runner: str, test: tuple[str, ...], said: str | None) -> None:
    part = part_of(files)
    assert (part.runner, part.test) == (runner, test)
    assert (part.commands["test"].evidence if test else None) == said
    assert part.evidence.get("test") == (None if test else ruby.NO_TESTS)


@pytest.mark.parametrize(
    ("files", "wanted", "said"),
    [
        ({"shop.gemspec": GEMSPEC.format(""), "Gemfile": "ruby '3.3.0'"}, "ruby >= 3.1", "shop.gemspec: required_ruby_version"),
        ({"Gemfile": 'source "x"\nruby "3.3.0"\n'}, "ruby 3.3.0", "Gemfile: ruby"),
        ({"Gemfile": "", ".ruby-version": "ruby-3.2.1\n"}, "ruby 3.2.1", ".ruby-version"),
        ({"Gemfile": ""}, "", None),
    ],
)
def test_the_version_of_ruby(files: dict[str, str], wanted: str, said: str | None) -> None:
    part = part_of(files)
    assert (part.runtime, part.evidence.get("runtime")) == (wanted, said)


def test_a_gem() -> None:
    part = part_of({"shop.gemspec": GEMSPEC.format(""), "Gemfile": "gemspec", "Gemfile.lock": "", "lib/shop.rb": ""})
    assert (part.name, part.package_manager, part.lock_file, part.layout) == ("shop", "bundler", "Gemfile.lock", "src")


@pytest.mark.parametrize(
    ("files", "linters"),
    [
        ({}, []),
        ({".rubocop.yml": ""}, ["rubocop"]),
        ({"Gemfile": "gem 'rubocop', require: false"}, ["rubocop"]),
        ({".standard.yml": ""}, ["standardrb"]),
    ],
)
def test_linters_are_those_that_are_configured(files: dict[str, str], linters: list[str]) -> None:
    assert [tool.name for tool in part_of({"Gemfile": "", **files}).linters] == linters


def test_no_manifest_is_no_part() -> None:
    assert ruby.part(ProjectFiles.of({"a.rb": "", "sub/a.gemspec": ""}), "") is None

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from agent.stacks import infer
from agent.stacks.inference import Inference
from tests.agent.stacks.none_of_ours import EVERYDAY, NONE_FITS
from tests.agent.stacks.page_tasks import PAGE_TASKS
from tests.agent.stacks.sentences import NAMED, TRAPS, UNNAMED
from tests.agent.stacks.server_tasks import SERVER_TASKS


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("Create a FastAPI health endpoint", "fastapi"),
        ("FastAPI'ye sağlık uç noktası ekle", "fastapi"),
        ("Write a small Python REST API with pytest tests", "fastapi"),
        ("An Express.js server with middleware", "express-ts"),
        ("Node.js REST API, TypeScript", "express-ts"),
        ("A NestJS module with a service", "nestjs"),
        ("Laravel blog with Eloquent models", "laravel"),
        ("PHP ile basit bir Laravel uygulaması", "laravel"),
        ("a .NET minimal API", "dotnet-api"),
        ("Write it in C#.", "dotnet-api"),
        ("ASP.NET Core web API", "dotnet-api"),
        ("A React dashboard", "react-vite"),
        ("React ile arayüz yap", "react-vite"),
        ("Next.js site with the App Router", "nextjs"),
        ("Vue 3 SPA", "vue-vite"),
        ("Build a Docker image", "devops-docker"),
        ("Dockerize the service", "devops-docker"),
        ("Konteyner imajı ve docker-compose yaz", "devops-docker"),
        ("Add a GitHub Actions workflow", "ci-github-actions"),
        ("GITHUB ACTIONS İLE CI KUR", "ci-github-actions"),
    ],
)
def test_a_named_stack_is_found(text: str, stack: str) -> None:
    guess = infer(text)

    assert guess.stack == stack
    assert guess.confidence > 0.5
    assert guess.evidence


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("Flatten a nested list", "nestjs"),
        ("React to events in Vue.js", "react-vite"),
        ("The next JSON file", "nextjs"),
        ("A capital letter, a capitation", "fastapi"),
        ("dockyard management", "devops-docker"),
        ("Build a page, not React", "react-vite"),
        ("A page without React", "react-vite"),
        ("Use Vue instead of React", "react-vite"),
        ("Don't use Vue or React, plain pages", "react-vite"),
        ("React yerine Vue", "react-vite"),
        ("React değil, Next.js olsun", "react-vite"),
        ("Laravel'siz değil ama Laravel kullanmadan", "laravel"),
        ("www.network.net is a host", "dotnet-api"),
        ("Is ci a word in special?", "nestjs"),
        ("Anything but Laravel: a REST backend with dependency injection", "laravel"),
    ],
)
def test_substrings_and_denied_words_name_nothing(text: str, never: str) -> None:
    assert infer(text).stack != never


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("not React but Vue", "vue-vite"),
        ("React yerine Vue ile yap", "vue-vite"),
        ("Next.js rather than React", "nextjs"),
        ("No Django please: FastAPI", "fastapi"),
        ("We left Next.js for a plain Vite React app; add the missing router.", "react-vite"),
        ("We dropped Express for NestJS; write the orders module.", "nestjs"),
        ("They ditched Vue in favour of React with Vite, add a login page.", "react-vite"),
        ("I gave up on Laravel; a .NET minimal API for bookings, please.", "dotnet-api"),
        ("Anything other than React: a Vue page with a chart.", "vue-vite"),
        ("Schreibe eine Vue-Komponente für einen Kalender, kein React.", "vue-vite"),
        ("Statt Express bitte NestJS für die Benutzerverwaltung.", "nestjs"),
        ("Une API NestJS pour des réservations, sans Express.", "nestjs"),
    ],
)
def test_what_is_wanted_instead_is_found(text: str, stack: str) -> None:
    assert infer(text).stack == stack


@pytest.mark.parametrize("text", ["", "Fix the typo", "Make it faster", "düzelt"])
def test_no_evidence_is_no_stack(text: str) -> None:
    guess = infer(text)

    assert (guess.stack, guess.confidence, guess.evidence) == (None, 0.0, ())


def test_weak_evidence_has_low_confidence() -> None:
    assert infer("Add an API endpoint").confidence < 0.3
    assert infer("React or Vue, you choose").confidence < 0.7


@pytest.mark.parametrize(
    ("files", "stack"),
    [
        (["nest-cli.json", "package.json", "src/main.ts"], "nestjs"),
        (["next.config.ts", "package.json", "app/blog/page.tsx"], "nextjs"),
        (["artisan", "composer.json", "routes/web.php"], "laravel"),
        (["src/Api/Api.csproj", "src/Api/Program.cs"], "dotnet-api"),
        (["package.json", "vite.config.ts", "src/App.vue"], "vue-vite"),
        (["package.json", "vite.config.ts", "src/main.tsx"], "react-vite"),
        (["pyproject.toml", "shop/prices.py", "tests/test_prices.py"], "fastapi"),
    ],
)
def test_the_repository_speaks_for_itself(files: list[str], stack: str) -> None:
    assert infer("Fix the bug", files).stack == stack


def test_manifests_name_their_packages() -> None:
    guess = infer("Fix the bug", ["package.json"], manifests={"package.json": '{"dependencies": {"express": "^5"}}'})

    assert guess.stack == "express-ts"
    assert "a manifest names express" in guess.evidence


@pytest.mark.parametrize("text", ["{", "[]", '{"dependencies": 3}', '{"dependencies": {"a": 1}, "require": []}'])
def test_a_broken_manifest_says_nothing(text: str) -> None:
    assert infer("Fix", manifests={"package.json": text}).stack is None


def test_long_texts_are_read_quickly() -> None:
    assert infer("not " * 20_000 + "a or " * 20_000 + "FastAPI").stack in (None, "fastapi")


def guessed_otherwise(stack: str | None, texts: Iterable[str]) -> dict[str, Inference]:
    """Many sentences in one test: as tests of their own they would take longer to be set up than to be read."""
    return {text: guess for text in texts if (guess := infer(text)).stack != stack}


@pytest.mark.parametrize("stack", NAMED)
def test_sentences_that_name_a_stack(stack: str) -> None:
    assert not guessed_otherwise(stack, NAMED[stack])
    assert all(infer(text).evidence for text in NAMED[stack])


def test_sentences_that_name_none() -> None:
    assert not guessed_otherwise(None, UNNAMED)


@pytest.mark.parametrize(("text", "never"), TRAPS)
def test_sentences_with_a_trap(text: str, never: str) -> None:
    assert infer(text).stack != never


def test_there_are_enough_sentences() -> None:
    assert len(UNNAMED) + len(TRAPS) + sum(map(len, NAMED.values())) >= 150


@pytest.mark.parametrize(("stack", "texts"), {**SERVER_TASKS, **PAGE_TASKS}.items())
def test_tasks_that_name_more_than_they_ask_for(stack: str, texts: Sequence[str]) -> None:
    assert not guessed_otherwise(stack, texts)


@pytest.mark.parametrize("texts", [NONE_FITS, EVERYDAY])
def test_what_is_none_of_the_stacks_gets_none(texts: Sequence[str]) -> None:
    assert not guessed_otherwise(None, texts)


def test_the_candidates_are_named_where_nothing_is_decided() -> None:
    guess = infer("A booking page in React or in Vue")

    assert (guess.stack, guess.confidence, guess.is_none) == (None, 0.0, False)
    assert "react-vite" in guess.evidence[0]
    assert "vue-vite" in guess.evidence[0]


def test_what_is_asked_for_outside_the_catalogue_is_said() -> None:
    guess = infer("Flask site for a chess club")

    assert guess.is_none
    assert guess.outside == "Flask"
    assert "Flask" in guess.evidence[0]


@pytest.mark.parametrize(
    ("files", "manifests", "text"),
    [
        (["go.mod", "main.go"], {"go.mod": "module shop\n"}, "Add an API for the stock"),
        (["Cargo.toml", "src/main.rs", "package.json"], {"package.json": "{}"}, "Make the backend in Express log less"),
        (["pyproject.toml", "shop/views.py"], {"pyproject.toml": '[project]\ndependencies = ["flask>=3"]'}, "A FastAPI page"),
        (["frontend/angular.json", "README.md"], {}, "Add a React page"),
    ],
)  # fmt: skip
def test_manifests_of_other_technologies_beat_words(files: list[str], manifests: dict[str, str], text: str) -> None:
    guess = infer(text, files, manifests=manifests)

    assert (guess.stack, guess.proved, guess.is_none) == (None, True, True)


def test_words_alone_name_no_stack_for_code_that_speaks_for_none() -> None:
    assert infer("Add an Express API endpoint", ["notes.tex", "Makefile"]).stack is None
    assert infer("Add an Express API endpoint").stack == "express-ts"


def test_a_dependency_beats_words() -> None:
    manifests = {"package.json": '{"dependencies": {"next": "15", "react": "19", "react-dom": "19"}}'}
    guess = infer("Add a Laravel-like queue", ["package.json", "app/page.tsx"], manifests=manifests)

    assert (guess.stack, guess.proved) == ("nextjs", True)


def test_a_stack_that_brings_another_is_proved_alone() -> None:
    manifests = {
        "composer.json": '{"require": {"laravel/framework": "^12"}}',
        "package.json": '{"devDependencies": {"vite": "7", "vue": "3", "@vitejs/plugin-vue": "6"}}',
    }
    assert infer("Fix the menu", [*manifests, "artisan"], manifests=manifests).stack == "laravel"


def test_manifests_of_tests_and_documentation_prove_nothing() -> None:
    manifests = {
        "requirements.txt": "fastapi\n",
        "requirements-dev.txt": "flask\n",
        "pyproject.toml": '[project]\ndependencies = []\noptional-dependencies = {django = ["django"]}\n',
    }
    guess = infer("Fix the menu", [*manifests, "docs/Gemfile", "app/main.py"], manifests=manifests)

    assert (guess.stack, guess.proved) == ("fastapi", True)


def test_of_several_proved_stacks_the_text_decides_or_none() -> None:
    manifests = {"api/requirements.txt": "fastapi\n", "web/package.json": '{"dependencies": {"vue": "3"}}'}
    files = [*manifests, "api/main.py", "web/src/App.vue"]

    assert infer("Let the login endpoint answer 401", files, manifests=manifests).stack is None
    assert infer("Fix the v-model of the Vue login form", files, manifests=manifests).stack == "vue-vite"


@pytest.mark.parametrize(
    "text",
    [
        "Port the Express service to Gleam",
        "Express'i Gleam'e taşı",
        "A Gleam backend for the Vue client",
        "Fix our Laravel app",
    ],
)
def test_what_is_only_around_the_work_or_moved_to_the_unknown_is_doubtful(text: str) -> None:
    assert infer(text).confidence <= 0.6

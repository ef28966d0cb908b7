"""Which libraries a PHP or C# file uses. A namespace does not name its package, so only well-known libraries are checked."""

from __future__ import annotations

from collections.abc import Iterator

from agent.guardrails.declared import Declared
from agent.guardrails.imports import Import
from agent.guardrails.trees import nodes, sources, text_of

PHP = {
    "Aws": "aws/aws-sdk-php", "Barryvdh": "barryvdh/", "Doctrine": "doctrine/", "Filament": "filament/",
    "Firebase": "firebase/", "Inertia": "inertiajs/inertia-laravel",
    "Intervention": "intervention/", "Laravel\\Passport": "laravel/passport",
    "Laravel\\Sanctum": "laravel/sanctum", "Laravel\\Socialite": "laravel/socialite", "Livewire": "livewire/livewire",
    "Maatwebsite": "maatwebsite/excel", "Predis": "predis/predis", "Spatie": "spatie/", "Stripe": "stripe/stripe-php",
    "Twig": "twig/twig", "Tymon": "tymon/jwt-auth",
}  # fmt: skip
"""Namespace → package, or the vendor of several."""
CSHARP = {
    "AutoMapper": "AutoMapper", "Dapper": "Dapper", "FluentValidation": "FluentValidation", "Hangfire": "Hangfire",
    "MediatR": "MediatR", "Microsoft.EntityFrameworkCore": "Microsoft.EntityFrameworkCore", "MongoDB": "MongoDB.Driver",
    "Moq": "Moq", "NSubstitute": "NSubstitute", "NUnit": "NUnit", "Newtonsoft.Json": "Newtonsoft.Json", "Npgsql": "Npgsql",
    "Polly": "Polly", "RabbitMQ": "RabbitMQ.Client", "Serilog": "Serilog", "StackExchange.Redis": "StackExchange.Redis",
    "Swashbuckle": "Swashbuckle.AspNetCore", "Xunit": "xunit",
}  # fmt: skip
"""Namespace → NuGet package; another one that begins with the same name brings it too."""


def used(path: str, text: str) -> Iterator[Import]:
    """Every namespace that the file uses, whole."""
    for source in sources(path, text):
        if source.kind == "php":
            for node, line in nodes(source, "namespace_use_clause", "namespace_use_group"):
                yield Import(text_of(source, node).split(" as ")[0].split("{")[0].strip("\\ "), line)
        elif source.kind == "csharp":
            for node, line in nodes(source, "using_directive"):
                names = [child for child in node.named_children if child.type in ("qualified_name", "identifier")]
                if names:
                    yield Import(text_of(source, names[-1]), line)


def library(path: str, namespace: str) -> str | None:
    """The package that brings ``namespace``; None where that is not known."""
    table, separator = (PHP, "\\") if path.endswith(".php") else (CSHARP, ".")
    for known, package in table.items():
        if namespace == known or namespace.startswith(known + separator):
            return package
    return None


def is_declared(package: str, declared: Declared) -> bool:
    wanted = package.lower()
    return wanted in declared.names or declared.any_begins_with(wanted if wanted.endswith("/") else wanted + ".")

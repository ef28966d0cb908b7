"""What stands in the generated parts of the documentation, each from the code that it describes."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import check_blocks
import cli_schemas
import help_texts
import licences
import man_page
import patch_refusals
import prompt_sections
from tables import table

if TYPE_CHECKING:
    from pydantic import BaseModel

ROOT = Path(__file__).resolve().parent.parent
APPS = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics")
SETTING = re.compile(r"^# ([A-Z][A-Z0-9_]+)=(.*)$")


def settings() -> list[tuple[str, str, str, str]]:
    """(section, name, default, meaning) of each line of .env.example."""
    found, section, meaning = [], "", ""
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        if hit := SETTING.match(line):
            found.append((section, hit[1], hit[2], meaning))
        elif line.startswith("# --- "):
            section = line.strip("# -")
        elif line.startswith("# "):
            meaning = line[2:]
    return found


def env() -> str:
    parts = []
    for section in dict.fromkeys(row[0] for row in settings()):
        rows = [
            (f"`{name}`", f"`{default}`" if default else "", text) for of, name, default, text in settings() if of == section
        ]
        parts.append(f"**{section}**\n\n{table(('Name', 'Default', 'Meaning'), rows)}")
    return "\n".join(parts)


@cache
def openapi() -> dict[str, Any]:
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    with GENERATOR_STATS.silence():
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


def api() -> str:
    from workspaces.viewsets import TenantViewSet

    schema = openapi()
    inherited = inspect.getdoc(TenantViewSet)
    rows = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            said = operation.get("description") or ""
            query = ", ".join(f"`{one['name']}`" for one in operation.get("parameters", ()) if one["in"] == "query")
            rows.append((f"`{method.upper()}`", f"`{path}`", "" if said == inherited else sentence(said), query))
    return table(("Method", "Path", "What it does", "Query"), rows)


def sentence(text: str) -> str:
    """The first one, on one line."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def event_schemas() -> dict[str, type[BaseModel]]:
    """Event type → schema, by application, whichever was imported first; within one as registered."""
    from workspaces.event_registry import SCHEMAS, owner_of

    return {name: SCHEMAS[name] for name in sorted(SCHEMAS, key=lambda name: APPS.index(owner_of(name)))}


def events() -> str:
    rows = []
    for name, model in event_schemas().items():
        fields = model.model_json_schema()
        required = fields.get("required", ())
        data = ", ".join(f"`{key}`{'' if key in required else '?'}" for key in fields.get("properties", {}))
        rows.append((f"`{name}`", data))
    return table(("Type", "`data`"), rows)


def event_schema() -> str:
    """JSON Schema (2020-12) of an envelope; ``type`` decides which ``data`` it holds."""
    from pydantic.json_schema import models_json_schema

    schemas = event_schemas()
    models: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (model, "validation") for model in dict.fromkeys(schemas.values())
    ]
    refs, defs = models_json_schema(models, ref_template="#/$defs/{model}")
    uuid: dict[str, Any] = {"type": ["string", "null"], "format": "uuid"}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "type": "object",
        "properties": {
            "id": {"type": "integer", "description": "position in the workspace"},
            "seq": {"type": ["integer", "null"], "description": "position in the run"},
            "type": {"enum": list(schemas)},
            "timestamp": {"type": "string", "format": "date-time"},
            "workspace_id": {"type": "string", "format": "uuid"},
            **{f"{name}_id": uuid for name in ("project", "task", "run", "repository")},
            "data": {"type": "object"},
            "message": {"type": "string"},
        },
        "required": ["id", "seq", "type", "timestamp", "workspace_id", "data", "message"],
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}},
                "then": {"properties": {"data": {"$ref": refs[(model, "validation")]["$ref"]}}},
            }
            for name, model in schemas.items()
        ],
        "$defs": defs["$defs"],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def cli_schema() -> str:
    return cli_schemas.document(openapi()["components"]["schemas"]) + "\n"


def man() -> str:
    version = tomllib.loads((ROOT / "cli/pyproject.toml").read_text("utf-8"))["project"]["version"]
    return man_page.man_page(version, list(help_texts.commands()), help_texts.help_text)


def database() -> str:
    from django.apps import apps

    parts = []
    for app in APPS:
        for model in sorted(apps.get_app_config(app).get_models(), key=lambda model: model._meta.db_table):
            meta = model._meta
            parts += [f"### `{meta.db_table}`", f"`{app}.{model.__name__}`. {about(model)}".strip()]
            columns = [column(field) for field in meta.local_concrete_fields]
            parts.append(table(("Column", "Type", "NULL", ""), columns).strip())
            rules = [f"- `{rule.name}`: `{rule_sql(model, rule)}`" for rule in (*meta.constraints, *meta.indexes)]
            if rules:
                parts.append("\n".join(rules))
    return "\n\n".join(parts)


def column(field: Any) -> tuple[str, str, str, str]:
    from django.db import connection

    kinds = {"key": field.primary_key, "unique": field.unique and not field.primary_key, "indexed": field.db_index}
    notes = [name for name, holds in kinds.items() if holds]
    if field.is_relation:
        notes.append(f"→ `{field.related_model._meta.db_table}`")
    return f"`{field.column}`", field.db_type(connection), "yes" if field.null else "", ", ".join(notes)


def about(model: type) -> str:
    text = inspect.cleandoc(model.__doc__ or "")
    # Django writes "Name(field, …)" where there is no docstring.
    return "" if text.startswith(f"{model.__name__}(") else f"{' '.join(text.split())}"


def rule_sql(model: type, rule: Any) -> str:
    """The rule as PostgreSQL is told, without its name and table."""
    from django.db import connection

    setattr(connection, "pg_version", 180000)  # noqa: B010 - a property that would ask a server
    editor = connection.SchemaEditorClass(connection, collect_sql=True)
    sql = str(rule.create_sql(model, editor)).replace('"', "")
    sql = re.sub(r"^ALTER TABLE \w+ ADD CONSTRAINT \w+ ", "", sql)
    return re.sub(r"^CREATE (UNIQUE )?INDEX \w+ ON \w+ ", lambda hit: f"{hit[1] or ''}INDEX ", sql)


BLOCKS: dict[str, Callable[[], str]] = {
    "env": env, "api": api, "events": events, "cli": help_texts.cli, "database": database, "stacks": check_blocks.stacks,
    "ecosystems": check_blocks.ecosystems, "findings": check_blocks.findings, "runners": check_blocks.runners,
    "prompts": prompt_sections.prompts, "unreadable": patch_refusals.unreadable, "refusals": patch_refusals.refusals,
    "paths": patch_refusals.paths, "licences": licences.block,
}  # fmt: skip

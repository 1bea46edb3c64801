"""What the API answers, as an OpenAPI 3.1 document and as a page for people, both made from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from keifu import __version__
from keifu.index.reading import MOST, USUAL
from keifu.index.tables import PROVENANCE, Column, Kind, Table

__all__ = ["description", "page_of"]

_KINDS: Mapping[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "string", "pattern": "^-?[0-9]+$", "description": "A whole number, exactly."},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TEXT: {"type": "string"},
    Kind.JSON: {},
}
_PAGING = (
    ("from_block", "No event before this block.", {"type": "integer", "minimum": 0}),
    ("to_block", "No event after this block.", {"type": "integer", "minimum": 0}),
    ("order", "Oldest or newest first.", {"enum": ["asc", "desc"]}),
    ("limit", "Events on a page.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}),
    ("cursor", "`next` of the page before.", {"type": "string"}),
)
_LIST_FILTERS = (
    ("contract", "Name of a contract.", {"type": "string"}),
    ("event", "Name of an event.", {"type": "string"}),
    ("transaction_hash", "Transaction that it was logged in.", {"type": "string"}),
)


def description(tables: Sequence[Table]) -> dict[str, Any]:
    """The OpenAPI document."""
    block = {"type": "object", "properties": {"number": {"type": "integer"}, "hash": {"type": ["string", "null"]}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keifu index",
            "version": __version__,
            "description": (
                "Every event of every contract of the suite, with the block, transaction and log that it comes from. "
                "`block` of an answer is the one up to which the index had read; its ETag changes when anything does."
            ),
        },
        "paths": dict(_paths(tables)),
        "components": {
            "schemas": {
                "Block": block,
                "Problem": {
                    "type": "object",
                    "properties": {
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "remedy": {"type": "string"},
                    },
                },
                "Event": _event({"type": "object"}),
                **{table.name: _event(_arguments(table)) for table in tables},
            }
        },
    }


def _paths(tables: Sequence[Table]) -> Iterator[tuple[str, Any]]:
    yield (
        "/v1/status",
        _get("What the index is of, how far it is, and what of it is not proved.", [], {"type": "object"}),
    )
    yield "/v1/tables", _get("The tables, their columns, and which can be asked for.", [], {"type": "array"})
    yield "/v1/events", _get("All events in chain order.", [*_LIST_FILTERS, *_PAGING], _list_of("Event"))
    value = ("value", "An address, id, digest, transaction or name.", {"type": "string"})
    yield "/v1/search", _get("Events that anything stands in, newest first.", [value, *_PAGING], _list_of("Event"))
    for table in tables:
        filters = [(item.name, f"`{item.type}`", _schema(item)) for item in table.filters]
        summary = f"{table.event} events of {table.contract}."
        path = f"/v1/events/{table.contract}/{table.event}"
        yield path, _get(summary, [*filters, *_PAGING], _list_of(table.name))


def _get(summary: str, filters: Sequence[tuple[str, str, Mapping[str, Any]]], data: Mapping[str, Any]) -> Any:
    return {
        "get": {
            "summary": summary,
            "parameters": [
                {"name": name, "in": "query", "description": text, "required": name == "value", "schema": dict(schema)}
                for name, text, schema in filters
            ],
            "responses": {
                "200": {"description": "The answer.", "content": {"application/json": {"schema": _answer(data)}}},
                "304": {"description": "Nothing has changed since the ETag that was given."},
                "400": _problem("A filter, limit or cursor that is not understood."),
                "410": _problem("The block where the page before ended was reorganised away."),
            },
        }
    }


def _answer(data: Mapping[str, Any]) -> dict[str, Any]:
    listed = {"next": {"type": ["string", "null"]}} if "items" in data else {}
    return {
        "type": "object",
        "properties": {"block": {"$ref": "#/components/schemas/Block"}, "data": dict(data), **listed},
    }


def _problem(text: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": text, "content": {"application/problem+json": schema}}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _event(arguments: Mapping[str, Any]) -> dict[str, Any]:
    provenance = {column.name: _schema(column) for column in PROVENANCE}
    names = {"contract": {"type": "string"}, "event": {"type": ["string", "null"]}}
    return {"type": "object", "properties": {**provenance, **names, "args": dict(arguments)}}


def _arguments(table: Table) -> dict[str, Any]:
    return {"type": "object", "properties": {column.name: _schema(column) for column in table.arguments}}


def _schema(column: Column) -> dict[str, Any]:
    return _KINDS[column.kind] | ({"title": column.type} if column.type else {})


def page_of(document: Mapping[str, Any]) -> str:
    """The same for people: one page, without a script, with nothing from elsewhere."""
    rows = []
    for path, item in document["paths"].items():
        get = item["get"]
        filters = ", ".join(f"<code>{escape(one['name'])}</code>" for one in get["parameters"]) or "none"
        rows.append(
            f'<tr><td><a href="{escape(path)}"><code>{escape(path)}</code></a></td>'
            f"<td>{escape(get['summary'])}</td><td>{filters}</td></tr>"
        )
    info = document["info"]
    return _PAGE.format(title=escape(info["title"]), text=escape(info["description"]), rows="\n".join(rows))


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8886 }}
code {{ overflow-wrap: anywhere }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
<p>The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
<table>
<thead><tr><th>Address</th><th>What it answers</th><th>Filters</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""

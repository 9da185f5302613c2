"""The API described, from its table: an OpenAPI document, and the rows of the page about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import hullwatch
from hullwatch.web.ask import Endpoint, Parameter
from hullwatch.web.routes import ENDPOINTS, PLACES, ROOT, STREAM

_TYPES = {int: "integer", float: "number", str: "string"}
_PLACES_DOC = "how many more may listen to the changes"
_STREAM_DOC = "changes as server-sent events; resumes at Last-Event-ID"


def description() -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    paths[STREAM] = {
        "get": {
            "summary": _STREAM_DOC,
            "responses": {"200": {"description": "done", "content": {"text/event-stream": {}}}},
        }
    }
    paths[PLACES] = {"get": {"summary": _PLACES_DOC, "responses": {"200": {"description": "done"}}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hullwatch", "version": "1", "x-hullwatch-version": hullwatch.__version__,
            "description": "Times are µs since 1970 UTC. Leak rates are in Pa·m³/s at t_ref_k, "
            "positive = gas lost; u95 is the half-width of a 95 % interval.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }  # fmt: skip


def _operation(one: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "summary": one.doc,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", one.path)
        ],
        "responses": {
            "200": {"description": "done", "content": {"application/json": {}}},
            "default": {"description": "error, hint and exit_code"},
        },
    }
    if one.control:
        found["security"] = [{"token": []}]
        found["requestBody"] = {
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {p.name: _schema(p) for p in one.parameters},
                        "required": [p.name for p in one.parameters if p.required],
                    }
                }
            }
        }
        return found
    found["parameters"] += [
        {
            "name": p.name, "in": "query", "required": p.required, "description": p.doc,
            "schema": _schema(p),
        }
        for p in one.parameters
    ]  # fmt: skip
    return found


def _schema(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _TYPES[parameter.kind]}
    if parameter.choices:
        found["enum"] = list(parameter.choices)
    if parameter.default is not None:
        found["default"] = parameter.default
    return found


def table() -> Iterator[tuple[str, str, str, str]]:
    """Rows for the page: method, address below the root, parameters, what it gives."""
    for one in ENDPOINTS:
        names = [p.name if p.required else f"[{p.name}]" for p in one.parameters]
        doc = f"{one.doc} (token)" if one.control else one.doc
        yield one.method, one.path.removeprefix(ROOT), ", ".join(names), doc
    yield "GET", PLACES.removeprefix(ROOT), "", _PLACES_DOC
    yield "GET", STREAM.removeprefix(ROOT), "", _STREAM_DOC

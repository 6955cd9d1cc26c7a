"""The description that both servers hand out: OpenAPI 3.1, made from the same routes and types that answer the calls.

Owns: the document's shape. Does not own: the routes (web.Route) and the types (customcrm/properties.py, membercare/words_*.py).
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from accord.sandbox.web import Route

TEMPLATE = "#/components/schemas/{name}"


def describe(title: str, routes: Sequence[Route], security: dict[str, Any], error: dict[str, Any]) -> bytes:
    """The whole document, encoded. ``security``: the one security scheme; ``error``: the schema of every refusal."""
    routes = [route for route in routes if not route.path.startswith("/_sandbox")]  # the system's own pages are no part of its API
    types = [kind for route in routes for kind in (route.body, route.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=TEMPLATE)
    named = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        body = next(named) if route.body is not None else None
        answer = next(named) if route.answer is not None else None
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, body, answer)
    document = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": {**components, "Refusal": error}, "securitySchemes": {"key": security}},
        "security": [{"key": []}],
    }
    return msgspec.json.encode(document)


def _operation(route: Route, body: dict[str, Any] | None, answer: dict[str, Any] | None) -> dict[str, Any]:
    success: dict[str, Any] = {"description": route.summary or "Done"}
    if answer is not None:
        success["content"] = {"application/json": {"schema": answer}}
    refusal = {"description": "Refused", "content": {"application/json": {"schema": {"$ref": TEMPLATE.format(name="Refusal")}}}}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_"),
        "parameters": [*_path_parameters(route.path), *_other_parameters(route)],
        "responses": {str(route.status): success, "default": refusal},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if route.open:
        operation["security"] = []
    return operation


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"{(\w+)}", path)]


def _other_parameters(route: Route) -> list[dict[str, Any]]:
    return [{"name": each.name, "in": each.place, "required": False, "schema": {"type": each.type}} for each in route.parameters]

"""As much of JSON Schema as the manifest's schema uses; any other word in it is an error, so that nothing goes unchecked."""

from collections.abc import Iterator
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}
REMARKS = {"$schema", "title", "description", "default", "examples", "definitions"}
RULES = {"$ref", "type", "enum", "const", "anyOf", "allOf", "if", "then", "else", "properties", "additionalProperties", "required", "items"}
SIZES = {"minItems", "maxItems"}


def misfits(schema: dict[str, Any], value: Any, whole: dict[str, Any] | None = None, where: str = "") -> list[str]:
    """What of a value does not fit a schema."""
    whole = whole or schema
    unknown = schema.keys() - REMARKS - RULES - SIZES
    assert not unknown, f"{where}: the schema says {unknown}"
    return list(_misfits(schema, value, whole, where))


def _misfits(schema: dict[str, Any], value: Any, whole: dict[str, Any], where: str) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        yield from misfits(whole["definitions"][name], value, whole, where)
    if "type" in schema:
        fits = isinstance(value, TYPES[schema["type"]]) and (schema["type"] == "boolean" or not isinstance(value, bool))
        if not fits:
            yield f"{where}: {value!r} is no {schema['type']}"
            return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{where}: {value!r} is no choice"
    if "anyOf" in schema and all(misfits(each, value, whole, where) for each in schema["anyOf"]):
        yield f"{where}: {value!r} fits nothing"
    for each in schema.get("allOf", ()):
        yield from misfits(each, value, whole, where)
    if "if" in schema:
        yield from misfits(schema.get("else" if misfits(schema["if"], value, whole, where) else "then", {}), value, whole, where)
    yield from _within(schema, value, whole, where)


def _within(schema: dict[str, Any], value: Any, whole: dict[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{where}: lacks {name}" for name in schema.get("required", ()) if name not in value)
        for name, each in value.items():
            rule = known.get(name, schema.get("additionalProperties", True))
            if rule is False:
                yield f"{where}: unknown key {name}"
            elif isinstance(rule, dict):
                yield from misfits(rule, each, whole, f"{where}.{name}")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        rule = schema.get("items", {})
        for position, each in enumerate(value):
            yield from misfits(rule[position] if isinstance(rule, list) else rule, each, whole, f"{where}[{position}]")

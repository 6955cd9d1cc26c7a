"""The JSON Schema of a manifest, and its reference page: both from the models that read it.

Owns: how types, defaults, meanings and examples are put together. Does not own: the models (model/manifest.py), how strictly they are
taken (config/shape.py), the words (config/manifest_keys.py).
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from accord.config.drafting_yaml import flow
from accord.config.files_manifest import FILES_SHAPE
from accord.config.manifest import NEEDED_TO_SIGN_IN, SHAPE
from accord.config.manifest_keys import KEYS as REST_KEYS
from accord.config.manifest_keys import SHAPES as REST_SHAPES
from accord.config.manifest_keys import Key
from accord.config.manifest_keys_files import FILES_KEYS, FILES_SHAPES
from accord.config.manifest_keys_plugged import PLUGGED_KEYS, PLUGGED_SHAPES
from accord.config.manifest_keys_sql import SQL_KEYS, SQL_SHAPES
from accord.config.plugged import PLUGGED_SHAPE
from accord.config.shape import known_shapes
from accord.config.sql_manifest import SQL_SHAPE
from accord.model.files import FilesManifest
from accord.model.manifest import Manifest
from accord.model.plugged import PluggedManifest
from accord.model.sql import SqlManifest

Schema = dict[str, Any]

KEYS: Mapping[tuple[str, str], Key] = MappingProxyType({**REST_KEYS, **SQL_KEYS, **FILES_KEYS, **PLUGGED_KEYS})
SHAPES: Mapping[str, str] = MappingProxyType({**REST_SHAPES, **SQL_SHAPES, **FILES_SHAPES, **PLUGGED_SHAPES})

DRAFT = "http://json-schema.org/draft-07/schema#"
"""The one that editors know best; nothing later is needed."""

_TYPES: Mapping[str, str] = MappingProxyType(
    {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null", "object": "mapping"}
)


def manifest_schema() -> Schema:
    """The schema of a whole manifest; ``definitions`` holds one for each kind of mapping within it."""
    # The draft's words for what later drafts call $defs and prefixItems.
    shapes = {name: each for shape in (SHAPE, SQL_SHAPE, FILES_SHAPE, PLUGGED_SHAPE) for name, each in shape.schema()["$defs"].items()}
    said = json.dumps({"$defs": shapes}).replace("#/$defs/", "#/definitions/").replace('"prefixItems":', '"items":')
    definitions = {name: _described(name, definition) for name, definition in sorted(json.loads(said)["$defs"].items())}
    definitions["Authentication"]["allOf"] = list(_needed_to_sign_in())
    return {
        "$schema": DRAFT,
        "title": "Accord manifest",
        "description": "How one system is described to Accord.",
        **_by_kind(),
        "definitions": definitions,
    }


def _by_kind() -> Schema:
    """Which form a manifest has: by ``kind``, or by ``protocol``, as manifests of databases said it first. Another kind is a plug-in's."""
    forms = {form: {"$ref": f"#/definitions/{form.__name__}"} for form in (Manifest, SqlManifest, FilesManifest, PluggedManifest)}

    def says(key: str, *words: str) -> Schema:
        return {"properties": {key: {"enum": list(words)}}, "required": [key]}

    without = {"anyOf": [says("kind", "rest"), {"properties": {"kind": False}}]}
    plugged = {"if": without, "then": forms[Manifest], "else": forms[PluggedManifest]}
    files = {"if": says("kind", "files"), "then": forms[FilesManifest], "else": plugged}
    return {"if": {"anyOf": [says("protocol", "sql"), says("kind", "sql")]}, "then": forms[SqlManifest], "else": files}


def schema_text() -> str:
    """The schema as the file that is published."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False) + "\n"


def _described(shape: str, definition: Schema) -> Schema:
    """A definition with words and examples instead of what the program says to itself."""
    kept = {key: value for key, value in definition.items() if key not in ("title", "description")}
    properties = {name: _property(shape, name, each) for name, each in definition["properties"].items()}
    return {"description": f"{SHAPES[shape]}.", **kept, "properties": properties}


def _property(shape: str, name: str, described: Schema) -> Schema:
    meaning, example = KEYS[shape, name]
    kept = {key: value for key, value in described.items() if key != "title"}
    if "$ref" in kept:  # beside a $ref nothing counts in this draft
        kept = {"allOf": [{"$ref": kept.pop("$ref")}], **kept}
    return {"description": f"{meaning[:1].upper()}{meaning[1:]}.", **kept, "examples": [example]}


def _needed_to_sign_in() -> Iterator[Schema]:
    for kind, needed in NEEDED_TO_SIGN_IN.items():
        required = [name for name in needed if name not in _defaults("Authentication")]
        if required:
            yield {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"required": required}}


def _defaults(shape: str) -> set[str]:
    """The keys of a shape that have a default of their own, which is not null."""
    fields = dataclasses.fields(known_shapes(Manifest)[shape])
    return {each.name for each in fields if each.default not in (None, dataclasses.MISSING)}


# --- the reference page -----------------------------------------------------------------------------------------------------------

_HEAD = """# The manifest

A manifest describes one system to Accord: where it is, how calls are signed in, and for each kind of record how it is listed, read and
written. `accord manifest new --openapi FILE` drafts one, `accord manifest probe` and `accord manifest conform` try it on the live system;
[connecting your own CRM](../how-to/connect-your-crm.md) goes through it step by step.

An editor that knows JSON Schema completes and checks a manifest as you type. Write the schema beside it with
`accord manifest schema -o manifest.schema.json` (the published one is [here](manifest.schema.json)), and begin the file with

```yaml
# yaml-language-server: $schema=manifest.schema.json
```

A path is dotted (`postalCode.zipCode`) and counts from the record, or from the group's item. The texts of a call may hold `{id}` and
`{reference}`, in `find` any property of the datatype, in a group's `replace` the existing item's members as `{item.PATH}`. A secret is
always a reference: `${env:NAME}`, `${file:PATH}` or `${keyring:NAME}`.

A database is described by a manifest with `kind: sql`, from [a database](#a-database) on; see
[connecting a database](../how-to/connect-a-database.md). A folder of CSV, JSON Lines or Excel files is one with
`kind: files`, from [a folder of files](#a-folder-of-files) on; see [exchanging files](../how-to/exchange-files.md). A system of any
other `kind` is a plug-in's, from [a system of a plug-in](#a-system-of-a-plug-in) on; see
[writing a connector](../how-to/write-a-connector.md).

This page is generated from the models that read the file by `make reference`."""


def reference_page() -> str:
    """docs/reference/manifest.md: every key with its type, default, meaning and example."""
    schema = manifest_schema()
    parts = [_HEAD, ""]
    for shape, heading in SHAPES.items():
        parts += [f"## {heading}", "", "| Key | Type | If left out | What it says | Example |", "|---|---|---|---|---|"]
        definition = schema["definitions"][shape]
        required = definition.get("required", ())
        for name, each in definition["properties"].items():
            cells = (
                f"`{name}`",
                _type(each),
                _default(each, name in required),
                KEYS[shape, name].meaning,
                f"`{flow(KEYS[shape, name].example)}`",
            )
            parts.append(f"| {' | '.join(_cell(each) for each in cells)} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _type(each: Schema) -> str:
    if "allOf" in each:
        return _type(each["allOf"][0])
    if "$ref" in each:
        heading = SHAPES[each["$ref"].rpartition("/")[2]]
        return f"[{heading.lower()}](#{re.sub(r'[^a-z0-9 -]', '', heading.lower()).replace(' ', '-')})"
    if "anyOf" in each:
        return " or ".join(_type(one) for one in each["anyOf"] if one.get("type") != "null")
    if "const" in each:
        return f"`{flow(each['const'])}`"
    if "enum" in each:
        return ", ".join(f"`{word}`" for word in each["enum"])
    return _plain_type(each)


def _plain_type(each: Schema) -> str:
    if each.get("type") == "array":
        if isinstance(each.get("items"), list):
            return f"list of {len(each['items'])}"
        return f"list of {_type(each.get('items') or {})}"
    if each.get("type") == "object" and each.get("additionalProperties"):
        inner = each["additionalProperties"]
        return f"name: {_type(inner) if isinstance(inner, dict) else 'anything'}"
    return _TYPES.get(each.get("type", ""), "anything")


def _default(each: Schema, required: bool) -> str:
    if required:
        return "must be there"
    default = each.get("default")
    return "" if default in (None, "", {}, []) else f"`{flow(default)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

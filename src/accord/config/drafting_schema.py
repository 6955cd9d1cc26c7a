"""An OpenAPI 3 description: read, its references followed, its schemas brought into one plain form.

Owns: what of OpenAPI is understood. Does not own: what is concluded from it (drafting_calls.py and the others). References to other files
are not followed; what stands there is taken for unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from accord.config.drafting_names import ATTRIBUTES
from accord.config.yamlfile import Loader
from accord.errors import ConfigurationError, Problem

Node = Mapping[str, Any]

_MOST_BYTES = 32 * 1024 * 1024
_DEEPEST = 30
_NOTHING: Node = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers when it did what it should: status, schema (empty if there is none), headers, the kind of JSON."""

    status: str
    schema: Node
    headers: Node
    kind: str = ""


class Description:
    """A whole description. ``file``: for what is said about it."""

    def __init__(self, file: str, whole: Node) -> None:
        self.file = file
        self.whole = whole
        self._plain: dict[int, tuple[Node, Node]] = {}  # by identity; the node itself is kept so that no other gets its place

    @property
    def title(self) -> str:
        """What it describes."""
        return str(mapping(self.whole.get("info")).get("title") or "system")

    @property
    def paths(self) -> Node:
        """Path -> what can be done with it."""
        return mapping(self.whole.get("paths"))

    @property
    def security_schemes(self) -> Node:
        """Name -> scheme."""
        schemes = mapping(mapping(self.whole.get("components")).get("securitySchemes"))
        return {name: self.resolve(scheme) for name, scheme in schemes.items()}

    def resolve(self, node: Any) -> Node:
        """What a node says, its references followed; nothing where they lead nowhere."""
        for _ in range(_DEEPEST):
            if not isinstance(node, Mapping):
                return _NOTHING
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._at(reference)
        return _NOTHING

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return None
        steps = (step.replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/"))
        return reduce(lambda held, step: held.get(step) if isinstance(held, Mapping) else None, steps, self.whole)  # type: ignore[return-value, arg-type]  # any JSON

    def schema(self, node: Any, depth: int = 0) -> Node:
        """A schema in one plain form: references followed, allOf merged, null taken out of what it can be."""
        said = self.resolve(node)
        known = self._plain.get(id(said))
        if known is not None:
            return known[1]
        if depth > _DEEPEST:
            return _NOTHING
        self._plain[id(said)] = (said, _NOTHING)  # what leads back to itself says nothing more
        made = self._made_plain(said, depth)
        self._plain[id(said)] = (said, made)
        return made

    def _made_plain(self, said: Node, depth: int) -> Node:
        merged = {key: value for key, value in said.items() if key not in ("allOf", "anyOf", "oneOf")}
        for part in listed(said.get("allOf")):
            merged = _merged(merged, self.schema(part, depth + 1))
        for key in ("anyOf", "oneOf"):
            choices = [self.schema(each, depth + 1) for each in listed(said.get(key))]
            choices = [each for each in choices if each.get("type") != "null"]
            if choices:
                merged = _merged(merged, choices[0])
        if "const" in merged and "enum" not in merged:
            merged["enum"] = [merged["const"]]
        kinds = merged.get("type")
        if isinstance(kinds, Sequence) and not isinstance(kinds, str):
            merged["type"] = next((kind for kind in kinds if kind != "null"), None)
        if "type" not in merged and "properties" in merged:
            merged["type"] = "object"
        return merged

    def properties(self, schema: Node) -> Iterator[tuple[str, Node]]:
        """The members of an object, in one plain form."""
        for name, node in mapping(schema.get("properties")).items():
            yield str(name), self.schema(node)

    def members(self, schema: Node) -> dict[str, Node]:
        """The members of a record by their paths, those of an object that holds all of it but the id too."""
        known = {name: each for name, each in self.properties(schema) if "." not in name}  # a path is dotted
        for holder in ATTRIBUTES:
            known |= {f"{holder}.{name}": each for name, each in self.properties(known.get(holder, _NOTHING)) if "." not in name}
        return known

    def operation(self, path: str, method: str) -> Node:
        """What can be done, or nothing."""
        return mapping(self.resolve(self.paths.get(path)).get(method))

    def parameters(self, path: str, operation: Node, place: str) -> dict[str, Node]:
        """Name -> schema of the parameters of a call that stand in "query", "header" or "path"."""
        both = [*listed(self.resolve(self.paths.get(path)).get("parameters")), *listed(operation.get("parameters"))]
        found = [self.resolve(each) for each in both]
        return {str(each.get("name")): self.schema(each.get("schema")) for each in found if each.get("in") == place}

    def body(self, operation: Node) -> Node:
        """What a call takes as JSON; nothing if it takes none."""
        return self.schema(_json(self.resolve(operation.get("requestBody")))[1])

    def answer(self, operation: Node) -> Answer:
        """What a call answers, by the first 2xx."""
        responses = {str(status): answer for status, answer in mapping(operation.get("responses")).items()}
        status = next((each for each in sorted(responses) if each.startswith("2")), "")
        said = self.resolve(responses.get(status))
        kind, schema = _json(said)
        return Answer(status, self.schema(schema), mapping(said.get("headers")), kind)


def name_of(node: Any) -> str:
    """The name that a schema is referred to by, or its title; "" without one."""
    if not isinstance(node, Mapping):
        return ""
    reference = node.get("$ref")
    return reference.rpartition("/")[2] if isinstance(reference, str) else str(node.get("title") or "")


def _json(said: Node) -> tuple[str, Any]:
    """The kind and the schema of the JSON among what a body or an answer can be."""
    for kind, content in mapping(said.get("content")).items():
        plain = str(kind).partition(";")[0].strip().lower()
        if plain in ("application/json", "*/*") or plain.endswith("+json"):
            return plain, mapping(content).get("schema")
    return "", None


def _merged(one: Node, other: Node) -> dict[str, Any]:
    properties = {**mapping(one.get("properties")), **mapping(other.get("properties"))}
    required = [*listed(one.get("required")), *listed(other.get("required"))]
    merged = {**other, **one}
    return merged | ({"properties": properties} if properties else {}) | ({"required": required} if required else {})


def mapping(node: Any) -> Node:
    """An object; nothing for anything else, as a description may hold any nonsense."""
    return node if isinstance(node, Mapping) else _NOTHING


def listed(node: Any) -> list[Any]:
    """A list; an empty one for anything else."""
    return node if isinstance(node, list) else []


def whole_number(node: Any) -> int | None:
    """A whole number; None for anything else."""
    return node if isinstance(node, int) and not isinstance(node, bool) else None


def read_description(path: Path) -> Description:
    """An OpenAPI 3 description from a JSON or YAML file. Raises ConfigurationError for anything else."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _refused(file, f"cannot be read: {error.strerror}", "Give the path of a description, as JSON or YAML.") from error
    if len(content) > _MOST_BYTES:
        raise _refused(file, f"larger than {_MOST_BYTES // 1024 // 1024} MiB", "Give a description of the records alone.")
    try:
        whole = yaml.load(content, Loader=Loader)  # safe: it makes plain data only; JSON is YAML too
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _refused(file, "neither JSON nor YAML", "Save the description as the system gives it.") from error
    if not isinstance(whole, Mapping) or not str(whole.get("openapi", "")).startswith("3."):
        remedy = "Older ones (swagger: 2.0) are turned into OpenAPI 3 by the usual converters."
        raise _refused(file, "no OpenAPI 3 description: there is no openapi: 3...", remedy)
    return Description(file, whole)


def _refused(file: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError([Problem(file, 0, 0, what, remedy)])

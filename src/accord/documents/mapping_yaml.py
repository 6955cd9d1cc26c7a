"""A property mapping as it is written in a dataflow file: only what it does not take from its place.

Owns: the keys of a mapping as data. Does not own: reading them (config/dataflow.py). Pure.
"""

from collections.abc import Mapping
from typing import Any

from accord.config.drafting_yaml import Guess, Inline
from accord.model.dataflow import Direction, PropertyMapping
from accord.model.values import DataType


def mapping_data(mapping: PropertyMapping, why: Mapping[str, str]) -> dict[str, Any]:
    """A mapping as YAML data, with remarks beside the keys that have one."""
    data: dict[str, Any] = Inline(left=_one(mapping.left), right=_one(mapping.right))
    transform = mapping.transform
    usual: dict[str, tuple[Any, Any]] = {
        "name": (mapping.name, "+".join(mapping.left)),
        "type": (mapping.type.value, DataType.STRING.value),
        "scale": (mapping.scale, None),
        "transform": (transform and ({"name": transform.name, **transform.parameters} if transform.parameters else transform.name), None),
        "direction": (mapping.direction.value, Direction.BOTH.value),
        "refers_to": (list(mapping.refers_to), []),
        "required": (mapping.required, mapping.type is DataType.REFERENCE),
        "item_key": (mapping.item_key and Inline(left=mapping.item_key.left, right=mapping.item_key.right), None),
        "properties": ([mapping_data(each, {}) for each in mapping.properties], []),
        "document_type": (mapping.document_type, None),
    }
    data.update({key: value for key, (value, left_out) in usual.items() if value != left_out})
    for key, reason in why.items():
        if reason and key in data:
            data[key] = Guess(data[key], reason)
    return data


def _one(names: tuple[str, ...]) -> Any:
    return names[0] if len(names) == 1 else list(names)

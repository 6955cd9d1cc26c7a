"""What says something about a person, in either file, is treated so everywhere.

Owns: that a property which the dataflow calls personal is personal in the manifest as well. Does not own: what is then masked
(connectors/redacting.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from accord.model.dataflow import Dataflow, PropertyMapping
from accord.model.manifest import Datatype, Manifest, Property
from accord.model.records import Side


def with_personal(manifest: Manifest, dataflow: Dataflow, side: Side) -> Manifest:
    """The manifest of a side with every property marked personal that a mapping of the dataflow marks so."""
    named: dict[str, set[str]] = {}
    for flow in dataflow.flows:
        named.setdefault(flow.datatype(side), set()).update(_personal(flow.properties, side))
    datatypes = {name: _marked(each, named.get(name, set())) for name, each in manifest.datatypes.items()}
    return replace(manifest, datatypes=datatypes)


def _personal(mappings: Sequence[PropertyMapping], side: Side) -> Iterator[str]:
    """Names of properties; a list is personal as a whole where one of its items' properties is."""
    for mapping in mappings:
        if mapping.personal or any(_personal(mapping.properties, side)):
            yield from mapping.left if side is Side.LEFT else mapping.right


def _marked(datatype: Datatype, names: set[str]) -> Datatype:
    properties: dict[str, Property] = {
        name: replace(each, personal=True) if name in names and not each.personal else each for name, each in datatype.properties.items()
    }
    return replace(datatype, properties=properties)

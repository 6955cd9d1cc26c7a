"""What every key of a manifest of a plug-in's kind means, with an example; beside manifest_keys.py, and held complete in the same way.

Owns: the words and the examples. Does not own: which keys there are (model/plugged.py), the plug-in's own options.
"""

from collections.abc import Mapping
from types import MappingProxyType

from accord.config.manifest_keys import Key

_PROPERTIES = {"Name": {"path": "name", "max_length": 60}, "Born": {"path": "born", "type": "date"}}

PLUGGED_KEYS: Mapping[tuple[str, str], Key] = MappingProxyType(
    {
        ("PluggedManifest", "manifest"): Key("the version of this format, 1", 1),
        ("PluggedManifest", "kind"): Key("the plug-in that connects to it, by the name under which it is installed", "cardbox"),
        ("PluggedManifest", "system"): Key("the system's name, as the dataflow file says it", "office"),
        ("PluggedManifest", "options"): Key(
            "what the plug-in wants to know, such as where the system is; the plug-in checks them; secrets as references",
            {"address": "127.0.0.1:7070", "token": "${env:CARDBOX_TOKEN}"},
        ),
        ("PluggedManifest", "clock"): Key("how the system tells time", {"zone": "Europe/Oslo", "granularity_seconds": 1.0}),
        ("PluggedManifest", "datatypes"): Key("the kinds of record, by name", {"Contact": {"properties": _PROPERTIES}}),
        ("PluggedDatatype", "options"): Key("what the plug-in wants to know of this datatype", {"box": "people"}),
        ("PluggedDatatype", "create"): Key("records may be made", False),
        ("PluggedDatatype", "update"): Key("records may be changed", False),
        ("PluggedDatatype", "delete"): Key("records may be deleted", True),
        ("PluggedDatatype", "modified"): Key("records tell the time of their last change", True),
        ("PluggedDatatype", "reference"): Key(
            "the property that takes our reference, by which an unanswered create is found again", "ExternalId"
        ),
        ("PluggedDatatype", "properties"): Key("the properties, by name", _PROPERTIES),
        ("PluggedDatatype", "assumptions"): Key(
            "sentences that hold until somebody has confirmed them; `accord check` prints them", ["Ids are kept."]
        ),
        ("PluggedProperty", "path"): Key("where the plug-in finds it, in its own words, when it has another name there", "first_name"),
        ("PluggedProperty", "type"): Key("what its values are", "date"),
        ("PluggedProperty", "create"): Key("a new record may be given it", False),
        ("PluggedProperty", "update"): Key("it may be changed", False),
        ("PluggedProperty", "scale"): Key("how many digits after the point it holds", 2),
        ("PluggedProperty", "precision_seconds"): Key("how fine an instant it holds", 1.0),
        ("PluggedProperty", "max_length"): Key("how many characters it holds", 60),
        ("PluggedProperty", "options"): Key("the values that it can have", ["draft", "won", "lost"]),
        ("PluggedProperty", "clearing"): Key("what is written to empty it", "empty"),
        ("PluggedProperty", "items"): Key("of a list: what is in an item", {"Quantity": {"type": "decimal", "scale": 3}}),
        ("PluggedProperty", "personal"): Key("it says something about a person; it is masked where values are shown", True),
        ("PluggedProperty", "note"): Key("a remark for people", "the English name of the country"),
    }
)

PLUGGED_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "PluggedManifest": "A system of a plug-in",
        "PluggedDatatype": "A datatype of a plug-in",
        "PluggedProperty": "A property of a plug-in",
    }
)
"""Shape -> its heading, in the order of the reference."""

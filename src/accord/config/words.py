"""What the keys that must not be missing are for: said when one is missing.

Owns: one phrase per required key. A test holds the table complete.
"""

from collections.abc import Mapping
from types import MappingProxyType

PURPOSES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("DataflowFile", "accord"): "the version of this format, 1",
        ("DataflowFile", "left"): "the system on the left and its manifest, such as {system: customcrm, manifest: customcrm.yaml}",
        ("DataflowFile", "right"): "the system on the right and its manifest, such as {system: membercare, manifest: membercare.yaml}",
        ("DataflowFile", "flows"): "the list of what is kept in step",
        ("SystemEntry", "system"): "the system's name, as in its manifest",
        ("SystemEntry", "manifest"): "the file that describes the system, relative to this one",
        ("FlowFile", "left"): "the datatype on the left, by its name in the manifest",
        ("FlowFile", "right"): "the datatype on the right, by its name in the manifest",
        ("MatchFile", "left"): "the property on the left that must agree",
        ("MatchFile", "right"): "the property on the right that must agree",
        ("PropertyFile", "left"): "the property on the left, or a list of several",
        ("PropertyFile", "right"): "the property on the right, or a list of several",
        ("ItemKey", "left"): "the item property on the left that tells items apart",
        ("ItemKey", "right"): "the item property on the right that tells items apart",
        ("Manifest", "manifest"): "the version of this format, 1",
        ("Manifest", "system"): "the system's name, as the dataflow file says it",
        ("Manifest", "origin"): "where the system is, such as https://crm.example.org or ${env:CRM_ORIGIN}",
        ("Manifest", "datatypes"): "the kinds of record, by name",
        ("Listing", "path"): "the path of the call, from the origin and base_path",
        ("Deleted", "listing"): "the call that lists what was deleted",
        ("Deleted", "id"): "the path of the record's id in an item of that list",
        ("Find", "path"): "the path of the call, from the origin and base_path",
        ("Find", "compare"): "the path of the value that must equal our reference",
        ("Route", "path"): "the path of the call, from the origin and base_path",
        ("Condition", "path"): "the path of the member that is looked at",
        ("Datatype", "id"): "the path of the record's id",
        ("Datatype", "list"): "the call that lists all records",
        ("Datatype", "properties"): "the properties, by name",
        ("Call", "path"): "the path of the call, from the origin and base_path; with {id}",
        ("Registration", "create"): "the call that registers; its body takes {url} and {secret}",
        ("Webhooks", "id"): "the path of the record's id in an event",
        ("Webhooks", "datatypes"): "the event's words and the datatypes that they stand for",
        ("SqlManifest", "manifest"): "the version of this format, 1",
        ("SqlManifest", "system"): "the system's name, as the dataflow file says it",
        ("SqlManifest", "url"): "a reference to the address of the database, such as ${env:SHOP_DATABASE}",
        ("SqlManifest", "datatypes"): "the kinds of record, by name",
        ("SqlDatatype", "table"): "the table or view, as the database names it",
        ("SqlDatatype", "key"): "the columns by which one row is known, such as [id]",
        ("SqlDatatype", "properties"): "the properties, by name, and their columns",
        ("SqlLines", "table"): "the child table",
        ("SqlLines", "parent"): "its columns that hold the record's key, such as {order_id: id}",
        ("SqlLines", "key"): "its columns that tell the lines of one record apart, such as [line_number]",
        ("SqlLines", "items"): "what is in a line, by name",
        ("SqlChanges", "kind"): "modified, version or table",
        ("SoftDelete", "column"): "the column that says that a row is deleted",
        ("PluggedManifest", "manifest"): "the version of this format, 1",
        ("PluggedManifest", "kind"): "the name of the plug-in that connects to it",
        ("PluggedManifest", "system"): "the system's name, as the dataflow file says it",
        ("PluggedManifest", "datatypes"): "the kinds of record, by name",
        ("PluggedDatatype", "properties"): "the properties, by name",
    }
)

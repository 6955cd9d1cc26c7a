"""A first manifest from the tables of a database (`accord manifest new --sql`): every guess carries its reason.

Owns: which table is a datatype and which holds the lines of one, which columns tell changes. Does not own: asking the catalogue
(connectors/sql_survey.py), whether a guess holds (`accord manifest probe`). Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from accord.config.drafting import Draft
from accord.config.drafting_names import datatype_name, first, is_about_people, is_personal
from accord.config.drafting_yaml import Guess, Inline, block, remark
from accord.errors import ConfigurationError, Problem
from accord.model.sqlfacts import ColumnFact, ForeignKey, TableFact

_HEAD = """# yaml-language-server: $schema=manifest.schema.json
# The tables of a database, as far as its catalogue tells; drafted by: accord manifest new --sql
# A remark beside a line says why it was guessed. Look through them, take out datatypes that you do not need, and try it:
#   accord manifest probe {file}
"""
_LINES = re.compile(r"(?i)(line|item|row|position|detail)s?$")
_TYPES: Mapping[str, str] = {
    "whole": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "time": "instant",
    "zoned": "instant",
}
_VERSIONS = ("version", "rowversion", "rv", "lockversion", "recordversion")
_MODIFIED = (
    "updatedat",
    "modifiedat",
    "changedat",
    "lastmodified",
    "updated",
    "modified",
    "changed",
    "updatedon",
    "modifiedon",
    "lastchanged",
)
_DELETED = ("deleted", "deletedat", "isdeleted", "deletedon")
_REFERENCES = ("externalid", "extid", "externalreference", "accordid")
_CHANGE_TABLE = "changed_in"


def draft_from_tables(tables: Sequence[TableFact], target: str, system: str, variable: str) -> Draft:
    """A draft of what a catalogue tells. ``variable``: holds the address. Raises ConfigurationError where there is nothing to draft."""
    notes = {each.name for each in tables if any(column.name == _CHANGE_TABLE for column in each.columns)}
    usable = [each for each in tables if each.key and each.name not in notes]
    parents = {each.name: owner for each in usable if (owner := _owner(each, usable)) is not None}
    records = [each for each in usable if each.name not in parents]
    if not records:
        what = "there is no table with a primary key, so that a record could be known again"
        raise ConfigurationError([Problem(f"the database of {system}", 0, 0, what, "Give a table a primary key, or describe it by hand.")])
    datatypes: dict[str, Any] = {}
    for table in records:
        children = [(each, parents[each.name]) for each in usable if each.name in parents and parents[each.name].table == table.name]
        datatypes[_name(table, datatypes)] = _datatype(table, children, notes)
    data = {"manifest": 1, "kind": "sql", "system": system, "url": f"${{env:{variable}}}", **_clock(records), "datatypes": datatypes}
    others = [f"{each.name} ({'a view: its key is not known' if each.view else 'no primary key'})" for each in tables if not each.key]
    text = "\n".join([_HEAD.format(file=remark(target)), *block(data)]) + "\n"
    if others := [each for each in others if each.partition(" (")[0] not in notes]:
        text += "\n# Not drafted:\n" + "".join(f"#   {remark(each)}\n" for each in others)
    return Draft(text, (variable,), tuple(datatypes))


def _clock(tables: Sequence[TableFact]) -> dict[str, Any]:
    """How fine a time of change is; said only where it is coarser than is usual."""
    for table in tables:
        times = {each.name: each for each in table.columns if each.kind in ("time", "zoned")}
        modified = _of(list(times), _MODIFIED)
        if modified and times[modified].fraction == 0:
            return {"clock": Guess(Inline(granularity_seconds=1), f"{table.name}.{modified} holds whole seconds")}
    return {}


def _owner(table: TableFact, usable: Sequence[TableFact]) -> ForeignKey | None:
    """The record that this table's rows are lines of: its key is part of their own key, or their table is named like lines."""
    keys = {each.name: each.key for each in usable}
    whole = [each for each in table.foreign if each.table != table.name and sorted(each.referred) == sorted(keys.get(each.table, ("",)))]
    within = [each for each in whole if set(each.columns) < set(table.key)]
    if len(within) == 1 and len(table.key) > len(within[0].columns):
        return within[0]
    return whole[0] if whole and _LINES.search(table.name) else None


def _name(table: TableFact, taken: Mapping[str, Any]) -> str:
    name = datatype_name("", table.name.rpartition(".")[2])
    return name if name not in taken else table.name


def _datatype(table: TableFact, children: Sequence[tuple[TableFact, ForeignKey]], notes: set[str]) -> dict[str, Any]:
    by_name = {each.name: each for each in table.columns}
    numbers = [each.name for each in table.columns if each.kind == "whole" and each.name not in table.key]
    times = [each.name for each in table.columns if each.kind in ("time", "zoned")]
    version, modified = _of(numbers, _VERSIONS), _of(times, _MODIFIED)
    deleted = _of([each.name for each in table.columns if each.kind in ("boolean", "time", "zoned")], _DELETED)
    reference = _of([each.name for each in table.columns if each.kind == "text"], _REFERENCES)
    made: dict[str, Any] = {"table": table.name, "key": list(table.key)}
    if not all(by_name[each].given for each in table.key):
        made["generated"] = Guess(False, "the catalogue tells of nothing that gives a new row its key")
    if version:
        made["version"] = Guess(version, "by its name and type; it must change with every change of the row")
    if modified:
        made["modified"] = Guess(modified, "by its name and type; it must be set by every change of the row")
    made |= _changes(table, modified, notes)
    if deleted:
        kind = "flag" if by_name[deleted].kind == "boolean" else "time"
        made["soft_delete"] = Guess(Inline(column=deleted, kind=kind), "by its name and type")
    if reference:
        made["reference"] = Guess(reference, "by its name; it must be free for our use")
    left_out = {version, modified, deleted} | {each for each in table.key if by_name[each].given}
    made["properties"] = _properties(_name(table, {}), [each for each in table.columns if each.name not in left_out])
    if children:
        made["lines"] = {each.name.rpartition(".")[2]: _lines(each, owner) for each, owner in children}
    return made


def _of(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    return next((found for each in wanted if (found := first(names, (each,)))), None)


def _changes(table: TableFact, modified: str | None, notes: set[str]) -> dict[str, Any]:
    note = f"changed_{table.name}"
    if note in notes:
        return {"changes": Guess(Inline(kind="table", table=note), "there is a table of this name with changed_in")}
    if modified:
        return {"changes": Guess(Inline(kind="modified"), f"by {modified}; deletions are not told by it: see accord manifest sql-triggers")}
    return {}


def _lines(table: TableFact, owner: ForeignKey) -> dict[str, Any]:
    key = [each for each in table.key if each not in owner.columns]
    given = {each.name for each in table.columns if each.given and each.name in table.key}
    items = [each for each in table.columns if each.name not in owner.columns and each.name not in given]
    return {
        "table": table.name,
        "parent": Inline(dict(zip(owner.columns, owner.referred, strict=True))),
        "key": Guess(key, "what is left of the primary key") if len(key) < len(table.key) else key,
        "items": _properties("", items),
    }


def _properties(datatype: str, columns: Sequence[ColumnFact]) -> dict[str, Any]:
    people = is_about_people(datatype)
    found: dict[str, Any] = {}
    for each in columns:
        said: dict[str, Any] = {}
        if each.kind in _TYPES:
            said["type"] = _TYPES[each.kind]
        if each.kind == "number" and each.scale is not None:
            said["scale"] = each.scale
        if each.kind == "text" and each.length is not None:
            said["max_length"] = each.length
        if people and is_personal(each.name):
            said["personal"] = True
        found[each.name] = Inline(said)
    return found

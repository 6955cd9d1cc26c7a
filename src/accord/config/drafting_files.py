"""A first manifest from the files of a folder (`accord manifest new --files`): every guess carries its reason.

Owns: which column is the id, of what type the others are. Does not own: looking into files (connectors/files_survey.py), whether a guess
holds (`accord manifest probe`). Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from accord.config.drafting import Draft
from accord.config.drafting_names import datatype_name, first, is_about_people, is_personal, plain
from accord.config.drafting_yaml import Guess, Inline, block, remark
from accord.errors import ConfigurationError, Problem
from accord.model.files import ColumnSample, FileFact

_HEAD = """# yaml-language-server: $schema=manifest.schema.json
# The files of a folder, as far as their columns tell; drafted by: accord manifest new --files
# A remark beside a line says why it was guessed. Look through them, take out datatypes that you do not need, and try it:
#   accord manifest probe {file}
"""
_TYPES: Sequence[tuple[str, re.Pattern[str]]] = (
    ("boolean", re.compile(r"true|false", re.IGNORECASE)),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("instant", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")),
    ("decimal", re.compile(r"-?(0|[1-9]\d*)[.,]\d+|-?0|-?[1-9]\d*")),
)
_LOOKS_LIKE_A_CODE = re.compile(r"phone|mobile|fax|zip|postal|code|number|no$|nr$|id$", re.IGNORECASE)
_MODIFIED = ("modified", "changed", "updated", "updatedat", "modifiedat", "changedat", "lastmodified", "lastchanged", "timestamp")


def draft_from_files(files: Sequence[FileFact], target: str, system: str, folder: str) -> Draft:
    """A draft of what the files tell. ``folder``: as the manifest names it. Raises ConfigurationError where there is nothing to draft."""
    datatypes: dict[str, Any] = {}
    others: list[str] = []
    for each in files:
        key = None if each.trouble else _key(each)
        if key is None:
            others.append(f"{each.file}: {each.trouble or 'no column has a value of its own in every row'}")
            continue
        name = datatype_name("", each.file.rpartition(".")[0])
        datatypes[name if name not in datatypes else each.file] = _datatype(name, each, key)
    if not datatypes:
        what = "there is no file of which a record could be known again" + (f": {others[0]}" if others else "")
        raise ConfigurationError(
            [Problem(folder, 0, 0, what, "Give each row an id in a column of its own; .csv, .jsonl and .xlsx are read.")]
        )
    data = {"manifest": 1, "kind": "files", "system": system, "folder": folder, "datatypes": datatypes}
    text = "\n".join([_HEAD.format(file=remark(target)), *block(data)]) + "\n"
    if others:
        text += "\n# Not drafted:\n" + "".join(f"#   {remark(each)}\n" for each in others)
    return Draft(text, (), tuple(datatypes))


def _key(file: FileFact) -> Guess | None:
    """The column of the id: one whose values are all there and all different, named like one if possible."""
    unique = [each.name for each in file.columns if each.values and "" not in each.values and len(set(each.values)) == len(each.values)]
    named = [each.name for each in file.columns if _is_id(each.name, file.file)]
    if found := next((each for each in named if each in unique), None):
        return Guess(found, "by its name; each row has a value of its own there")
    if named and not any(each.values for each in file.columns):
        return Guess(named[0], "by its name; there are no rows yet")
    return Guess(unique[0], "each row has a value of its own there; look whether that stays so") if unique else None


def _is_id(name: str, file: str) -> bool:
    about = plain(datatype_name("", file.rpartition(".")[0]))
    return plain(name) in ("id", "key", "uuid", "guid", f"{about}id", f"{about}no", f"{about}number") or plain(name).endswith("id")


def _datatype(name: str, file: FileFact, key: Guess) -> dict[str, Any]:
    made: dict[str, Any] = {"file": file.file}
    if file.format != "csv":
        made["format"] = file.format
    if file.delimiter != ",":
        made["delimiter"] = Guess(file.delimiter, "the first line holds most of it")
    if file.encoding != "utf-8":
        made["encoding"] = Guess(file.encoding, "the file is not UTF-8" if file.encoding == "cp1252" else "by its byte order mark")
    made["key"] = key
    if not any(each.name == key.value and _is_whole(each) for each in file.columns):
        made["generated"] = Guess(True, "new rows get an id such as r4f0c...; take it out if a property of yours is the id")
    else:
        made["create"] = Guess(False, "ids are numbers, which somebody else gives; generated: true would give ids such as r4f0c...")
    if any(_type(each) == "decimal" and any("," in value for value in each.values) for each in file.columns):
        made["decimal"] = Guess(",", "numbers are written so")
    modified = first([each.name for each in file.columns if _type(each) == "instant"], _MODIFIED)
    if modified:
        made["modified"] = Guess(modified, "by its name and type; it must be set by every change of the row")
    made["columns"] = Guess([each.name for each in file.columns], "a column that is not here, or not in the file, stops everything")
    people = is_about_people(name)
    left = [each for each in file.columns if each.name not in (key.value, modified)]
    made["properties"] = {_property_name(each.name): _property(each, people) for each in left}
    return made


def _property_name(column: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^\w]+", column) if part) or "Unnamed"


def _property(column: ColumnSample, people: bool) -> Mapping[str, Any]:
    made: dict[str, Any] = {}
    if (name := _property_name(column.name)) != column.name:
        made["column"] = column.name
    if (kind := _type(column)) != "string":
        made["type"] = kind
        if kind == "decimal":
            made["scale"] = max(len(re.split(r"[.,]", each)[1]) for each in column.values if re.search(r"[.,]", each))
    if people and is_personal(name):
        made["personal"] = True
    return Inline(made)


def _is_whole(column: ColumnSample) -> bool:
    return bool(column.values) and all(each.isascii() and each.isdigit() for each in column.values)


def _type(column: ColumnSample) -> str:
    """What all its values are. A number that may be a code (0042, +47...) stays a text."""
    values = [each for each in column.values if each]
    if column.dates and values:
        return "date" if all(len(each) == 10 for each in values) else "instant"
    for kind, form in _TYPES:
        if values and all(form.fullmatch(each) for each in values):
            if kind != "decimal":
                return kind
            if any(re.search(r"[.,]", each) for each in values):
                return "decimal"
            return "string" if _LOOKS_LIKE_A_CODE.search(column.name) else "integer"
    return "string"

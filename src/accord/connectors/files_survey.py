"""All files of a folder, as facts for a draft.

Owns: looking into them. Does not own: what is concluded (config/drafting_files.py).
"""

import codecs
from collections.abc import Sequence
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any

from accord.connectors.files_extra import require_openpyxl
from accord.connectors.files_formats import parse
from accord.connectors.files_table import Table, Unfit, Unread
from accord.model.files import ColumnSample, FileDatatype, FileFact, FileFormat, FileProperty

_FORMATS: dict[str, FileFormat] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx"}
_DELIMITERS = (",", ";", "\t", "|")


def survey_folder(folder: Path) -> list[FileFact]:
    """Every file of a known format, by name; those that programs hide are passed over. Raises OSError."""
    names = sorted(each for each in folder.iterdir() if each.suffix.lower() in _FORMATS and not each.name.startswith((".", "~")))
    return [_fact(each) for each in names if each.is_file()]


def _fact(path: Path) -> FileFact:
    form, data = _FORMATS[path.suffix.lower()], path.read_bytes()
    encoding = _encoding(data) if form == "csv" else "utf-8"
    delimiter = _delimiter(data, encoding) if form == "csv" else ","
    if form == "xlsx":
        require_openpyxl()
    # with no key named, no header is held against anything but itself
    spec = FileDatatype(file=path.name, format=form, key="", delimiter=delimiter, encoding=encoding, properties={})
    try:
        table = parse(data, _keyed(data, spec), UTC)
    except Unfit as unfit:
        return FileFact(file=path.name, format=form, trouble=unfit.what)
    columns = tuple(_column(table, name) for name in table.columns if name)
    return FileFact(file=path.name, format=form, delimiter=delimiter, encoding=encoding, columns=columns)


def _keyed(data: bytes, spec: FileDatatype) -> FileDatatype:
    """With the first column as the key, so that it is held against a column that is there."""
    if spec.format != "csv":
        return spec
    head = data.decode(spec.encoding, "replace").lstrip("\ufeff").split("\n")[0].rstrip("\r")
    name = head.split(spec.delimiter)[0].strip('"')
    return FileDatatype(file=spec.file, key=name, delimiter=spec.delimiter, encoding=spec.encoding, properties={})


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter(data: bytes, encoding: str) -> str:
    head = data.decode(encoding, "replace").split("\n")[0]
    return max(_DELIMITERS, key=head.count)


def _column(table: Table, name: str) -> ColumnSample:
    cells: Sequence[Any] = [row.cells.get(name) for row in table.rows]
    dates = bool(cells) and all(each is None or isinstance(each, date) for each in cells)
    return ColumnSample(name=name, values=tuple(_text(table, each) for each in cells), dates=dates)


def _text(table: Table, cell: Any) -> str:
    value = None if cell is None or isinstance(cell, Unread) else table.value(cell, FileProperty())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)

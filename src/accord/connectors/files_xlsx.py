"""Excel: the rows of a sheet, and back.

Owns: what a cell says, what may be written into a workbook. Does not own: the format itself (openpyxl), what a row means (files_rows.py).

The first row names the columns. A formula stays one and is never written over; what it says is what the program that saved the workbook
worked out, and a formula that nobody has worked out since the last write tells nothing (Unread): its record is left alone until the
workbook was opened and saved. Texts are written as texts, whatever they begin with; dates and times as dates. A workbook that holds what
would not survive (drawings, pictures, macros, pivot tables) is read, but not written.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from accord.connectors.files_table import Edits, Row, Unfit, Unread, Unwritable, number, plain_value, whole
from accord.connectors.rest_times import instant, normal, spell
from accord.model.files import FileDatatype, FileProperty
from accord.model.values import Raw

_LONGEST = 32_767
_LOST = (
    "xl/drawings/drawing",
    "xl/media/",
    "xl/charts/",
    "xl/pivotTables/",
    "xl/vbaProject.bin",
    "xl/slicers/",
    "xl/embeddings/",
)
_FORMULA_LIKE = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class _Worked:
    """A cell with a formula, and what it was worked out to."""

    value: Any


class XlsxTable:
    """See files_table.Table."""

    word = "row"
    blank = None
    ended = True  # one that is cut off is no workbook

    def __init__(self, data: bytes, spec: FileDatatype, zone: tzinfo) -> None:
        """Raises Unfit for what is no workbook, or has no such sheet."""
        self._data = data
        self._spec = spec
        self._zone = zone
        self._lost = _lost_in(data)
        shown, said = _sheet(_book(data, worked_out=True), spec), _sheet(_book(data), spec)
        self._names = [_name(cell.value) for cell in said[1]] if said.max_row else []
        while self._names and not self._names[-1]:
            self._names.pop()
        if not self._names:
            raise Unfit("is empty: the first row names no columns", "Write the names of the columns into the first row.")
        self.columns: Sequence[str] = tuple(self._names)
        rows = []
        for worked, raw in zip(shown.iter_rows(min_row=2), said.iter_rows(min_row=2), strict=True):
            cells = {name: _held(one, other) for name, one, other in zip(self._names, worked, raw, strict=False) if name}
            if any(each is not None and each != "" for each in cells.values()):
                rows.append(Row(raw[0].row or 0, cells))
        self.rows: Sequence[Row] = rows
        self._has_formulas = any(isinstance(cell, _Worked | Unread) for row in rows for cell in row.cells.values())

    def is_formula(self, cell: Any, /) -> bool:
        """See Table."""
        return isinstance(cell, _Worked)

    def value(self, cell: Any, of: FileProperty) -> Raw:
        """See Table."""
        if isinstance(cell, _Worked):
            cell = cell.value
        if cell is None or cell == "":
            return None
        if isinstance(cell, datetime | date | time):
            return self._moment(cell, of)
        if isinstance(cell, float):
            cell = int(cell) if cell == int(cell) else Decimal(repr(cell))
        if of.type == "decimal" and not isinstance(cell, bool):
            said = number(cell) if isinstance(cell, str) else Decimal(cell)
            return cell if said is None else said
        if isinstance(cell, str):
            found = whole(cell) if of.type == "integer" else normal(cell, self._zone) if of.type == "instant" else cell
            return cell if found is None else found
        return str(cell) if of.type == "string" else cell

    def _moment(self, cell: datetime | date | time, of: FileProperty) -> Raw:
        if isinstance(cell, datetime):
            if of.type == "instant":
                return spell(cell.replace(tzinfo=self._zone))
            return cell.date().isoformat() if of.type == "date" or cell.time() == time() else cell.isoformat(" ")
        return cell.isoformat()

    def cell(self, value: Raw, of: FileProperty, before: Any = None, /) -> Any:
        """See Table. A date stays a text where a text stood there; a number likewise."""
        if self._lost:
            raise Unwritable(f"would be written to a workbook with {self._lost}, which would be lost")
        held = plain_value(value, of)
        if held is None or held == "":
            return None
        if isinstance(held, Decimal):
            if Decimal(repr(float(held))) != held:
                raise Unwritable("has more digits than a workbook holds")
            return float(held) if held != int(held) else int(held)
        if isinstance(held, int) and not isinstance(held, bool) and abs(held) >= 10**15:
            raise Unwritable("has more digits than a workbook holds")
        if not isinstance(held, str) or of.type == "string" or isinstance(before, str):
            return _text(held) if isinstance(held, str) else held
        if of.type == "date":
            return date.fromisoformat(held)
        moment = instant(held, UTC)
        return held if moment is None else moment.astimezone(self._zone).replace(tzinfo=None)

    def changed(self, edits: Edits) -> bytes:
        """See Table."""
        if self._lost:
            raise Unfit(f"the workbook holds {self._lost}, which would be lost", "Keep what is exchanged in a workbook of its own.")
        book = _book(self._data)
        sheet = _sheet(book, self._spec)
        for position, cells in edits.cells.items():
            self._put(sheet, self.rows[position].number, cells)
        at = max([1, *(row.number for row in self.rows)])
        for cells in edits.added:
            at += 1
            self._put(sheet, at, cells)
        for row in sorted((self.rows[position].number for position in edits.removed), reverse=True):
            if self._has_formulas:  # rows do not move: formulas name cells by their place
                self._put(sheet, row, dict.fromkeys(self.columns))
            else:
                sheet.delete_rows(row)
        if self._has_formulas and book.calculation is not None:
            book.calculation.fullCalcOnLoad = True
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _put(self, sheet: Worksheet, row: int, cells: Mapping[str, Any]) -> None:
        for name, held in cells.items():
            if not name:
                continue
            cell = sheet.cell(row, self._names.index(name) + 1)
            if not isinstance(cell, Cell):
                raise Unfit(f"row {row}: {name} is merged with another cell", "Part the cells of the table: each has its own value.")
            if isinstance(held, date):
                was = cell.is_date
                cell.value = held
                if was:
                    continue
                cell.number_format = "yyyy-mm-dd hh:mm:ss" if isinstance(held, datetime) else "yyyy-mm-dd"
            else:
                cell.value = held
            if isinstance(held, str):
                cell.data_type = "s"  # never a formula, nor an error, whatever it looks like
                if held.startswith(_FORMULA_LIKE):
                    cell.quotePrefix = True  # nor when somebody edits it


def _text(text: str) -> str:
    if len(text) > _LONGEST:
        raise Unwritable(f"has more than the {_LONGEST} characters that a cell holds")
    if ILLEGAL_CHARACTERS_RE.search(text) or "\r" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise Unwritable("holds a character that a workbook cannot hold")
    return text


def _held(worked: Any, raw: Any) -> Any:
    """What a cell says; ``worked`` is the same cell with formulas worked out."""
    if raw.data_type == "e" or worked.data_type == "e":
        return Unread(f"the cell {get_column_letter(raw.column)}{raw.row} shows the error {worked.value}")
    if raw.data_type != "f":
        return raw.value
    if worked.value is None:
        place = f"{get_column_letter(raw.column)}{raw.row}"
        return Unread(f"the formula in {place} is not worked out: open the workbook in a spreadsheet program and save it")
    return _Worked(worked.value)


def _name(value: Any) -> str:
    return "" if value is None else str(value)


def _book(data: bytes, worked_out: bool = False) -> Workbook:
    try:
        return load_workbook(io.BytesIO(data), data_only=worked_out)
    except Exception as error:  # noqa: BLE001  what openpyxl raises for a damaged file is whatever it stumbles over
        what = f"is no whole workbook: {type(error).__name__}: {error}"
        raise Unfit(what, "If it is being written, wait; otherwise save it again as .xlsx, without a password.") from None


def _sheet(book: Workbook, spec: FileDatatype) -> Worksheet:
    name = spec.sheet if spec.sheet is not None else book.sheetnames[0]
    if name not in book.sheetnames:
        raise Unfit(f"has no sheet {name!r}", f"There are: {', '.join(map(repr, book.sheetnames))}; write sheet: in the manifest.")
    sheet = book[name]
    if not isinstance(sheet, Worksheet):
        raise Unfit(f"{name!r} is a chart, not a sheet of cells", "Write sheet: in the manifest.")
    return sheet


def _lost_in(data: bytes) -> str:
    """What a workbook holds that would not be there any more once it was written; "" for nothing."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            held = {
                start.strip("/").split("/")[1 if start.startswith("xl") else 0]
                for name in parts.namelist()
                for start in _LOST
                if name.startswith(start)
            }
    except zipfile.BadZipFile:
        return ""
    return ", ".join(sorted(held))

"""The columns of a file held against those that the manifest names, before anything is taken from a row.

Owns: what is missing, doubled, new, and what a missing one may be called now. Does not own: columns themselves (the formats). Pure.

A column that went would look as if everybody had emptied that property, a renamed one the same; so nothing is taken from such a file.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from accord.connectors.files_table import Unfit
from accord.model.files import FileDatatype


def hold_header(found: Sequence[str], spec: FileDatatype, where: str) -> None:
    """Raise Unfit that names every column that is not as the manifest says. ``where``: the place in the file, such as "line 1"."""
    complaints = [*_doubled(found), *_missing(found, spec), *_new(found, spec)]
    if complaints:
        raise Unfit(f"{where}: {'; '.join(complaints)}", _remedy(found, spec))


def _doubled(found: Sequence[str]) -> list[str]:
    twice = sorted({each for each in found if each and found.count(each) > 1})
    return [f"the column {each!r} is there {found.count(each)} times" for each in twice]


def _missing(found: Sequence[str], spec: FileDatatype) -> list[str]:
    wanted = dict.fromkeys(spec.columns, "a column of the file") | spec.needed
    said = []
    for column, purpose in wanted.items():
        if column in found:
            continue
        now = _called_now(column, found, spec)
        said.append(f"the column {column!r} ({purpose}) is missing" + (f", and may be called {now!r} now" if now else ""))
    return said


def _called_now(column: str, found: Sequence[str], spec: FileDatatype) -> str | None:
    """A column that no one asked for: of the same name but for case and spaces, at the same place, or of a similar name."""
    known = {*spec.columns, *spec.needed}
    free = [each for each in found if each and each not in known]
    plain = {"".join(each.split()).casefold(): each for each in free}
    if (same := plain.get("".join(column.split()).casefold())) is not None:
        return same
    if column in spec.columns and len(found) == len(spec.columns) and (there := found[spec.columns.index(column)]) in free:
        return there
    return next(iter(get_close_matches(column, free, 1, 0.6)), None)


def _new(found: Sequence[str], spec: FileDatatype) -> list[str]:
    if not spec.columns:
        return []
    return [f"the column {each!r} is new" for each in dict.fromkeys(found) if each and each not in spec.columns]


def _remedy(found: Sequence[str], spec: FileDatatype) -> str:
    if spec.format == "csv" and len(found) == 1:
        for mark in (";", "\t", ",", "|"):
            if mark != spec.delimiter and mark in found[0]:
                return f"The cells seem to be parted by {mark!r}: write delimiter: {mark!r} in the manifest."
    return "Put the columns of the file back, or write in the manifest what they are called now (column:, columns:)."

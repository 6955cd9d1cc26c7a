"""What users type, by data type: ordinary values, and those on which programs break.

Owns: values of each data type, lists of lines. Does not own: which property gets one (simulation_dataflow.py, simulation_own.py).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from accord.model.values import DataType, Raw
from accord.testing.oracle import token
from accord.testing.simulation_subject import Desk

LINES = {"Lines": ("Id", "Text", "Quantity"), "rows": ("ref", "text", "count")}
"""Of a list: the key, the text and the number of a line."""

NAMES = ("Ada", "Bo", "Eva", "Åse", "A\u030ase", "Straße", "İnci", "عمر", "👩\u200d👩\u200d👧", "O'Brien; --", '"=1+1"', "x" * 300)
"""A ring above an A, as one character and as two; texts that are written from the right, joined, quoted, long."""


def text_with(desk: Desk, number: int) -> str:
    """A text that holds a token, now and then with blanks around it."""
    rng = desk.rng
    name = rng.choice(NAMES[:3]) if rng.random() < 0.6 else rng.choice(NAMES)
    return f"{rng.choice(('', ' '))}{name} {token(number)}{rng.choice(('', '', ' '))}"


def typed_value(desk: Desk, kind: DataType) -> Raw:
    """A value of a data type other than a list or a reference."""
    rng = desk.rng
    match kind:
        case DataType.INTEGER:
            return rng.choice((13, 2**53 + 1)) if rng.random() < 0.1 else rng.randint(0, 99)
        case DataType.DECIMAL:
            return Decimal(rng.randint(-99999, 99999)) / 100
        case DataType.DATE:
            return f"{rng.randint(1930, 2020)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        case DataType.INSTANT:
            return f"{rng.randint(1930, 2020)}-{rng.randint(1, 12):02d}-11T08:{rng.randint(0, 59):02d}:00Z"
        case DataType.BOOLEAN:
            return rng.random() < 0.5
    return "no" if rng.random() < 0.03 else desk.text()


def typed_lines(desk: Desk, names: tuple[str, str, str], held: Sequence[Mapping[str, Raw]]) -> list[Mapping[str, Raw]]:
    """The lines with one added, changed or removed."""
    key, text, number = names
    lines: list[Mapping[str, Raw]] = list(held)
    place = desk.rng.randrange(len(lines)) if lines else 0
    what = desk.rng.random() if lines else 0.0
    if what < 0.4:
        lines.append({key: f"L{desk.count()}", text: desk.text(), number: _quantity(desk)})
    elif what < 0.65:
        lines[place] = {**lines[place], text: desk.text()}
    elif what < 0.85:
        lines[place] = {**lines[place], number: _quantity(desk)}
    else:
        del lines[place]
    return lines


def _quantity(desk: Desk) -> Decimal:
    return Decimal(desk.rng.randint(1, 9999)) / 1000

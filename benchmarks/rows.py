"""What a measurement tells: rows of figures, one figure per round, and how they become the page.

Owns: Row, how a process hands rows on, the table. Does not own: what is measured (the other files), in which order (run.py).

A measurement prints each row as one line of JSON after a mark; whatever else it prints is for people.
"""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

MARK = "::row::"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    ``group``: the table; ``what``, ``size``: the line. ``ours``: a figure per round, in ``unit``; empty: not run, and ``note`` says why.
    ``beside``: what it is compared with, ``theirs``: its figures, round by round with ours and in the same unit. ``note``: one sentence.
    """

    group: str
    what: str
    size: str
    ours: Sequence[float] = ()
    unit: str = "s"
    beside: str = ""
    theirs: Sequence[float] = field(default_factory=tuple)
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """Ours by theirs, of each round."""
        return [one / two for one, two in zip(self.ours, self.theirs, strict=True) if two] if self.theirs else []


def tell(row: Row) -> None:
    """Hand a row to whoever started this process, and show it to a person."""
    print(f"{MARK}{json.dumps(asdict(row))}", flush=True)


def told(line: str) -> Row | None:
    """The row in a line of output; None if there is none."""
    return Row(**json.loads(line[len(MARK) :])) if line.startswith(MARK) else None


def figure(value: float) -> str:
    """Three digits that count, and thousands apart."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.{2 if abs(value) < 10 else 1}f}"


def spread(values: Sequence[float]) -> str:
    """The median, with the least and the greatest where there were several rounds that differ."""
    if not values:
        return "not run"
    middle, least, most = (figure(one) for one in (statistics.median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least} to {most})"


def line(row: Row) -> str:
    """A row of a Markdown table."""
    ours = f"{spread(row.ours)} {row.unit}" if row.ours else "not run"
    beside = f"{row.beside}: {spread(row.theirs)} {row.unit}" if row.theirs else ""
    cells = (row.what, row.size, ours, beside, spread(row.ratios) if row.ratios else "", str(len(row.ours)), row.note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def tables(rows: Iterable[Row]) -> list[str]:
    """A table for each group, in the order in which they came."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    lines: list[str] = []
    for group, members in groups.items():
        lines += ["", f"## {group}", "", "| What | Size | Measured | Beside it | Ratio | Rounds | Note |", "|---|---|---|---|---|---|---|"]
        lines += [line(row) for row in members]
    return lines


def peak_megabytes() -> float:
    """The most memory that this process has had resident, in MB (10**6 bytes).

    Not from getrusage: there a process begins with the peak of the one that started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) for one in lines if one.startswith("VmHWM:")) * 1024 / 1e6

"""Folders of files as the subject of the contract: a file of each format, users who edit it as a whole, and a manifest for each."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from openpyxl import Workbook, load_workbook

from accord.app.machine import RealClock
from accord.config.manifest import read_manifest
from accord.connectors.files import FilesConnector
from accord.connectors.files_open import open_files
from accord.model.files import FilesSystem
from accord.model.records import Side
from accord.model.values import RawValues
from accord.ports import Services
from accord.testing.connector_contract import Subject

HEAD = """manifest: 1
kind: files
system: office
folder: exchange
limits: {page: 2, deadline_seconds: 5, quiet_seconds: 0}
datatypes:
  Product:
    key: Id
    generated: true
    delete: true
    properties:
      Name: {column: Full name}
      Number: {}
      Price: {type: decimal, scale: 2}
      Active: {type: boolean}
      Extra: {}
"""
COLUMNS = ("Id", "Full name", "Number", "Price", "Active", "Extra", "Kept")

VARIANTS: Mapping[str, str] = {
    "csv": "    file: products.csv\n",
    "csv of a spreadsheet": (
        "    file: products.csv\n    delimiter: ';'\n    encoding: utf-16\n    decimal: ','\n    booleans: [ja, nei]\n"
    ),
    "csv without header": f"    file: products.csv\n    header: false\n    columns: [{', '.join(COLUMNS)}]\n    escape: false\n",
    "jsonl": "    file: products.jsonl\n    format: jsonl\n",
    "xlsx": "    file: products.xlsx\n    format: xlsx\n    sheet: Goods\n",
}


class NoSecrets:
    def get(self, reference: str) -> str:
        raise AssertionError(reference)


Rows = list[dict[str, Any]]


@dataclass
class FilesWorld:
    """Users who save the file as a whole. ``load``, ``save``: by other means than the connector."""

    path: Path
    load: Callable[[Path], Rows]
    save: Callable[[Path, Rows], None]
    made: int = 0

    def make(self, values: RawValues) -> str:
        self.made += 1
        rows = self.load(self.path)
        self.save(self.path, [*rows, {"Id": f"P-{self.made}", "Kept": "as it is", **_columns(values)}])
        return f"P-{self.made}"

    def edit(self, id: str, values: RawValues) -> None:
        self.save(self.path, [row | _columns(values) if row["Id"] == id else row for row in self.load(self.path)])

    def remove(self, id: str) -> None:
        self.save(self.path, [row for row in self.load(self.path) if row["Id"] != id])

    def settle(self) -> None:
        """A change shows at once."""


def _columns(values: RawValues) -> dict[str, Any]:
    return {{"Name": "Full name"}.get(name, name): value for name, value in values.items()}


def _csv(variant: str) -> tuple[Callable[[Path], Rows], Callable[[Path, Rows], None]]:
    mark, encoding = (";", "utf-16") if "spreadsheet" in variant else (",", "utf-8")
    header = "without header" not in variant

    def load(path: Path) -> Rows:
        text = path.read_bytes().decode(encoding)
        names = None if header else COLUMNS
        return list(csv.DictReader(io.StringIO(text, newline=""), names, delimiter=mark))

    def save(path: Path, rows: Rows) -> None:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, delimiter=mark, restval="")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        path.write_bytes(text.getvalue().encode(encoding))

    return load, save


def _load_jsonl(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def _save_jsonl(path: Path, rows: Rows) -> None:
    everything: Rows = [{**dict.fromkeys(COLUMNS), **row} for row in rows]
    path.write_text("".join(json.dumps(row, default=float) + "\n" for row in everything), "utf-8")


def _load_xlsx(path: Path) -> Rows:
    sheet = load_workbook(path)["Goods"]
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, names), row, strict=True)) for row in rows if any(row)]


def _save_xlsx(path: Path, rows: Rows) -> None:
    book = Workbook()
    book.active.title = "Other"
    sheet = book.create_sheet("Goods")
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([row.get(name) for name in COLUMNS])
    book.save(path)


def world_of(variant: str, folder: Path) -> FilesWorld:
    """An empty file."""
    (folder / "exchange").mkdir()
    form = variant.split(maxsplit=1)[0]
    load, save = {"jsonl": (_load_jsonl, _save_jsonl), "xlsx": (_load_xlsx, _save_xlsx)}.get(form) or _csv(variant)
    world = FilesWorld(folder / "exchange" / f"products.{form}", load, save)
    save(world.path, [])
    return world


def subject_of(variant: str) -> Subject:
    return Subject(
        side=Side.LEFT,
        datatype="Product",
        text="Name",
        other="Number",
        amount="Price",
        unwanted="Extra",
        refused={"Price": "much"},
        empties=variant == "jsonl",
        absent="P-999999",
    )


def system_of(variant: str, folder: Path) -> FilesSystem:
    """What the manifest of a variant says."""
    file = folder / "office.yaml"
    file.write_text(HEAD + VARIANTS[variant], "utf-8")
    described = read_manifest(file)
    assert isinstance(described, FilesSystem)
    return described


def connector(described: FilesSystem, size: int | None = None) -> FilesConnector:
    if size is not None:
        limits = replace(described.files.limits, page=size)
        described = replace(described, files=replace(described.files, limits=limits))
    wanted = {"Product": frozenset({"Name", "Number", "Price", "Active"})}
    return open_files(described, Services(side=Side.LEFT, wanted=wanted, secrets=NoSecrets(), clock=RealClock(), rng=Random(1)))

"""The formats of files, by the manifest's word.

Owns: the choice, and that a spreadsheet's package is asked for only where one is described. Does not own: any format.
"""

from datetime import tzinfo

from accord.connectors.files_csv import CsvTable
from accord.connectors.files_extra import require_openpyxl
from accord.connectors.files_jsonl import JsonlTable
from accord.connectors.files_table import Table
from accord.model.files import FileDatatype


def parse(data: bytes, spec: FileDatatype, zone: tzinfo) -> Table:
    """The content of a file. Raises Unfit."""
    if spec.format == "csv":
        return CsvTable(data, spec, zone)
    if spec.format == "jsonl":
        return JsonlTable(data, spec, zone)
    require_openpyxl()
    from accord.connectors.files_xlsx import XlsxTable  # noqa: PLC0415  only those who describe a workbook need its package

    return XlsxTable(data, spec, zone)

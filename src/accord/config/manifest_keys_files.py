"""What every key of a manifest of ``kind: files`` means, with an example; beside manifest_keys.py, and held complete in the same way.

Owns: the words and the examples. Does not own: which keys there are (model/files.py).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from accord.config.manifest_keys import Key

_PROPERTIES = {"Name": {"column": "Full name"}, "Born": {"type": "date"}}
_DATATYPE: dict[str, Any] = {"file": "contacts.csv", "key": "ContactId", "properties": _PROPERTIES}

FILES_KEYS: Mapping[tuple[str, str], Key] = MappingProxyType(
    {
        ("FilesManifest", "manifest"): Key("the version of this format, 1", 1),
        ("FilesManifest", "kind"): Key("that the system is a folder of files", "files"),
        ("FilesManifest", "system"): Key("the system's name, as the dataflow file says it", "office"),
        ("FilesManifest", "folder"): Key(
            "where the files are: a folder, relative to the manifest, or sftp://user@host:port/folder; or a reference to either",
            "sftp://accord@files.example.org/exchange",
        ),
        ("FilesManifest", "zone"): Key("the zone of times that stand in the files without one", "Europe/Oslo"),
        ("FilesManifest", "sftp"): Key(
            "how to sign in where the folder is on a server", {"password": "${env:FILES_PASSWORD}", "known_hosts": "known_hosts"}
        ),
        ("FilesManifest", "limits"): Key("how files are taken", {"quiet_seconds": 5.0}),
        ("FilesManifest", "datatypes"): Key("the kinds of record, by name", {"Contact": _DATATYPE}),
        ("Sftp", "password"): Key("a reference to the password", "${env:FILES_PASSWORD}"),
        ("Sftp", "key"): Key(
            "the file of the private key, relative to the manifest; otherwise those that SSH finds by itself", "id_ed25519"
        ),
        ("Sftp", "known_hosts"): Key(
            "the file with the server's public key, relative to the manifest; otherwise that of SSH itself", "known_hosts"
        ),
        ("FileLimits", "page"): Key("how many records are taken at once", 500),
        ("FileLimits", "deadline_seconds"): Key(
            "for one step on a server, and for waiting until a file is free or has been quiet for long enough", 30.0
        ),
        ("FileLimits", "quiet_seconds"): Key("how long a file must not have changed before it is read", 5.0),
        ("FileDatatype", "file"): Key("the file, by its name in the folder", "contacts.csv"),
        ("FileDatatype", "format"): Key("csv; jsonl: a JSON object in each line; xlsx: a sheet of an Excel workbook", "xlsx"),
        ("FileDatatype", "key"): Key("the column of the id, which is never doubled and never empty", "ContactId"),
        ("FileDatatype", "generated"): Key(
            "Accord gives a row that it makes an id, which follows from the record it is made for; otherwise a property must be the id",
            True,
        ),
        ("FileDatatype", "sheet"): Key("of a workbook: the sheet; otherwise the first", "People"),
        ("FileDatatype", "delimiter"): Key("of csv: what parts the cells", ";"),
        ("FileDatatype", "encoding"): Key("of csv: how its letters are encoded; a byte order mark says it by itself", "cp1252"),
        ("FileDatatype", "header"): Key("of csv: the first line names the columns; if not, `columns` does", False),
        ("FileDatatype", "columns"): Key(
            "all columns of the file: then a new one stops everything, as a missing one always does", ["ContactId", "Full name", "Born"]
        ),
        ("FileDatatype", "escape"): Key(
            "of csv: texts that a spreadsheet would take for a formula are written behind an apostrophe, which is taken off on reading",
            False,
        ),
        ("FileDatatype", "decimal"): Key("of csv: the mark before the fraction of a number", ","),
        ("FileDatatype", "booleans"): Key("of csv: how true and false are written, in this order", ["yes", "no"]),
        ("FileDatatype", "modified"): Key("the column of the time of the last change", "Changed"),
        ("FileDatatype", "reference"): Key(
            "the property that takes our reference, by which an unanswered create is found again", "ExternalId"
        ),
        ("FileDatatype", "create"): Key("rows may be made", False),
        ("FileDatatype", "update"): Key("rows may be changed", False),
        ("FileDatatype", "delete"): Key("rows may be taken out", True),
        ("FileDatatype", "properties"): Key("the properties, and the columns that hold them", _PROPERTIES),
        ("FileDatatype", "assumptions"): Key(
            "sentences that hold until somebody has confirmed them; `accord check` prints them", ["Ids are kept."]
        ),
        ("FileProperty", "column"): Key("the column that holds it, where it has another name", "Full name"),
        ("FileProperty", "type"): Key("what its values are", "date"),
        ("FileProperty", "create"): Key("a new row may be given it", False),
        ("FileProperty", "update"): Key("it may be changed", False),
        ("FileProperty", "scale"): Key("how many digits after the point it holds", 2),
        ("FileProperty", "precision_seconds"): Key("how fine an instant it holds", 1.0),
        ("FileProperty", "max_length"): Key("how many characters it holds", 60),
        ("FileProperty", "options"): Key("the values that it can have", ["draft", "won", "lost"]),
        ("FileProperty", "clearing"): Key("what is written to empty it", "empty"),
        ("FileProperty", "personal"): Key("it says something about a person; it is masked where values are shown", True),
        ("FileProperty", "note"): Key("a remark for people", "the English name of the country"),
    }
)

FILES_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "FilesManifest": "A folder of files",
        "Sftp": "Signing in to a folder on a server",
        "FileLimits": "How files are taken",
        "FileDatatype": "A datatype in a file",
        "FileProperty": "A property in a file",
    }
)
"""Shape -> its heading, in the order of the reference."""

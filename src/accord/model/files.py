"""How a folder of files is described to the file connector: the variant of a manifest of ``kind: files``, as frozen data.

Owns: the shape of such a file, and FilesSystem, as which the rest of the program meets it. Does not own: reading it
(config/files_manifest.py), obeying it (connectors/files.py).
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from accord.model.manifest import Manifest, PropertyType

__pydantic_config__ = {"extra": "forbid"}

FileFormat = Literal["csv", "jsonl", "xlsx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """``page``: records at once. ``deadline_seconds``: of one step on a server, and of waiting for a lock or a file that is being written.

    ``quiet_seconds``: so long a file must not have changed before it is read.
    """

    page: int = 500
    deadline_seconds: float = 30.0
    quiet_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sftp:
    """How to sign in where ``folder`` is an address sftp://...: ``password`` is a secret reference, the others are files."""

    password: str | None = None
    key: str | None = None
    known_hosts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProperty:
    """One property and the column that holds it (default: its name). ``create``, ``update``: whether we may write it then."""

    column: str | None = None
    type: PropertyType = "string"
    create: bool = True
    update: bool = True
    scale: int | None = None
    precision_seconds: float = 1.0
    max_length: int | None = None
    options: tuple[Any, ...] | None = None
    clearing: Literal["null", "empty"] = "null"
    personal: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDatatype:
    """A file whose rows are records.

    ``key``: the column of the id. ``generated``: a new row gets an id that follows from its reference. ``columns``: all columns, where one
    more is to be an error as well. ``header``: the first line names the columns; if not, ``columns`` does. ``booleans``: how true and false
    are written, ``decimal``: the mark before the fraction. ``escape``: texts that a spreadsheet would take for a formula stand behind an
    apostrophe.
    """

    file: str
    format: FileFormat = "csv"
    key: str
    generated: bool = False
    sheet: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    header: bool = True
    columns: tuple[str, ...] = ()
    escape: bool = True
    decimal: Literal[".", ","] = "."
    booleans: tuple[str, str] = ("true", "false")
    modified: str | None = None
    reference: str | None = None
    create: bool = True
    update: bool = True
    delete: bool = False
    properties: dict[str, FileProperty]
    assumptions: tuple[str, ...] = ()

    def column(self, name: str) -> str:
        """The column of a property."""
        return self.properties[name].column or name

    @property
    def key_property(self) -> str | None:
        """The property that is the id, where one is."""
        return next((name for name in self.properties if self.column(name) == self.key), None)

    @property
    def creates(self) -> bool:
        """Whether a new row can be given an id."""
        given = self.key_property is not None and self.properties[self.key_property].create
        return self.create and (self.generated or given)

    @property
    def needed(self) -> dict[str, str]:
        """Every column that must be there -> what for."""
        found = {self.key: "the key"}
        if self.modified is not None:
            found.setdefault(self.modified, "the time of the last change")
        for name in self.properties:
            found.setdefault(self.column(name), f"property {name}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesManifest:
    """A folder, and which of its files are datatypes. ``folder``: relative to the manifest, or sftp://user@host:port/folder."""

    manifest: Literal[1]
    kind: Literal["files"]
    system: str
    folder: str = "."
    zone: str = "UTC"
    sftp: Sftp = field(default_factory=Sftp)
    limits: FileLimits = field(default_factory=FileLimits)
    datatypes: dict[str, FileDatatype]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSystem(Manifest):
    """A system that is a folder of files: its datatypes and properties as those of every system, beside how its connector finds them.

    ``file``: where the manifest was read.
    """

    files: FilesManifest
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSample:
    """A column as a survey met it: the values of its rows as texts, "" for empty. ``dates``: the file itself says that they are dates."""

    name: str
    values: tuple[str, ...]
    dates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """A file as a survey met it. ``trouble``: why it cannot be drafted, or ""."""

    file: str
    format: FileFormat
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str | None = None
    columns: tuple[ColumnSample, ...] = ()
    trouble: str = ""

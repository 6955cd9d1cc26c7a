"""Reading a manifest of ``kind: files``: how a folder of files is described to the file connector.

Owns: what must hold within it beyond its shape, and how the rest of the program sees it. Does not own: whether files and columns are there;
the connector looks each time before it takes anything from a file (connectors/files_header.py).
"""

import codecs
from collections.abc import Iterator
from pathlib import PurePosixPath
from zoneinfo import available_timezones

from accord.config.secrets import has_reference, malformed_references
from accord.config.shape import Shape, nearest, suggestion
from accord.config.yamlfile import KeyPath, YamlFile
from accord.errors import ConfigurationError, Problem
from accord.model.files import FileDatatype, FileProperty, FilesManifest, FilesSystem
from accord.model.manifest import Datatype, Limits, Listing, Property, Route, SystemClock

FILES_SHAPE = Shape(FilesManifest)
SETTLES_OVER_SFTP = 60.0
_OF_CSV = ("delimiter", "header", "booleans", "escape", "decimal")


def files_manifest_of(source: YamlFile) -> FilesSystem:
    """The system that a YAML file describes. Raises ConfigurationError with every problem."""
    manifest = FILES_SHAPE.take(source)
    problems = [*_general(source, manifest)]
    for name, datatype in manifest.datatypes.items():
        path: KeyPath = ("datatypes", name)
        problems += [*_file(source, path, datatype), *_columns(source, path, datatype), *_properties(source, path, datatype)]
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return described(manifest, source.file)


def _general(source: YamlFile, manifest: FilesManifest) -> Iterator[Problem]:
    if manifest.zone not in available_timezones():
        near = nearest(manifest.zone, available_timezones())
        remedy = f"Did you mean {near}?" if near else "Write one such as Europe/Oslo."
        yield source.problem(("zone",), f"zone: unknown zone {manifest.zone}", remedy)
    if manifest.limits.page < 1:
        yield source.problem(("limits", "page"), "limits: page must be 1 or more", "Write a number from 1.")
    if manifest.sftp.password is not None and not has_reference(manifest.sftp.password):  # the text is not repeated: it is the secret
        remedy = "Write a reference such as ${env:FILES_PASSWORD}."
        yield source.problem(("sftp", "password"), "sftp: the password stands here literally", remedy)
    if malformed_references(manifest.folder) or malformed_references(manifest.sftp.password or ""):
        place = ("folder",) if malformed_references(manifest.folder) else ("sftp", "password")
        yield source.problem(
            place, f"{'.'.join(place)}: what follows ${{ is no reference", "Write ${env:NAME}, ${file:PATH} or ${keyring:NAME}."
        )


def _file(source: YamlFile, path: KeyPath, datatype: FileDatatype) -> Iterator[Problem]:
    name, parts = path[-1], PurePosixPath(datatype.file).parts
    if not parts or ".." in parts or PurePosixPath(datatype.file).is_absolute():
        yield source.problem((*path, "file"), f"{name}: {datatype.file!r} is no file of the folder", "Name a file within the folder.")
    if len(datatype.delimiter) != 1 or datatype.delimiter in '"\r\n':
        yield source.problem((*path, "delimiter"), f"{name}: a delimiter is one character", 'Write one such as ";" or "\\t".')
    try:
        codecs.lookup(datatype.encoding)
    except LookupError:
        yield source.problem((*path, "encoding"), f"{name}: unknown encoding {datatype.encoding}", "Write one such as utf-8 or cp1252.")
    for key, only in (("sheet", "xlsx"), *((each, "csv") for each in _OF_CSV)):
        if datatype.format != only and (*path, key) in source.values:
            yield source.problem((*path, key), f"{name}: {key} says nothing of {datatype.format}", f"Take it out, or write format: {only}.")


def _columns(source: YamlFile, path: KeyPath, datatype: FileDatatype) -> Iterator[Problem]:
    name = path[-1]
    if not datatype.header and not datatype.columns:
        remedy = "Add columns: with the names of all columns, in their order."
        yield source.problem((*path, "header"), f"{name}: without a header nothing names the columns", remedy)
    doubled = sorted({each for each in datatype.columns if datatype.columns.count(each) > 1})
    if doubled:
        yield source.problem((*path, "columns"), f"{name}: columns names {', '.join(doubled)} twice", "Name each column once.")
    for column, purpose in datatype.needed.items():
        if datatype.columns and column not in datatype.columns:
            what = f"{name}: {column} ({purpose}) is not among columns"
            yield source.problem((*path, "columns"), what, suggestion(column, datatype.columns) or "Add it there.")


def _properties(source: YamlFile, path: KeyPath, datatype: FileDatatype) -> Iterator[Problem]:
    name = path[-1]
    if datatype.reference is not None and datatype.reference not in datatype.properties:
        what = f"{name}: reference {datatype.reference} is no property"
        yield source.problem((*path, "reference"), what, suggestion(datatype.reference, datatype.properties))
    if len({each.casefold() for each in datatype.booleans} - {""}) < 2:
        what = f"{name}: booleans are two texts that differ, for true and for false"
        yield source.problem((*path, "booleans"), what, 'Write two, such as ["yes", "no"].')
    held: dict[str, str] = {}
    for each, prop in datatype.properties.items():
        if prop.type == "list":
            yield source.problem(
                (*path, "properties", each, "type"), f"{each}: a column of a file holds no list", "Keep lists in a file of their own."
            )
        other = held.setdefault(datatype.column(each), each)
        if other != each:
            what = f"{each}: {other} is read from the column {datatype.column(each)} already"
            yield source.problem((*path, "properties", each), what, "Keep one of them.")


def described(manifest: FilesManifest, file: str = "") -> FilesSystem:
    """As the rest of the program sees it: a system with datatypes and properties, its files being the places of its records."""
    over_sftp = manifest.folder.startswith("sftp:") or has_reference(manifest.folder)
    return FilesSystem(
        manifest=1,
        kind="files",
        system=manifest.system,
        origin=manifest.folder,
        limits=Limits(
            concurrency=1, deadline_seconds=manifest.limits.deadline_seconds, settles_seconds=SETTLES_OVER_SFTP if over_sftp else 0.0
        ),
        clock=SystemClock(zone=manifest.zone),
        datatypes={name: _datatype(each) for name, each in manifest.datatypes.items()},
        files=manifest,
        file=file,
    )


def _datatype(datatype: FileDatatype) -> Datatype:
    place = Route(path=datatype.file)
    return Datatype(
        id=datatype.key,
        modified=datatype.modified,
        list=Listing(path=datatype.file),
        create=(place,) if datatype.creates else (),
        update=place if datatype.update else None,
        delete=place if datatype.delete else None,
        reference=datatype.reference,
        properties={name: _property(name, each, datatype) for name, each in datatype.properties.items()},
        assumptions=datatype.assumptions,
    )


def _property(name: str, each: FileProperty, datatype: FileDatatype) -> Property:
    is_key, is_time = datatype.column(name) == datatype.key, datatype.column(name) == datatype.modified
    return Property(
        type=each.type,
        path=each.column or name,
        create=each.create and datatype.creates and not is_time and not (is_key and datatype.generated),
        update=each.update and datatype.update and not is_time and not is_key,
        scale=each.scale,
        precision_seconds=each.precision_seconds,
        max_length=each.max_length,
        options=each.options,
        clearing=each.clearing,
        personal=each.personal,
        note=each.note,
    )

"""Reading a manifest of ``kind: sql``: how one database is described to the SQL connector.

Owns: what must hold within it beyond its shape, and how the rest of the program sees it. Does not own: whether its tables and columns
exist; the connector asks the catalogue (connectors/sql_catalogue.py).
"""

from collections.abc import Iterator
from zoneinfo import available_timezones

from accord.config.secrets import has_reference, malformed_references
from accord.config.shape import Shape, nearest, suggestion
from accord.config.yamlfile import KeyPath, YamlFile
from accord.errors import ConfigurationError, Problem
from accord.model.manifest import Datatype, Limits, Listing, Property, Route, SystemClock
from accord.model.sql import SqlDatatype, SqlLines, SqlManifest, SqlProperty, SqlSystem

SQL_SHAPE = Shape(SqlManifest)


def sql_manifest_of(source: YamlFile) -> SqlSystem:
    """The system that a YAML file describes. Raises ConfigurationError with every problem."""
    manifest = SQL_SHAPE.take(source)
    problems = [*_url(source, manifest), *_clock(source, manifest)]
    for name, datatype in manifest.datatypes.items():
        problems += _datatype(source, ("datatypes", name), datatype)
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return described(manifest, source.file)


def _url(source: YamlFile, manifest: SqlManifest) -> Iterator[Problem]:
    remedy = "Write a reference such as ${env:CRM_DATABASE}, and set it to an address such as postgresql://user:password@host/database."
    if not has_reference(manifest.url):  # the text is not repeated: a password may stand in it
        yield source.problem(("url",), "url: an address with its password is a secret, and stands here literally", remedy)
    elif malformed_references(manifest.url):
        yield source.problem(("url",), "url: what follows ${ is no reference", remedy)


def _clock(source: YamlFile, manifest: SqlManifest) -> Iterator[Problem]:
    if manifest.clock.zone not in available_timezones():
        near = nearest(manifest.clock.zone, available_timezones())
        what = f"clock: unknown zone {manifest.clock.zone}"
        yield source.problem(("clock", "zone"), what, f"Did you mean {near}?" if near else "Write one such as Europe/Oslo.")
    for key in ("concurrency", "page"):
        if getattr(manifest.limits, key) < 1:
            yield source.problem(("limits", key), f"limits: {key} must be 1 or more", "Write a number from 1.")
    least = manifest.clock.granularity_seconds + manifest.clock.lag_seconds
    for name, datatype in manifest.datatypes.items():
        if datatype.changes and datatype.changes.kind == "modified" and datatype.changes.overlap_seconds < least:
            what = f"{name}: overlap_seconds is less than the clock's granularity and lag together"
            yield source.problem(("datatypes", name, "changes", "overlap_seconds"), what, f"Write {least:g} or more.")


def _datatype(source: YamlFile, path: KeyPath, datatype: SqlDatatype) -> Iterator[Problem]:
    name = path[-1]
    if not datatype.key:
        yield source.problem((*path, "key"), f"{name}: a record needs a key", "Name the columns of the primary key.")
    if datatype.reference is not None and datatype.reference not in datatype.properties:
        what = f"{name}: reference {datatype.reference} is no property"
        yield source.problem((*path, "reference"), what, suggestion(datatype.reference, datatype.properties))
    if changes := datatype.changes:
        needed = {"modified": datatype.modified, "version": datatype.version, "table": changes.table}[changes.kind]
        if needed is None:
            where = "changes" if changes.kind == "table" else "the datatype"
            yield source.problem((*path, "changes"), f"{name}: changes by {changes.kind} need {changes.kind}", f"Add it to {where}.")
    for list_name, lines in datatype.lines.items():
        yield from _lines(source, (*path, "lines", list_name), datatype, lines)


def _lines(source: YamlFile, path: KeyPath, datatype: SqlDatatype, lines: SqlLines) -> Iterator[Problem]:
    name = path[-1]
    if name in datatype.properties:
        yield source.problem(path, f"{name}: is a property and a list at once", "Give one of them another name.")
    if sorted(lines.parent.values()) != sorted(datatype.key):
        what = f"{name}: parent does not name the key of the record: {', '.join(datatype.key)}"
        yield source.problem((*path, "parent"), what, "Write parent: {COLUMN OF THE LINES: KEY COLUMN OF THE RECORD}.")
    if not lines.key:
        yield source.problem((*path, "key"), f"{name}: lines need a key", "Name the columns that tell the lines of a record apart.")


def described(manifest: SqlManifest, file: str = "") -> SqlSystem:
    """As the rest of the program sees it: a system with datatypes and properties, its tables being the places of its records."""
    clock = manifest.clock
    limits = Limits(
        concurrency=manifest.limits.concurrency,
        deadline_seconds=manifest.limits.deadline_seconds,
        settles_seconds=manifest.limits.settles_seconds,
    )
    return SqlSystem(
        manifest=1,
        kind="sql",
        system=manifest.system,
        origin=manifest.url,
        limits=limits,
        clock=SystemClock(zone=clock.zone, granularity_seconds=clock.granularity_seconds, lag_seconds=clock.lag_seconds),
        datatypes={name: _general(each) for name, each in manifest.datatypes.items()},
        sql=manifest,
        file=file,
    )


def _general(datatype: SqlDatatype) -> Datatype:
    place = Route(path=datatype.table)
    properties = {name: _property(name, each, datatype) for name, each in datatype.properties.items()}
    return Datatype(
        id=",".join(datatype.key),
        version=datatype.version,
        modified=datatype.modified,
        list=Listing(path=datatype.table),
        create=(place,) if datatype.create else (),
        update=place if datatype.update else None,
        delete=place if datatype.delete else None,
        reference=datatype.reference,
        properties=properties | {name: _list(each, datatype) for name, each in datatype.lines.items()},
        assumptions=datatype.assumptions,
    )


def _property(name: str, each: SqlProperty, datatype: SqlDatatype | None) -> Property:
    in_key = datatype is not None and (each.column or name) in datatype.key
    return Property(
        type=each.type,
        path=each.column or name,
        create=each.create and (datatype is None or (datatype.create and not (datatype.generated and in_key))),
        update=each.update and (datatype is None or (datatype.update and not in_key)),
        scale=each.scale,
        precision_seconds=each.precision_seconds,
        max_length=each.max_length,
        options=each.options,
        clearing=each.clearing,
        personal=each.personal,
        note=each.note,
    )


def _list(lines: SqlLines, datatype: SqlDatatype) -> Property:
    return Property(
        type="list",
        path=lines.table,
        create=lines.create and datatype.create,
        update=lines.update and datatype.update,
        items={name: _property(name, each, None) for name, each in lines.items.items()},
        personal=lines.personal,
        note=lines.note,
    )

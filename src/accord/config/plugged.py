"""Reading a manifest of a plug-in's kind.

Owns: what must hold within it beyond its shape, and how the rest of the program sees it. Does not own: what its options mean; the plug-in
checks those, and what it says is told with file, line and column like everything else.
"""

import json
from collections.abc import Iterator
from zoneinfo import available_timezones

import pydantic

from accord.config.plugins import plugin_of
from accord.config.secrets import malformed_references, references
from accord.config.shape import Shape, nearest, suggestion
from accord.config.yamlfile import KeyPath, YamlFile
from accord.errors import ConfigurationError, Problem
from accord.model.manifest import Datatype, Find, Listing, Property, Route
from accord.model.plugged import Misfit, PluggedDatatype, PluggedManifest, PluggedProperty, PluggedSystem
from accord.ports import Plugin

PLUGGED_SHAPE = Shape(PluggedManifest)


def plugged_manifest_of(source: YamlFile, kind: str, shipped: tuple[str, ...]) -> PluggedSystem:
    """The system that a YAML file describes. Raises ConfigurationError with every problem. ``shipped``: kinds that need no plug-in."""
    plugin = plugin_of(source, kind, shipped)
    manifest = PLUGGED_SHAPE.take(source)
    problems = [*_general(source, manifest), *_misfits(source, plugin, manifest)]
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return described(manifest, plugin, source.file)


def option_references(source: YamlFile) -> Iterator[tuple[KeyPath, str]]:
    """Every text in an option of the plug-in's that refers to a secret, with its place."""
    for path in source.values:
        in_options = path[:1] == ("options",) or (path[:1] == ("datatypes",) and path[2:3] == ("options",))
        if in_options and isinstance(text := source.at(path), str) and any(references(text)):
            yield path, text


def _general(source: YamlFile, manifest: PluggedManifest) -> Iterator[Problem]:
    if manifest.clock.zone not in available_timezones():
        near = nearest(manifest.clock.zone, available_timezones())
        remedy = f"Did you mean {near}?" if near else "Write one such as Europe/Oslo."
        yield source.problem(("clock", "zone"), f"clock: unknown zone {manifest.clock.zone}", remedy)
    for name, datatype in manifest.datatypes.items():
        if datatype.reference is not None and datatype.reference not in datatype.properties:
            what = f"{name}: reference {datatype.reference} is no property"
            yield source.problem(("datatypes", name, "reference"), what, suggestion(datatype.reference, datatype.properties))
        for each, prop in datatype.properties.items():
            if prop.items and prop.type != "list":
                yield source.problem(
                    ("datatypes", name, "properties", each), f"{each}: only a list has items", "Write type: list, or remove items."
                )
    for path in source.values:
        held = source.at(path)
        if isinstance(held, str) and malformed_references(held):
            what = f"{'.'.join(map(str, path))}: what follows ${{ is no reference"
            yield source.problem(path, what, "Write ${env:NAME}, ${file:PATH} or ${keyring:NAME}.")


def _misfits(source: YamlFile, plugin: Plugin, manifest: PluggedManifest) -> list[Problem]:
    """What the plug-in's own check says. It may raise what a pydantic model of the options raises."""
    try:
        found = list(plugin.check(manifest) or ())
    except pydantic.ValidationError as error:
        found = [
            Misfit(("options", *each["loc"]), f"{'.'.join(map(str, ('options', *each['loc'])))}: {each['msg']}")
            for each in error.errors(include_url=False, include_input=False)
        ]
    except Exception as error:  # noqa: BLE001  a plug-in is somebody else's code: that its check fails is told at its place
        found = [
            Misfit(("kind",), f"the plug-in {manifest.kind} fails in its own check: {type(error).__name__}: {error}", "Ask who made it.")
        ]
    return [source.problem_with_key(each.path, each.what, each.remedy) for each in found]


def described(manifest: PluggedManifest, plugin: Plugin, file: str = "") -> PluggedSystem:
    """As the rest of the program sees it. ``origin`` tells this system from others: all options, references unopened."""
    return PluggedSystem(
        manifest=1,
        kind=manifest.kind,
        system=manifest.system,
        origin=f"{manifest.kind} {json.dumps(manifest.options, sort_keys=True)}",
        clock=manifest.clock,
        datatypes={name: _datatype(name, each) for name, each in manifest.datatypes.items()},
        plugged=manifest,
        plugin=plugin,
        file=file,
    )


def _datatype(name: str, datatype: PluggedDatatype) -> Datatype:
    route = Route(path=name, find=Find(path=name, compare=datatype.reference) if datatype.reference else None)
    return Datatype(
        id="id",
        modified="modified" if datatype.modified else None,
        list=Listing(path=name),
        read=name,
        create=(route,) if datatype.create else (),
        update=route if datatype.update else None,
        delete=route if datatype.delete else None,
        reference=datatype.reference,
        properties={each: _property(each, prop, datatype) for each, prop in datatype.properties.items()},
        assumptions=datatype.assumptions,
    )


def _property(name: str, each: PluggedProperty, datatype: PluggedDatatype | None) -> Property:
    return Property(
        type=each.type,
        path=each.path or name,
        create=each.create and (datatype is None or datatype.create),
        update=each.update and (datatype is None or datatype.update),
        scale=each.scale,
        precision_seconds=each.precision_seconds,
        max_length=each.max_length,
        options=each.options,
        clearing=each.clearing,
        items={item: _property(item, inner, None) for item, inner in each.items.items()},
        personal=each.personal,
        note=each.note,
    )

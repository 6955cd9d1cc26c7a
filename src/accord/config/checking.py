"""Whether a dataflow fits its two manifests: every name, every write, every reference; and what is only assumed.

Owns: names that must exist, writes that must be possible, references that must end. Does not own: whether values can be mapped
(core/mapping.py), whether a system behaves as its manifest says (`accord check` asks it).

Places are read from the files again rather than carried in the model, so that the model knows nothing of files.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accord.config.plugged import option_references
from accord.config.secrets import references
from accord.config.shape import nearest, suggestion
from accord.config.yamlfile import KeyPath, YamlFile, read_yaml
from accord.core.mapping import problems as mapping_problems
from accord.core.transforms import TRANSFORMS
from accord.errors import ConfigurationError, Problem
from accord.model.dataflow import Creation, Dataflow, DeletePolicy, Direction, Flow, PropertyMapping
from accord.model.manifest import Datatype, Manifest, Property
from accord.model.plugged import PluggedSystem
from accord.model.records import Side
from accord.model.sql import SqlSystem
from accord.model.values import DataType
from accord.ports import Secrets

_OFTEN_MEANT: Mapping[str, str] = {
    "url": "A url is usually the link to the record itself, not a web site.",
    "id": "An id is given by its own system and cannot be carried over; map a property that means the same in both systems.",
}


@dataclass(frozen=True, slots=True)
class _Level:
    """The properties that names are looked up in: those of a datatype, or of the items of one of its lists, on each side."""

    source: YamlFile
    path: KeyPath
    flow: Flow
    known: Mapping[Side, Mapping[str, Property]]
    paths: Mapping[Side, Mapping[str, str]]


def check_dataflow(dataflow: Dataflow, left: Manifest, right: Manifest) -> list[Problem]:
    """Every reason why this dataflow cannot run with these manifests, in the order of the file; none means that it can."""
    source, manifests = _located(dataflow.path), {Side.LEFT: left, Side.RIGHT: right}
    problems = list(_systems(source, dataflow, manifests))
    for position, flow in enumerate(dataflow.flows):
        path: KeyPath = ("flows", position)
        unknown = list(_datatypes_exist(source, path, flow, manifests))
        if not unknown:
            datatypes = {side: manifests[side].datatypes[flow.datatype(side)] for side in Side}
            unknown = list(_names_exist(source, path, flow, datatypes))
            problems += _creates(source, path, flow, datatypes)
            if not unknown:
                problems += _values_map(source, path, flow, datatypes)
        problems += unknown
    problems += _references_end(source, dataflow.flows)
    problems += _copies_end(source, dataflow.flows, left, right)
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.line, problem.column))


def notices_of(dataflow: Dataflow, left: Manifest, right: Manifest) -> list[Problem]:
    """What holds but should be known: private hosts, assumptions in use, what cannot be changed after a create, what a transform loses."""
    notices: list[Problem] = []
    for side, manifest in ((Side.LEFT, left), (Side.RIGHT, right)):
        notices += _private_hosts(dataflow, side, manifest)
        notices += _assumptions(dataflow, side, manifest)
    source = _located(dataflow.path)
    for position, flow in enumerate(dataflow.flows):
        datatypes = {Side.LEFT: left.datatypes[flow.left], Side.RIGHT: right.datatypes[flow.right]}
        notices += _unchangeable(source, ("flows", position), flow, datatypes)
        notices += _lossy(source, ("flows", position), flow)
        notices += _odd(source, ("flows", position), flow)
        notices += _alike(source, ("flows", position), flow, {each.name: each for each in dataflow.flows})
        notices += _first_come(source, ("flows", position), flow, dataflow.flows[:position])
    return notices


def _private_hosts(dataflow: Dataflow, side: Side, manifest: Manifest) -> Iterator[Problem]:
    if manifest.private_hosts:
        what = f"{manifest.system}: private_hosts is set: it may be in a private network, and be called there without encryption"
        yield _manifest_file(dataflow, side).problem(("private_hosts",), what, "Take it out for a system on the internet.")


def _manifest_file(dataflow: Dataflow, side: Side) -> YamlFile:
    return _located(Path(dataflow.path).parent / dataflow.entry(side).manifest)


def _assumptions(dataflow: Dataflow, side: Side, manifest: Manifest) -> Iterator[Problem]:
    source = _manifest_file(dataflow, side)
    said: set[str] = set()
    for name in dict.fromkeys(flow.datatype(side) for flow in dataflow.flows):
        for position, assumption in enumerate(manifest.datatypes[name].assumptions):
            if assumption not in said:  # several datatypes may share a list of them
                said.add(assumption)
                what = f"{manifest.system} {name}: {assumption}"
                yield source.problem(("datatypes", name, "assumptions", position), what, "Confirm it against your own system.")


def _lossy(source: YamlFile, path: KeyPath, flow: Flow) -> Iterator[Problem]:
    for position, mapping in enumerate(flow.properties):
        loses = TRANSFORMS[mapping.transform.name].loses if mapping.transform is not None else ""
        if loses:
            what = f"{flow.name}: {mapping.name} is kept by {mapping.transform and mapping.transform.name}, which loses {loses}"
            yield source.problem((*path, "properties", position), what, "Declared lossy: the two sides may hold it in different forms.")


def _odd(source: YamlFile, path: KeyPath, flow: Flow) -> Iterator[Problem]:
    """Properties whose names say that they are not what they are taken for, such as a url that is the link to the record."""
    for position, mapping in enumerate(flow.properties):
        for side in (side for side in Side if mapping.type is not DataType.REFERENCE):
            for name in _names(mapping, side):
                if odd := often_meant(name):
                    place = (*path, "properties", position, side.value)
                    yield source.problem(
                        place, f"{flow.name}: {mapping.name} is kept in {name}. {odd}", "Map another property, if it is so."
                    )


def _alike(source: YamlFile, path: KeyPath, flow: Flow, flows: Mapping[str, Flow]) -> Iterator[Problem]:
    """References that may lead to several datatypes, of which the id is all that is known."""
    for position, mapping in enumerate(flow.properties):
        for side in Side:
            kinds = dict.fromkeys(flows[name].datatype(side) for name in mapping.refers_to)
            if len(kinds) > 1:
                what = f"{flow.name}: {', '.join(_names(mapping, side))} may be the id of {' or '.join(kinds)}, told apart by the id alone"
                remedy = "A new reference whose id two of them have waits for a person (REF-01)."
                yield source.problem((*path, "properties", position, "refers_to"), what, remedy)


def _first_come(source: YamlFile, path: KeyPath, flow: Flow, earlier: Sequence[Flow]) -> Iterator[Problem]:
    """Several flows of one left datatype: a record has one counterpart, so the first flow that takes it keeps it from the others."""
    before = [each.name for each in earlier if each.left == flow.left and each.where.left is None]
    if before and flow.create.into:
        what = f"{flow.name}: a {flow.left} has one counterpart; one that {' or '.join(before)} keeps in step gets none in this flow"
        yield source.problem(path, what, "Say which records are meant, with where: {left: ...}, in the other flow.")


def _unchangeable(source: YamlFile, path: KeyPath, flow: Flow, datatypes: Mapping[Side, Datatype]) -> Iterator[Problem]:
    for position, mapping in enumerate(flow.properties):
        for side in (side for side in Side if _is_written(flow, mapping, side)):
            known = datatypes[side].properties
            fixed = [name for name in _names(mapping, side) if known[name].update is False and known[name].create is not False]
            if fixed:
                what = f"{flow.name}: {', '.join(fixed)} of {flow.datatype(side)} can be set by a create and not changed after it"
                yield source.problem((*path, "properties", position), what, "A later change stays on its side, and is told (CAP-02).")


def _is_written(flow: Flow, mapping: PropertyMapping, side: Side) -> bool:
    share = flow.share.left if side is Side.LEFT else flow.share.right
    return share and mapping.direction is not _out_of(side)


def _out_of(side: Side) -> Direction:
    return Direction.LEFT_TO_RIGHT if side is Side.LEFT else Direction.RIGHT_TO_LEFT


def _names(mapping: PropertyMapping, side: Side) -> tuple[str, ...]:
    return mapping.left if side is Side.LEFT else mapping.right


def missing_secrets(path: str | Path, manifest: Manifest, secrets: Secrets) -> list[Problem]:
    """References in a manifest that have no value, with their lines. Webhook secrets are looked up only when webhooks are received."""
    source = _located(path)
    rules = manifest.authentication
    where: KeyPath = ("url",) if isinstance(manifest, SqlSystem) else ("origin",)
    texts: dict[KeyPath, str] = dict(option_references(source)) if isinstance(manifest, PluggedSystem) else {where: manifest.origin}
    for key in ("value", "user", "password", "path", "origin", "client_id", "client_secret", "refresh_token"):
        texts["authentication", key] = getattr(rules, key) or ""
    texts.update({("authentication", "body", name): text for name, text in rules.body.items()})
    texts.update({("authentication", "query", name): text for name, text in rules.query.items()})
    texts.update({("headers", name): text for name, text in manifest.headers.items()})
    problems = []
    for place, text in texts.items():
        for reference in references(text):
            try:
                secrets.get(reference)
            except ConfigurationError as error:
                problems += [source.problem(place, problem.what, problem.remedy) for problem in error.problems]
    return problems


def _located(path: str | Path) -> YamlFile:
    try:
        return read_yaml(path)
    except ConfigurationError:
        return YamlFile(str(path), {}, {}, {})  # a dataflow that was made in memory has no lines


def _systems(source: YamlFile, dataflow: Dataflow, manifests: Mapping[Side, Manifest]) -> Iterator[Problem]:
    for side in Side:
        entry, described = dataflow.entry(side), manifests[side].system
        if entry.system != described:
            what = f"{side}: {entry.manifest} describes {described}, not {entry.system}"
            yield source.problem((side.value, "system"), what, f"Write system: {described}, or name another manifest.")


def _datatypes_exist(source: YamlFile, path: KeyPath, flow: Flow, manifests: Mapping[Side, Manifest]) -> Iterator[Problem]:
    for side in Side:
        name, manifest = flow.datatype(side), manifests[side]
        if name not in manifest.datatypes:
            what = f"{flow.name}: {manifest.system} has no datatype {name}"
            yield source.problem((*path, side.value), what, suggestion(name, manifest.datatypes))


def _names_exist(source: YamlFile, path: KeyPath, flow: Flow, datatypes: Mapping[Side, Datatype]) -> Iterator[Problem]:
    known = {side: datatypes[side].properties for side in Side}
    level = _Level(source, path, flow, known, {side: by_path(datatypes[side]) for side in Side})
    for position, criterion in enumerate(flow.match):
        for index, part in enumerate(criterion):
            # one entry may stand without its list: then its place is the criterion's
            place: KeyPath = (*path, "match", position, index)
            place = place if place in source.values else place[:-1]
            yield from _unknown(level, Side.LEFT, [part.left], (*place, "left"))
            yield from _unknown(level, Side.RIGHT, [part.right], (*place, "right"))
    yield from _mappings_fit(level, flow.properties)


def _mappings_fit(level: _Level, mappings: Sequence[PropertyMapping]) -> Iterator[Problem]:
    writers: dict[tuple[Side, str], str] = {}
    for position, mapping in enumerate(mappings):
        here: KeyPath = (*level.path, "properties", position)
        for side in Side:
            unknown = list(_unknown(level, side, _names(mapping, side), (*here, side.value)))
            yield from unknown
            if not unknown:
                yield from _written(level, side, mapping, here, writers)
        yield from _items_fit(level, mapping, here)


def _unknown(level: _Level, side: Side, names: Iterable[str], place: KeyPath) -> Iterator[Problem]:
    known = level.known[side]
    for name in names:
        if name not in known:
            what = f"{level.flow.name}: {level.flow.datatype(side)} has no property {name}"
            yield level.source.problem(place, what, _meant(name, known, level.paths[side]))


def _meant(name: str, known: Mapping[str, Property], paths: Mapping[str, str]) -> str:
    """What a person who wrote this name may have meant: another name, the name of a path, or a frequent mistake."""
    near = paths.get(name) or nearest(name, known)
    if near is None and (path := nearest(name, paths)):
        near = paths[path]
    hint = often_meant(name)
    return " ".join(part for part in (hint, f"Did you mean {near}?" if near else suggestion(name, known)) if part)


def often_meant(name: str) -> str:
    """What a property of this name usually is, where that is not what people take it for; else ""."""
    return _OFTEN_MEANT.get(name.rpartition(".")[2], "")


def by_path(datatype: Datatype) -> dict[str, str]:
    """Path in the record, dotted and crossing lists -> property: the way dataflow documents name properties."""
    paths = {}
    for name, prop in datatype.properties.items():
        group = datatype.groups.get(prop.group or "")
        at = (group.list or group.object) if group else None
        path = ".".join(part for part in (at, prop.path or name) if part)
        paths[path] = name
        paths.update({f"{path}.{inner.path or item}": f"{name}, and in its items {item}" for item, inner in prop.items.items()})
    return paths


def _written(level: _Level, side: Side, mapping: PropertyMapping, here: KeyPath, writers: dict[tuple[Side, str], str]) -> Iterator[Problem]:
    """Writes into one side that cannot be: where the system never takes the property, and where two mappings write the same one."""
    if not _is_written(level.flow, mapping, side):
        return
    for name in _names(mapping, side):
        prop = level.known[side][name]
        if prop.create is False and prop.update is False:
            what = f"{level.flow.name}: {name} cannot be written in {level.flow.datatype(side)}"
            yield level.source.problem((*here, side.value), what, f"Add direction: {_out_of(side)}.")
        if other := writers.get((side, name)):
            what = f"{level.flow.name}: {name} is written by {mapping.name} and by {other}"
            yield level.source.problem((*here, side.value), what, f"Remove one of the two, or add direction: {_out_of(side)}.")
        writers[side, name] = mapping.name


def _items_fit(level: _Level, mapping: PropertyMapping, here: KeyPath) -> Iterator[Problem]:
    if mapping.item_key is None or mapping.left[0] not in level.known[Side.LEFT] or mapping.right[0] not in level.known[Side.RIGHT]:
        return
    items = {Side.LEFT: level.known[Side.LEFT][mapping.left[0]].items, Side.RIGHT: level.known[Side.RIGHT][mapping.right[0]].items}
    for side in Side:
        if not items[side]:
            what = f"{level.flow.name}: {level.flow.datatype(side)} has no list {_names(mapping, side)[0]}"
            yield level.source.problem(
                (*here, side.value), what, "Map it without item_key and properties, or name a property of type list."
            )
    if all(items.values()):
        inner = _Level(level.source, here, level.flow, items, {side: {} for side in Side})
        yield from _unknown(inner, Side.LEFT, [mapping.item_key.left], (*here, "item_key", "left"))
        yield from _unknown(inner, Side.RIGHT, [mapping.item_key.right], (*here, "item_key", "right"))
        yield from _mappings_fit(inner, mapping.properties)


def _creates(source: YamlFile, path: KeyPath, flow: Flow, datatypes: Mapping[Side, Datatype]) -> Iterator[Problem]:
    into = flow.create.into
    shared = {Side.LEFT: flow.share.left, Side.RIGHT: flow.share.right}
    for side in (side for side in into if shared[side] and not datatypes[side].create):
        remedy = "Write create: by_hand (it waits until somebody makes it there) or none, or describe in the manifest how one is created."
        yield source.problem((*path, "create"), f"{flow.name}: {flow.datatype(side)} cannot be created", remedy)
    for side in (side.other for side in into if shared[side] and not flow.full_sync and datatypes[side.other].modified is None):
        remedy = "Take full_sync out, or say in the manifest where the time of change stands (modified)."
        what = (
            f"{flow.name}: full_sync cannot be off: {flow.datatype(side)} tells no time of change, so old ones are not known from new ones"
        )
        yield source.problem((*path, "full_sync"), what, remedy)
    if flow.create is Creation.BY_HAND and not flow.match:
        what = f"{flow.name}: nothing says by what a {flow.right} that somebody made is known for the counterpart"
        yield source.problem((*path, "create"), what, "Add match, or write create: none.")
    if flow.deletes is DeletePolicy.DELETE:
        for side in (side for side in Side if shared[side] and datatypes[side].delete is None):
            remedy = "Write deletes: report or unlink, or switch writing to that side off under share."
            yield source.problem((*path, "deletes"), f"{flow.name}: {flow.datatype(side)} cannot be deleted", remedy)


def _values_map(source: YamlFile, path: KeyPath, flow: Flow, datatypes: Mapping[Side, Datatype]) -> Iterator[Problem]:
    """What the mapping itself refuses: types that do not fit, transforms that are not known, filters that cannot be read."""
    for found in mapping_problems(flow, datatypes[Side.LEFT], datatypes[Side.RIGHT]):
        place = (*path, *_place_of(found.where, flow.properties))
        yield source.problem(place, f"{flow.name}: {found.where}: {found.what}", found.remedy)


def _place_of(where: str, mappings: Sequence[PropertyMapping]) -> KeyPath:
    """Where in its flow a problem of the mapping stands. ``where``: a mapping's name, "LIST.ITEM", "match", "where.left", "where.right"."""
    for position, mapping in enumerate(mappings):
        if where == mapping.name:
            return ("properties", position)
        if mapping.properties and where.startswith(f"{mapping.name}."):
            return ("properties", position, *_place_of(where.removeprefix(f"{mapping.name}."), mapping.properties))
    return tuple(where.split("."))


def _copies_end(source: YamlFile, flows: Sequence[Flow], left: Manifest, right: Manifest) -> Iterator[Problem]:
    """Within one and the same place, what is made on the right is seen on the left as well: there, flows in a circle would never end."""
    if (left.origin, left.base_path, left.authentication, left.headers) != (
        right.origin,
        right.base_path,
        right.authentication,
        right.headers,
    ):
        return
    creating = [flow for flow in flows if flow.create.into and flow.share.right]
    known = [flow for flow in creating if flow.left in left.datatypes and flow.right in right.datatypes]
    made = {flow.name: (left.datatypes[flow.left].list.path, right.datatypes[flow.right].list.path) for flow in known}
    for position, flow in enumerate(flows):
        if flow.name not in made:
            continue
        start, reached = made[flow.name][0], {made[flow.name][1]}
        while onward := {target for origin, target in made.values() if origin in reached} - reached:
            reached |= onward
        if start in reached:
            what = f"{flow.name}: both sides are one place, and what is made there is a new {flow.left} again: that would never end"
            remedy = "Name another system, or other credentials, on one side; or write create: none."
            yield source.problem(("flows", position), what, remedy)


def _references_end(source: YamlFile, flows: Sequence[Flow]) -> Iterator[Problem]:
    """Flows whose records can only be created after each other never start."""
    needs = {flow.name: {name for each in flow.properties if each.required for name in each.refers_to} for flow in flows}
    settled: set[str] = set()
    while free := {name for name, needed in needs.items() if name not in settled and needed <= settled | (needed - needs.keys())}:
        settled |= free
    for position, flow in enumerate(flows):
        if flow.name not in settled:
            waiting = ", ".join(sorted(needs[flow.name] - settled))
            what = f"{flow.name}: its records wait for those of {waiting}, which wait for them in turn"
            yield source.problem(("flows", position), what, "Add required: false to one of the references: it is then completed later.")

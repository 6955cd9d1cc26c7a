"""Reading a manifest: how one system is described to a connector.

Owns: what must hold within one manifest beyond its shape. Does not own: whether the system behaves like that (`accord check`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from accord.config.files_manifest import files_manifest_of
from accord.config.plugged import plugged_manifest_of
from accord.config.secrets import has_reference, malformed_references
from accord.config.shape import Shape, nearest, suggestion
from accord.config.sql_manifest import sql_manifest_of
from accord.config.yamlfile import KeyPath, YamlFile, read_yaml
from accord.errors import ConfigurationError, Problem
from accord.model.manifest import Datatype, Find, Group, Listing, Manifest, Paging, Property, Route, SystemClock

SHAPE = Shape(Manifest)

NEEDED_TO_SIGN_IN: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "header": ("header", "value"),
    "bearer": ("value",),
    "basic": ("user", "password"),
    "token": ("path", "token", "header"),
    "query": ("parameter", "value"),
    "oauth": ("path", "client_id"),
}
"""Kind of authentication -> the keys that must say something."""

_NEEDED_BY_GRANT = {"client_credentials": "client_secret", "refresh_token": "refresh_token"}

NEEDED_BY_WEBHOOKS: Mapping[str, tuple[str, ...]] = {
    "standard": ("secret",),
    "hmac": ("secret", "header"),
    "secret": ("secret", "header"),
    "none": ("accept_unsigned",),
}
"""Kind of webhooks -> the keys that must say something."""

_PUBLIC_WORDS = frozenset({"grant_type", "scope", "audience", "resource"})
"""Members of a sign-in request that are no secrets by their nature (RFC 6749)."""

_SECRET_HEADER = re.compile(r"authorization|token|key|secret|password|cookie", re.IGNORECASE)
_REFERENCE_REMEDY = "Write a reference such as ${env:MEMBERCARE_KEY} and set it in the environment or in .env beside the dataflow file."


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest. Raises ConfigurationError with every problem: file, line, column, remedy."""
    source = read_yaml(path)
    said = source.data if isinstance(source.data, dict) else {}
    protocol, kind = said.get("protocol"), said.get("kind", "rest")
    if protocol not in (None, "sql"):
        remedy = "Write kind: sql for a database; a REST system has no protocol."
        raise ConfigurationError([source.problem(("protocol",), f"protocol: {protocol!r} is not known", remedy)])
    if not isinstance(kind, str) or not kind:
        raise ConfigurationError(
            [source.problem(("kind",), "kind: must be a word", f"Write one of: {', '.join(READERS)}, or a plug-in's name.")]
        )
    read = READERS.get("sql" if protocol else kind)
    return read(source) if read is not None else plugged_manifest_of(source, kind, tuple(READERS))


def manifest_of(source: YamlFile) -> Manifest:
    """The manifest that a YAML file says. Raises ConfigurationError with every problem."""
    manifest = SHAPE.take(source)
    checks: Iterable[Callable[[YamlFile, Manifest], Iterator[Problem]]] = (
        _origin,
        _signing_in,
        _secrets,
        _system,
        _webhooks,
        _registration,
        _datatypes,
    )
    problems = list(chain.from_iterable(check(source, manifest) for check in checks))
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return manifest


READERS: Mapping[str, Callable[[YamlFile], Manifest]] = {"rest": manifest_of, "sql": sql_manifest_of, "files": files_manifest_of}
"""Kind -> how its manifests are read; every other kind is a plug-in's. How each is opened: connectors/kinds.py."""


def _origin(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    if not has_reference(manifest.origin):
        yield from _address(source, ("origin",), manifest.origin)


def _address(source: YamlFile, path: KeyPath, origin: str) -> Iterator[Problem]:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        remedy = "Write scheme, host and port, such as https://crm.example.org, or a reference such as ${env:CRM_ORIGIN}."
        yield source.problem(path, f"origin: {origin!r} is no address", remedy)
    elif parts.username is not None or parts.password is not None:
        yield source.problem(path, "origin: carries a user or a password", "Use authentication: {kind: basic, user: ..., password: ...}.")
    elif parts.path.strip("/") or parts.query or parts.fragment:
        remedy = "Move the path to base_path." if len(path) == 1 else "Move the path to path."
        yield source.problem(path, "origin: holds more than scheme, host and port", remedy)


def _signing_in(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    rules = manifest.authentication
    by_grant = (_NEEDED_BY_GRANT[rules.grant],) if rules.kind == "oauth" else ()
    for key in (*NEEDED_TO_SIGN_IN[rules.kind], *by_grant):
        if not getattr(rules, key):
            what = f"grant {rules.grant}" if key in by_grant else f"kind {rules.kind}"
            yield source.problem(("authentication",), f"authentication: {what} needs {key}", f"Add {key}: to authentication.")
    if rules.origin is not None and not has_reference(rules.origin):
        yield from _address(source, ("authentication", "origin"), rules.origin)


def _secrets(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    rules = manifest.authentication
    secret: dict[KeyPath, str] = {}
    for key in ("value", "password", "client_secret", "refresh_token"):
        if (text := getattr(rules, key)) is not None:
            secret["authentication", key] = text
    for part, members in (("body", rules.body), ("query", rules.query)):
        secret.update({("authentication", part, name): text for name, text in members.items() if name not in _PUBLIC_WORDS})
    secret.update({("headers", name): text for name, text in manifest.headers.items() if _SECRET_HEADER.search(name)})
    for key in ("secret", "previous_secret"):
        if manifest.webhooks and (text := getattr(manifest.webhooks, key)) is not None:
            secret["webhooks", key] = text
    for path, text in secret.items():
        if not has_reference(text):  # the text itself is not repeated: it may be the secret
            yield source.problem(path, f"{'.'.join(map(str, path))}: a secret stands here literally", _REFERENCE_REMEDY)
    for place in source.values:
        held = source.at(place)
        if isinstance(held, str) and malformed_references(held):
            what = f"{'.'.join(map(str, place))}: what follows ${{ is no reference"
            yield source.problem(place, what, "Write ${env:NAME}, ${file:PATH} or ${keyring:NAME}.")


def _system(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    if manifest.clock.zone not in available_timezones():
        near = nearest(manifest.clock.zone, available_timezones())
        remedy = f"Did you mean {near}?" if near else "Write one such as Europe/Oslo."
        yield source.problem(("clock", "zone"), f"clock: unknown zone {manifest.clock.zone}", remedy)


def _webhooks(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    rules, path = manifest.webhooks, ("webhooks",)
    if rules is None:
        return
    for key in NEEDED_BY_WEBHOOKS[rules.kind]:
        if not getattr(rules, key):
            yield source.problem(path, f"webhooks: kind {rules.kind} needs {key}", f"Add {key}: to webhooks.")
    if not rules.datatype and not rules.datatype_header:
        yield source.problem(path, "webhooks: nothing says the datatype of an event", "Add datatype: or datatype_header:.")
    if "{body}" not in rules.signs:
        yield source.problem((*path, "signs"), "webhooks: what is signed lacks {body}", "Write a text such as {time}.{body}.")
    for name, header in (("id", rules.id_header), ("time", rules.time_header)):
        if f"{{{name}}}" in rules.signs and not header:
            yield source.problem((*path, "signs"), f"webhooks: {{{name}}} is signed, but no header carries it", f"Add {name}_header:.")
    if rules.kind == "hmac" and rules.time_header and "{time}" not in rules.signs:
        remedy = "Put {time} into signs as the system does, or take time_header out."
        yield source.problem((*path, "time_header"), "webhooks: a time that is not signed proves nothing", remedy)
    for word, datatype in rules.datatypes.items():
        if datatype not in manifest.datatypes:
            remedy = suggestion(datatype, manifest.datatypes)
            yield source.problem((*path, "datatypes", word), f"webhooks: {datatype} is no datatype of this manifest", remedy)


def _registration(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    path, rules = ("webhooks",), manifest.webhooks
    if rules is None or rules.registration is None:
        return
    for name in ("create", "renew", "remove"):
        call = getattr(rules.registration, name)
        if call is not None and not call.path.startswith("/"):
            place = (*path, "registration", name, "path")
            yield source.problem(place, f"{call.path}: a path starts with /", f"Write /{call.path}.")


def _datatypes(source: YamlFile, manifest: Manifest) -> Iterator[Problem]:
    for name, datatype in manifest.datatypes.items():
        path: KeyPath = ("datatypes", name)
        yield from _properties(source, path, datatype)
        yield from _calls(source, path, datatype)
        yield from _overlaps(source, (*path, "changes"), datatype, manifest.clock)
        yield from _groups(source, path, datatype)
        for key in ("gone_when", "ignore_when"):
            for position, condition in enumerate(getattr(datatype, key)):
                said = source.at((*path, key, position))
                if ("equals" in said) == condition.present:
                    remedy = "Write {path: ..., equals: ...} or {path: ..., present: true}."
                    yield source.problem((*path, key, position), f"{name}: this condition must say equals or present", remedy)


def _properties(source: YamlFile, path: KeyPath, datatype: Datatype) -> Iterator[Problem]:
    if datatype.reference is not None and datatype.reference not in datatype.properties:
        what = f"{path[-1]}: reference {datatype.reference} is no property"
        yield source.problem((*path, "reference"), what, suggestion(datatype.reference, datatype.properties))
    for name, prop in datatype.properties.items():
        here: KeyPath = (*path, "properties", name)
        if prop.group is not None and prop.group not in datatype.groups:
            yield source.problem(
                (*here, "group"), f"{name}: unknown group {prop.group}", suggestion(prop.group, datatype.groups) or "Add it to groups."
            )
        yield from _one_property(source, here, prop)
        for item, inner in prop.items.items():
            yield from _one_property(source, (*here, "items", item), inner)


def _one_property(source: YamlFile, here: KeyPath, prop: Property) -> Iterator[Problem]:
    name = here[-1]
    if prop.items and prop.type != "list":
        yield source.problem(here, f"{name}: only a list has items", "Write type: list, or remove items.")
    fits = {"date": ("date", "midnight"), "instant": ("zoned", "naive"), "decimal": ("number", "text"), "integer": ("number", "text")}
    if prop.format is not None and prop.format not in fits.get(prop.type, ()):
        choice = " or ".join(fits.get(prop.type, ())) or "no format at all"
        yield source.problem((*here, "format"), f"{name}: the format {prop.format} does not fit the type {prop.type}", f"Write {choice}.")
    if prop.compute and (prop.compute.multiply is None) == (prop.compute.percent is None):
        yield source.problem((*here, "compute"), f"{name}: compute needs exactly one of multiply and percent", "Keep the one you mean.")


def _calls(source: YamlFile, path: KeyPath, datatype: Datatype) -> Iterator[Problem]:
    yield from _listing(source, (*path, "list"), datatype.list)
    if changes := datatype.changes:
        here: KeyPath = (*path, "changes")
        if changes.kind == "feed" and (changes.listing is None or changes.id is None):
            yield source.problem(
                here, f"{path[-1]}: a feed needs listing and id", "Add the call that names what changed, and the path of the id."
            )
        if changes.listing:
            yield from _listing(source, (*here, "listing"), changes.listing)
    if datatype.deleted:
        yield from _listing(source, (*path, "deleted", "listing"), datatype.deleted.listing)
    routes = [((*path, "create", position), route) for position, route in enumerate(datatype.create)]
    routes += [((*path, key), route) for key in ("update", "delete") if (route := getattr(datatype, key)) is not None]
    for place, route in routes:
        yield from _route(source, place, route, datatype)


def _overlaps(source: YamlFile, path: KeyPath, datatype: Datatype, clock: SystemClock) -> Iterator[Problem]:
    """What is committed late, or at a time that is told too coarsely, must be read again, or it is never seen (P18)."""
    least = clock.granularity_seconds + clock.lag_seconds
    if datatype.changes is not None and datatype.changes.overlap_seconds < least:
        what = f"overlap_seconds: {datatype.changes.overlap_seconds:g} is less than the clock's granularity and lag together"
        yield source.problem((*path, "overlap_seconds"), f"{path[1]}: {what}", f"Write overlap_seconds: {least:g} or more.")


def _route(source: YamlFile, place: KeyPath, route: Route, datatype: Datatype) -> Iterator[Problem]:
    for key, names in (("requires", route.requires), ("names", route.names), ("lists", route.lists)):
        for name in names:
            if name not in datatype.properties:
                here: KeyPath = (*place, key) if key == "requires" else (*place, key, name)
                yield source.problem_with_key(
                    here, f"{place[1]}: {key} names {name}, which is no property", suggestion(name, datatype.properties)
                )
    if route.find:
        yield from _listing(source, (*place, "find"), route.find)


def _groups(source: YamlFile, path: KeyPath, datatype: Datatype) -> Iterator[Problem]:
    for name, group in datatype.groups.items():
        if not _is_one(group):
            yield source.problem((*path, "groups", name), f"{name}: a group needs exactly one of list and object", "Say where its item is.")


def _is_one(group: Group) -> bool:
    return (group.list is None) != (group.object is None)


def _listing(source: YamlFile, path: KeyPath, listing: Listing | Find) -> Iterator[Problem]:
    if not listing.path.startswith("/"):
        yield source.problem((*path, "path"), f"{listing.path}: a path starts with /", f"Write /{listing.path}.")
    yield from _paging(source, (*path, "paging"), listing.paging)


def _paging(source: YamlFile, path: KeyPath, paging: Paging) -> Iterator[Problem]:
    if paging.kind in ("cursor", "next_link") and not paging.next:
        held = "the next cursor" if paging.kind == "cursor" else "the next page's address"
        yield source.problem(path, f"paging: kind {paging.kind} needs next", f"Add next: the path of {held} in the body.")
    if paging.kind in ("page", "offset", "cursor") and not paging.parameter:
        yield source.problem(path, f"paging: kind {paging.kind} needs parameter", "Add parameter: the name of the query parameter.")
    if paging.kind == "keyset" and not paging.keys:
        yield source.problem(path, "paging: kind keyset needs keys", "Add keys: {after_id: Id}, parameter and path in a record.")
    if paging.size < 1:
        yield source.problem((*path, "size"), f"paging: a size of {paging.size} is not possible", "Give a number from 1.")

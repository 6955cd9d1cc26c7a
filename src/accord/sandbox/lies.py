"""What a sandbox may be told to get wrong without a word: a table of lies, each about one property, or about the records of a collection.

Owns: the lies and what each does to a value. Does not own: carrying them out (lying.py), failures that show (faults.py).

A lie is switched on by a request, and stays until it is used up or all are switched off::

    POST /_sandbox/lies   {"kind": "trimmed", "collection": "contacts", "paths": ["FirstName"]}
    POST /_sandbox/lies   {"kind": "none"}            all off
    GET  /_sandbox/lies                               what is on, and how often it struck

A server may also be started with one: ``--lie`` and the same JSON (``msgspec.json.encode`` of a Lie).

From a test, in the words of a manifest (``people.lie`` makes the request; a server within the process has ``application.lies.arm``)::

    people.lie(server.url, lie_about(manifest, "Contact", "FirstName", "trimmed"))
    people.lie(server.url, lie_about(manifest, "Contact", "FirstName", "swapped", other="LastName"))
    people.lie(server.url, lie_about(manifest, "Contact", "", "wrong_record"))     one of RECORD_LIES needs no property

KEPT lies change what is kept of a write, so that everybody sees it; what the write is answered with shows what was kept. SHOWN lies change
what is told and not what is kept. RECORD_LIES are about whole records. A lie does nothing to a value that it does not fit: only a text can
be trimmed, only a moment can be an hour off. ``KINDS`` holds all of them with what they do, in words.
"""

import html
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from accord.model.manifest import Datatype, Manifest

GONE: Final = object()
"""What a lie gives for a value that is not to be there at all."""


class Lie(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A switch.

    ``kind``: one of KINDS, or "none" for all off. ``collection``: the first word of the calls it is about. ``paths``: where the property
    stands, in a body as in an answer, dotted; several where it has several names. ``at``, ``where``: it stands in the items (or the one
    object) at that path, in those whose members have these values. ``others``: the paths of a second property. ``options``: what it can
    be. ``value``: what a default is. ``times``: strikes so often, 0 without end.
    """

    kind: str
    collection: str = ""
    paths: list[str] = []
    at: str = ""
    where: dict[str, Any] = {}
    others: list[str] = []
    options: list[Any] = []
    value: Any = "unknown"
    times: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What a value lie sees. ``elsewhere``: the values of the same property in other records."""

    value: Any
    creating: bool
    lie: Lie
    elsewhere: Callable[[], Iterable[Any]]


Change: TypeAlias = Callable[[Told], Any]


def _text(change: Callable[[str], str]) -> Change:
    return lambda told: change(told.value) if isinstance(told.value, str) else told.value


def _list(change: Callable[[list[Any]], list[Any]]) -> Change:
    return lambda told: change(told.value) if isinstance(told.value, list) else told.value


def _number(change: Callable[[Decimal], Decimal]) -> Change:
    def changed(told: Told) -> Any:
        if isinstance(told.value, bool) or not isinstance(told.value, int | float | Decimal):
            return told.value
        exact = change(Decimal(str(told.value)))
        return int(exact) if isinstance(told.value, int) else exact

    return changed


def _rounded(exact: Decimal) -> Decimal:
    """To whole ones, and whole ones to tens."""
    step = Decimal(10) if exact == exact.to_integral_value() else Decimal(1)
    return (exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def _later(days: int, hours: int) -> Change:
    """A date or a moment that is this much later; hours do nothing to a date."""

    def later(text: str) -> str:
        try:
            if len(text) == len("2026-01-31"):
                return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
            moment = datetime.fromisoformat(text) + timedelta(days=days, hours=hours)
        except (ValueError, OverflowError):
            return text
        return moment.isoformat().replace("+00:00", "Z") if text.endswith("Z") else moment.isoformat()

    return _text(later)


def _without_marks(text: str) -> str:
    """The letters of ASCII in it, and the others as near as that comes."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _shifted(told: Told) -> Any:
    """The next of the values that it can be."""
    known = {each for each in (*told.elsewhere(), told.value) if isinstance(each, str)}
    options = told.lie.options or sorted(known)
    return options[(options.index(told.value) + 1) % len(options)] if told.value in options else told.value


def _neighbours(told: Told) -> Any:
    """The value of the same property in another record."""
    return next((each for each in told.elsewhere() if each is not None and each != told.value), told.value)


def _default(told: Told) -> Any:
    return told.lie.value if told.creating and told.value is None else told.value


KEPT: Mapping[str, tuple[str, Change]] = MappingProxyType(
    {
        "trimmed": ("blanks at the ends are lost", _text(str.strip)),
        "truncated": ("the second half of a text is lost", _text(lambda text: text[: (len(text) + 1) // 2])),
        "upper_cased": ("a text is kept in capitals", _text(str.upper)),
        "lower_cased": ("a text is kept in small letters", _text(str.lower)),
        "unicode_stripped": ("letters beyond ASCII are lost", _text(_without_marks)),
        "decomposed": ("letters with marks are taken apart (NFD)", _text(lambda text: unicodedata.normalize("NFD", text))),
        "escaped": ("a text is kept as HTML", _text(html.escape)),
        "one_line": ("line ends become blanks", _text(lambda text: " ".join(text.split("\n")))),
        "rounded": ("a number is rounded", _number(_rounded)),
        "negated": ("a number changes its sign", _number(lambda exact: -exact)),
        "hour_off": ("a moment is an hour late", _later(0, 1)),
        "day_off": ("a date or a moment is a day late", _later(1, 0)),
        "boolean_inverted": ("true is kept as false", lambda told: not told.value if isinstance(told.value, bool) else told.value),
        "enumeration_shifted": ("the next of the possible values is kept", _shifted),
        "neighbours_value": ("another record's value is kept", _neighbours),
        "ignored": ("the property is never kept", lambda _: GONE),
        "ignored_on_create": ("a create does not keep it", lambda told: GONE if told.creating else told.value),
        "ignored_on_update": ("an update does not keep it", lambda told: told.value if told.creating else GONE),
        "clear_ignored": ("emptying it does nothing", lambda told: GONE if told.value in (None, "") else told.value),
        "emptied_not_cleared": ("null is kept as an empty text", lambda told: "" if told.value is None else told.value),
        "cleared": ("every value is kept as null", lambda _: None),
        "default_filled": ("a create without a value gets one", _default),
        "list_item_lost": ("the last item of a list is lost", _list(lambda items: items[:-1])),
        "list_item_doubled": ("the first item of a list is there twice", _list(lambda items: items[:1] + items)),
        "list_shuffled": ("a list is kept in another order", _list(lambda items: items[::-1])),
    }
)
"""Kind -> what it does, and how: to what is kept of a write."""

SHOWN: Mapping[str, tuple[str, Change]] = MappingProxyType(
    {
        "number_as_text": (
            "a number is told as a text",
            lambda told: (
                str(told.value) if isinstance(told.value, int | float | Decimal) and not isinstance(told.value, bool) else told.value
            ),
        ),
        "hidden": ("the property is never told", lambda _: GONE),
        "shown_empty": ("the property is always told as null", lambda _: None),
    }
)
"""Kind -> what it does, and how: to what is told."""

PAIR_LIES: Mapping[str, str] = MappingProxyType(
    {
        "swapped": "the property and the other one are kept in each other's place",
        "other_cleared": "a write of the property empties the other one",
        "other_overwritten": "a write of the property goes into the other one too",
    }
)
"""Kind -> what it does with two properties (``paths`` and ``others``)."""

RECORD_LIES: Mapping[str, str] = MappingProxyType(
    {
        "wrong_record": "an update goes to another record, and is answered as if all were well",
        "update_ignored": "an update is answered as done, and nothing is kept",
        "duplicated": "a create makes two records",
        "vanishes": "what a create made is deleted at once",
        "delete_ignored": "a delete is answered as done, and nothing happens",
        "deletes_another": "a delete takes another record",
        "stale": "what is read of a record is its state before the last write",
        "unlisted": "no listing tells of what was written since the lie was switched on",
        "changes_untold": "only a full listing does",
        "deletes_untold": "the list of deleted records is empty",
    }
)
"""Kind -> what it does with whole records."""

KINDS: Mapping[str, str] = MappingProxyType(
    {**{kind: words for kind, (words, _) in (*KEPT.items(), *SHOWN.items())}, **PAIR_LIES, **RECORD_LIES}
)
"""Every kind of lie -> what it does, in words."""


def lie_about(manifest: Manifest, datatype: str, name: str, kind: str, *, other: str = "", times: int = 0, value: Any = "unknown") -> Lie:
    """A lie in the words of a manifest. ``name``: a property, "LIST.ITEM" for one of a list's items, "" for one of RECORD_LIES.

    ``other``: the second property of PAIR_LIES. Raises KeyError for a name that the manifest has not.
    """
    described = manifest.datatypes[datatype]
    feed = described.changes.listing if described.changes is not None and kind == "changes_untold" else None
    calls = feed or described.list
    found = Lie(kind=kind, collection=calls.path.strip("/").split("/")[0], times=times, value=value)
    if name:
        _place(described, name, found)
    if other:
        found.others = _paths(described, other)
    return found


def _place(described: Datatype, name: str, lie: Lie) -> None:
    """Say in a lie where a property stands."""
    if name not in described.properties:
        outer, _, inner = name.rpartition(".")
        whole = described.properties[outer]
        lie.at, lie.paths = whole.path or outer, [whole.items[inner].path or inner]
        lie.options = list(whole.items[inner].options or ())
        return
    one = described.properties[name]
    group = described.groups[one.group] if one.group is not None else None
    lie.paths, lie.options = _paths(described, name), list(one.options or ())
    if group is not None:
        lie.at, lie.where = group.list or group.object or "", dict(group.where)


def _paths(described: Datatype, name: str) -> list[str]:
    """Where a property is told, and where the writing calls put it."""
    one = described.properties[name]
    routes = [*described.create, *([described.update] if described.update is not None else [])]
    named = [route.names[name] for route in routes if name in route.names]
    return list(dict.fromkeys([one.path or name, *(each for each in (one.create, one.update) if isinstance(each, str)), *named]))

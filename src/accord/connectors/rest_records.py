"""A decoded record to an observation: compiled once per datatype, then run for each record.

Owns: where a wanted property is found, the current item of a group, which version can be trusted. Does not own: fetching. Pure.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from accord.connectors.rest_paths import ABSENT, Steps, look, steps
from accord.connectors.rest_times import instant, normal, spell, zone
from accord.model.manifest import Compute, Condition, Datatype, Group, Property, SystemClock
from accord.model.records import Evidence, Gone, Observation, RecordRef, Seen, Side, Unreadable


class Holds:
    """Whether a condition holds of a record."""

    def __init__(self, condition: Condition) -> None:
        self._path = steps(condition.path)
        self._present = condition.present
        self._equals = condition.equals

    def __call__(self, record: Any) -> bool:
        value = look(record, self._path)
        if self._present:
            return value is not ABSENT and value is not None
        return bool(value == self._equals)


class CurrentItem:
    """Finds where a group's properties live in a record, as of a moment."""

    def __init__(self, group: Group, clock: SystemClock) -> None:
        self._list = steps(group.list or "")
        self._object = steps(group.object or "")
        self._is_list = group.list is not None
        self._where = tuple((steps(path), value) for path, value in group.where.items())
        self._end = steps(group.current) if group.current else None
        self._start = steps(group.started) if group.started else None
        self.zone = zone(clock.zone)

    def __call__(self, record: Any, now: datetime | None) -> Any:
        """The item; None when the record says that there is none; ABSENT when it does not say."""
        if not self._is_list:
            return look(record, self._object)
        items = look(record, self._list)
        if items is ABSENT or items is None:
            return items
        if not isinstance(items, list):
            return ABSENT
        fitting = [item for item in items if self._fits(item, now)]
        return max(enumerate(fitting), key=self._start_and_place)[1] if len(fitting) > 1 else next(iter(fitting), None)

    def _fits(self, item: Any, now: datetime | None) -> bool:
        for path, value in self._where:
            if look(item, path) != value:
                return False
        if self._end is None:
            return isinstance(item, dict)
        end = look(item, self._end)
        if end is ABSENT or end is None:
            return isinstance(item, dict)
        moment = instant(end, self.zone)
        return moment is not None and now is not None and moment > now

    def _start_and_place(self, numbered: tuple[int, Any]) -> tuple[datetime, int]:
        place, item = numbered
        moment = instant(look(item, self._start), self.zone) if self._start else None
        return moment or datetime.min.replace(tzinfo=UTC), place


class ItemReader:
    """The items of a list property, by the names that the manifest gives to what is in them."""

    def __init__(self, items: Mapping[str, Property]) -> None:
        self._plain = tuple((name, steps(each.path or name)) for name, each in items.items() if each.compute is None)
        self._computed = tuple((name, each.compute) for name, each in items.items() if each.compute is not None)

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, list) or not (self._plain or self._computed):
            return value
        return [self._item(each) for each in value]

    def _item(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return item
        read = {name: value for name, path in self._plain if (value := look(item, path)) is not ABSENT}
        for name, rule in self._computed:
            value = percent(rule, item)
            if value is not None:
                read[name] = value
        return read


def percent(rule: Compute, item: Any) -> Decimal | None:
    """100 x part / whole, rounded half up; None where it cannot be told, such as of a whole of nothing."""
    if rule.percent is None:
        return None
    part, whole = (number(look(item, steps(path))) for path in rule.percent)
    if part is None or not whole:
        return None
    return rounded(part * 100 / whole, rule.scale)


def number(value: Any) -> Decimal | None:
    """An exact number, whether it came as a number or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


def rounded(value: Decimal, scale: int) -> Decimal | None:
    """Half up at this many digits after the point; None for what is too large to be written out."""
    try:
        return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    except InvalidOperation:
        return None


class RecordReader:
    """Observations of one datatype on one side, with the wanted properties only."""

    def __init__(self, side: Side, name: str, datatype: Datatype, wanted: frozenset[str], clock: SystemClock) -> None:
        self.side = side
        self.name = name
        self.id_path = datatype.id
        self._id = steps(datatype.id)
        self._version = steps(datatype.version) if datatype.version else None
        self._modified = steps(datatype.modified) if datatype.modified else None
        self._version_is_time = datatype.version is not None and datatype.version == datatype.modified and not datatype.unique_version
        self.zone = zone(clock.zone)
        self._unsettled = timedelta(seconds=clock.granularity_seconds + clock.lag_seconds)
        self._gone = tuple(Holds(each) for each in datatype.gone_when)
        self._ignored = tuple(Holds(each) for each in datatype.ignore_when)
        self._compile(datatype, wanted, clock)

    def _compile(self, datatype: Datatype, wanted: frozenset[str], clock: SystemClock) -> None:
        """Sort the wanted properties by how they are reached; the order is the manifest's, so that equal records read equal."""
        flat: list[tuple[str, str]] = []
        deep: list[tuple[str, Steps]] = []
        lists: list[tuple[str, Steps, ItemReader]] = []
        groups: dict[str, list[tuple[str, Steps]]] = {}
        for name, each in datatype.properties.items():
            path = steps(each.path or name)
            if name not in wanted:
                continue
            if each.group is not None:
                groups.setdefault(each.group, []).append((name, path))
            elif each.type == "list":
                lists.append((name, path, ItemReader(each.items)))
            elif len(path) == 1:
                flat.append((name, path[0]))
            else:
                deep.append((name, path))
        self._flat, self._deep, self._lists = tuple(flat), tuple(deep), tuple(lists)
        self._groups = tuple((CurrentItem(datatype.groups[name], clock), tuple(members)) for name, members in groups.items())

    def id(self, record: Any) -> str | None:
        """The record's id as text; None if it has none."""
        value = look(record, self._id)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value if isinstance(value, str) and value else None

    def observe(self, record: Any, answered: datetime | None) -> Observation | None:
        """What the record says; None for one that the manifest wants ignored. Raises LookupError if it has no id.

        ``answered``: when the server answered, by its own clock.
        """
        record_id = self.id(record)
        if record_id is None:
            raise LookupError(f"a record without {self.id_path}")
        ref = RecordRef(self.side, self.name, record_id)
        for holds in self._ignored:
            if holds(record):
                return None
        for holds in self._gone:
            if holds(record):
                return Gone(ref, Evidence.SOFT_DELETED)
        modified = normal(look(record, self._modified), self.zone) if self._modified else None
        try:
            return Seen.of(ref, self.values(record, answered), self.version(record, modified, answered), modified)
        except (UnicodeEncodeError, RecursionError):
            return Unreadable(ref, "it holds text that is no Unicode, or is nested too deep")

    def values(self, record: dict[str, Any], answered: datetime | None) -> dict[str, Any]:
        """The wanted properties that the record says anything about."""
        values: dict[str, Any] = {}
        for name, key in self._flat:
            value = record.get(key, ABSENT)
            if value is not ABSENT:
                values[name] = value
        for name, path in self._deep:
            value = look(record, path)
            if value is not ABSENT:
                values[name] = value
        for name, path, items in self._lists:
            value = look(record, path)
            if value is not ABSENT:
                values[name] = items(value)
        for current, members in self._groups:
            item = current(record, answered)
            for name, path in members:
                value = look(item, path)
                if value is not ABSENT:
                    values[name] = value
        return values

    def version(self, record: Any, modified: str | None, answered: datetime | None) -> str | None:
        """The system's mark of change, unless it is a time so young that the record could change again without it."""
        if self._version is None:
            return None
        value = look(record, self._version)
        if value is ABSENT or value is None:
            return None
        if self._version_is_time and (modified is None or answered is None or not self._settled(modified, answered)):
            return None
        return str(value)

    def mark(self, value: Any, answered: datetime | None) -> str | None:
        """The version that a feed gives for one of our records, under the same rule."""
        if not isinstance(value, str | int):
            return None
        if not self._version_is_time:
            return str(value)
        modified = normal(value, self.zone)
        return str(value) if modified and answered and self._settled(modified, answered) else None

    def _settled(self, modified: str, answered: datetime) -> bool:
        """Compared in whole seconds, which errs on the side of not believing."""
        return modified[:19] < spell(answered - self._unsettled)[:19]

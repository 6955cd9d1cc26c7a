"""What is sent: bodies of writing calls, built from a write's values as the manifest says.

Owns: which call carries which property, groups, list items, computed values, constants. Does not own: making the calls. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from accord.connectors.rest_paths import ABSENT, look, put, steps
from accord.connectors.rest_records import CurrentItem, number, rounded
from accord.connectors.rest_times import say
from accord.model.manifest import Compute, Datatype, ItemShape, Property, Route, SystemClock
from accord.model.values import RawValues

Verb = Literal["create", "update"]


@dataclass(frozen=True, slots=True)
class Filling:
    """What constants and placeholders stand for in one write. ``id`` is "" before there is one."""

    reference: str
    now: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class GroupCall:
    """One call for one or several groups. ``list``: where the record holds what was posted; ``answer``: path of it in the answer."""

    route: Route
    body: Any
    list: str | None
    answer: str | None
    item: Mapping[str, Any] | None = None


class BodyBuilder:
    """The bodies for one datatype."""

    def __init__(self, datatype: Datatype, clock: SystemClock) -> None:
        self._datatype = datatype
        self._clock = clock
        self._current = {name: CurrentItem(group, clock) for name, group in datatype.groups.items()}
        self._members: dict[str, dict[str, Property]] = {}
        for name, each in datatype.properties.items():
            if each.group is not None:
                self._members.setdefault(each.group, {})[name] = each

    def route(self, values: RawValues) -> Route | None:
        """The create route for these values: the first whose required properties are all given."""
        for route in self._datatype.create:
            if all(values.get(name) is not None for name in route.requires):
                return route
        return None

    def needs_record(self, values: RawValues) -> bool:
        """Whether the record as it is now must be known to write these values."""
        groups = {each.group for name in values if (each := self._datatype.properties.get(name)) is not None and each.group is not None}
        return any(self._datatype.groups[name].whole or self._datatype.groups[name].replace is not None for name in groups)

    def body(self, route: Route, verb: Verb, values: RawValues, filling: Filling, record: Any = None) -> tuple[dict[str, Any], set[str]]:
        """The body of a call on the record itself, and the names of the properties that it carries.

        On create null means the same as leaving out. ``record``: as it was just read, for groups that are sent whole.
        """
        body: dict[str, Any] = {}
        carried: set[str] = set()
        for name, value in self._with_reference(route, verb, values, filling).items():
            each = self._datatype.properties.get(name)
            target = self._target(route, verb, name, each)
            if each is None or target is None:
                continue
            carried.add(name)
            if each.group is not None or (value is None and verb == "create"):
                continue
            self._put(body, route, name, each, target, value, filling)
        self._own_groups(body, verb, {name: values[name] for name in carried if name in values}, filling, record)
        if body or verb == "create":
            self._constants(body, route.add, filling)
        return body, carried

    def _with_reference(self, route: Route, verb: Verb, values: RawValues, filling: Filling) -> RawValues:
        """A create says by which reference it can be found again, where its route can carry one."""
        name = self._datatype.reference
        if verb != "create" or name is None or values.get(name) is not None or not filling.reference:
            return values
        each = self._datatype.properties.get(name)
        return values if self._target(route, verb, name, each) is None else {**values, name: filling.reference}

    def _target(self, route: Route, verb: Verb, name: str, each: Property | None) -> str | None:
        """The path at which a route carries a property; None if it does not."""
        if each is None:
            return None
        if name in route.names:
            return route.names[name]
        if name in route.lists:
            return route.lists[name].at or each.path or name
        return None if route.only_names else self.own_path(verb, name, each)

    def own_path(self, verb: Verb, name: str, each: Property) -> str | None:
        """The path of a property in a body by its own account; None if it cannot be written then, or goes by a call of its group."""
        own = each.create if verb == "create" else each.update
        if own is False or each.compute is not None:
            return None
        if each.group is not None and self._datatype.groups[each.group].write is not None:
            return None
        return own if isinstance(own, str) else each.path or name

    def _put(self, body: dict[str, Any], route: Route, name: str, each: Property, target: str, value: Any, filling: Filling) -> None:
        if each.type == "list" and isinstance(value, list | tuple) and each.items:
            shape = route.lists.get(name) or ItemShape()
            value = [self._item(each.items, shape, item, filling) for item in value]
        elif value is None and each.clearing == "empty":
            value = [] if each.type == "list" else ""
        put(body, steps(target), value)

    def _item(self, items: Mapping[str, Property], shape: ItemShape, item: Mapping[str, Any], filling: Filling) -> dict[str, Any]:
        built: dict[str, Any] = {}
        names = shape.names or {name: each.path or name for name, each in items.items() if each.compute is None}
        for name, path in names.items():
            if item.get(name) is not None:
                put(built, steps(path), item[name])
        for path, rule in shape.compute.items():
            value = product(rule, item)
            if value is not None:
                put(built, steps(path), value)
        self._constants(built, shape.add, filling)
        return built

    def _constants(self, body: dict[str, Any], add: Mapping[str, Any], filling: Filling) -> None:
        for path, value in add.items():
            put(body, steps(path), self._constant(value, filling))

    def _constant(self, value: Any, filling: Filling) -> Any:
        if value == "$now":
            return say(filling.now, self._clock)
        if value == "$reference":
            return filling.reference
        if value == "$id":
            return int(filling.id) if filling.id.isascii() and filling.id.isdigit() else filling.id
        return value

    def _own_groups(self, body: dict[str, Any], verb: Verb, values: RawValues, filling: Filling, record: Any) -> None:
        """Groups without a call of their own: their items go into the record's body."""
        for name in self._touched(values):
            group = self._datatype.groups[name]
            if group.write is not None:
                continue
            item = self._group_item(name, verb, values, filling, record)
            if item is None:
                continue
            if group.list is None:
                put(body, steps(group.object or name), item)
                continue
            items = look(body, steps(group.list))
            if isinstance(items, list):
                items.append(item)
            else:
                put(body, steps(group.list), [item])

    def _touched(self, values: RawValues) -> list[str]:
        """The groups that these values belong to, in the manifest's order."""
        return [name for name, members in self._members.items() if not members.keys().isdisjoint(values)]

    def _group_item(self, name: str, verb: Verb, values: RawValues, filling: Filling, record: Any) -> dict[str, Any] | None:
        """The item of one group; None when a create has nothing to say in it."""
        group, members = self._datatype.groups[name], self._members[name]
        before = self._current[name](record, filling.now) if group.whole and record is not None else None
        item: dict[str, Any] = {}
        empty = True
        for member, each in members.items():
            own = each.create if verb == "create" else each.update
            path = steps(own if isinstance(own, str) else each.path or member)
            value = values[member] if member in values else look(before, steps(each.path or member))
            if value is ABSENT or own is False or (value is None and (verb == "create" or member not in values)):
                continue
            empty = empty and value in (None, "")
            put(item, path, "" if value is None and each.clearing == "empty" else value)
        if empty and verb == "create":
            return None
        for path_text, value in group.where.items():
            put(item, steps(path_text), value)
        self._constants(item, group.add, filling)
        if empty and group.clear is not None:
            self._constants(item, group.clear, filling)
        return item

    def group_calls(self, verb: Verb, values: RawValues, filling: Filling, record: Any = None) -> list[GroupCall]:
        """The calls for all groups that have one; groups that are posted to one path as an array share a call."""
        calls: list[GroupCall] = []
        shared: dict[str, list[dict[str, Any]]] = {}
        for name in self._touched(values):
            group = self._datatype.groups[name]
            item = self._group_item(name, verb, values, filling, record) if group.write is not None else None
            if item is None or group.write is None:
                continue
            before = self._current[name](record, filling.now) if group.replace is not None and record is not None else None
            if group.replace is not None and isinstance(before, dict):
                calls.append(GroupCall(group.replace, item, group.list, group.answer, before))
            elif group.wrap == "object":
                calls.append(GroupCall(group.write, item, group.list, group.answer))
            elif group.write.path in shared:
                shared[group.write.path].append(item)
            else:
                shared[group.write.path] = [item]
                calls.append(GroupCall(group.write, shared[group.write.path], group.list, group.answer))
        return calls

    def homeless(self, route: Route | None, verb: Verb, values: RawValues) -> str | None:
        """A property that none of the calls could carry: of ``route``, of what completes a create, or of the groups; or None."""
        for name, value in values.items():
            each = self._datatype.properties.get(name)
            if value is None and verb == "create":
                continue
            if each is not None and each.group is not None and self._datatype.groups[each.group].write is not None:
                continue
            routes: list[tuple[Route | None, Verb]] = [(route, verb), (self._datatype.update, "update")]
            if not any(by is not None and self._target(by, how, name, each) is not None for by, how in routes):
                return name
        return None


def product(rule: Compute, item: Mapping[str, Any]) -> Decimal | None:
    """The product of an item's named values and of numbers, rounded half up; None if one of them is not given."""
    if rule.multiply is None:
        return None
    value = Decimal(1)
    for factor in rule.multiply:
        each = number(item.get(factor)) if isinstance(factor, str) else number(factor)
        if each is None:
            return None
        value *= each
    return rounded(value, rule.scale)

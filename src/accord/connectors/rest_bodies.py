"""What is sent: bodies of writing calls, built from a write's values as the manifest says.

Owns: which call carries which property, groups, list items, computed values, constants. Does not own: making the calls. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from accord.connectors.rest_paths import ABSENT, Steps, look, put, steps
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


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one call puts one property. ``first``: the only step of the path of a value that goes as it is, else None."""

    each: Property
    path: Steps
    shape: ItemShape
    first: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A writing call on the record itself, compiled: which properties it carries, and where."""

    route: Route
    verb: Verb
    slots: Mapping[str, Slot]


class BodyBuilder:
    """The bodies for one datatype. ``update``: the plan of the update call, if there is one."""

    def __init__(self, datatype: Datatype, clock: SystemClock) -> None:
        self._datatype = datatype
        self._clock = clock
        self._current = {name: CurrentItem(group, clock) for name, group in datatype.groups.items()}
        self._members: dict[str, dict[str, Property]] = {}
        for name, each in datatype.properties.items():
            if each.group is not None:
                self._members.setdefault(each.group, {})[name] = each
        self._creates = tuple(self._compile(route, "create") for route in datatype.create)
        self.update = self._compile(datatype.update, "update") if datatype.update is not None else None
        self._by_group_calls = frozenset(
            name for name, each in datatype.properties.items() if each.group is not None and datatype.groups[each.group].write is not None
        )

    def _compile(self, route: Route, verb: Verb) -> Plan:
        slots: dict[str, Slot] = {}
        for name, each in self._datatype.properties.items():
            target = self._target(route, verb, name, each)
            if target is None:
                continue
            path = steps(target)
            plain = len(path) == 1 and each.group is None and each.type != "list" and each.clearing == "null"
            slots[name] = Slot(each, path, route.lists.get(name) or ItemShape(), path[0] if plain else None)
        return Plan(route, verb, slots)

    def _target(self, route: Route, verb: Verb, name: str, each: Property) -> str | None:
        """The path at which a route carries a property; None if it does not."""
        if name in route.names:
            return route.names[name]
        if name in route.lists:
            return route.lists[name].at or each.path or name
        own = each.create if verb == "create" else each.update
        if route.only_names or own is False or each.compute is not None:
            return None
        if each.group is not None and self._datatype.groups[each.group].write is not None:
            return None
        return own if isinstance(own, str) else each.path or name

    def create(self, values: RawValues) -> Plan | None:
        """The create call for these values: the first whose required properties are all given."""
        for plan in self._creates:
            if all(values.get(name) is not None for name in plan.route.requires):
                return plan
        return None

    def homeless(self, plan: Plan | None, values: RawValues) -> str | None:
        """A property that none of the calls could carry: of ``plan``, of what completes a create, or of the groups; or None."""
        if plan is not None and values.keys() <= plan.slots.keys():
            return None
        homes = (plan.slots if plan is not None else {}, self.update.slots if self.update is not None else {}, self._by_group_calls)
        creating = plan is not None and plan.verb == "create"
        for name, value in values.items():
            if not any(name in home for home in homes) and not (creating and value is None):
                return name
        return None

    def needs_record(self, values: RawValues) -> bool:
        """Whether the record as it is now must be known to write these values."""
        groups = (self._datatype.groups[name] for name in self._touched(values))
        return any(group.whole or group.replace is not None for group in groups)

    def body(self, plan: Plan, values: RawValues, filling: Filling, record: Any = None) -> tuple[dict[str, Any], set[str]]:
        """The body of a call on the record itself, and the names of the properties that it carries.

        On create null means the same as leaving out. ``record``: as it was just read, for groups that are sent whole.
        """
        body: dict[str, Any] = {}
        carried: set[str] = set()
        grouped: dict[str, Any] = {}
        creating = plan.verb == "create"
        for name, value in values.items():
            slot = plan.slots.get(name)
            if slot is None:
                continue
            carried.add(name)
            if slot.each.group is not None:
                grouped[name] = value
            elif value is None and creating:
                continue
            elif slot.first is not None:
                body[slot.first] = value
            else:
                put(body, slot.path, self._value(slot, value, filling))
        if creating:
            self._sign(body, plan, values, filling)
        if grouped:
            self._own_groups(body, plan.verb, grouped, filling, record)
        if plan.route.add and (body or creating):
            self.constants(body, plan.route.add, filling)
        return body, carried

    def _sign(self, body: dict[str, Any], plan: Plan, values: RawValues, filling: Filling) -> None:
        """Put our reference in, by which what a create made can be found again, where its call can carry one."""
        name = self._datatype.reference
        slot = plan.slots.get(name) if name is not None else None
        if slot is not None and name is not None and values.get(name) is None and filling.reference:
            put(body, slot.path, filling.reference)

    def _value(self, slot: Slot, value: Any, filling: Filling) -> Any:
        each = slot.each
        if each.type == "list" and isinstance(value, list | tuple) and each.items:
            return [self._item(each.items, slot.shape, item, filling) for item in value]
        if value is None and each.clearing == "empty":
            return [] if each.type == "list" else ""
        return value

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
        self.constants(built, shape.add, filling)
        return built

    def constants(self, body: dict[str, Any], add: Mapping[str, Any], filling: Filling) -> None:
        """Put constants into a body, each at its path."""
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
        self.constants(item, group.add, filling)
        if empty and group.clear is not None:
            self.constants(item, group.clear, filling)
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

"""What a proven write makes agreed: the bases after an operation is done.

Owns: which values become bases. Does not own: making them durable (engine/recording.py).
"""

from collections.abc import Mapping
from typing import TypeAlias

from accord.core.merging import ABSENT, Nothing, items_of
from accord.model.links import Link
from accord.model.plans import Change, Operation, OperationKind
from accord.model.values import Item, Scalar, Value, Values, is_empty

_Items: TypeAlias = Mapping[str, Item]
_Bases: TypeAlias = tuple[Value | Nothing, Value | Nothing]
"""Of the target and of the source."""


def agree(
    link: Link, operation: Operation, source: Values, answer: Values, *, whole: bool = True, replayed: bool = False
) -> tuple[Link, tuple[str, ...]]:
    """Give the link with its proven bases, and the names of properties that have to be looked at again.

    ``source``: the source record as the operation was planned with; ``answer``: the target as it answered; ``whole``: all calls of the
    write were made: otherwise only what the target holds as it was sent is proven. ``replayed``: the answer may be that to an earlier
    create under the same idempotency key: what it shows otherwise is what the source held then, and the source has been edited since.

    A property that was sent: the target's base becomes what it answered, even if that is another value (trimmed, rounded), so it does
    not look edited (P6); the source's base what it held. A list may have been put together from both sides: only what came from the
    source is proven, item by item; what the target had of its own is proven when it has arrived at the other side (P17).
    Only what a create sent and the target does not hold at all proves nothing: a create of several calls may have stopped between
    them; it is sent once more, as an update. A default that a create carried stays on the target's side. A property that was not sent:
    its bases are set only if there were none and both sides hold the same. What differs without a base, and what the target changed on
    the way (a user, a rule of its own), is left to the next merge: it keeps its old base, and so still looks changed (P4).
    """
    side = operation.side
    bases = {side: dict(link.base(side)), side.other: dict(link.base(side.other))}
    sent = {change.name: change.value for change in operation.changes}
    again: list[str] = []
    for name, answered in answer.items():
        before = bases[side].get(name, ABSENT), bases[side.other].get(name, ABSENT)
        held = source.get(name, ABSENT)
        if name not in sent:
            after, proven = _untouched(before, held, answered)
        else:
            if replayed and not is_empty(answered) and answered != sent[name]:
                after, proven = (answered, answered), False
            else:
                after, proven = _sent(operation, before, (sent[name], held, answered), whole)
        if not proven:
            again.append(name)
        for one, base in zip((side, side.other), after, strict=True):
            if base is not ABSENT:
                bases[one][name] = base
    left, right = (bases[one] for one in sorted(bases))
    return Link(link.flow, link.left, link.right, left, right, link.id), tuple(again)


def _untouched(before: _Bases, held: Value | Nothing, answered: Value) -> tuple[_Bases, bool]:
    """The bases of a property that the write did not carry, and whether nothing of it is left to look at."""
    if ABSENT not in before:
        return before, answered == before[0]
    if held is ABSENT:
        return before, True
    same = held == answered or (is_empty(held) and is_empty(answered))
    return ((answered, held), True) if same else (before, False)


def _sent(operation: Operation, before: _Bases, values: tuple[Value, Value | Nothing, Value], whole: bool) -> tuple[_Bases, bool]:
    """The bases of a property that the write carried. ``values``: as sent, as the source held it, as answered."""
    sent, held, answered = values
    proven = answered == sent or whole
    if operation.kind is OperationKind.CREATE and is_empty(answered) and not is_empty(sent):
        return before, False
    if held is ABSENT:
        return before, proven  # where it came from cannot be told
    if operation.kind is OperationKind.CREATE and is_empty(held):
        return ((answered, held) if proven else before), proven  # a default stood in for it
    if isinstance(sent, Mapping):
        lists = items_of(sent), items_of(held), items_of(answered)
        return _agreed_items((items_of(before[0]), items_of(before[1])), lists, whole), proven
    if not proven:
        return before, False
    return (answered, held if held == sent else before[1]), True


def _agreed_items(before: tuple[_Items, _Items], lists: tuple[_Items, _Items, _Items], whole: bool) -> tuple[_Items, _Items]:
    """The bases of a list, item by item: an item that is on one side only, and what the source did not hold as it was sent, keep theirs."""
    sent, held, answered = lists
    target, source = dict(before[0]), dict(before[1])
    for key in {**target, **source, **sent}:
        if key not in sent and key not in held and (whole or key not in answered):
            target.pop(key, None)
            source.pop(key, None)
        elif key in sent and key in held and key in answered:
            old = target.get(key, {}), source.get(key, {})
            target[key], source[key] = _agreed_item(old, (sent[key], held[key], answered[key]), whole)
        elif key in sent and key in held and whole:
            target.pop(key, None)  # the target does not keep it: said once, never sent again for that alone
            source[key] = held[key]
    return target, source


def _agreed_item(before: tuple[Item, Item], items: tuple[Item, Item, Item], whole: bool) -> tuple[Item, Item]:
    sent, held, answered = items
    target, source = dict(before[0]), dict(before[1])
    for name, value in sent.items():
        if name in held and held[name] == value and name in answered and (whole or answered[name] == value):
            target[name], source[name] = answered[name], value
    return target, source


def crossed(operation: Operation) -> Values:
    """The source's values, as far as the operation itself tells them: of a list only what the target did not hold before."""
    return {change.name: _crossed(change) for change in operation.changes}


def _crossed(change: Change) -> Value:
    if not isinstance(change.value, Mapping):
        return change.value
    before = items_of(change.replaced)
    return {key: _new_in(item, before.get(key)) for key, item in change.value.items()}


def _new_in(item: Item, before: Item | None) -> Item:
    if before is None:
        return item
    changed: dict[str, Scalar] = {name: value for name, value in item.items() if name not in before or before[name] != value}
    return changed


def rewritten(operation: Operation, answer: Values) -> tuple[str, ...]:
    """Names of properties that the target holds otherwise than it was sent them: said once, never sent again."""
    return tuple(c.name for c in operation.changes if c.name in answer and answer[c.name] != c.value)

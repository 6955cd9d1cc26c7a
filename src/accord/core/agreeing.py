"""What a proven write makes agreed: the bases after an operation is done.

Owns: which values become bases. Does not own: making them durable (engine/recording.py).
"""

from accord.core.merging import ABSENT
from accord.model.links import Link
from accord.model.plans import Operation, OperationKind
from accord.model.records import Side
from accord.model.values import Value, Values, is_empty


def agree(link: Link, operation: Operation, source: Values, answer: Values, *, whole: bool = True) -> tuple[Link, tuple[str, ...]]:
    """Give the link with its proven bases, and the names of properties that have to be looked at again.

    ``source``: the source record as the operation was planned with; ``answer``: the target as it answered; ``whole``: all calls of the
    write were made: otherwise only what the target holds as it was sent is proven.

    A property that was sent: the target's base becomes what it answered, even if that is another value (trimmed, rounded), so it does
    not look edited (P6); the source's base what it held, unless what was sent came from both sides: then its own operation proves it.
    Only what a create sent and the target does not hold at all proves nothing: a create of several calls may have stopped between
    them; it is sent once more, as an update. A default that a create carried stays on the target's side. A property that was not sent:
    its bases are set only if there were none and both sides hold the same. What differs without a base, and what the target changed on
    the way (a user, a rule of its own), is left to the next merge: it keeps its old base, and so still looks changed (P4).
    """
    side = operation.side
    bases: dict[Side, dict[str, Value]] = {Side.LEFT: dict(link.left_base), Side.RIGHT: dict(link.right_base)}
    sent = {change.name: change.value for change in operation.changes}
    again: list[str] = []
    for name, answered in answer.items():
        held = source.get(name, ABSENT)
        if name in sent and _unproven(operation, sent[name], answered, whole):
            again.append(name)
        elif name in sent:
            bases[side][name] = answered
            if held is not ABSENT and (held == sent[name] or _filled(operation, held)):
                bases[side.other][name] = held
        elif name in link.left_base and name in link.right_base:
            if answered != bases[side][name]:
                again.append(name)
        elif held is not ABSENT:
            if held == answered or (is_empty(held) and is_empty(answered)):
                bases[side.other][name], bases[side][name] = held, answered
            else:
                again.append(name)
    return Link(link.flow, link.left, link.right, bases[Side.LEFT], bases[Side.RIGHT], link.id), tuple(again)


def _unproven(operation: Operation, sent: Value, answered: Value, whole: bool) -> bool:
    if not whole:
        return answered != sent
    return operation.kind is OperationKind.CREATE and is_empty(answered) and not is_empty(sent)


def _filled(operation: Operation, held: Value) -> bool:
    """Whether a create carried a default for what the source holds empty: that one stays as it is, the default is no edit."""
    return operation.kind is OperationKind.CREATE and is_empty(held)


def rewritten(operation: Operation, answer: Values) -> tuple[str, ...]:
    """Names of properties that the target holds otherwise than it was sent them: said once, never sent again."""
    return tuple(c.name for c in operation.changes if c.name in answer and answer[c.name] != c.value)

"""What a datatype can really do, read off its manifest.

Owns: the conclusions. Does not own: proving them against the live system. Pure.
"""

from accord.model.capabilities import Capabilities, ChangeCapture, Finding
from accord.model.manifest import Datatype, Limits, Property, Route, SystemClock


def capabilities_of(datatype: Datatype, clock: SystemClock, limits: Limits) -> Capabilities:
    """The capabilities that follow from the calls and properties a manifest gives a datatype."""
    updatable = {name for name, each in datatype.properties.items() if _updatable(datatype, name, each)}
    creatable = {name for name, each in datatype.properties.items() if _creatable(datatype, name, each)}
    changes = datatype.changes
    capture = ChangeCapture.LISTING if changes is None else ChangeCapture.FEED if changes.kind == "feed" else ChangeCapture.SINCE
    return Capabilities(
        create=bool(datatype.create),
        update=bool(updatable),
        delete=datatype.delete is not None,
        conditional_write=datatype.conditional is not None,
        idempotency_key=datatype.idempotency_header is not None,
        finding=_finding(datatype),
        changes=capture,
        sees_deletes=datatype.deleted is not None or bool(datatype.gone_when),
        stable_listing=datatype.list.paging.kind in ("none", "cursor", "keyset"),
        modified_time=datatype.modified is not None,
        granularity=clock.granularity_seconds,
        settles=limits.settles_seconds + clock.lag_seconds,
        reference=datatype.reference if datatype.reference in datatype.properties else None,
        create_only=frozenset(creatable - updatable),
        read_only=frozenset(datatype.properties.keys() - creatable - updatable),
        assumptions=datatype.assumptions,
    )


def _finding(datatype: Datatype) -> Finding:
    """As good as the worst of the create routes."""
    finds = [route.find for route in datatype.create]
    if not finds or any(each is None for each in finds):
        return Finding.NONE
    return Finding.CERTAIN if all(each is not None and each.certain for each in finds) else Finding.LAGGING


def _updatable(datatype: Datatype, name: str, each: Property) -> bool:
    if each.update is False or each.compute is not None:
        return False
    if each.group is not None and datatype.groups[each.group].write is not None:
        return True
    return datatype.update is not None and _carries(datatype.update, name)


def _creatable(datatype: Datatype, name: str, each: Property) -> bool:
    """Carried by a create route, or by the calls that complete a create."""
    if not datatype.create or each.compute is not None:
        return False
    if _updatable(datatype, name, each):
        return True
    if each.create is False:
        return any(name in route.names for route in datatype.create)
    return any(_carries(route, name) for route in datatype.create)


def _carries(route: Route, name: str) -> bool:
    return name in route.names or name in route.lists or not route.only_names
